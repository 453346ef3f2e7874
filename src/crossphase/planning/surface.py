"""A probability over a grid of sizes that never falls where either size grows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

__all__ = ["crossing", "monotone"]

Array = NDArray[np.float64]

_ROUNDS = 50


def monotone(values: Array) -> Array:
    """Least-squares fit that is non-decreasing along both axes.

    More pairs or labels never make the verdict worse, so what falls is noise of the simulation;
    neighbouring cells help each other. Projections onto both orders in turn, with Dykstra's
    corrections.

    Parameters
    ----------
    values : ndarray of shape (r, c)
        NaN where there is no value; those stay NaN.

    Returns
    -------
    ndarray of shape (r, c)

    Examples
    --------
    >>> monotone(np.array([[0.2, 0.1], [0.4, 0.9]]))
    array([[0.15, 0.15],
           [0.4 , 0.9 ]])
    """
    fitted = values.copy()
    corrections = np.zeros((2, *values.shape))
    for _ in range(_ROUNDS):
        for axis in range(2):
            start = fitted - corrections[axis]
            fitted = _along(start, axis)
            corrections[axis] = np.where(np.isnan(values), 0.0, fitted - start)
    # Exactly so, after the last of the rounding.
    for axis in range(2):
        highest = np.maximum.accumulate(np.where(np.isnan(values), -np.inf, fitted), axis=axis)
        fitted = np.where(np.isnan(values), np.nan, highest)
    return fitted


def _along(values: Array, axis: int) -> Array:
    result = np.moveaxis(values.copy(), axis, -1)
    for row in result:
        there = ~np.isnan(row)
        if there.any():
            row[there] = isotonic_regression(row[there]).x
    return np.asarray(np.moveaxis(result, -1, axis))


def crossing(factors: Array, values: Array, level: float) -> float | None:
    """Smallest growth factor at which a curve reaches `level`, or None.

    Linear in the logarithm of the factor between the points.

    Parameters
    ----------
    factors : ndarray of shape (m,)
        Increasing, from 1.
    values : ndarray of shape (m,)
        Non-decreasing.
    level : float

    Examples
    --------
    >>> crossing(np.array([1.0, 4.0]), np.array([0.6, 1.0]), 0.8)
    2.0
    """
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return None
    i = int(reached[0])
    if i == 0:
        return float(factors[0])
    share = (level - values[i - 1]) / (values[i] - values[i - 1])
    log_factor = (1 - share) * np.log(factors[i - 1]) + share * np.log(factors[i])
    return float(np.exp(log_factor))
