"""The robust estimator: all pairs for the spectra, labels only to tell signal from nuisance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossphase.attribution import draw_rotations, label_evidence, leak_variance, signal_sets
from crossphase.attribution.visibility import LabelVisibility, label_visibility
from crossphase.config import Settings
from crossphase.diagnosis.draws import SeparationDraws, draw_separations
from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra.loadings import target_loadings
from crossphase.spectra.overlap import simulate_overlap
from crossphase.spectra.shared import SharedSpace, shared_space
from crossphase.spectra.tails import TailWeights, tail_weights

__all__ = ["RobustEstimate", "estimate_robust"]

Array = NDArray[np.float64]

_LEAST_PAIRS, _LEAST_LABELLED = 20, 10
_KURTOSIS_ROWS = 20_000
_KURTOSIS_CAP, _LARGEST_SCORE = 10.0, 50.0


@dataclass(frozen=True, eq=False)
class RobustEstimate:
    """Everything the robust estimator found.

    Attributes
    ----------
    space : SharedSpace
    draws : SeparationDraws
        Behind every probability and interval.
    inclusion : ndarray of shape (k,)
        Probability of each component to be signal.
    tested : int
        Components the labelled rows could test.
    p_value : float
        Of the test against "no shared component carries any label".
    visibility : LabelVisibility
    tails : TailWeights
    """

    space: SharedSpace
    draws: SeparationDraws
    inclusion: Array
    tested: int
    p_value: float
    visibility: LabelVisibility
    tails: TailWeights


def estimate_robust(
    x: Array, y: Array, targets: Array, labelled: NDArray[np.intp], settings: Settings
) -> RobustEstimate:
    """Estimate the spectra and attribute their components.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)
        All pairs.
    targets : ndarray of shape (n_labelled, q)
        Labels of the labelled rows, classes one-hot.
    labelled : ndarray of shape (n_labelled,)
        Their positions.
    settings : Settings
        Uses `n_draws`, `n_permutations` and `seed`.

    Returns
    -------
    RobustEstimate

    Raises
    ------
    InputError
        With fewer than 20 pairs or 10 labelled ones.

    Notes
    -----
    1. Covariances of all pairs, row weights against heavy tails; canonical correlations above
       the noise edge, corrected for sampling (:mod:`crossphase.spectra.shared`).
    2. Loadings of the components in each modality, freed of the leak of sampling
       (:mod:`crossphase.spectra.loadings`): with 1 they give all three spectra.
    3. Labels regressed on the component scores of the labelled rows; a posterior over signal
       sets that knows how sampling mixes components (:mod:`crossphase.attribution.signal_sets`).
    4. Draws of sets, mixing rotations, correlations and loadings give draws of every Δ.
    """
    n = len(x)
    if n < _LEAST_PAIRS:
        raise InputError(f"{n} pairs: the robust estimator needs at least {_LEAST_PAIRS}")
    if len(labelled) < _LEAST_LABELLED:
        raise InputError(
            f"{len(labelled)} labelled pairs: at least {_LEAST_LABELLED} are needed to tell "
            "signal from nuisance; label more rows"
        )
    rng = np.random.default_rng(settings.seed)
    plain = Moments.from_arrays(x=x, y=y)
    tails = tail_weights(x, y, plain)
    moments = plain
    if tails.weights is not None:
        moments = Moments.from_arrays(weights=tails.weights, x=x, y=y)
    space = shared_space(moments)

    noise = _tail_inflation(x, y, moments, space, tails.weights, rng)
    main = space.origin == "all"
    overlap = simulate_overlap(
        n - 1, space.white_x.rank, space.white_y.rank, space.correlations[main], rng=rng
    )
    loadings_x, loadings_y = (
        target_loadings(space, overlap, name, _variance_ratio(plain, moments, name, score_map))
        for name, score_map in (("x", space.x_map), ("y", space.y_map))
    )

    x_labelled = x[labelled] - moments.mean_of("x")
    y_labelled = y[labelled] - moments.mean_of("y")
    scores = _shared_scores(x_labelled @ space.x_map, y_labelled @ space.y_map, space)
    visibility = label_visibility(
        x_labelled @ space.white_x.to_white,
        y_labelled @ space.white_y.to_white,
        scores,
        targets,
        rng,
    )
    if space.n_components:
        weights = None if tails.weights is None else tails.weights[labelled]
        evidence = label_evidence(
            scores, targets, weights=weights, n_permutations=settings.n_permutations, rng=rng
        )
        # A component that barely stands out of the noise takes up most of what leaks.
        leak = leak_variance(space.correlations, noise * space.inflation[None, :] ** 2, n)
        sets = signal_sets(evidence.z, leak, evidence.n_rows)
        signal, rotations = draw_rotations(sets, evidence.z, leak, settings.n_draws, rng)
        inclusion, tested, p_value = sets.inclusion, evidence.n_tested, evidence.p_value
    else:
        signal = np.zeros((settings.n_draws, 0), dtype=bool)
        rotations = np.zeros((settings.n_draws, 0, 0))
        inclusion, tested, p_value = np.zeros(0), 0, 1.0
    draws = draw_separations(
        space,
        loadings_x,
        loadings_y,
        noise,
        signal,
        rotations,
        hidden_signal=_hidden_signal(space, visibility),
        rng=rng,
    )
    return RobustEstimate(space, draws, inclusion, tested, p_value, visibility, tails)


def _hidden_signal(space: SharedSpace, visibility: LabelVisibility) -> float:
    """Probability that signal is shared after all when no detected component is signal.

    A correlation has to lie below the threshold to stay undetected; with as much prior weight on
    no shared signal, and correlations equally likely anywhere, that is threshold / (1 +
    threshold). Labels that one of the modalities does not show are not shared.
    """
    if min(visibility.x, visibility.y) <= 0.02:
        return 0.0
    return space.threshold / (1 + space.threshold)


def _shared_scores(scores_x: Array, scores_y: Array, space: SharedSpace) -> Array:
    """Mean of the two views' canonical variates, at unit variance."""
    return (scores_x + scores_y) / np.sqrt(2 * (1 + space.sample_correlations))


