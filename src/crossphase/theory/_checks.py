"""Checks of numeric arguments, with errors that name the first offending value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError

__all__ = ["at_least_zero", "between_zero_and_one", "finite", "positive"]

Array = NDArray[np.float64]


def _require(name: str, array: Array, valid: NDArray[np.bool_], wanted: str) -> Array:
    if not np.all(valid):
        first = array[~valid].flat[0]
        raise InputError(f"{name} contains {first:.6g}: give {wanted}")
    return array


def finite(name: str, values: ArrayLike) -> Array:
    """`values` as a float array, or an InputError if they are not finite real numbers."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is not an array of real numbers: {error}") from error
    return _require(name, array, np.isfinite(array), "finite numbers")


def at_least_zero(name: str, values: ArrayLike) -> Array:
    """The same, and 0 or more."""
    array = finite(name, values)
    return _require(name, array, array >= 0, "values of 0 or more")


def positive(name: str, values: ArrayLike) -> Array:
    """The same, and above 0."""
    array = finite(name, values)
    return _require(name, array, array > 0, "values above 0")


def between_zero_and_one(name: str, values: ArrayLike) -> Array:
    """The same, and in [0, 1]; what exceeds 1 by rounding (1e-9) becomes 1."""
    array = finite(name, values)
    valid = (array >= 0) & (array <= 1 + 1e-9)
    return np.minimum(_require(name, array, valid, "values between 0 and 1"), 1.0)
