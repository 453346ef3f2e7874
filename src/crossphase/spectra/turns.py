"""By how much sampling turned components into each other, as far as their loadings tell.

Canonical correlations that are close leave open by which angle sampling turned two components. If
one of them is louder than the other, a turn leaves an overlap between their loadings, and its
size and sign tell the angle: loadings of distinct components hardly overlap by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.spectra.loadings import Loadings

__all__ = ["TYPICAL_OVERLAP", "Turns", "turn_between_views", "turns_told_by_loadings"]

Array = NDArray[np.float64]

#: Typical cosine of the loadings of a signal and a nuisance component.
TYPICAL_OVERLAP = 0.2
#: Of the overlaps of distinct components: cosines, and how often they are of this size.
_OVERLAPS = ((TYPICAL_OVERLAP, 0.8), (3 * TYPICAL_OVERLAP, 0.2))
#: Least squared loading of a component turned back, over that of the sample's.
_LEAST_LOADING = 0.05
_GRID = np.linspace(-4.0, 4.0, 81)


@dataclass(frozen=True, eq=False)
class Turns:
    """Tangents of the angles by which components were turned into each other.

    Attributes
    ----------
    mean, variance : ndarray of shape (k, k)
        Entry (i, j): of population component i within sample component j; 0 on the diagonal.
    """

    mean: Array
    variance: Array


def turn_between_views(correlations: Array, noise: Array, n: int) -> Array:
    """Variance of the angles that components turn by in one modality and not in the other.

    Parameters
    ----------
    correlations : ndarray of shape (k,)
    noise : ndarray of shape (k, k)
        Variance inflation of pairs of components by heavy tails, at least 1.
    n : int
        Rows.

    Returns
    -------
    ndarray of shape (k, k)

    Examples
    --------
    >>> float(turn_between_views(np.array([0.6, 0.4]), np.ones((2, 2)), 100)[0, 1].round(4))
    0.0075
    """
    total = np.maximum(correlations[:, None] + correlations[None, :], 0.1)
    return np.asarray(noise * (0.25 + 0.5 / total**2) / n)


def turns_told_by_loadings(variance: Array, loadings: Sequence[Loadings], apart: Array) -> Turns:
    """Posterior moments of the turns of pairs of components, given the overlaps of their loadings.

    Before, a tangent t is normal about 0. Turned back by it, sample components i and j of loadings
    g_i, g_j and inner product g_ij have one of ``(g_ij (1 − t²) − t (g_i − g_j)) / (1 + t²)``:
    nearly none, up to sampling and a cosine that is typically 0.2, seldom 0.6.

    Parameters
    ----------
    variance : ndarray of shape (k, k)
        Prior variance of entry (i, j): population component i within sample component j.
    loadings : sequence of Loadings
        In either modality. Inner products of 0 are not known, as those of components that were
        found among loud directions only.
    apart : ndarray of shape (k, k)
        Of :func:`turn_between_views`.

    Returns
    -------
    Turns

    Examples
    --------
    A loud component and a quiet one, turned by a tangent of 0.2:

    >>> turn = np.array([[1.0, 0.2], [-0.2, 1.0]]) / np.sqrt(1.04)
    >>> gram = turn.T @ np.diag([4.0, 0.25]) @ turn
    >>> loadings = Loadings(gram, np.zeros(2), np.full((2, 2), 1e-3), 1.0)
    >>> told = turns_told_by_loadings(np.full((2, 2), 0.3), [loadings], np.full((2, 2), 1e-3))
    >>> told.mean.round(1), bool(told.variance.max() < 0.05)
    (array([[ 0. ,  0.2],
           [-0.2,  0. ]]), True)
    """
    k = len(variance)
    mean, left = np.zeros((k, k)), np.zeros((k, k))
    for i in range(k):
        t = np.sqrt(variance[i])[:, None] * _GRID
        told = sum((_log_likelihood(part, i, t, apart[i]) for part in loadings), np.zeros_like(t))
        weight = told - 0.5 * _GRID**2
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        mean[i] = (weight * t).sum(axis=1)
        left[i] = (weight * (t - mean[i][:, None]) ** 2).sum(axis=1)
    other = ~np.eye(k, dtype=bool)
    return Turns(mean * other, left * other)


def _log_likelihood(loadings: Loadings, i: int, t: Array, apart: Array) -> Array:
    """Of tangents of component i within each other one, shape (k, grid)."""
    size = np.diag(loadings.gram)
    own, its, both = size[i], size[:, None], loadings.gram[i][:, None]
    whole = 1 + t**2
    overlap = (both * (1 - t**2) - t * (own - its)) / whole
    mine = np.maximum((own + 2 * t * both + t**2 * its) / whole, _LEAST_LOADING * own)
    others = np.maximum((its - 2 * t * both + t**2 * own) / whole, _LEAST_LOADING * its)
    by_sampling = loadings.cross_variance[i][:, None] + apart[:, None] * (own - its) ** 2
    density = np.zeros_like(t)
    for cosine, share in _OVERLAPS:
        scale = np.maximum(cosine**2 * mine * others + by_sampling, np.finfo(float).tiny)
        density += share * np.exp(-0.5 * overlap**2 / scale) / np.sqrt(scale)
    known = (both != 0) & (np.arange(len(t)) != i)[:, None]
    return np.where(known, np.log(np.maximum(density, np.finfo(float).tiny)), 0.0)
