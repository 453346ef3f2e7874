"""Run the linear suite: seeds over both cores, one file an experiment, resumed where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from crossphase.errors import InputError
from crossphase.experiments.linear.check import Check
from crossphase.experiments.linear.registry import EXPERIMENTS, Experiment, chosen
from crossphase.experiments.linear.scale import Scale, scale_named
from crossphase.experiments.linear.table import Columns, Table, read_table, write_table

__all__ = ["SuiteResult", "run_suite"]

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class SuiteResult:
    """What a run of the suite found.

    Attributes
    ----------
    scale : Scale
    tables : tuple of Table
        One an experiment, in the suite's order.
    checks : tuple of Check
        All comparisons with what was published.
    resumed : tuple of str
        Experiments whose results were there already.
    seconds : float
        Wall clock of this run; what was resumed took none.
    """

    scale: Scale
    tables: tuple[Table, ...]
    checks: tuple[Check, ...]
    resumed: tuple[str, ...]
    seconds: float

    def table(self, name: str) -> Table | None:
        """The table of one experiment, or None if it was not run."""
        return next((table for table in self.tables if table.name == name), None)


def run_suite(
    folder: str | Path,
    *,
    scale: str = "smoke",
    only: str | None = None,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> SuiteResult:
    """Run the linear experiments of arXiv 2606.11190, or read what a former run finished.

    Parameters
    ----------
    folder : str or Path
        Where NAME.csv and NAME.json go; made if it does not exist. Results with the same scale
        and seed are not computed again.
    scale : {"smoke", "paper"}, default "smoke"
    only : str or None, default None
        Experiments with commas between them; None runs all.
    seed : int, default 0
        Shifts all seeds, 0 or more.
    workers : int, default 2
        Processes.
    progress : callable of (str, float), default None
        Told what finished last and the share done.

    Returns
    -------
    SuiteResult

    Raises
    ------
    InputError
        For a scale or an experiment that does not exist, or counts out of range.
    """
    started = time.perf_counter()
    if seed < 0:
        raise InputError(f"seed={seed}: give 0 or more")
    if workers < 1:
        raise InputError(f"workers={workers}: give 1 or more")
    size, experiments = scale_named(scale), chosen(only)
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {target}: {error.strerror}") from error
    settings = {"scale": scale, "seed": seed}
    tables = {e.name: read_table(e.name, settings, target) for e in experiments}
    missing = [e for e in experiments if tables[e.name] is None]
    resumed = tuple(e.name for e in experiments if tables[e.name] is not None)
    for table in _measured(missing, size, seed, workers, settings, progress):
        write_table(table, target)
        tables[table.name] = table
    found = tuple(table for table in tables.values() if table is not None)
    checks = tuple(
        check for e, table in zip(experiments, found, strict=True) for check in e.check(table)
    )
    return SuiteResult(size, found, checks, resumed, time.perf_counter() - started)


def _measured(
    experiments: list[Experiment],
    scale: Scale,
    seed: int,
    workers: int,
    settings: dict[str, Any],
    progress: Progress | None,
) -> Iterable[Table]:
    """Tables in the order in which their last seed finishes."""
    jobs = [(e.name, repeat) for e in experiments for repeat in range(scale.seeds)]
    pool = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
    done: dict[str, dict[int, tuple[float, Columns]]] = {e.name: {} for e in experiments}
    results = pool(joblib.delayed(_one_seed)(name, repeat, scale, seed) for name, repeat in jobs)
    for finished, (name, repeat, seconds, columns) in enumerate(results, start=1):
        done[name][repeat] = seconds, columns
        if progress is not None:
            progress(name, finished / len(jobs))
        if len(done[name]) == scale.seeds:
            yield _stacked(name, done.pop(name), settings)


def _one_seed(name: str, repeat: int, scale: Scale, seed: int) -> tuple[str, int, float, Columns]:
    position = next(i for i, e in enumerate(EXPERIMENTS) if e.name == name)
    started = time.process_time()
    # Matrices of 20 x 20 gain nothing from threads.
    with threadpool_limits(limits=1):
        columns = EXPERIMENTS[position].run(scale, np.random.default_rng([seed, position, repeat]))
    return name, repeat, time.process_time() - started, columns


def _stacked(
    name: str, by_seed: dict[int, tuple[float, Columns]], settings: dict[str, Any]
) -> Table:
    ordered = [(repeat, *by_seed[repeat]) for repeat in sorted(by_seed)]
    first = ordered[0][2]
    columns = {column: np.concatenate([c[column] for *_, c in ordered]) for column in first}
    length = len(next(iter(first.values())))
    columns["seed"] = np.repeat([float(repeat) for repeat, *_ in ordered], length)
    return Table(name, settings, sum(seconds for _, seconds, _ in ordered), columns)
