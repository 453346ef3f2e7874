"""IDs of rows, whatever holds them, as values that can be compared."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError

__all__ = ["as_ids", "as_text_ids"]


def as_ids(values: Any, what: str) -> list[Hashable]:
    """IDs as a list of hashable Python values.

    Parameters
    ----------
    values : array-like of shape (n,)
        Text, integers, dates, or whole-numbered floats (which become integers).
    what : str
        Name for error messages.

    Raises
    ------
    InputError
        If the IDs are not one-dimensional, or one is missing or a fraction.

    Examples
    --------
    >>> as_ids(np.array([3.0, 7.0]), "x")
    [3, 7]
    """
    if isinstance(values, list | tuple):  # element by element: nothing is turned into text
        array = np.empty(len(values), dtype=object)
        array[:] = [value.item() if isinstance(value, np.generic) else value for value in values]
    else:
        array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"IDs of {what} have shape {array.shape}: give one ID for each row")
    if array.dtype.kind in "Mm":
        array = array.astype(str)
    elif array.dtype.kind == "f":
        if not np.all(np.isfinite(array)) or np.any(array != np.floor(array)):
            bad = int(np.argmax(~np.isfinite(array) | (array != np.floor(array))))
            raise InputError(
                f"ID of {what} in row {bad} is {array[bad]}: give text or whole numbers"
            )
        array = array.astype(np.int64)
    ids: list[Hashable] = array.tolist()
    for row, value in enumerate(ids):
        if not isinstance(value, Hashable):
            kind = type(value).__name__
            raise InputError(f"ID of {what} in row {row} is a {kind}: give text or whole numbers")
        if value is None or value == "" or value != value or type(value).__name__ == "NAType":
            raise InputError(f"ID of {what} in row {row} is missing: give every row an ID")
    return ids


def as_text_ids(values: Any, what: str) -> NDArray[np.str_]:
    """IDs as text, so that those of one format meet those of another.

    Parameters
    ----------
    values : array-like of shape (n,)
        See :func:`as_ids`.
    what : str
        Name for error messages.

    Raises
    ------
    InputError
        As :func:`as_ids` does.

    Examples
    --------
    >>> as_text_ids([7, "007"], "x")
    array(['7', '007'], dtype='<U3')
    """
    return np.array([str(value) for value in as_ids(values, what)], dtype=str)
