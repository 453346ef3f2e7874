"""What can be done with the modalities at hand, and what the outlook knows of each option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.outlook import Outlook
from crossphase.outlook.intervals import interval
from crossphase.results.outlook import LEAST_CLEAR, MARGIN, View
from crossphase.results.separation import Interval

__all__ = [
    "MODEL_ERROR",
    "USUAL_GAIN",
    "WIDE",
    "Option",
    "Options",
    "by_representation",
    "choices",
    "is_cross_modal",
    "metric_of",
    "options_for",
    "prefers_lifted",
]

Array = NDArray[np.float64]
_Key = tuple[str, str, str]

WIDE = 0.05
"""A gain whose interval spans more than this on both sides of zero is undecided."""

USUAL_GAIN = 0.04
"""Standard deviation of what alignment gains over pairs of real modalities, around zero."""

MODEL_ERROR = 0.02
"""By how much foretold gains miss those of trained networks on the same rows."""

# Of draws of the model error; not one that draws of scores are likely to come from.
_SEED = 41_052

# Objective, representation and view that stand for it; those that train nothing come first.
_UNIMODAL: dict[View, tuple[tuple[str, str, View], ...]] = {
    "x": (("unimodal x", "raw", "x"),),
    "y": (("unimodal y", "raw", "y"),),
    "both": (
        ("unimodal x", "raw", "x"),
        ("unimodal y", "raw", "y"),
        ("concatenate", "raw", "both"),
    ),
}
_CROSS_MODAL: dict[View, tuple[tuple[str, str, View], ...]] = {
    "x": (("align", "align", "x"), ("predict x->y", "predict x->y", "x")),
    "y": (("align", "align", "y"), ("predict y->x", "predict y->x", "y")),
    "both": (("align", "align", "both"),),
}


def choices(deploy: View) -> tuple[tuple[str, str, View], ...]:
    """Objectives that can be recommended, each with the representation and view it gives.

    Those that train nothing come first.

    Examples
    --------
    >>> choices("y")[0], len(choices("both"))
    (('unimodal y', 'raw', 'y'), 4)
    """
    return _UNIMODAL[deploy] + _CROSS_MODAL[deploy]


def is_cross_modal(objective: str) -> bool:
    """Whether an objective trains on both modalities.

    Examples
    --------
    >>> is_cross_modal("align"), is_cross_modal("concatenate")
    (True, False)
    """
    return any(objective == entry[0] for entries in _CROSS_MODAL.values() for entry in entries)


@dataclass(frozen=True, eq=False)
class Option:
    """One objective with the representation that stands for it.

    Attributes
    ----------
    objective : str
    kind : {"linear", "lifted"}
        Of what is trained, lifted, where there is an outlook of it; of what is not, the one that
        :func:`prefers_lifted` prefers.
    metric : str
        ``"R²"``, ``"balanced accuracy"``, or the mean of both.
    score : float
    draws : ndarray of shape (n_draws,)
    by_kind : dict of str to float
        Score of each kind.
    gain : float
        Of a cross-modal objective over staying without; 0 for other options.
    gain_interval : Interval
        Of the paired difference behind `gain`.
    expected : float
        `gain` shrunk towards zero, the more the less is known of it; at most what a score of 1
        leaves to gain.
    plausible : ndarray of shape (n_draws,)
        Draws of the difference from staying without cross-modal training: those of scores, and
        of cross-modal objectives around `expected`, with what the outlook cannot know of a
        trained network.
    chance : float
    interval : Interval
        Of the score.
    """

    objective: str
    kind: Literal["linear", "lifted"]
    metric: str
    score: float
    draws: Array
    by_kind: dict[str, float]
    gain: float
    gain_interval: Interval
    expected: float
    plausible: Array
    chance: float
    interval: Interval

    @property
    def helps(self) -> bool:
        """Whether the whole interval of the gain lies above zero, however small it is."""
        return self.gain_interval.lower >= LEAST_CLEAR

    @property
    def promises(self) -> bool:
        """Whether a gain of a point or more is expected."""
        return self.expected >= MARGIN

    @property
    def risk(self) -> float:
        """Probability that it loses more than a point beside staying without."""
        return float((self.plausible < -MARGIN).mean())

    @property
    def harms(self) -> bool:
        """Whether the whole interval of the gain lies below zero."""
        return self.gain_interval.upper <= -LEAST_CLEAR

    @property
    def undecided(self) -> bool:
        """Whether both a large gain and a large loss remain possible."""
        return self.gain_interval.lower < -WIDE and self.gain_interval.upper > WIDE

    @property
    def above_chance(self) -> bool:
        """Whether the whole interval of the score lies above chance."""
        return self.interval.lower > self.chance


@dataclass(frozen=True, eq=False)
class Options:
    """The options of one situation.

    Attributes
    ----------
    unimodal : tuple of Option
        Without cross-modal training: the single modalities and, with both, their
        concatenation.
    cross_modal : tuple of Option
    staying : Option
        What is done without cross-modal training: with both at hand their concatenation, unless
        one modality alone scores more than a point better.
    """

    unimodal: tuple[Option, ...]
    cross_modal: tuple[Option, ...]
    staying: Option

    @property
    def all(self) -> tuple[Option, ...]:
        """Every option, those without cross-modal training first."""
        return self.unimodal + self.cross_modal

    def probability_best(self, option: Option) -> float:
        """Share of draws in which no other option is better by more than a point."""
        others = np.stack([o.plausible for o in self.all])
        return float((others.max(axis=0) - option.plausible <= MARGIN).mean())


def options_for(
    outlook: Outlook, deploy: View, level: float, *, enough: Literal["x", "y"] | None = None
) -> Options:
    """The options with `deploy` at hand, from the rows and draws of an outlook.

    Parameters
    ----------
    outlook : Outlook
        With rows.
    deploy : {"x", "y", "both"}
    level : float
        Of the intervals.
    enough : {"x", "y"} or None, default None
        The modality that the other is a linear function of: what to stay with if both are at hand.

    Returns
    -------
    Options
    """
    scores, draws = by_representation(outlook)
    chance = float(outlook.chance.mean())
    kinds = {
        entry: _kind(scores, draws, entry[1:], level, trained=is_cross_modal(entry[0]))
        for entry in choices(deploy)
    }
    stays = _staying({entry: scores[kinds[entry]] for entry in _UNIMODAL[deploy]}, enough)
    floor = kinds[stays]

    def option(entry: tuple[str, str, View], rng: np.random.Generator) -> Option:
        key = kinds[entry]
        trained = is_cross_modal(entry[0])
        gain, difference = scores[key] - scores[floor], draws[key] - draws[floor]
        expected = gain
        if trained:
            expected, difference = _shrunk(gain, difference, rng)
            # No score is above 1, whatever noise and errors say.
            expected = min(expected, 1.0 - scores[floor])
            difference = np.minimum(difference, np.maximum(1.0 - draws[floor], 0.0))
        return Option(
            objective=entry[0],
            kind="linear" if key[2] == "linear" else "lifted",
            metric=metric_of(outlook),
            score=scores[key],
            draws=draws[key],
            by_kind={of[2]: scores[of] for of in scores if of[:2] == key[:2]},
            gain=gain if trained else 0.0,
            gain_interval=interval(draws[key] - draws[floor if trained else key], level),
            expected=expected,
            plausible=difference,
            chance=chance,
            interval=interval(np.minimum(draws[key], 1.0), level),
        )

    rng = np.random.default_rng(_SEED)
    found = {entry: option(entry, rng) for entry in choices(deploy)}
    return Options(
        tuple(found[entry] for entry in _UNIMODAL[deploy]),
        tuple(found[entry] for entry in _CROSS_MODAL[deploy]),
        found[stays],
    )


def _kind(
    scores: Mapping[_Key, float],
    draws: Mapping[_Key, Array],
    code: tuple[str, View],
    level: float,
    *,
    trained: bool,
) -> _Key:
    """The kind that stands for a representation."""
    linear, lifted = (*code, "linear"), (*code, "lifted")
    if lifted not in scores or linear not in scores:
        return next(key for key in (linear, lifted) if key in scores)
    if trained:
        # Networks do as lifted codes do; the better of two noisy scores would promise too much.
        return lifted
    span = interval(draws[linear], level)
    return lifted if prefers_lifted(scores[linear], span, scores[lifted]) else linear


def _staying(
    scores: Mapping[tuple[str, str, View], float], enough: Literal["x", "y"] | None
) -> tuple[str, str, View]:
    """Of the options that train nothing, the one to stay with."""
    best = max(scores, key=lambda entry: scores[entry])
    wanted = "concatenate" if enough is None else f"unimodal {enough}"
    simple = next((entry for entry in scores if entry[0] == wanted), best)
    return best if scores[best] > scores[simple] + MARGIN else simple


def _shrunk(gain: float, difference: Array, rng: np.random.Generator) -> tuple[float, Array]:
    """Posterior mean and draws of a gain that is normal around zero beforehand."""
    error = float(difference.var()) + MODEL_ERROR**2
    weight = USUAL_GAIN**2 / (USUAL_GAIN**2 + error)
    noise = difference - difference.mean() + MODEL_ERROR * rng.normal(size=len(difference))
    return weight * gain, weight * gain + np.sqrt(weight) * noise


def prefers_lifted(linear: float, span: Interval, lifted: float) -> bool:
    """Whether features deserve random features beside them.

    The one-standard-error rule: the simpler ones are kept unless the others score better by more
    than the standard error of theirs.

    Parameters
    ----------
    linear, lifted : float
        Scores.
    span : Interval
        Of `linear`.

    Examples
    --------
    >>> span = Interval(0.40, 0.60, 0.95)
    >>> prefers_lifted(0.5, span, 0.54), prefers_lifted(0.5, span, 0.56)
    (False, True)
    """
    errors = 2.0 * NormalDist().inv_cdf(0.5 + span.level / 2.0)
    return lifted > linear + (span.upper - span.lower) / errors


def metric_of(outlook: Outlook) -> str:
    """What the scores of an outlook are called; with labels of both kinds, their mean.

    Parameters
    ----------
    outlook : Outlook
        With rows.
    """
    names = {"r2": "R²", "balanced accuracy": "balanced accuracy"}
    metrics = {names[row.metric] for row in outlook.rows}
    return metrics.pop() if len(metrics) == 1 else "mean score (R² and balanced accuracy)"


def by_representation(
    outlook: Outlook,
) -> tuple[dict[tuple[str, str, str], float], dict[tuple[str, str, str], Array]]:
    """Score and draws by (representation, view, kind), averaged over metrics.

    Parameters
    ----------
    outlook : Outlook
        With rows.

    Returns
    -------
    scores : dict to float
    draws : dict to ndarray of shape (n_draws,)
    """
    index: dict[tuple[str, str, str], list[int]] = {}
    for i, row in enumerate(outlook.rows):
        index.setdefault((row.representation, row.view, row.kind), []).append(i)
    scores = {key: float(np.mean([outlook.rows[i].score for i in at])) for key, at in index.items()}
    return scores, {key: outlook.draws[at].mean(axis=0) for key, at in index.items()}
