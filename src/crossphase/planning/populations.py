"""Populations that a diagnosis leaves possible, each with its own true regime."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from crossphase.diagnosis.draws import LOG_DELTA_LIMIT
from crossphase.diagnosis.fitted import loadings_of, spectrum_of
from crossphase.diagnosis.posterior import Posterior, draw_posterior, hidden_signal_probability
from crossphase.diagnosis.undetected import faint_loudness
from crossphase.results import FittedModel
from crossphase.theory import Regime, expected_direction_cos2, regime_of

__all__ = ["CandidatePopulation", "PossiblePopulations", "likely_effects", "score_correlation"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CANDIDATES = 400
_TINY = float(np.finfo(float).tiny)
#: Estimates of correlations of 1 are kept a little below it.
_EXACT = 0.9998
#: Components that were not detected: a signal, a nuisance, a nuisance outside the dimensions kept.
_UNSEEN = 3
#: Effects of labels that are tried, for one that is as likely as signals have them.
_TRIED = 12
#: Slab variances of effects and how often: those of :mod:`crossphase.attribution.signal_density`.
_SLABS = ((1.0, 0.9), (0.1, 0.1))


@dataclass(frozen=True, eq=False)
class CandidatePopulation:
    """One population that the data may come from, in its own canonical coordinates.

    The K components are those that were detected, after undoing a drawn mixing, and then the
    ones that were too weak to be: sometimes a signal, a nuisance, sometimes a nuisance outside
    the dimensions that were analysed, and last the loud directions of x and of y in which nothing
    was detected.

    Attributes
    ----------
    model : FittedModel
        The analysis, of one number of dimensions, that it was drawn from.
    correlations : ndarray of shape (K,)
    exact : ndarray of shape (K,), bool
        Components that both modalities hold exactly.
    origin : ndarray of shape (K,)
        As in :class:`crossphase.results.FittedModel`.
    outside : ndarray of shape (K,), bool
        Components in directions that were not analysed.
    gram_x, gram_y : ndarray of shape (K, K)
        Inner products of the components' loadings.
    label_effect : ndarray of shape (K, q)
        Growth of the z-scores with the square root of the labelled rows, were the components
        known exactly; 0 for nuisance.
    noise : ndarray of shape (K, K)
    label_share : ndarray of shape (K,)
        Independent labelled rows per labelled row.
    log_delta : ndarray of shape (2,)
        Of alignment and prediction x→y; they follow from the rest.
    """

    model: FittedModel
    correlations: Array
    exact: Mask
    origin: NDArray[np.str_]
    outside: Mask
    gram_x: Array
    gram_y: Array
    label_effect: Array
    noise: Array
    label_share: Array
    log_delta: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "log_delta", self._log_delta())

    @property
    def regime(self) -> Regime:
        """Over alignment and prediction x→y."""
        return regime_of(*np.exp(self.log_delta))

    @property
    def faint_x(self) -> NDArray[np.intp]:
        """Positions of the loud directions of x in which nothing was detected."""
        first = self.model.n_components + _UNSEEN
        return np.arange(first, first + len(self.model.loadings_x.faint_variance))

    @property
    def faint_y(self) -> NDArray[np.intp]:
        """Positions of those of y."""
        count = len(self.correlations)
        return np.arange(count - len(self.model.loadings_y.faint_variance), count)

    def _log_delta(self) -> Array:
        signal = self.label_effect.any(axis=1)
        if not signal.any():
            return np.full(2, -LOG_DELTA_LIMIT)
        rho = self.correlations
        squared = rho[:, None] * self.gram_y * rho
        weakest = np.linalg.eigvalsh(squared[np.ix_(signal, signal)])[0]
        strongest = np.linalg.eigvalsh(squared[np.ix_(~signal, ~signal)])[-1]
        align = np.log(rho[signal].min()) - np.log(max(rho[~signal].max(), _TINY))
        predict = (np.log(max(weakest, _TINY)) - np.log(max(strongest, _TINY))) / 2
        return np.asarray(np.clip([align, predict], -LOG_DELTA_LIMIT, LOG_DELTA_LIMIT))


@dataclass(frozen=True, eq=False)
class PossiblePopulations:
    """The posterior behind a diagnosis, as draws that populations can be made of.

    Each number of dimensions that the diagnosis averages over gives an equal share.

    Attributes
    ----------
    models : tuple of FittedModel
    posteriors : tuple of Posterior
        With equally many draws.
    log_delta : ndarray of shape (m, 2)
        Of alignment and prediction x→y, over all posteriors.
    """

    models: tuple[FittedModel, ...]
    posteriors: tuple[Posterior, ...]
    log_delta: Array

    @classmethod
    def of(cls, model: FittedModel, rng: np.random.Generator) -> PossiblePopulations:
        """Draw from the posterior of `model` and of the others in it."""
        models = (model, *model.others)
        each = -(-_CANDIDATES // len(models))
        posteriors = tuple(_posterior(one, each, rng) for one in models)
        log_delta = np.concatenate([posterior.draws.log_delta[:, :2] for posterior in posteriors])
        return cls(models, posteriors, log_delta)

    @property
    def distance(self) -> Array:
        """Of each draw to the closer of the two boundaries, shape (m,)."""
        return np.asarray(np.abs(self.log_delta).min(axis=1))

    @property
    def regimes(self) -> Array:
        """Of each draw, shape (m,), as text."""
        ratios = np.exp(self.log_delta)
        return np.array([str(regime_of(*pair)) for pair in ratios.tolist()])

    def draw(
        self, count: int, rng: np.random.Generator, among: Mask | None = None
    ) -> list[CandidatePopulation]:
        """Populations, spread over regimes and distances as evenly as the posterior has them.

        A few then stand for all.

        Parameters
        ----------
        count : int
        rng : numpy.random.Generator
        among : ndarray of shape (m,), bool, or None, default None
            Draws to choose from; None is all.

        Returns
        -------
        list of CandidatePopulation
            By regime, and by distance to the boundary in each.
        """
        chosen = np.arange(len(self.log_delta)) if among is None else np.flatnonzero(among)
        regime = (self.log_delta[chosen] > 0) @ [2, 1]
        order = chosen[np.lexsort((self.distance[chosen], regime))]
        places = (np.arange(count) + rng.random()) / count * len(order)
        each = len(self.log_delta) // len(self.models)
        return [
            _population(self.models[t // each], self.posteriors[t // each], t % each, rng)
            for t in order[places.astype(int)].tolist()
        ]


def _posterior(model: FittedModel, count: int, rng: np.random.Generator) -> Posterior:
    return draw_posterior(
        spectrum_of(model),
        loadings_of(model.loadings_x),
        loadings_of(model.loadings_y),
        model.noise,
        model.label_z,
        model.label_rows,
        hidden_signal=hidden_signal_probability(
            model.threshold, model.hidden_signal, model.left_out
        ),
        left_out=model.left_out,
        n_draws=count,
        rng=rng,
    )


def _population(
    model: FittedModel, posterior: Posterior, t: int, rng: np.random.Generator
) -> CandidatePopulation:
    """Draw t, with effects of the labels and what was not detected as components of its own."""
    draws, k = posterior.draws, model.n_components
    population, sides = draws.population, (model.loadings_x, model.loadings_y)
    faint = float(population.faint_signal[t])
    there = np.isfinite(faint)
    loud_x, loud_y = (side.faint_variance for side in sides)
    extra = _UNSEEN + len(loud_x) + len(loud_y)
    untested = model.label_rows < 1
    effect = np.zeros((k + extra, model.n_label_directions))
    if k:
        seen = likely_effects(
            posterior.rotations[t].T @ model.label_effect, np.maximum(model.label_rows, 1), rng
        )
        seen[untested] = _typical_effects(int(untested.sum()), seen.shape[1], rng)
        effect[:k] = np.where(draws.signal[t][:, None], seen / _attenuation(model), 0.0)
    if there:
        effect[k] = _typical_effects(1, model.n_label_directions, rng)[0]
    outside = [0.0, 0.0]
    if model.left_out is not None:
        outside = [model.left_out.variance_x, model.left_out.variance_y]
    backgrounds = [side.background for side in sides]
    # A direction that is loud in one modality is like any other in the other one.
    loud = (
        np.append(loud_x, np.full(len(loud_y), backgrounds[0])),
        np.append(np.full(len(loud_x), backgrounds[1]), loud_y),
    )
    signal = draws.signal[t : t + 1]
    gram_x, gram_y = (
        block_diag(
            *([gram[t]] if k else []),
            # As loud as the draws of Δ take undetected signal to be.
            faint_loudness(gram[t : t + 1], signal, np.sqrt(background), rng)[0] ** 2
            if k
            else background,
            background,
            beyond,
            np.diag(variances),
        )
        for gram, background, beyond, variances in zip(
            (population.gram_x, population.gram_y), backgrounds, outside, loud, strict=True
        )
    )
    unseen = [faint if there else 0.0, population.hidden[t], population.beyond[t, 0]]
    share = np.where(untested, 1.0, model.label_rows / model.n_labelled)
    noise = block_diag(*([model.noise] if k else []), np.eye(extra))
    return CandidatePopulation(
        model=model,
        correlations=np.concatenate(
            [population.correlations[t], unseen, population.faint_x[t], population.faint_y[t]]
        ),
        exact=np.append(model.correlations > _EXACT, np.zeros(extra, dtype=bool)),
        origin=np.array([*model.origin, *["all"] * extra]),
        outside=np.arange(k + extra) == k + _UNSEEN - 1,
        gram_x=gram_x,
        gram_y=gram_y,
        label_effect=effect,
        noise=np.maximum(noise, 1.0),
        label_share=np.append(share, np.ones(extra)),
    )


def likely_effects(seen: Array, rows: Array, rng: np.random.Generator) -> Array:
    """Effects of signals whose labels were seen with errors: hardly ever near 0.

    Of several draws around what was seen, one is taken with the probability that the prior of
    :func:`crossphase.attribution.signal_sets` gives to a strength of that size.

    Parameters
    ----------
    seen : ndarray of shape (k, q)
        Label coefficients over the root of the rows behind them.
    rows : ndarray of shape (k,)
        Their errors have the variance 1 / rows.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (k, q)
    """
    k, q = seen.shape
    tried = seen + rng.standard_normal((_TRIED, k, q)) / np.sqrt(rows)[:, None]
    squared = np.maximum((tried**2).sum(axis=2), _TINY)
    scale = max(1.0, float((seen**2).sum(axis=1).max()) / 3)
    density = sum(
        share * (slab * scale) ** -1.5 * np.exp(-squared / (2 * slab * scale))
        for slab, share in _SLABS
    )
    # A strength a has a density in proportion to a² times that, any direction being as likely.
    weight = np.cumsum(density * squared ** ((3 - q) / 2), axis=0)
    pick = (weight < rng.random(k) * weight[-1]).sum(axis=0)
    return np.asarray(tried[pick, np.arange(k)])


def _typical_effects(count: int, q: int, rng: np.random.Generator) -> Array:
    """Effects of signals that labels have not tested: along one label direction each.

    As large as the prior of :func:`crossphase.attribution.signal_sets` has them, shape (count, q).
    """
    direction = rng.standard_normal((count, q))
    size = np.sqrt(rng.chisquare(3, size=(count, 1)))
    return np.asarray(size * direction / np.linalg.norm(direction, axis=1, keepdims=True))


def _attenuation(model: FittedModel) -> Array:
    """What sampling leaves of label effects: correlation of sample and population scores.

    Shape (k, 1); in the pairs themselves, from the cosine of the directions.
    """
    ratios = model.ranks[0] / model.n_rows, model.ranks[1] / model.n_rows
    return score_correlation(model.correlations, *ratios)[:, None]


def score_correlation(correlations: Array, c1: float, c2: float) -> Array:
    """Correlation of sample scores (mean of the two views) with those of the population.

    Parameters
    ----------
    correlations : ndarray of shape (k,)
    c1, c2 : float
        Dimensions of x and y over rows.

    Returns
    -------
    ndarray of shape (k,)
        At least 0.3, below which the limits say little.
    """
    squared = [expected_direction_cos2(correlations**2, *c) for c in ((c1, c2), (c2, c1))]
    return np.asarray(np.sqrt(np.maximum((squared[0] + squared[1]) / 2, 0.09)))
