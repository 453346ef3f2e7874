"""How much of a population component its sample estimate holds, by simulation.

Canonical analysis does not change under invertible maps, so what sampling does to it depends
only on the numbers of rows and features and on the population canonical correlations: a few
draws in canonical coordinates tell, whatever the data's own covariances are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from crossphase.theory.wishart import wishart_factors

__all__ = ["Overlap", "simulate_correlations", "simulate_overlap"]

Array = NDArray[np.float64]

#: Dimensions below which a whole decomposition costs nothing worth saving.
_SMALL = 128


@dataclass(frozen=True, eq=False)
class Overlap:
    """Expected squared length of a sample loading, split by where it points.

    A loading is the covariance of a white view with a sample canonical variate of it.

    Attributes
    ----------
    inside_x, inside_y : ndarray of shape (k,)
        Within the span of the true components.
    outside_x, outside_y : ndarray of shape (k,)
        Outside of it, spread evenly over the remaining directions.
    """

    inside_x: Array
    outside_x: Array
    inside_y: Array
    outside_y: Array


def simulate_overlap(
    n: int, dx: int, dy: int, correlations: Array, *, rng: np.random.Generator, n_sims: int = 6
) -> Overlap:
    """Expected squared loadings of the sample components at given population correlations.

    Parameters
    ----------
    n, dx, dy : int
        Rows and features, ``dx + dy < n``.
    correlations : ndarray of shape (k,)
        Population canonical correlations, descending.
    rng : numpy.random.Generator
    n_sims : int, default 6

    Returns
    -------
    Overlap

    Examples
    --------
    >>> overlap = simulate_overlap(
    ...     2000, 20, 20, np.array([0.9]), rng=np.random.default_rng(0), n_sims=4
    ... )
    >>> bool(overlap.inside_x[0] > 0.95), bool(overlap.outside_x[0] < 0.05)
    (True, True)
    """
    k = len(correlations)
    inside, outside = np.zeros((2, k)), np.zeros((2, k))
    few, many = sorted((dx, dy))
    for _ in range(n_sims):
        root_few, root_many, white = _draw_components(n, few, many, correlations, rng)
        left, right = _leading(white, k)
        for side, loading in enumerate((root_few @ left, root_many @ right)):
            squared = loading**2
            inside[side] += squared[:k].sum(axis=0) / n_sims
            outside[side] += squared[k:].sum(axis=0) / n_sims
    if dx == dy:
        # Nothing tells the views apart, so both sides estimate the same.
        inside[:], outside[:] = inside.mean(axis=0), outside.mean(axis=0)
    x, y = (0, 1) if dx <= dy else (1, 0)
    return Overlap(inside[x], outside[x], inside[y], outside[y])


def simulate_correlations(
    n: int, dx: int, dy: int, correlations: Array, *, rng: np.random.Generator, n_sims: int
) -> Array:
    """Sample canonical correlations at given population ones.

    Parameters
    ----------
    n, dx, dy : int
        Rows and features, ``dx + dy < n``.
    correlations : ndarray of shape (k,)
        Population canonical correlations, at most as many as either view has features.
    rng : numpy.random.Generator
    n_sims : int

    Returns
    -------
    ndarray of shape (n_sims, min(dx, dy))
        Descending.

    Examples
    --------
    >>> simulate_correlations(
    ...     5000, 2, 3, np.array([0.8]), rng=np.random.default_rng(0), n_sims=2
    ... ).round(1)
    array([[0.8, 0. ],
           [0.8, 0. ]])
    """
    few, many = sorted((dx, dy))
    draws = [_draw_components(n, few, many, correlations, rng)[2] for _ in range(n_sims)]
    return np.array([np.linalg.svd(white, compute_uv=False) for white in draws])


def _leading(white: Array, k: int) -> tuple[Array, Array]:
    """The k leading singular vectors of a matrix with fewer rows than columns."""
    rows = len(white)
    if not k or rows < _SMALL:
        left, _, right = np.linalg.svd(white, full_matrices=False)
        return left[:, :k], right[:k].T
    squares, left = scipy.linalg.eigh(
        white @ white.T, subset_by_index=[rows - k, rows - 1], check_finite=False
    )
    left = left[:, ::-1]
    return left, white.T @ left / np.sqrt(squares[::-1])


def _draw_components(
    n: int, dx: int, dy: int, correlations: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Roots of a sample's covariances, and what they whiten the cross-covariance to.

    The scatter is F Fᵀ with F lower triangular: its block of x is whitened by F's own, and what
    is left of the cross-covariance is F's other block as it stands.
    """
    rows = np.arange(len(correlations))
    factor = wishart_factors(n, dx + dy, 1, rng)[0] / np.sqrt(n)
    factor[dx + rows] *= np.sqrt(1 - correlations**2)[:, None]
    factor[dx + rows] += correlations[:, None] * factor[rows]
    of_y = factor[dx:]
    root_y = np.linalg.cholesky(of_y @ of_y.T)
    white = scipy.linalg.solve_triangular(root_y, of_y[:, :dx], lower=True, check_finite=False)
    return factor[:dx, :dx], root_y, white.T
