"""What the estimator would see and say with more pairs and more labels.

Simulated in the coordinates of the shared components: no data are made, only what sampling does
to the few numbers that the estimator's last step works with. That step is the estimator's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.special import chdtrc

from crossphase.attribution.label_evidence import affordable_components
from crossphase.diagnosis.draws import draw_separations
from crossphase.diagnosis.fitted import ComponentSpectrum
from crossphase.diagnosis.posterior import draw_attribution, hidden_signal_probability
from crossphase.diagnosis.robust_parts import (
    decided_by_rounding,
    regime_probabilities,
    sees_signal,
)
from crossphase.planning.populations import CandidatePopulation, score_correlation
from crossphase.planning.size import FutureSize
from crossphase.results import FittedLoadings
from crossphase.spectra.chance import chance_r2
from crossphase.spectra.correction import corrected_correlations
from crossphase.spectra.loadings import (
    LOUD_LOG_SD,
    UNSEEN_LOG_SD,
    Loadings,
    cross_variance,
    log_errors,
)
from crossphase.spectra.shared import FaintDirections
from crossphase.theory import expected_direction_cos2, expected_sample_r2
from crossphase.theory.largest_root import largest_root_quantile

__all__ = ["simulate_verdicts"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LOUD_INFLATION = 1.5
_LARGEST_CORRELATION = 0.9999


@dataclass(frozen=True, eq=False)
class _Components:
    """Components as a sample shows them; columns of the maps are sample components."""

    correlations: Array
    inflation: Array
    origin: NDArray[np.str_]
    map_x: Array
    map_y: Array
    likest: NDArray[np.intp]


def simulate_verdicts(
    truth: CandidatePopulation,
    size: FutureSize,
    label_counts: Sequence[int],
    *,
    alpha: float,
    n_draws: int,
    rng: np.random.Generator,
) -> list[tuple[dict[str, float], bool]]:
    """Regime probabilities that a new sample from `truth` would give, by number of labels.

    Parameters
    ----------
    truth : CandidatePopulation
    size : FutureSize
        For the model of `truth`.
    label_counts : sequence of int
        Numbers of labelled rows of the one sample.
    alpha : float
        Level of the test of "no component carries any label".
    n_draws : int
        Draws behind the probabilities.
    rng : numpy.random.Generator

    Returns
    -------
    list of (dict of str to float, bool)
        For each number of labels the probabilities, and whether the labels could test every
        component and are credibly related to some, and nothing rests on rounding: else no regime
        is named whatever its probability.
    """
    model = truth.model
    found = _detect(truth, size, rng)
    faint_x, loud_x = _look_at_faint(truth, found, model.loadings_x, truth.faint_x, size, 1, rng)
    faint_y, loud_y = _look_at_faint(truth, found, model.loadings_y, truth.faint_y, size, 0, rng)
    noise = truth.noise[np.ix_(found.likest, found.likest)]
    loadings_x = _see_loadings(truth.gram_x, found, model.loadings_x, "x", size, noise, rng)
    loadings_y = _see_loadings(truth.gram_y, found, model.loadings_y, "y", size, noise, rng)

    new = np.concatenate([loud_x[0], loud_y[0]])
    extra = len(new)
    order = np.argsort(-np.concatenate([found.correlations, new]), kind="stable")
    back_x, back_y = model.loadings_x.background, model.loadings_y.background
    loadings_x = _with_extra(
        loadings_x, [*loud_x[1], *np.full(len(loud_y[0]), back_x)], len(loud_x[0]), order
    )
    loadings_y = _with_extra(
        loadings_y, [*np.full(len(loud_x[0]), back_y), *loud_y[1]], len(loud_y[0]), order, last=True
    )
    k = len(order)
    noise = block_diag(*([noise] if k > extra else []), np.ones((extra, extra)))
    noise = np.maximum(noise, 1.0)[np.ix_(order, order)]
    spectrum = ComponentSpectrum(
        size.n_rows,
        np.concatenate([found.correlations, new])[order],
        np.append(found.inflation, np.full(extra, _LOUD_INFLATION))[order],
        size.threshold,
        size.reach,
        faint_x,
        faint_y,
    )
    left_out = size.left_out
    if left_out is not None:
        # To have found something there is to analyse it.
        beyond = bool(truth.outside[found.likest].any())
        left_out = None if beyond else left_out
    attributed = [
        _attribute(truth, found, spectrum, noise, size, m, order, n_draws, rng)
        for m in label_counts
    ]
    draws = draw_separations(
        spectrum,
        loadings_x,
        loadings_y,
        noise,
        np.concatenate([one.signal for one in attributed]),
        np.concatenate([one.rotations for one in attributed]),
        hidden_signal=hidden_signal_probability(size.threshold, model.hidden_signal, left_out),
        left_out=left_out,
        rng=rng,
    )
    exact = np.append(truth.exact[found.likest], np.zeros(extra, dtype=bool))[order]
    said = []
    for one, log_delta in zip(attributed, np.split(draws.log_delta, len(attributed)), strict=True):
        conclusive = (
            one.tested >= k
            and sees_signal(one.p_value, one.signal, alpha)
            and not decided_by_rounding(one.signal, exact)
        )
        said.append((regime_probabilities(log_delta[:, 0], log_delta[:, 1]), conclusive))
    return said


@dataclass(frozen=True, eq=False)
class _Attributed:
    """What one number of labels says of the components."""

    tested: int
    p_value: float
    signal: Mask
    rotations: Array


def _attribute(
    truth: CandidatePopulation,
    found: _Components,
    spectrum: ComponentSpectrum,
    noise: Array,
    size: FutureSize,
    n_labelled: int,
    order: NDArray[np.intp],
    n_draws: int,
    rng: np.random.Generator,
) -> _Attributed:
    z, rows = _label_evidence(truth, found, size, n_labelled, rng)
    extra = len(order) - len(z)
    z = np.concatenate([z, rng.standard_normal((extra, z.shape[1]))])[order]
    rows = np.append(rows, np.full(extra, n_labelled))[order]
    tested = affordable_components(n_labelled / rows, n_labelled)
    z[tested:], rows[tested:] = 0.0, 0.0
    p_value = float(chdtrc(z[:tested].size, (z**2).sum())) if len(z) else 1.0
    _, signal, rotations = draw_attribution(spectrum, noise, z, rows, n_draws=n_draws, rng=rng)
    return _Attributed(tested, p_value, signal, rotations)


def _detect(truth: CandidatePopulation, size: FutureSize, rng: np.random.Generator) -> _Components:
    """Sample canonical components: detected, corrected for sampling, and mixed by it."""
    # What lies below the threshold leaves nothing above the noise.
    bar = np.where(truth.outside, size.outer_threshold, size.threshold)
    able = (truth.correlations > bar) | (truth.origin != "all")
    rho, origins = truth.correlations[able], truth.origin[able]
    k = len(rho)
    limit = np.sqrt(expected_sample_r2(rho**2, *size.ratios))
    _, inflation = corrected_correlations(limit, *size.ratios)
    inflation = np.where(rho > size.threshold, inflation, _LOUD_INFLATION)
    # Bartlett's factor of a Wishart matrix, then the population's correlations.
    factor = np.tril(rng.standard_normal((2 * k, 2 * k)), -1)
    degrees = np.maximum(size.n_rows - 1 - np.arange(2 * k), 1)
    factor[np.diag_indices(2 * k)] = np.sqrt(rng.chisquare(degrees))
    factor[k:] *= np.sqrt(1 - rho**2)[:, None]
    factor[k:, :k] += rho[:, None] * factor[:k, :k]
    scatter = factor @ factor.T / (size.n_rows - 1)
    own_x, own_y = scatter[:k, :k] - np.eye(k), scatter[k:, k:] - np.eye(k)
    # First-order change of the whitened cross-covariance, as large as tails and features make it.
    change = scatter[:k, k:] - np.diag(rho) - (own_x * rho + rho[:, None] * own_y) / 2
    change *= np.sqrt(truth.noise[np.ix_(able, able)] * np.outer(inflation, inflation))
    left, values, right = np.linalg.svd(np.diag(rho) + change)
    values = np.clip(values, 1e-3, _LARGEST_CORRELATION)
    likest = np.abs(left + right.T).argmax(axis=0) if k else np.zeros(0, dtype=np.intp)
    sample = expected_sample_r2(values**2, *size.ratios)
    loud = origins[likest] != "all"
    origin = np.where((sample > size.edge) | ~loud, "all", origins[likest])
    kept = (sample > size.edge) | loud
    corrected, spread = corrected_correlations(np.sqrt(sample), *size.ratios)
    plain = origin == "all"
    map_x, map_y = (np.zeros((len(able), int(kept.sum()))) for _ in range(2))
    map_x[able], map_y[able] = left[:, kept], right.T[:, kept]
    return _Components(
        np.where(plain, corrected, values)[kept],
        np.where(plain, spread, _LOUD_INFLATION)[kept],
        origin[kept],
        map_x,
        map_y,
        np.flatnonzero(able)[likest[kept]],
    )


def _see_loadings(
    gram: Array,
    found: _Components,
    side: FittedLoadings,
    name: str,
    size: FutureSize,
    noise: Array,
    rng: np.random.Generator,
) -> Loadings:
    """Estimated loadings in one modality, with their standard errors."""
    k = len(found.correlations)
    own_map = found.map_x if name == "x" else found.map_y
    rank = size.ranks[0] if name == "x" else size.ranks[1]
    ratios = size.ratios if name == "x" else size.ratios[::-1]
    true = own_map.T @ gram @ own_map
    squared = found.correlations**2
    inside = np.maximum(expected_direction_cos2(squared, *ratios), 0.05)
    # Each of the other directions has covariance 1/√n with the other view's score, over ρ.
    outside = ratios[0] / squared
    # As in the estimate, which takes no more than 19 parts in 20 of what it sees for leak.
    observed = inside * np.diag(true) + outside * side.background
    own = np.maximum(np.diag(true), 0.05 * observed)
    log_sd = log_errors(
        own,
        inside,
        outside,
        side.background,
        side.mean_square,
        rank,
        inflation=found.inflation,
    )
    plain, here = found.origin == "all", found.origin == f"loud-{name}"
    log_sd = np.where(plain, log_sd, np.where(here, LOUD_LOG_SD, UNSEEN_LOG_SD))
    leak = np.where(plain, outside / inside, 0.0)
    cross = cross_variance(own, leak, side.background, side.mean_square, rank, size.n_rows)
    spread = np.sqrt(log_sd**2 + 2 * np.diag(noise) / size.n_rows)
    scale = np.exp(spread * rng.standard_normal(k) / 2)
    wobble = np.triu(np.sqrt(cross) * rng.standard_normal((k, k)), 1)
    seen = np.where(np.outer(plain, plain), true + wobble + wobble.T, 0.0)
    seen = seen * np.outer(scale, scale)
    np.fill_diagonal(seen, np.where(plain | here, own * scale**2, side.background))
    return Loadings(seen, log_sd, cross, side.background)


def _look_at_faint(
    truth: CandidatePopulation,
    found: _Components,
    side: FittedLoadings,
    places: NDArray[np.intp],
    size: FutureSize,
    other: int,
    rng: np.random.Generator,
) -> tuple[FaintDirections, tuple[Array, Array]]:
    """Loud directions in which nothing was detected so far, nor among all: measured again.

    Returns those that stay undetected, and correlations and variances of those that do not.
    """
    still = ~np.isin(places, found.likest)
    correlations, variance = truth.correlations[places[still]], side.faint_variance[still]
    free = size.ranks[other] - truth.model.n_components
    share, error = chance_r2(size.n_rows, free)
    spread = np.hypot(error, 2 * correlations * (1 - correlations**2) / np.sqrt(size.n_rows))
    r2 = correlations**2 + spread * rng.standard_normal(len(correlations))
    edge = largest_root_quantile(size.n_rows, max(free, 1), 1, 0.99)
    seen = share + (1 - share) * r2 > edge
    faint = FaintDirections(variance[~seen], r2[~seen], np.full(int((~seen).sum()), error))
    return faint, (np.sqrt(np.clip(r2[seen], 1e-6, 0.99)), variance[seen])


def _label_evidence(
    truth: CandidatePopulation,
    found: _Components,
    size: FutureSize,
    n_labelled: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Label coefficients over their standard errors, and the rows behind each."""
    clear = score_correlation(truth.correlations, *size.ratios)
    mixing = (found.map_x + found.map_y) / 2
    mixing /= np.maximum(np.linalg.norm(mixing, axis=0), 1e-9)
    effect = mixing.T @ (clear[:, None] * truth.label_effect)
    k = len(effect)
    # Components that are uncorrelated over all pairs are not quite so over the labelled ones.
    spread = np.sqrt(max(1 - n_labelled / size.n_rows, 0.0) / n_labelled)
    chance = np.triu(rng.standard_normal((k, k)), 1)
    chance = chance + chance.T + np.diag(np.sqrt(2) * rng.standard_normal(k))
    effect = effect + spread * chance @ effect / 2
    rows = np.maximum(truth.label_share[found.likest] * n_labelled, 1.0)
    z = np.sqrt(rows)[:, None] * effect + rng.standard_normal(effect.shape)
    # Standard errors are estimated as well: t statistics, as many as there are label directions.
    freedom = max(n_labelled - k - 1, 5)
    z = z / np.sqrt(rng.chisquare(freedom, size=z.shape[1]) / freedom)
    return z, rows


def _with_extra(
    loadings: Loadings,
    squared: list[float],
    n_loud: int,
    order: NDArray[np.intp],
    *,
    last: bool = False,
) -> Loadings:
    """Loadings of further components found among loud directions, all in a new order.

    `n_loud` of them, the first ones or the `last`, are loud in this modality.
    """
    k, extra = len(loadings.log_sd), len(squared)
    gram, cross = np.zeros((k + extra, k + extra)), np.zeros((k + extra, k + extra))
    gram[:k, :k], cross[:k, :k] = loadings.gram, loadings.cross_variance
    new = np.arange(k, k + extra)
    gram[new, new] = squared
    here = new >= k + extra - n_loud if last else new < k + n_loud
    log_sd = np.append(loadings.log_sd, np.where(here, LOUD_LOG_SD, UNSEEN_LOG_SD))
    both = np.ix_(order, order)
    return Loadings(gram[both], log_sd[order], cross[both], loadings.background)
