"""Draws of the three separation ratios, given what the data and the labels say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crossphase.spectra.loadings import Loadings
from crossphase.spectra.shared import FaintDirections

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
    """

    correlations: Array
    gram_x: Array
    gram_y: Array
    hidden: Array
    faint_signal: Array
    faint_x: Array
    faint_y: Array


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
    rng: np.random.Generator,
) -> SeparationDraws:
    """Draw the spectra of the three objectives and their separation ratios.

    One low-rank C = R diag(ρ) Rᵀ serves all objectives: prediction scales it by the target's
    loadings, ``AᵀA = C G C``. Weakest signal and strongest nuisance are the extreme singular
    values of the blocks of the signal set and of its complement. Nuisance that is too weak to be
    detected may lie anywhere below the threshold, and counts.

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
    rng : numpy.random.Generator

    Returns
    -------
    SeparationDraws
    """
    m, k = signal.shape
    n = space.n_rows
    rho = space.correlations
    own = np.einsum("mik,i,mik->mk", rotations, rho, rotations)
    # Near the threshold the delta method overshoots, since only what was detected is here.
    inflation = np.minimum(space.inflation, 1.8)
    spread = (1 - rho**2) * inflation * np.sqrt(np.diag(noise) / n)
    correlations = own + spread * rng.standard_normal((m, k))
    correlations = np.clip(correlations, 1e-3, _LARGEST_CORRELATION)
    # The largest of the undetected: density rising towards the threshold.
    hidden = space.threshold * np.sqrt(rng.random(m))
    empty = np.asarray(~signal.any(axis=1))
    none = np.asarray(empty & (rng.random(m) >= hidden_signal))
    faint = np.where(empty & ~none, space.threshold * np.sqrt(rng.random(m)), np.inf)

    weakest = np.minimum(np.where(signal, correlations, np.inf).min(axis=1, initial=np.inf), faint)
    strongest = np.maximum(np.where(signal, 0.0, correlations).max(axis=1, initial=0.0), hidden)
    alignment = ObjectiveDraws(_log_ratio(weakest, strongest, none), correlations)
    common = _Common(correlations, signal, rotations, np.diag(noise) / n, faint, hidden, none)
    prediction_xy, gram_y, faint_y = _draw_prediction(loadings_y, space.faint_y, common, rng)
    prediction_yx, gram_x, faint_x = _draw_prediction(loadings_x, space.faint_x, common, rng)
    population = Population(correlations, gram_x, gram_y, hidden, faint, faint_x, faint_y)
    return SeparationDraws(signal, alignment, prediction_xy, prediction_yx, population)


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


def _draw_prediction(
    loadings: Loadings, faint_directions: FaintDirections, common: _Common, rng: np.random.Generator
) -> tuple[ObjectiveDraws, Array, Array]:
    """Draws of one direction, of the target's loadings and of its faint directions."""
    signal = common.signal
    m, k = signal.shape
    gram = _without_sampling_overlap(loadings, common.rotations)
    log_scale = rng.standard_normal((m, k)) * loadings.log_sd
    log_scale += rng.standard_normal((m, k)) * np.sqrt(2 * common.variance)
    scale = np.exp(log_scale / 2)
    gram = scale[:, :, None] * gram * scale[:, None, :]
    rho = common.correlations
    squared = rho[:, :, None] * gram * rho[:, None, :]
    values = np.sqrt(np.maximum(np.einsum("mkk->mk", squared), 0.0))
    # Components that fill the whole target leave no background: infinite bounds stay infinite.
    background = np.sqrt(max(loadings.background, np.finfo(float).tiny))
    faint = common.faint * background
    drawn = _draw_faint(faint_directions, m, rng)
    loudest = (drawn * np.sqrt(faint_directions.variance)).max(axis=1, initial=0.0)
    hidden = np.maximum(common.hidden * background, loudest)
    if not k:
        return ObjectiveDraws(_log_ratio(faint, hidden, common.none), values), gram, drawn

    huge = float(np.trace(squared, axis1=1, axis2=2).max()) * 2 + 1.0
    inside = signal[:, :, None] & signal[:, None, :]
    outside = ~signal[:, :, None] & ~signal[:, None, :]
    signal_block = np.where(inside, squared, 0.0)
    signal_block[:, np.arange(k), np.arange(k)] += np.where(signal, 0.0, huge)
    weakest = np.sqrt(np.maximum(np.linalg.eigvalsh(signal_block)[:, 0], 0.0))
    strongest = np.sqrt(np.maximum(np.linalg.eigvalsh(np.where(outside, squared, 0.0))[:, -1], 0))
    weakest = np.where(signal.any(axis=1), weakest, faint)
    ratio = _log_ratio(weakest, np.maximum(strongest, hidden), common.none)
    return ObjectiveDraws(ratio, values), gram, drawn


def _without_sampling_overlap(loadings: Loadings, rotations: Array) -> Array:
    """Rotated gram matrices, with the overlap of components that sampling explains shrunk away.

    What is left stays well inside positive definite, as loadings of distinct components are.
    """
    gram = np.swapaxes(rotations, 1, 2) @ loadings.gram @ rotations
    k = gram.shape[1]
    if not k:
        return gram
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
    return np.asarray(cosines * scale[:, :, None] * scale[:, None, :])


def _draw_faint(directions: FaintDirections, m: int, rng: np.random.Generator) -> Array:
    """Undetected correlations of the loud directions, shape (m, j).

    As likely as not a direction shares nothing; otherwise its correlation may be anything, and
    the measured R² says how large.
    """
    grid = np.linspace(0.0, 0.99, 100)
    drawn = np.zeros((m, len(directions.r2)))
    for j, (r2, error) in enumerate(zip(directions.r2, directions.standard_error, strict=True)):
        log_likelihood = -0.5 * ((grid**2 - r2) / error) ** 2
        weight = np.exp(log_likelihood - log_likelihood.max())
        weight[1:] /= len(grid) - 1
        drawn[:, j] = rng.choice(grid, size=m, p=weight / weight.sum())
    return drawn


def _log_ratio(weakest: Array, strongest: Array, none: Mask) -> Array:
    tiny = np.finfo(float).tiny
    safe = np.where(none, 1.0, weakest)
    ratio = np.log(np.maximum(safe, tiny)) - np.log(np.maximum(strongest, tiny))
    ratio = np.where(none, -LOG_DELTA_LIMIT, ratio)
    return np.asarray(np.clip(ratio, -LOG_DELTA_LIMIT, LOG_DELTA_LIMIT))
