"""Orthonormal bases of the spiked model: drawn, or given and checked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError
from crossphase.theory._checks import finite

__all__ = ["checked_basis", "random_basis"]

Array = NDArray[np.float64]


def random_basis(dim: int, rng: np.random.Generator) -> Array:
    """A uniformly (Haar) distributed orthogonal matrix.

    Parameters
    ----------
    dim : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (dim, dim)

    Examples
    --------
    >>> basis = random_basis(4, np.random.default_rng(0))
    >>> np.allclose(basis.T @ basis, np.eye(4))
    True
    """
    basis, triangle = np.linalg.qr(rng.standard_normal((dim, dim)))
    return np.asarray(basis * np.where(np.diag(triangle) < 0, -1.0, 1.0))


def checked_basis(name: str, basis: ArrayLike | None, dim: int) -> Array:
    """`basis` as an orthonormal (dim, dim) array, or the coordinate axes for None."""
    if basis is None:
        return np.eye(dim)
    array = finite(name, basis)
    if array.shape != (dim, dim):
        raise InputError(f"{name} has shape {array.shape}: give ({dim}, {dim})")
    if not np.allclose(array.T @ array, np.eye(dim), rtol=0.0, atol=1e-8):
        raise InputError(f"{name} is not orthonormal: orthonormalise its columns (numpy.linalg.qr)")
    return array
