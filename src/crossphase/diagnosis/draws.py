"""Draws of the three separation ratios, given what the data and the labels say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crossphase.diagnosis.undetected import (
    LARGEST_INFLATION,
    draw_beyond,
    draw_faint,
    draw_signal_beside,
    draw_undetected,
    faint_loudness,
)
from crossphase.results import LeftOut
from crossphase.spectra.loadings import Loadings
from crossphase.spectra.repulsion import AllAlike, all_alike, drawn_together
from crossphase.spectra.shared import FaintDirections, SharedSpace
from crossphase.spectra.turns import TYPICAL_OVERLAP, turn_between_views

__all__ = [
    "LOG_DELTA_LIMIT",
    "ObjectiveDraws",
    "Population",
    "SeparationDraws",
    "Spectrum",
    "draw_separations",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: |log Δ| is cut off here; beyond stands for "no signal" or "no nuisance".
LOG_DELTA_LIMIT = 20.0
_LARGEST_CORRELATION = 0.9999
_LEAST_EIGENVALUE = 0.05
#: Mean inflation by tails from which simulations of Gaussian rows do not apply.
_HEAVY = 1.2
#: Probability that no nuisance is left undetected, or none that matters.
_NOTHING_HIDDEN = 0.2


class Spectrum(Protocol):
    """What the draws need to know of the shared components; a SharedSpace is one."""

    @property
    def n_rows(self) -> int:
        """Pairs."""

    @property
    def correlations(self) -> Array:
        """Population canonical correlations of the components, shape (k,)."""

    @property
    def inflation(self) -> Array:
        """Their standard errors as multiples of (1 − ρ²)/√n, shape (k,)."""

    @property
    def threshold(self) -> float:
        """Population correlation below which nothing can be detected."""

    @property
    def reach(self) -> float:
        """Population correlation that is as likely detected as not."""

    @property
    def faint_x(self) -> FaintDirections:
        """Loud directions of x in which nothing was detected."""

    @property
    def faint_y(self) -> FaintDirections:
        """Loud directions of y in which nothing was detected."""


@dataclass(frozen=True, eq=False)
class Population:
    """Draws of the population itself, from which those of the ratios follow.

    Attributes
    ----------
    correlations : ndarray of shape (m, k)
    gram_x, gram_y : ndarray of shape (m, k, k)
        Inner products of the components' loadings in each modality.
    hidden : ndarray of shape (m,)
        Correlation of the strongest undetected nuisance.
    faint_signal : ndarray of shape (m,)
        That of undetected signal where there is such; else infinite.
    faint_x, faint_y : ndarray of shape (m, j)
        Correlations of the loud directions in which nothing was detected.
    beyond : ndarray of shape (m, 3)
        Singular value, for each objective, of nuisance outside the dimensions kept; 0 for none.
    """

    correlations: Array
    gram_x: Array
    gram_y: Array
    hidden: Array
    faint_signal: Array
    faint_x: Array
    faint_y: Array
    beyond: Array


@dataclass(frozen=True, eq=False)
class ObjectiveDraws:
    """Draws for one objective.

    Attributes
    ----------
    log_delta : ndarray of shape (m,)
    values : ndarray of shape (m, k)
        Population singular values of the components, in the order of the shared space.
    """

    log_delta: Array
    values: Array


@dataclass(frozen=True, eq=False)
class SeparationDraws:
    """Joint draws for the three objectives, over one draw of signal sets.

    Attributes
    ----------
    signal : ndarray of shape (m, k), bool
    alignment, prediction_xy, prediction_yx : ObjectiveDraws
    population : Population
    """

    signal: Mask
    alignment: ObjectiveDraws
    prediction_xy: ObjectiveDraws
    prediction_yx: ObjectiveDraws
    population: Population

    @property
    def log_delta(self) -> Array:
        """Values of log Δ for the three objectives, shape (m, 3)."""
        return np.stack(
            [
                self.alignment.log_delta,
                self.prediction_xy.log_delta,
                self.prediction_yx.log_delta,
            ],
            axis=1,
        )


def draw_separations(
    space: Spectrum,
    loadings_x: Loadings,
    loadings_y: Loadings,
    noise: Array,
    signal: Mask,
    rotations: Array,
    *,
    hidden_signal: float,
    left_out: LeftOut | None = None,
    rng: np.random.Generator,
) -> SeparationDraws:
    """Draw the spectra of the three objectives and their separation ratios.

    One low-rank C = R diag(ρ) Rᵀ serves all objectives: prediction scales it by the target's
    loadings, ``AᵀA = C G C``. Weakest signal and strongest nuisance are the extreme singular
    values of the blocks of the signal set and of its complement. Nuisance that is too weak to be
    detected may lie anywhere below the threshold, and counts; where directions were left out, it
    may also be there, and stronger.

    Parameters
    ----------
    space : Spectrum
        Such as a :class:`crossphase.spectra.shared.SharedSpace`.
    loadings_x, loadings_y : Loadings
    noise : ndarray of shape (k, k)
        Variance inflation of pairs of components by heavy tails, at least 1.
    signal : ndarray of shape (m, k), bool
        Drawn signal sets.
    rotations : ndarray of shape (m, k, k)
        Columns are population components in sample coordinates.
    hidden_signal : float
        Probability that there is undetected signal where a drawn set is empty.
    left_out : LeftOut or None, default None
        Where further nuisance may hide outside the dimensions kept.
    rng : numpy.random.Generator

    Returns
    -------
    SeparationDraws
    """
    n, rho, m = space.n_rows, space.correlations, len(signal)
    correlations, hidden, with_correlation = _draw_correlations(
        space, noise, signal, rotations, rng
    )
    empty = np.asarray(~signal.any(axis=1))
    none = np.asarray(empty & (rng.random(m) >= hidden_signal))
    # Labels show what was found nowhere, so also outside the dimensions kept.
    limit = space.reach if left_out is None else max(space.reach, left_out.threshold)
    faint = np.where(
        empty,
        np.where(none, np.inf, draw_undetected(limit, n, m, rng)),
        draw_signal_beside(space.reach, n, m, rng),
    )

    weakest = np.minimum(np.where(signal, correlations, np.inf).min(axis=1, initial=np.inf), faint)
    beyond = np.zeros((m, 3))
    if left_out is not None:
        beyond = draw_beyond(left_out, n, signal, rng)
    strongest = np.where(signal, 0.0, correlations).max(axis=1, initial=0.0)
    strongest = np.maximum(np.maximum(strongest, hidden), beyond[:, 0])
    alignment = ObjectiveDraws(_log_ratio(weakest, strongest, none), correlations)
    # Components turn differently in either modality, whatever the labels say.
    turn = turn_between_views(rho, noise, n)
    common = _Common(
        correlations,
        signal,
        rotations,
        np.diag(noise) / n,
        faint,
        hidden,
        none,
        turn,
        with_correlation,
    )
    to_y, to_x = (loadings_y, space.faint_y), (loadings_x, space.faint_x)
    # Which direction takes which random numbers does not depend on which modality is called x.
    streams = rng.spawn(2)
    stream_y, stream_x = streams if _place(*to_y) <= _place(*to_x) else streams[::-1]
    prediction_xy, gram_y, faint_y = _draw_prediction(*to_y, common, beyond[:, 1], stream_y)
    prediction_yx, gram_x, faint_x = _draw_prediction(*to_x, common, beyond[:, 2], stream_x)
    unseen = (hidden, faint, faint_x, faint_y, beyond)
    population = Population(correlations, gram_x, gram_y, *unseen)
    return SeparationDraws(signal, alignment, prediction_xy, prediction_yx, population)


def _place(loadings: Loadings, faint: FaintDirections) -> tuple[float, ...]:
    """A number or more that differs between targets, whatever their units and names."""
    loud = float(np.trace(loadings.gram))
    return loadings.background / max(loadings.background + loud, np.finfo(float).tiny), *faint.r2


def _draw_correlations(
    space: Spectrum, noise: Array, signal: Mask, rotations: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Correlations of the components and of the strongest undetected nuisance.

    Third, the part of the standardised errors of log variances that goes with them: of a
    correlation on Fisher's scale and the logarithm of a variance the sampling covariance is ρ/n.
    """
    n, rho, m = space.n_rows, space.correlations, len(signal)
    own = np.einsum("mik,i,mik->mk", rotations, rho, rotations)
    # Near the threshold the delta method overshoots, since only what was detected is here.
    inflation = np.minimum(space.inflation, LARGEST_INFLATION)
    # On Fisher's scale errors hardly depend on the correlation.
    spread = inflation * np.sqrt(np.diag(noise) / n)
    fisher = np.arctanh(np.clip(own, 0.0, _LARGEST_CORRELATION))
    fisher, sampled = drawn_together(fisher, spread, signal, rng)
    correlations = np.tanh(fisher + spread * sampled)
    correlations = np.clip(correlations, 1e-3, _LARGEST_CORRELATION)
    hidden = draw_undetected(space.reach, n, m, rng)
    hidden = np.where(rng.random(m) < _NOTHING_HIDDEN, 1e-3 * space.reach, hidden)
    likeliest = signal.mean(axis=0) > 0.5
    crowd = _find_crowd(space, likeliest, noise, rng)
    if crowd is not None:
        crowded = (signal == likeliest).all(axis=1) & (rng.random(m) < crowd.probability)
        alike = crowd.correlation + crowd.standard_error * rng.standard_normal(m)
        alike = np.clip(alike, 1e-3, _LARGEST_CORRELATION)
        hidden = np.where(crowded, alike, hidden)
        correlations = np.where(crowded[:, None] & ~signal, alike[:, None], correlations)
    return correlations, hidden, sampled * rho / (np.sqrt(2) * inflation)


