"""White coordinates of a modality, with as many dimensions as the rows can carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crossphase.linalg import matrix_rank_tolerance

__all__ = ["Whitening", "affordable_dimensions", "whiten"]

Array = NDArray[np.float64]

#: Share of the rows that the dimensions of both modalities may use up together: all of them, and
#: the leading ones where there are more.
_WHOLE, _LEADING = 0.75, 0.5


@dataclass(frozen=True, eq=False)
class Whitening:
    """White coordinates: principal components of the standardised features, at unit variance.

    Standardising first keeps features of very different scales apart from rounding, and makes
    what is kept independent of the units. The features' own units come back through `to_raw`.

    Attributes
    ----------
    to_white : ndarray of shape (d, r)
        Map from centred features to white coordinates, r the rank; largest component first.
    to_raw : ndarray of shape (p, r)
        Features that one unit of each white coordinate stands for; p is d, or more where the d
        columns are coordinates of p features.
    variances : ndarray of shape (r,)
        Variance of the standardised features along each component, descending.
    """

    to_white: Array
    to_raw: Array
    variances: Array = field(default_factory=lambda: np.ones(0))

    @property
    def rank(self) -> int:
        """Dimensions kept."""
        return int(self.to_white.shape[1])

    @cached_property
    def metric(self) -> Array:
        """Inner products of white coordinates in the units of the features, shape (r, r)."""
        return np.asarray(self.to_raw.T @ self.to_raw)

    def leading(self, dim: int) -> Whitening:
        """The same with at most the `dim` largest components."""
        if dim >= self.rank:
            return self
        return Whitening(self.to_white[:, :dim], self.to_raw[:, :dim], self.variances[:dim])

    def ridged(self, ridge: float) -> Whitening:
        """With `ridge` times each feature's variance added to it: the components stay.

        Directions without variance, which a ridge would give some, stay out: nothing is shared
        along them.
        """
        growth = np.sqrt(1.0 + ridge / self.variances)
        return Whitening(self.to_white / growth, self.to_raw * growth, self.variances + ridge)


def whiten(covariance: Array, basis: Array | None = None) -> Whitening:
    """Whitening of a covariance matrix; null directions are left out.

    Parameters
    ----------
    covariance : ndarray of shape (d, d)
    basis : ndarray of shape (p, d) or None, default None
        Where the d columns are coordinates of p features, the features that one unit of each
        stands for (:func:`crossphase.engine.row_space.row_space`). The whitening is that of the
        features; nothing of size p × p is formed.

    Returns
    -------
    Whitening

    Examples
    --------
    >>> whiten(np.diag([4.0, 0.0, 1.0])).rank
    2
    """
    if basis is not None:
        return _whiten_coordinates(covariance, basis)
    scale = np.sqrt(np.diag(covariance))
    safe = np.where(scale > 0, scale, 1.0)
    variances, vectors = np.linalg.eigh(covariance / np.outer(safe, safe))
    keep = variances > matrix_rank_tolerance(variances, len(covariance))
    variances = variances[keep][::-1]
    roots = np.sqrt(variances)
    vectors = vectors[:, keep][:, ::-1]
    return Whitening(vectors / roots / safe[:, None], vectors * roots * scale[:, None], variances)


def _whiten_coordinates(covariance: Array, basis: Array) -> Whitening:
    """From coordinates c of features B c, with covariance L Lᵀ and D the features' deviations.

    The correlation matrix D⁻¹ B L Lᵀ Bᵀ D⁻¹ has the eigenvalues of Lᵀ G L, G = Bᵀ D⁻² B, and with
    its eigenvectors Q the white coordinates are Λ⁻¹ Qᵀ Lᵀ G c.
    """
    values, vectors = np.linalg.eigh(covariance)
    keep = values > matrix_rank_tolerance(values, len(covariance))
    root = vectors[:, keep] * np.sqrt(values[keep])
    features = basis @ root
    variance = np.einsum("pr,pr->p", features, features)
    weights = 1.0 / np.where(variance > 0, variance, np.inf)
    gram = basis.T @ (weights[:, None] * basis)
    variances, turn = np.linalg.eigh(root.T @ gram @ root)
    keep = variances > matrix_rank_tolerance(variances, len(basis))
    variances, turn = variances[keep][::-1], turn[:, keep][:, ::-1]
    return Whitening(gram @ root @ turn / variances, features @ turn, variances)


def affordable_dimensions(n: int, rank_x: int, rank_y: int) -> tuple[int, int]:
    """Dimensions of x and y that n rows can carry together.

    Both are kept whole while their sum is at most three quarters of the rows: leaving directions
    out cuts through components that are spread over all of them, and makes what is shared look
    weaker than it is. Beyond, the leading components of each are kept up to a quarter of the rows;
    what one modality leaves unused goes to the other. The limits keep sample canonical
    correlations away from their breakdown at ``dx + dy = n``.

    Examples
    --------
    >>> affordable_dimensions(1000, 512, 512), affordable_dimensions(1000, 912, 64)
    ((250, 250), (436, 64))
    """
    if rank_x + rank_y <= max(int(_WHOLE * n), 2):
        return rank_x, rank_y
    budget = max(int(_LEADING * n), 2)
    half = budget // 2
    keep_x = min(rank_x, max(half, budget - rank_y))
    keep_y = min(rank_y, max(half, budget - rank_x))
    return keep_x, keep_y
