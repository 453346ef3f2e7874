"""Rules of the published estimator that call a component signal or nuisance from its R²."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["elbow", "elbow_log", "permutation_test"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_TIE = 1e-12
_LOG_SHIFT = 1e-12
_PERCENTILE = 95.0


def _line_errors(values: Array) -> Array:
    """Squared error of the straight line through the first 1, 2, ... values, shape (nc,)."""
    position = np.arange(len(values), dtype=np.float64)
    count = position + 1.0
    centred = values - values.mean()
    sums = np.cumsum(centred)
    scatter = np.cumsum(centred**2) - sums**2 / count
    # About the mean position of the first k: Σ t·v and Σ t².
    slope_sums = np.cumsum(position * centred) - sums * position / 2.0
    positions = count * (count**2 - 1.0) / 12.0
    slope = np.divide(slope_sums, positions, out=np.zeros_like(values), where=positions > 0)
    return np.asarray(np.maximum(scatter - slope * slope_sums, 0.0))


def _best_split(values: Array, scale: Array) -> int:
    """How many of the descending `values` stand before the elbow.

    Of the splits that fit best, the one with the largest drop of `scale` is taken.
    """
    left = _line_errors(values)[:-1]
    right = _line_errors(values[::-1])[:-1][::-1]
    errors = left + right
    tolerance = _TIE * float(np.sum((values - values.mean()) ** 2))
    drops = np.where(errors <= errors.min() + tolerance, scale[:-1] - scale[1:], -np.inf)
    return int(np.argmax(drops)) + 1


def _without_elbow(r2: Array) -> Mask | None:
    """All signal with a single component, none if no R² is above 0; None if an elbow exists."""
    if len(r2) < 2:
        return np.ones(len(r2), dtype=bool)
    if not np.any(r2):
        return np.zeros(len(r2), dtype=bool)
    return None


def _split_mask(r2: Array, transformed: Array, scale: Array) -> Mask:
    order = np.argsort(-r2, kind="stable")
    mask = np.zeros(len(r2), dtype=bool)
    mask[order[: _best_split(transformed[order], scale[order])]] = True
    return mask


def elbow(r2: Array) -> Mask:
    """Signal: the components before the elbow of the sorted R².

    The elbow is the split at which two straight lines, one through the values on each side, leave
    the least squared error; a line through one value leaves none. Splits tie when their errors
    differ by less than 1e-12 of the values' sum of squares, and among those the largest drop of
    log(R² + 1e-12) decides: with three components, or one non-zero R², there is always a tie.

    Parameters
    ----------
    r2 : ndarray of shape (k,)
        R² of each component, summed over labels; 0 or more.

    Returns
    -------
    ndarray of bool of shape (k,)
        All True for fewer than two components, all False if no R² is above 0.

    Examples
    --------
    >>> elbow(np.array([0.01, 0.8, 0.02, 0.7, 0.0]))
    array([False,  True, False,  True, False])
    """
    trivial = _without_elbow(r2)
    return _split_mask(r2, r2, np.log(r2 + _LOG_SHIFT)) if trivial is None else trivial


def elbow_log(r2: Array) -> Mask:
    """Signal: the components before the elbow of log(R² + offset).

    The offset is a hundredth of the smallest R² of all components, at least 1e-12. Ties are
    decided by the largest drop of the transformed values themselves; the rest is as in
    :func:`elbow`.

    Parameters
    ----------
    r2 : ndarray of shape (k,)
        R² of each component, summed over labels; 0 or more.

    Returns
    -------
    ndarray of bool of shape (k,)

    Examples
    --------
    >>> elbow_log(np.array([0.8, 0.0, 0.05, 0.0]))
    array([ True, False,  True, False])
    """
    trivial = _without_elbow(r2)
    if trivial is not None:
        return trivial
    transformed = np.log(r2 + max(0.01 * float(r2.min()), _LOG_SHIFT))
    return _split_mask(r2, transformed, transformed)


def permutation_test(observed: Array, permuted: Array) -> Mask:
    """Signal: the components whose R² exceeds what permuted labels reach.

    Both the sum and the maximum over labels are compared, each with the 95th percentile of its
    values over all components and permutations together; exceeding either one, strictly, is
    enough.

    Parameters
    ----------
    observed : ndarray of shape (k, q)
        R² of each component for each label.
    permuted : ndarray of shape (m, k, q)
        The same for m permutations of the labels' rows.

    Returns
    -------
    ndarray of bool of shape (k,)

    Examples
    --------
    >>> permutation_test(np.array([[0.5], [0.0]]), np.full((20, 2, 1), 0.01))
    array([ True, False])
    """
    signal = np.zeros(len(observed), dtype=bool)
    for reduce in (np.sum, np.max):
        threshold = np.percentile(reduce(permuted, axis=2), _PERCENTILE)
        signal |= reduce(observed, axis=1) > threshold
    return signal
