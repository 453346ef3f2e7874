"""The experiments of the linear suite, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crossphase.errors import InputError
from crossphase.experiments.linear import (
    codes,
    estimation,
    joint,
    partial,
    ranks,
    ratio,
    sweep,
)
from crossphase.experiments.linear.check import Check
from crossphase.experiments.linear.scale import Scale
from crossphase.experiments.linear.table import Columns, Table

__all__ = ["EXPERIMENTS", "SKIPPED", "Experiment", "chosen"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment: what it measures for one seed, and what was published of it.

    Attributes
    ----------
    name, title : str
    run : callable of (Scale, Generator)
        Columns of equal length.
    check : callable of Table
        Comparisons with what was published.
    """

    name: str
    title: str
    run: Callable[[Scale, np.random.Generator], Columns]
    check: Callable[[Table], list[Check]]


EXPERIMENTS = (
    Experiment("E1", "rank bottleneck", ranks.run_pair, ranks.check_pair),
    Experiment("E1-multi", "many modalities", ranks.run_many, ranks.check_many),
    Experiment("E2", "soft bottleneck", codes.run, codes.check),
    Experiment("E3", "separation ratios", ratio.run, ratio.check),
    Experiment("E4", "nuisance sweep", sweep.run_distances, sweep.check_distances),
    Experiment("E5", "prediction error", sweep.run_errors, sweep.check_errors),
    Experiment("E6", "joint objective", joint.run, joint.check),
    Experiment("E7", "partial recovery", partial.run, partial.check),
    Experiment("E8", "published estimates", estimation.run_published, estimation.check_published),
    Experiment("E8-robust", "robust estimates", estimation.run_robust, estimation.check_robust),
)

#: What the suite leaves out, and why.
SKIPPED = {
    "InfoNCE": "contrastive training needs PyTorch, which crossphase does not use yet",
}


def chosen(only: str | None) -> tuple[Experiment, ...]:
    """The experiments asked for; a name brings its variants along.

    Parameters
    ----------
    only : str or None
        Names with commas between them, in any case; None is all.

    Raises
    ------
    InputError
        For a name that does not exist.

    Examples
    --------
    >>> [experiment.name for experiment in chosen("e3,E8")]
    ['E3', 'E8', 'E8-robust']
    """
    if only is None:
        return EXPERIMENTS
    wanted = [name.strip().lower() for name in only.split(",")]
    names = [experiment.name.lower() for experiment in EXPERIMENTS]
    for name in wanted:
        if name not in names:
            known = ", ".join(experiment.name for experiment in EXPERIMENTS)
            raise InputError(f"no experiment {name!r}: choose from {known}")
    return tuple(
        experiment
        for experiment in EXPERIMENTS
        if experiment.name.lower() in wanted or experiment.name.lower().split("-")[0] in wanted
    )
