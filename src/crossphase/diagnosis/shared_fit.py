"""Spectra and loadings of the shared components with their sampling errors: before any label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution.groups import RowGroups
from crossphase.moments import Moments
from crossphase.spectra.loadings import Loadings, target_loadings
from crossphase.spectra.overlap import simulate_overlap
from crossphase.spectra.shared import SharedSpace, WhitePair, shared_space, white_pair

__all__ = ["SharedFit", "fit_shared"]

Array = NDArray[np.float64]

#: Rows that tell the tails of scores: of all rows, and of a sample of them.
_MAX_ROWS, _MAX_SAMPLED = 20_000, 5_000
_CHUNK_ROWS = 2048
_LARGEST_RATIO = 1e6
_KURTOSIS_CAP, _LARGEST_SCORE = 10.0, 50.0


@dataclass(frozen=True, eq=False)
class SharedFit:
    """The shared components as all pairs show them.

    Attributes
    ----------
    space : SharedSpace
    loadings_x, loadings_y : Loadings
    noise : ndarray of shape (k, k)
        Factor by which heavy tails and groups multiply the sampling variance of correlations,
        for each pair of components, at least 1.
    plain, moments : Moments
        Of the rows without and with row weights (the same object without weights).
    pair : WhitePair
        What whitening made of `moments`.
    """

    space: SharedSpace
    loadings_x: Loadings
    loadings_y: Loadings
    noise: Array
    plain: Moments
    moments: Moments
    pair: WhitePair

    @property
    def mean_x(self) -> Array:
        """Mean of x that scores are centred at, shape (dx,)."""
        return self.moments.mean_of("x")

    @property
    def mean_y(self) -> Array:
        """Mean of y that scores are centred at, shape (dy,)."""
        return self.moments.mean_of("y")

    def scores(self, x: Array, y: Array) -> Array:
        """Mean of the two views' canonical variates at unit variance, shape (n_rows, k).

        Parameters
        ----------
        x, y : ndarray of shape (n_rows, dx), (n_rows, dy)
            Rows as they were given, not centred.
        """
        both = np.empty((len(x), self.space.n_components))
        x_map, y_map = self.space.x_map, self.space.y_map
        for start in range(0, len(x), _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            both[rows] = (x[rows] - self.mean_x) @ x_map + (y[rows] - self.mean_y) @ y_map
        return np.asarray(both / np.sqrt(2 * (1 + self.space.sample_correlations)))


def fit_shared(
    x: Array,
    y: Array,
    plain: Moments,
    moments: Moments,
    *,
    weights: Array | None = None,
    groups: RowGroups | None = None,
    all_groups: RowGroups | None = None,
    pair: WhitePair | None = None,
    space: SharedSpace | None = None,
    rng: np.random.Generator,
    limits: tuple[int, int] | None = None,
    n_sims: int = 6,
) -> SharedFit:
    """Detect the shared components, and say how surely they are known.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
        All rows, or a random sample of them.
    plain, moments : Moments
        Of all rows, or of a part of them, without and with the row weights (the same object
        without weights).
    weights : ndarray of shape (n,) or None, default None
        Of the rows in x and y.
    groups : RowGroups or None, default None
        Of the rows in x and y; dependence within groups adds to `noise`.
    all_groups : RowGroups or None, default None
        Of all rows; None where x and y have all of them.
    pair : WhitePair or None, default None
        What whitening made of `moments`, where it is known.
    space : SharedSpace or None, default None
        The shared components, where they are known.
    rng : numpy.random.Generator
    limits : tuple of (int, int) or None, default None
        Leading dimensions of x and of y to keep at most; None chooses them.
    n_sims : int, default 6
        Simulations of what sampling does to loadings.

    Returns
    -------
    SharedFit
    """
    if pair is None:
        pair = white_pair(moments)
    if space is None:
        space = shared_space(pair, limits=limits)
    main = space.origin == "all"
    rows: Any = slice(None)
    most = _MAX_ROWS if space.n_rows <= len(x) else _MAX_SAMPLED
    if len(x) > most:
        rows = np.sort(rng.choice(len(x), size=most, replace=False))
    overlap = simulate_overlap(
        space.n_rows - 1,
        space.white_x.rank,
        space.white_y.rank,
        space.correlations[main],
        rng=rng,
        n_sims=n_sims,
    )
    loadings_x, loadings_y = (
        target_loadings(space, overlap, name, _variance_ratio(plain, moments, name, score_map))
        for name, score_map in (("x", space.x_map), ("y", space.y_map))
    )
    k = space.n_components
    fit = SharedFit(space, loadings_x, loadings_y, np.ones((k, k)), plain, moments, pair)
    scores = fit.scores(x[rows], y[rows])
    if weights is not None:
        scores *= np.sqrt(weights[rows])[:, None]
    noise = _tail_inflation(scores)
    if groups is not None:
        # Likeness is that of the rows drawn, the size of groups that of all rows.
        drawn = RowGroups.of(groups.codes[rows])
        noise = noise * (all_groups or groups).design_effect(drawn.product_likeness(scores))
    return replace(fit, noise=noise)


def _variance_ratio(plain: Moments, weighted: Moments, name: str, score_map: Array) -> Array:
    """Plain over weighted variance of the canonical variates: what the row weights took away."""
    if plain is weighted:
        return np.ones(score_map.shape[1])
    before, after = (
        np.einsum("dk,de,ek->k", score_map, moments.cov(name), score_map, optimize=True)
        for moments in (plain, weighted)
    )
    # Tails without a variance have any ratio; draws of its size would overflow.
    return np.asarray(np.minimum(before / after, _LARGEST_RATIO))


def _tail_inflation(scores: Array) -> Array:
    """E[h_i² h_j²] of the (weighted) shared scores over its Gaussian value, at least 1.

    The factor by which tails multiply the sampling variance of correlations, shape (k, k).
    """
    squared = np.minimum(scores**2 / np.maximum((scores**2).mean(axis=0), 1e-12), _LARGEST_SCORE)
    factor = squared.T @ squared / len(scores)
    factor[np.diag_indices_from(factor)] /= 3.0
    return np.asarray(np.clip(factor, 1.0, _KURTOSIS_CAP))
