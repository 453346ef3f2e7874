"""Trained accuracies and the diagnosis beside what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from crossphase.experiments.check import Check, absolute, beside, reached, unpublished
from crossphase.experiments.stereo.cell import PROBES, VIEWS, Configuration, configurations
from crossphase.experiments.stereo.foretold import FEATURES, NAMED
from crossphase.experiments.stereo.published import (
    LEAST_MARGINS,
    TOLERANCE,
    WIDE_TOLERANCE,
    published_accuracy,
)
from crossphase.experiments.stereo.scale import RUNS, StereoScale
from crossphase.experiments.table import Mean, Table

__all__ = ["accuracies", "check_accuracies", "check_diagnosis"]

_FEW = 100
_NAMING = {
    "named": "robust regime",
    "published_named": "published regime",
}
_NUMBERS = {run.name: number for number, run in enumerate(RUNS)}


def accuracies(
    table: Table,
    run: int,
    view: str,
    where: Configuration,
    *,
    probe: str = "converged",
    rows: float | None = None,
) -> np.ndarray | None:
    """Accuracy of one objective's code at one point, by seed.

    Parameters
    ----------
    table : Table
    run : int
        Position in RUNS.
    view : {"x", "y", "both"}
    where : Configuration
    probe : {"converged", "published", "leading"}, default "converged"
    rows : float or None, default None
        Labelled rows of the probe. None takes the most, of the published probe the best number
        of each seed, as the paper does.

    Returns
    -------
    ndarray of shape (seeds,), or None
        None where it was not trained.
    """
    part = table.where(
        run=run,
        view=VIEWS.index(view),
        jitter=where.jitter,
        noise=where.noise,
        probe=PROBES.index(probe),
    )
    if rows is None and probe != "published":
        rows = part["probe_rows"].max(initial=0.0)
    if rows is not None:
        part = part.where(probe_rows=rows)
    seeds = np.unique(part["seed"])
    if not len(seeds):
        return None
    return np.array([part["accuracy"][part["seed"] == seed].max() for seed in seeds])


def check_accuracies(
    scale: StereoScale, name: str, runs: Sequence[int], table: Table
) -> list[Check]:
    """Every objective by the published probe, and by the converged one as mended."""
    found = []
    for where in configurations(scale):
        nu = 1.0 - where.jitter
        at = f"ν = {nu:g}, noise {where.noise:g}"
        tolerance = WIDE_TOLERANCE if 0.5 < nu < 1.0 else TOLERANCE
        for number in runs:
            run = RUNS[number].name
            theirs = published_accuracy(name, run, where.noise, nu)
            view = "y" if run == "CP reversed" else "x"
            ours = accuracies(table, number, view, where, probe="published")
            fair = accuracies(table, number, view, where)
            if ours is None or fair is None:
                continue
            quantity = f"{run}, {view} at hand, {at}"
            check = (
                beside(table.name, quantity, None, Mean.of(ours))
                if theirs is None
                else absolute(table.name, quantity, theirs, Mean.of(ours), tolerance)
            )
            found.append(replace(check, mended=float(fair.mean())))
        found += _orders(table, where, at)
    return found


def _orders(table: Table, where: Configuration, at: str) -> list[Check]:
    """What must beat what; objectives of a seed saw the same split, so that seeds are paired."""
    nu = 1.0 - where.jitter
    wanted = [("supervised", other, 0.0) for other in ("CA", "CP")]
    if nu in LEAST_MARGINS:
        wanted.append(LEAST_MARGINS[nu])
    found = []
    for better, worse, least in wanted:
        margin = partial(_margin, table, where, (better, worse))
        ours, fair, few = margin("published"), margin("converged"), margin("converged", _FEW)
        if ours is None or fair is None:
            continue
        quantity = f"{better} − {worse}, x at hand, {at}"
        check = reached(table.name, quantity, least, Mean.of(ours))
        found.append(replace(check, mended=float(fair.mean())))
        if least and few is not None:
            quantity += f", converged on {_FEW} labels"
            found.append(reached(table.name, quantity, least, Mean.of(few)))
    return found


def _margin(
    table: Table,
    where: Configuration,
    runs: tuple[str, str],
    probe: str,
    rows: float | None = None,
) -> np.ndarray | None:
    first, second = (
        accuracies(table, _NUMBERS[run], "x", where, probe=probe, rows=rows) for run in runs
    )
    return None if first is None or second is None else first - second


def check_diagnosis(scale: StereoScale, name: str, table: Table) -> list[Check]:
    """Whether the diagnosis names the better objective, and what the outlook foretells."""
    found = []
    for where in configurations(scale):
        nu = 1.0 - where.jitter
        winner = LEAST_MARGINS[nu][0] if nu in LEAST_MARGINS else None
        part = table.where(jitter=where.jitter, noise=where.noise)
        at = f"ν = {nu:g}, noise {where.noise:g}"
        if winner is not None:
            # What must be named; by the regime of one kind of features alone it need not be.
            share, quantity = _share(part.where(features=0), "winner", winner)
            found.append(reached(table.name, f"the diagnosis {quantity}, {at}", 1.0, share))
        for number, features in enumerate(FEATURES):
            seen, of = part.where(features=number), f"from {features}, {at}"
            if winner is not None:
                for column, naming in _NAMING.items():
                    share, quantity = _share(seen, column, winner)
                    found.append(unpublished(table.name, f"{naming} {quantity}, {of}", share))
            for column, codes in (("gap", "whole"), ("narrow_gap", "narrow")):
                quantity = f"foretold CA − CP, {codes} codes, x at hand, {of}"
                found.append(unpublished(table.name, quantity, Mean.of(seen[column])))
    return found


def _share(table: Table, column: str, winner: str) -> tuple[Mean, str]:
    """In how many seeds a column names the winner, and how to call that."""
    named = (table[column] == NAMED.index(winner)).astype(float)
    return Mean.of(named), f"names {winner}"
