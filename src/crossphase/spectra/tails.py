"""Row weights against heavy tails.

A few rows of large scale inflate the sampling noise of every covariance. Weights of the
multivariate t (Lange, Little and Taylor, JASA 84, 1989) restore nearly Gaussian noise and leave
canonical correlations where they are when the tails are a common scale of a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.special import polygamma

from crossphase.linalg import inverse_square_root
from crossphase.moments import Moments

__all__ = ["TailWeights", "tail_weights"]

Array = NDArray[np.float64]

_GAUSSIAN_DOF = 20.0
#: Share of the rows up to which distances from the rows' own covariance tell tails.
_MOST_DIMENSIONS = 0.75
#: Rows of a sample that tell whether tails are heavy.
_DECIDING_ROWS = 5000
_CHUNK_ROWS = 8192
#: Pivot of a triangular factor at or below which columns depend on each other.
_SINGULAR = 1e-6
_DOF_GRID = np.geomspace(1.0, 400.0, 400)


@dataclass(frozen=True, eq=False)
class TailWeights:
    """Weights of the rows and the degrees of freedom they come from.

    Attributes
    ----------
    weights : ndarray of shape (n,) or None
        With mean 1; None when the rows are as good as Gaussian.
    dof : float
        Degrees of freedom of the multivariate t; ``inf`` without weights.
    rule : callable or None
        Weights of any other rows, from their values in x and in y; their mean is not 1.
    """

    weights: Array | None
    dof: float
    rule: Callable[[NDArray[Any], NDArray[Any]], Array] | None = None


def tail_weights(x: Array, y: Array, moments: Moments, *, n_steps: int = 2) -> TailWeights:
    """Multivariate-t weights of the rows of (x, y).

    The squared Mahalanobis distance of a row about d dimensions is, for a t of ν degrees of
    freedom, d·F(d, ν); the spread of its logarithm gives ν. Distances leave their own row out,
    since it pulls the covariance towards itself.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
        All rows, or a random sample of them.
    moments : Moments
        Unweighted, of all rows, with blocks "x" and "y".
    n_steps : int, default 2
        Steps of iterative reweighting.

    Returns
    -------
    TailWeights
        Without weights when there are too few rows to have distances (d ≥ 3n / 4) or the
        estimate exceeds 20 degrees of freedom.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(2000, 8))
    >>> gaussian = Moments.from_arrays(x=rows[:, :4], y=rows[:, 4:])
    >>> tail_weights(rows[:, :4], rows[:, 4:], gaussian).weights is None
    True
    >>> rows /= np.sqrt(rng.chisquare(5, size=(2000, 1)) / 5)
    >>> student = Moments.from_arrays(x=rows[:, :4], y=rows[:, 4:])
    >>> 3 < tail_weights(rows[:, :4], rows[:, 4:], student).dof < 8
    True
    """
    n, dim = round(moments.count), x.shape[1] + y.shape[1]
    if dim >= _MOST_DIMENSIONS * n:
        return TailWeights(None, np.inf)
    if _DECIDING_ROWS < len(x) < n:
        some = slice(None, None, -(-len(x) // _DECIDING_ROWS))
        if tail_weights(x[some], y[some], moments, n_steps=1).weights is None:
            return TailWeights(None, np.inf)
    weights, dof, rule = np.ones(len(x)), np.inf, None
    for step in range(n_steps):
        metric = _Metric.of(moments)
        distance = metric.squared(x, y)
        leverage = np.minimum(weights * distance / moments.count, 0.98)
        distance /= 1 - leverage
        typical = float(np.median(distance)) / dim
        distance /= typical
        spread = float(np.var(np.clip(np.log(distance / dim), -2.0, 3.0)))
        # What a Gaussian shows already, its covariance being estimated, and a margin.
        left = moments.count - dim
        by_chance = float(polygamma(1, dim / 2) + polygamma(1, left / 2))
        excess = spread - by_chance - 0.02
        dof = float(_DOF_GRID[np.argmin(np.abs(polygamma(1, _DOF_GRID / 2) - max(excess, 1e-4)))])
        if dof > _GAUSSIAN_DOF:
            return TailWeights(None, np.inf)
        weights = (dof + dim) / (dof + distance)
        weights /= weights.mean()
        rule = partial(_weights, metric, typical, dof, dim)
        if step + 1 < n_steps and dim < _MOST_DIMENSIONS * len(x):
            # Of a sample: a covariance of the rows kept, to which the others add little.
            moments = Moments.from_arrays(weights=weights, x=x, y=y)
    return TailWeights(weights, dof, rule)


def _weights(
    metric: _Metric, typical: float, dof: float, dim: int, x: NDArray[Any], y: NDArray[Any]
) -> Array:
    return (dof + dim) / (dof + metric.squared(x, y) / typical)


@dataclass(frozen=True, eq=False)
class _Metric:
    """Mahalanobis distances of rows under the covariance of moments.

    Attributes
    ----------
    mean : ndarray of shape (d,)
    white : ndarray of shape (d, r)
        Map to white coordinates.
    """

    mean: Array
    white: Array

    @classmethod
    def of(cls, moments: Moments) -> _Metric:
        both = moments.select("x", "y")
        covariance = both.scatter / both.count
        scale = np.sqrt(np.diag(covariance))
        safe = np.where(scale > 0, scale, 1.0)
        correlation = covariance / np.outer(safe, safe)
        try:
            # A triangular factor whitens as well, in a fraction of the time.
            factor = np.linalg.cholesky(correlation)
            if np.diag(factor).min() < _SINGULAR:
                raise np.linalg.LinAlgError
            white = scipy.linalg.solve_triangular(factor, np.eye(len(factor)), lower=True).T
        except np.linalg.LinAlgError:
            white, _ = inverse_square_root(correlation)
        return cls(both.mean, white / safe[:, None])

    def squared(self, x: NDArray[Any], y: NDArray[Any]) -> Array:
        """Squared distances of rows, shape (n,); in float32 for rows of float32."""
        dtype = np.result_type(x.dtype, y.dtype)
        white, mean, dx = self.white.astype(dtype), self.mean.astype(dtype), x.shape[1]
        norms = np.empty(len(x))
        for start in range(0, len(x), _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            scores = (x[rows] - mean[:dx]) @ white[:dx] + (y[rows] - mean[dx:]) @ white[dx:]
            norms[rows] = np.einsum("nd,nd->n", scores, scores)
        return norms
