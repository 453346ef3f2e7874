"""How often is the named regime right, how honest are the probabilities? All estimators, one run.

    python benchmarks/decision_quality/run.py --scale smoke      under a minute
    python benchmarks/decision_quality/run.py --scale goals      the three goal sizes, all families
    python benchmarks/decision_quality/run.py --scale anywhere   the same, however near a boundary
    python benchmarks/decision_quality/run.py --scale grid       pairs × labels, robust and oracle

Records go to a JSON-lines file as they come, so an interrupted run goes on where it stopped;
`--table` prints the tables of an existing file. Each scale has its own file in --out. What changes
the robust estimator alone can be measured alone: `--again` does its problems again and keeps the
other estimators' records.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from evaluate import Task, evaluate
from reliability import save_reliability
from rich.console import Console
from rich.progress import track
from sampler import FAMILIES, MAIN_FAMILIES, REGIMES
from tables import print_tables
from threadpoolctl import threadpool_limits

GOAL_SIZES = ((500, 100), (1000, 200), (4000, 400))


def tasks(scale: str, replicates: int) -> Iterator[Task]:
    """Balanced over the four regimes: `replicates` problems each."""
    families, near = FAMILIES, False
    if scale == "smoke":
        sizes = ((500, 100),)
    elif scale == "goals":
        sizes, near = GOAL_SIZES, True
    elif scale == "anywhere":
        sizes = GOAL_SIZES
        families = tuple(family for family in FAMILIES if family != "no-signal")
    else:
        sizes = tuple(
            (n, labelled)
            for n in (300, 500, 1000, 4000, 20000)
            for labelled in (50, 100, 200, 400, 0)
            if labelled < n
        )
    for replicate in range(replicates):
        for n, labelled in sizes:
            for regime in REGIMES:
                for family in families:
                    published = scale in ("smoke", "goals") and n <= 4000
                    anywhere = None if scale == "anywhere" else False
                    yield Task(family, n, labelled, regime, replicate, anywhere, published)
                for family in MAIN_FAMILIES if near else ():
                    yield Task(family, n, labelled, regime, replicate, near=True, published=False)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", choices=("smoke", "goals", "anywhere", "grid"), default="smoke")
    parser.add_argument("--replicates", type=int, help="problems per cell and regime")
    parser.add_argument("--out", type=Path, default=Path("build/decision_quality"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--figure", type=Path, help="write a reliability diagram (.png, .svg)")
    parser.add_argument("--table", action="store_true", help="only print the tables")
    parser.add_argument(
        "--again", action="store_true", help="the robust estimator again, the others as recorded"
    )
    given = parser.parse_args()
    replicates = (
        given.replicates or {"smoke": 2, "goals": 25, "anywhere": 25, "grid": 5}[given.scale]
    )
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / f"{given.scale}.jsonl"
    known = _read(path)
    if given.again:
        # What was done again so far has a file of its own, so that this too can go on.
        path = given.out / f"{given.scale}-again.jsonl"
        others = [record for record in known if record["estimator"] != "robust"]
        known = _read(path)
    done = {record["key"] for record in known}
    wanted = [] if given.table else [t for t in tasks(given.scale, replicates) if t.key not in done]
    start = time.perf_counter()
    if wanted:
        known += _run(wanted, path, given.workers, partial(evaluate, robust_only=given.again))
        print(f"{len(wanted)} problems in {time.perf_counter() - start:.0f} s\n")
    if given.again:
        known += others
    print_tables(known)
    if given.figure:
        save_reliability(known, given.figure)


def _run(
    wanted: list[Task],
    path: Path,
    workers: int,
    each: Callable[[Task], list[dict[str, object]]],
) -> list[dict[str, object]]:
    found = []
    with path.open("a") as file, multiprocessing.Pool(workers, threadpool_limits, (1,)) as pool:
        done = pool.imap_unordered(each, wanted)
        for records in track(done, "problems", total=len(wanted), console=Console(stderr=True)):
            # One write a problem, so that none is half there after an interruption.
            file.write("".join(json.dumps(record) + "\n" for record in records))
            file.flush()
            found += records
    return found


def _read(path: Path) -> list[dict[str, object]]:
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


if __name__ == "__main__":
    main()
