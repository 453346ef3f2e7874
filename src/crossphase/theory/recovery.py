"""How much of the signal subspace a code holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError
from crossphase.theory._checks import between_zero_and_one, finite

__all__ = ["direction_overlaps", "recovered_directions", "subspace_distance"]

Array = NDArray[np.float64]


def subspace_distance(code_map: ArrayLike, basis: ArrayLike) -> Array:
    """1 − mean cos² of the principal angles between a code's directions and a subspace.

    Parameters
    ----------
    code_map : array-like of shape (..., d, k)
        Columns map features to codes; their span counts, not their scale.
    basis : array-like of shape (..., d, r)
        Columns span the subspace. The mean is over the min(k, r) principal angles.

    Returns
    -------
    ndarray of shape (...)
        0 for equal (or nested) spans, 1 for orthogonal ones.

    Examples
    --------
    >>> axes = np.eye(3)
    >>> subspace_distance(axes[:, :2], axes[:, 1:])
    array(0.5)
    """
    first, second = _orthonormal("code_map", code_map), _orthonormal("basis", basis)
    cosines = np.swapaxes(first, -1, -2) @ second
    angles = min(cosines.shape[-2:])
    return np.asarray(np.clip(1 - (cosines**2).sum(axis=(-2, -1)) / angles, 0.0, 1.0))


def direction_overlaps(code_map: ArrayLike, basis: ArrayLike) -> Array:
    """Squared length of each signal direction's projection onto a code's span.

    Parameters
    ----------
    code_map : array-like of shape (..., d, k)
    basis : array-like of shape (..., d, r)
        Orthonormal columns: the signal directions.

    Returns
    -------
    ndarray of shape (..., r)
        Between 0 (lost) and 1 (kept whole).

    Examples
    --------
    >>> direction_overlaps([[1.0], [1.0], [0.0]], np.eye(3)[:, 1:])
    array([0.5, 0. ])
    """
    code = _orthonormal("code_map", code_map)
    return np.asarray(((np.swapaxes(code, -1, -2) @ finite("basis", basis)) ** 2).sum(axis=-2))


def recovered_directions(
    code_map: ArrayLike, basis: ArrayLike, *, threshold: float = 0.8
) -> NDArray[np.intp]:
    """Number of signal directions that a code keeps: partial recovery.

    The empirical counterpart of :func:`crossphase.theory.recovery_count`.

    Parameters
    ----------
    code_map : array-like of shape (..., d, k)
    basis : array-like of shape (..., d, r)
        Orthonormal columns: the signal directions.
    threshold : float, default 0.8
        Least squared overlap of a direction that counts as kept.

    Returns
    -------
    ndarray of int of shape (...)

    Raises
    ------
    InputError
        If `threshold` leaves [0, 1].

    Examples
    --------
    >>> int(recovered_directions(np.eye(4)[:, :2], np.eye(4)[:, 1:3]))
    1
    """
    least = between_zero_and_one("threshold", threshold)
    return np.asarray((direction_overlaps(code_map, basis) >= least).sum(axis=-1))


def _orthonormal(name: str, columns: ArrayLike) -> Array:
    array = finite(name, columns)
    if array.ndim < 2 or array.shape[-1] > array.shape[-2]:
        raise InputError(f"{name} has shape {array.shape}: give columns in a space as large")
    return np.asarray(np.linalg.qr(array)[0])
