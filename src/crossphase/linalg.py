"""Small dense linear algebra that several layers need."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "deterministic_signs",
    "inverse_square_root",
    "matrix_rank_tolerance",
    "singular_above",
    "thin_svd",
]

Array = NDArray[np.float64]

#: Dimensions below which a singular value decomposition costs nothing worth saving.
_SMALL = 128
#: Columns over rows from which the rows' Gram matrix is decomposed instead.
_WIDE = 4


def matrix_rank_tolerance(eigenvalues: Array, dim: int) -> float:
    """Eigenvalues at or below this count as zero: NumPy's rank rule, on eigenvalues.

    Below a hundred dimensions the rule is that of a hundred: rounding in a scatter matrix of
    columns that repeat a few values, as those of one-hot categories do, reaches 30 units of the
    last place whatever the number of features.
    """
    top = float(eigenvalues.max(initial=0.0))
    return top * max(dim, 100) * float(np.finfo(np.float64).eps)


def inverse_square_root(
    matrix: Array, *, ridge: float = 0.0, floor: float | None = None
) -> tuple[Array, Array]:
    """Symmetric inverse square root and square root of a covariance matrix.

    Parameters
    ----------
    matrix : ndarray of shape (d, d)
        Symmetric, positive semi-definite.
    ridge : float, default 0
        Added to the diagonal first.
    floor : float or None, default None
        Smaller eigenvalues are raised to this. With None, eigenvalues that are zero to
        working precision are left out instead (a pseudo-inverse), so that constant or
        duplicated features are handled exactly.

    Returns
    -------
    inverse_root, root : ndarray of shape (d, d)

    Examples
    --------
    >>> inverse_root, root = inverse_square_root(np.diag([4.0, 0.0]))
    >>> inverse_root
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    # NumPy's and SciPy's wheels each carry a BLAS thread pool: small problems use one only.
    eigenvalues, vectors = np.linalg.eigh(matrix)
    eigenvalues = eigenvalues + ridge
    if floor is None:
        keep = eigenvalues > matrix_rank_tolerance(eigenvalues, len(matrix))
        eigenvalues, vectors = eigenvalues[keep], vectors[:, keep]
    else:
        eigenvalues = np.maximum(eigenvalues, floor)
    roots = np.sqrt(eigenvalues)
    return (vectors / roots) @ vectors.T, (vectors * roots) @ vectors.T


def singular_above(matrix: Array, edge: float) -> tuple[Array, Array, Array]:
    """Singular values, and the vectors of those whose square exceeds `edge`.

    Large matrices are decomposed through the smaller Gram matrix, at a fifth of the price: what is
    lost are digits of singular values below a ten-millionth of the largest.

    Parameters
    ----------
    matrix : ndarray of shape (p, q)
    edge : float

    Returns
    -------
    left : ndarray of shape (p, k)
    values : ndarray of shape (min(p, q),)
        All of them, descending.
    right : ndarray of shape (q, k)

    Examples
    --------
    >>> left, values, right = singular_above(np.diag([0.1, 0.9, 0.5]), 0.2)
    >>> values, np.abs(left).round().argmax(axis=0)
    (array([0.9, 0.5, 0.1]), array([1, 2]))
    """
    rows, columns = matrix.shape
    if min(rows, columns) < _SMALL:
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        kept = int((values**2 > edge).sum())
        return left[:, :kept], values, right[:kept].T
    if rows > columns:
        right, values, left = singular_above(matrix.T, edge)
        return left, values, right
    squares, vectors = np.linalg.eigh(matrix @ matrix.T)
    values = np.sqrt(np.maximum(squares[::-1], 0.0))
    left = vectors[:, ::-1][:, : int((values**2 > edge).sum())]
    return left, values, matrix.T @ left / values[: left.shape[1]]


def thin_svd(matrix: Array) -> tuple[Array, Array, Array]:
    """Singular value decomposition U diag(s) Vᵀ, of much wider matrices through U's Gram matrix.

    Parameters
    ----------
    matrix : ndarray of shape (p, q)

    Returns
    -------
    left : ndarray of shape (p, k)
    values : ndarray of shape (k,)
        Descending. Where q is at least 4 p, those of less than about 1e-7 of the largest are left
        out.
    right : ndarray of shape (k, q)

    Examples
    --------
    >>> wide = np.random.default_rng(0).normal(size=(3, 40))
    >>> left, values, right = thin_svd(wide)
    >>> np.allclose((left * values) @ right, wide)
    True
    """
    rows, columns = matrix.shape
    if columns < _WIDE * rows:
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        return left, values, right
    squares, left = np.linalg.eigh(matrix @ matrix.T)
    keep = squares > matrix_rank_tolerance(squares, rows)
    values = np.sqrt(squares[keep][::-1])
    left = left[:, keep][:, ::-1]
    return left, values, (left / values).T @ matrix


def deterministic_signs(left: Array, right: Array) -> tuple[Array, Array]:
    """Flip paired singular vectors so that each left one's largest entry is positive.

    Parameters
    ----------
    left : ndarray of shape (p, k)
    right : ndarray of shape (q, k)

    Returns
    -------
    left, right : ndarray
        With signs that do not depend on the LAPACK build.
    """
    rows = np.argmax(np.abs(left), axis=0)
    signs = np.where(left[rows, np.arange(left.shape[1])] < 0, -1.0, 1.0)
    return left * signs, right * signs
