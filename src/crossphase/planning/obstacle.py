"""Why no amount of data within the limit would settle a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crossphase.planning.populations import CandidatePopulation, PossiblePopulations
from crossphase.results import FittedModel
from crossphase.results.formatting import percent
from crossphase.theory import Objective, Regime

__all__ = ["obstacle", "too_near"]

Array = NDArray[np.float64]

#: Distance |log Δ| up to which a boundary is what keeps a verdict open.
_CLOSE = 0.25


def too_near(possible: PossiblePopulations, margin: float, near: float) -> str:
    """That too much of what is possible lies next to a boundary to promise anything.

    Parameters
    ----------
    possible : PossiblePopulations
    margin : float
        Of Δ around 1.
    near : float
        Probability of a Δ within it.

    Returns
    -------
    str
        A clause without a full stop.
    """
    within = possible.log_delta[possible.distance <= np.log1p(margin)]
    return (
        f"Δ of {_closest(within)} lies within {percent(margin)} of 1 with probability {near:.2f}, "
        "and no sample of such a size tells regimes so close to their boundary"
    )


def obstacle(
    model: FittedModel,
    truths: Sequence[CandidatePopulation],
    right: NDArray[np.bool_],
) -> str:
    """What the populations that stay open at the largest size have in common.

    Parameters
    ----------
    model : FittedModel
    truths : sequence of CandidatePopulation
    right : ndarray of shape (n_truths,), bool
        Whether the right regime was named at the largest size; empty if that was not simulated,
        since a smaller one seemed to suffice.

    Returns
    -------
    str
        A clause without a full stop.
    """
    if not len(right):
        return "the simulated sizes disagree, and are too few to promise one of them"
    failed = [truth for truth, hit in zip(truths, right, strict=True) if not hit]
    share = percent(float(np.mean(right)))
    if not model.n_components:
        return (
            "nothing shared was detected, so what more pairs would bring to light is not known "
            f"({share} of the simulated verdicts were right)"
        )
    if not failed:
        return f"{len(right)} of {len(right)} simulated verdicts are too few to promise it"
    silent = [t for t in failed if t.regime is Regime.NEITHER and not t.label_effect.any()]
    if 2 * len(silent) > len(failed):
        return (
            "the labels may have nothing to do with what is shared "
            f"({share} of the simulated verdicts were right)"
        )
    log_delta = np.array([truth.log_delta for truth in failed])
    close = max(float(np.median(np.abs(log_delta).min(axis=1))), 0.01)
    if close > _CLOSE:
        return (
            f"too few of the simulated verdicts were right ({share} at the largest size), though "
            "most that were not are far from a boundary: what is signal, or what is shared weakly, "
            "stays open"
        )
    return (
        f"the regime is too close to a boundary; where it stays open, Δ of {_closest(log_delta)} "
        f"is typically within {percent(float(np.expm1(close)))} of 1 "
        f"({share} of the simulated verdicts were right)"
    )


def _closest(log_delta: Array) -> Objective:
    """The objective whose Δ is typically the closest to 1, from an array of shape (m, 2)."""
    align, predict = np.median(np.abs(log_delta), axis=0)
    return Objective.ALIGN if align < predict else Objective.PREDICT_XY