def _find_crowd(
    space: Spectrum, signal: Mask, noise: Array, rng: np.random.Generator
) -> AllAlike | None:
    """The crowd that the nuisance outside a signal set may be; only rows can show it."""
    if not isinstance(space, SharedSpace) or not len(space.spectrum):
        return None
    if not (space.origin == "all").all() or noise.sum() > _HEAVY * noise.size:
        return None
    sample = space.sample_correlations
    ranks = space.white_x.rank, space.white_y.rank
    return all_alike(
        space.spectrum, space.n_rows - 1, *ranks, sample[signal], sample[~signal], rng=rng
    )


@dataclass(frozen=True, eq=False)
class _Common:
    """What the draws of both prediction directions share."""

    correlations: Array
    signal: Mask
    rotations: Array
    variance: Array
    faint: Array
    hidden: Array
    none: Mask
    turn: Array
    with_correlation: Array


def _draw_prediction(
    loadings: Loadings,
    faint_directions: FaintDirections,
    common: _Common,
    beyond: Array,
    rng: np.random.Generator,
) -> tuple[ObjectiveDraws, Array, Array]:
    """Draws of one direction, of the target's loadings and of its faint directions."""
    signal = common.signal
    m, k = signal.shape
    gram, leaked = _without_sampling_overlap(loadings, common)
    log_scale = 0.5 * leaked * rng.standard_normal((m, k))
    log_scale += rng.standard_normal((m, k)) * loadings.log_sd
    alone = np.sqrt(1 - common.with_correlation.var(axis=0)) * rng.standard_normal((m, k))
    log_scale += (common.with_correlation + alone) * np.sqrt(2 * common.variance)
    scale = np.exp(log_scale / 2)
    gram = scale[:, :, None] * gram * scale[:, None, :]
    rho = common.correlations
    squared = rho[:, :, None] * gram * rho[:, None, :]
    values = np.sqrt(np.maximum(np.einsum("mkk->mk", squared), 0.0))
    # Components that fill the whole target leave no background: infinite bounds stay infinite.
    background = np.sqrt(max(loadings.background, np.finfo(float).tiny))
    drawn = draw_faint(faint_directions, m, rng)
    loudest = (drawn * np.sqrt(faint_directions.variance)).max(axis=1, initial=0.0)
    hidden = np.maximum(np.maximum(common.hidden * background, loudest), beyond)
    if not k:
        faint = common.faint * background
        return ObjectiveDraws(_log_ratio(faint, hidden, common.none), values), gram, drawn

    huge = float(np.trace(squared, axis1=1, axis2=2).max()) * 2 + 1.0
    inside = signal[:, :, None] & signal[:, None, :]
    outside = ~signal[:, :, None] & ~signal[:, None, :]
    signal_block = np.where(inside, squared, 0.0)
    signal_block[:, np.arange(k), np.arange(k)] += np.where(signal, 0.0, huge)
    weakest = np.sqrt(np.maximum(np.linalg.eigvalsh(signal_block)[:, 0], 0.0))
    strongest = np.sqrt(np.maximum(np.linalg.eigvalsh(np.where(outside, squared, 0.0))[:, -1], 0))
    faint = common.faint * faint_loudness(gram, signal, background, rng)
    weakest = np.minimum(np.where(signal.any(axis=1), weakest, np.inf), faint)
    ratio = _log_ratio(weakest, np.maximum(strongest, hidden), common.none)
    return ObjectiveDraws(ratio, values), gram, drawn