def _variance_ratio(plain: Moments, weighted: Moments, name: str, score_map: Array) -> Array:
    """Plain over weighted variance of the canonical variates: what the row weights took away."""
    if plain is weighted:
        return np.ones(score_map.shape[1])
    before, after = (
        np.einsum("dk,de,ek->k", score_map, moments.cov(name), score_map, optimize=True)
        for moments in (plain, weighted)
    )
    return np.asarray(before / after)


def _tail_inflation(
    x: Array,
    y: Array,
    moments: Moments,
    space: SharedSpace,
    weights: Array | None,
    rng: np.random.Generator,
) -> Array:
    """E[h_i² h_j²] of the (weighted) shared scores over its Gaussian value, at least 1.

    The factor by which tails multiply the sampling variance of correlations, shape (k, k).
    """
    n = len(x)
    rows = np.arange(n)
    if n > _KURTOSIS_ROWS:
        rows = np.sort(rng.choice(n, size=_KURTOSIS_ROWS, replace=False))
    scores = _shared_scores(
        (x[rows] - moments.mean_of("x")) @ space.x_map,
        (y[rows] - moments.mean_of("y")) @ space.y_map,
        space,
    )
    if weights is not None:
        scores *= np.sqrt(weights[rows])[:, None]
    squared = np.minimum(scores**2 / np.maximum((scores**2).mean(axis=0), 1e-12), _LARGEST_SCORE)
    factor = squared.T @ squared / len(rows)
    factor[np.diag_indices_from(factor)] /= 3.0
    return np.asarray(np.clip(factor, 1.0, _KURTOSIS_CAP))
