"""Scatter matrices of Gaussian rows, drawn without the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["wishart_factors"]

Array = NDArray[np.float64]


def wishart_factors(n: int, dim: int, count: int, rng: np.random.Generator) -> Array:
    """Factors F of scatter matrices F Fᵀ of `n` standard Gaussian rows (Bartlett, 1933).

    With L Lᵀ the population covariance, (L F)(L F)ᵀ is distributed exactly as the uncentred
    scatter of n rows, at the price of dim² numbers instead of n · dim.

    Parameters
    ----------
    n, dim : int
        Rows and dimensions, ``dim <= n``.
    count : int
        Factors to draw.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (count, dim, dim)
        Lower triangular.

    Examples
    --------
    >>> factors = wishart_factors(1000, 2, 3, np.random.default_rng(0))
    >>> (factors @ factors.transpose(0, 2, 1) / 1000).shape
    (3, 2, 2)
    """
    factors = np.tril(rng.standard_normal((count, dim, dim)), -1)
    diagonal = np.arange(dim)
    factors[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n - diagonal, size=(count, dim)))
    return factors