def _without_sampling_overlap(loadings: Loadings, common: _Common) -> tuple[Array, Array]:
    """Rotated gram matrices, with the overlap of components that sampling explains shrunk away.

    What is left stays well inside positive definite, as loadings of distinct components are.
    Second, what was taken off the diagonals, over what is left.
    """
    rotations = common.rotations
    gram = np.swapaxes(rotations, 1, 2) @ loadings.gram @ rotations
    k = gram.shape[1]
    if not k:
        return gram, np.zeros(gram.shape[:2])
    own = np.maximum(np.einsum("mkk->mk", gram), np.finfo(float).tiny)
    apart = common.signal[:, :, None] != common.signal[:, None, :]
    turned = np.where(apart, np.var(rotations, axis=0), 0.0) + common.turn
    louder = np.maximum(own[:, None, :] - own[:, :, None], 0.0)
    by_turning = turned * louder**2
    mine = own[:, :, None] * own[:, None, :]
    share = by_turning / (by_turning + TYPICAL_OVERLAP**2 * mine + loadings.cross_variance)
    leak = np.where(apart, (1 - (1 - share) ** 2) * gram**2 / own[:, None, :], 0.0).sum(axis=2)
    left = np.maximum(own - leak, 0.1 * own)
    root = np.sqrt(left / own)
    gram = gram * root[:, :, None] * root[:, None, :]
    leaked = own / left - 1
    size = np.maximum(gram**2, 2 * loadings.cross_variance)
    kept = 1 - 2 * loadings.cross_variance / np.maximum(size, np.finfo(float).tiny)
    gram = np.where(~np.eye(k, dtype=bool), gram * kept, gram)
    # An estimate need not be positive definite: rotated, its diagonal may fall to 0 and below.
    least = max(0.01 * float(np.diag(loadings.gram).min()), np.finfo(float).tiny)
    scale = np.sqrt(np.maximum(np.einsum("mkk->mk", gram), least))
    values, vectors = np.linalg.eigh(gram / scale[:, :, None] / scale[:, None, :])
    cosines = (vectors * np.maximum(values, _LEAST_EIGENVALUE)[:, None, :]) @ np.swapaxes(
        vectors, 1, 2
    )
    # Eigenvalues were only raised, so diagonals are at least 1: put them back to 1.
    scale = scale / np.sqrt(np.einsum("mkk->mk", cosines))
    return np.asarray(cosines * scale[:, :, None] * scale[:, None, :]), np.minimum(leaked, 1.0)


def _log_ratio(weakest: Array, strongest: Array, none: Mask) -> Array:
    tiny = np.finfo(float).tiny
    safe = np.where(none, 1.0, weakest)
    ratio = np.log(np.maximum(safe, tiny)) - np.log(np.maximum(strongest, tiny))
    ratio = np.where(none, -LOG_DELTA_LIMIT, ratio)
    return np.asarray(np.clip(ratio, -LOG_DELTA_LIMIT, LOG_DELTA_LIMIT))
