"""The experiments on real modalities, run piece by piece, and what they say of the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from crossphase.errors import InputError
from crossphase.experiments.check import Check, beside, reached
from crossphase.experiments.real.cases import TITLES, Case, Source, cases_of
from crossphase.experiments.real.cell import DEPLOYS, OPTIONS, REGIMES, SCALES, RealScale, measure
from crossphase.experiments.runner import Experiment, SuiteResult, named, run_experiments
from crossphase.experiments.table import Columns, Mean, Table

__all__ = [
    "by_seed",
    "case_table",
    "option_scores",
    "run_real",
    "score_lines",
    "summary",
    "tally",
    "verdict_lines",
]

Progress = Callable[[str, float], None]

#: Published margins of predicting text from images over alignment on COCO, by strength of style.
_COCO_MARGINS = {0.0: 0.569 - 0.471, 0.2: 0.555 - 0.482, 0.5: 0.494 - 0.460}
_MORE = "more data"


def run_real(
    name: str,
    folder: str | Path,
    *,
    scale: str = "smoke",
    source: Source | None = None,
    splits: int | None = None,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> SuiteResult:
    """Diagnose, train and score the cases of one experiment.

    Parameters
    ----------
    name : {"captions", "astro", "cells", "sensors"}
    folder, seed, workers, progress
        See :func:`crossphase.experiments.runner.run_experiments`.
    scale : {"smoke", "small", "paper"}, default "smoke"
        Smoke takes a set that needs no download.
    source : Source or None, default None
    splits : int or None, default None
        Splits of the rows into training and test; None takes those of the scale.

    Returns
    -------
    SuiteResult
        One table, called `name`: see :func:`crossphase.experiments.real.cell.measure`; its column
        `case` counts along :func:`crossphase.experiments.real.cases.cases_of`.

    Raises
    ------
    InputError
        For a name or a scale that does not exist, no splits, a set that is not here, or an unfit
        file.
    MissingExtraError
        If PyTorch or Lightning is not installed.
    """
    size, given = named(SCALES, scale), source or Source()
    if splits is not None:
        if splits < 1:
            raise InputError(f"splits={splits}: give 1 or more")
        size = replace(size, seeds=splits)
    cases = cases_of(name, given, smoke=size.name == "smoke")
    experiment = Experiment(
        name,
        TITLES[name],
        partial(_measured, cases, given),
        partial(_check, name, cases),
        pieces=lambda scale: len(cases),
        minutes=1.0,
        package="lightning",
        extra="torch",
    )
    return run_experiments(
        (experiment,),
        folder,
        scale=size,
        seed=seed,
        workers=workers,
        must_run=True,
        about={
            "file": given.file,
            "image_encoder": given.image_encoder,
            "text_encoder": given.text_encoder,
        }
        | ({"only": list(given.only)} if given.only else {}),
        progress=progress,
    )


def _measured(
    cases: tuple[Case, ...], source: Source, scale: RealScale, rng: np.random.Generator, piece: int
) -> Columns:
    # Every case of one seed draws alike: the same rows, split and labels under every change.
    found = dict(measure(cases[piece], source, scale, rng))
    found["case"] = np.full(len(found["score"]), float(piece))
    return found


def case_table(table: Table, case: int, deploy: str) -> Table:
    """The rows of one case and situation."""
    return table.where(case=case, deploy=DEPLOYS.index(deploy))


def option_scores(table: Table, case: int, deploy: str, option: str) -> np.ndarray:
    """Scores of one option, one a seed."""
    return case_table(table, case, deploy).where(option=OPTIONS.index(option))["score"]


def _check(name: str, cases: Sequence[Case], table: Table) -> list[Check]:
    found = []
    for number, case in enumerate(cases):
        if name == "captions":
            margin = option_scores(table, number, "x", "predict x->y") - option_scores(
                table, number, "x", "align"
            )
            quantity = f"image→text − align, {case.name}, image at hand"
            found.append(beside(name, quantity, _COCO_MARGINS.get(case.strength), Mean.of(margin)))
    if name == "astro":
        # Published of the Neither regime: no code of two modalities beats the spectra alone.
        for last in sorted({case.label: number for number, case in enumerate(cases)}.values()):
            alone = option_scores(table, last, "x", "unimodal x")
            trained = np.max(
                [option_scores(table, last, "x", o) for o in ("align", "predict x->y")], axis=0
            )
            quantity = f"{cases[last].x} alone − best of two modalities, {cases[last].name}"
            found.append(reached(name, quantity, -0.01, Mean.of(alone - trained)))
    return found


def by_seed(part: Table) -> Table:
    """One row a seed: what is alike on all rows of a situation."""
    _, first = np.unique(part["seed"], return_index=True)
    kept = {name: values[first] for name, values in part.columns.items()}
    return Table(part.name, part.settings, part.seconds, kept)


def verdict_lines(result: SuiteResult, source: Source | None = None) -> list[tuple[str, ...]]:
    """Verdict beside outcome, a line a case and situation; the first line is the heading.

    Counts are of seeds, scores are means over them.

    Parameters
    ----------
    result : SuiteResult
        Of :func:`run_real`.
    source : Source or None, default None
        As given there.
    """
    (table,) = result.tables
    smoke = result.scale.name == "smoke"
    cases = cases_of(table.name, source, smoke=smoke)
    lines: list[tuple[str, ...]] = [
        (
            "case", "at hand", "regime", "P(Neither)", "recommended", "its score", "best",
            "its score", "regret", "tied",
        )
    ]  # fmt: skip
    for number, case in enumerate(cases):
        for deploy in DEPLOYS:
            part = by_seed(case_table(table, number, deploy))
            lines.append(
                (
                    case.name,
                    {"x": case.x, "y": case.y, "both": "both"}[deploy],
                    tally([str(REGIMES[int(i)]) for i in part["regime"]]),
                    f"{part['p_neither'].mean():.2f}",
                    tally([_option(i) for i in part["recommended"]]),
                    f"{part['followed'].mean():.3f}",
                    tally([_option(i) for i in part["best"]]),
                    f"{part['best_score'].mean():.3f}",
                    f"{part['regret'].mean():.3f}",
                    f"{int(part['within_noise'].sum())} of {len(part['seed'])}",
                )
            )
    return lines


def score_lines(result: SuiteResult, source: Source | None = None) -> list[tuple[str, ...]]:
    """Score and gain of every option, a line each; the first line is the heading.

    Means over seeds, and in brackets each seed's. Gains are over the same view as it is: what the
    lifted outlook foretold and what training gave.

    Parameters
    ----------
    result, source
        See :func:`verdict_lines`.
    """
    (table,) = result.tables
    smoke = result.scale.name == "smoke"
    cases = cases_of(table.name, source, smoke=smoke)
    lines: list[tuple[str, ...]] = [
        ("case", "at hand", "option", "score", "gain foretold", "gain trained", "harms")
    ]
    for number, case in enumerate(cases):
        for deploy in DEPLOYS:
            part = case_table(table, number, deploy)
            for option in np.unique(part["option"]):
                rows = part.where(option=option)
                code = not OPTIONS[int(option)].startswith(("unimodal", "concatenate"))
                lines.append(
                    (
                        case.name,
                        {"x": case.x, "y": case.y, "both": "both"}[deploy],
                        OPTIONS[int(option)],
                        _each(rows["score"], ".3f"),
                        "–"
                        if not code or np.isnan(rows["foretold"]).any()
                        else _each(rows["foretold"], "+.3f"),
                        _each(rows["score"] - rows["raw"], "+.3f") if code else "–",
                        f"{int(rows['harmed'].sum())} of {len(rows['score'])}" if code else "–",
                    )
                )
    return lines


def _each(values: np.ndarray, form: str) -> str:
    mean = format(values.mean(), form)
    return mean if len(values) == 1 else f"{mean} ({', '.join(format(v, form) for v in values)})"


def summary(result: SuiteResult) -> str:
    """In how many situations the advice held, what it cost, and what the run took."""
    (table,) = result.tables
    keys = np.column_stack([table["seed"], table["case"], table["deploy"]])
    _, first = np.unique(keys, axis=0, return_index=True)
    tied, regret = table["within_noise"][first], table["regret"][first]
    n_seeds = len(np.unique(table["seed"]))
    return (
        f"The advice was best or tied in {int(tied.sum())} of {len(first)} situations, with a mean "
        f"regret of {regret.mean():.3f}; {n_seeds} split{'s' * (n_seeds > 1)}, "
        f"{table.seconds:.0f} s of processor time."
    )


def _option(position: float) -> str:
    return _MORE if position < 0 else OPTIONS[int(position)]


def tally(names: Sequence[str]) -> str:
    """Names with how often they occur, the most frequent first.

    Examples
    --------
    >>> tally(["align", "unimodal x", "align"])
    'align 2, unimodal x 1'
    >>> tally(["align", "align"])
    'align'
    """
    seen = {name: names.count(name) for name in sorted(set(names))}
    if len(seen) == 1:
        return next(iter(seen))
    order = sorted(seen, key=lambda name: -seen[name])
    return ", ".join(f"{name} {seen[name]}" for name in order)
