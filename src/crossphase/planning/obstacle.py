"""Why no amount of data within the limit would settle a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crossphase.planning.populations import CandidatePopulation
from crossphase.results import FittedModel
from crossphase.theory import Objective, Regime

__all__ = ["obstacle"]


def obstacle(
    model: FittedModel,
    truths: Sequence[CandidatePopulation],
    right: NDArray[np.float64],
) -> str:
    """What the populations that stay open at the largest size have in common.

    Parameters
    ----------
    model : FittedModel
    truths : sequence of CandidatePopulation
    right : ndarray of shape (n_truths,)
        1 where the right regime was named at the largest size.

    Returns
    -------
    str
        A clause without a full stop.
    """
    failed = [truth for truth, hit in zip(truths, right, strict=True) if not hit]
    share = f"{np.mean(right):.0%}".replace("%", " %")
    if not model.n_components:
        return (
            "nothing shared was detected, so what more pairs would bring to light is not known "
            f"({share} of the simulated verdicts were right)"
        )
    silent = [t for t in failed if t.regime is Regime.NEITHER and not t.label_effect.any()]
    if 2 * len(silent) > len(failed):
        return (
            "the labels may have nothing to do with what is shared "
            f"({share} of the simulated verdicts were right)"
        )
    distance = np.abs([truth.log_delta[:2] for truth in failed])
    closest = Objective.ALIGN if np.median(distance[:, 0]) < np.median(distance[:, 1]) else None
    objective = closest or Objective.PREDICT_XY
    near = max(float(np.median(distance.min(axis=1))), 0.01)
    return (
        f"the regime is too close to a boundary; where it stays open, Δ of {objective} is "
        f"typically within {np.expm1(near):.0%} of 1 ".replace("%", " %")
        + f"({share} of the simulated verdicts were right)"
    )
