"""Do planned sample sizes keep their promise? Plan, draw a fresh sample that large, diagnose it.

    python benchmarks/plan_check.py                  about three minutes on two cores
    python benchmarks/plan_check.py --replicates 12  more problems per family and regime
    python benchmarks/plan_check.py --family embeddings --first 400 --replicates 8     512 + 512

Problems are those of benchmarks/decision_quality whose verdict is undetermined at 300 to 500
pairs and 50 to 100 labels. For each way to settle it that the plan names, a fresh sample of the
planned size is drawn from the same population: the share of these in which the right regime is
named should be at least the assurance that was planned for (0.8). Another fresh sample has a third
of what the first option adds: were the right regime named there nearly as often, the plan would
ask for more than three times too much. Where there is no plan, the size that it gives for the
regime that is the true one is checked instead. Where a verdict stays open at the planned size,
planning from it shows whether the boundary is seen by then. Replicates are counted from 100; the
settings of the planner were chosen on others.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "decision_quality"))

import numpy as np
from rich.console import Console
from rich.progress import track
from sampler import MAIN_FAMILIES, REGIMES, Problem, draw
from threadpoolctl import threadpool_limits

import crossphase as xp

FAMILIES = (*MAIN_FAMILIES, "unequal", "mixed-labels", "partial-labels", "extreme-variance")
#: With many features: about 1000 pairs at first.
WIDE = "embeddings"
GROW = ("labels", "pairs", "both")
LARGEST = 40_000
FIRST = 100


@dataclass(frozen=True)
class Check:
    """One undetermined problem and what became of its plan."""

    family: str
    seconds: float
    first: str
    #: Pairs and labels of the first option where they are more than the check draws.
    beyond: tuple[int, int] | None
    planned: dict[str, tuple[int, int]]
    named: dict[str, bool]
    right: dict[str, bool]
    third: bool | None
    reason: str
    case: str
    case_right: bool | None
    again: bool | None


def first_diagnosis(
    family: str, regime: str, replicate: int, *, near: bool
) -> tuple[Problem, xp.Diagnosis, np.random.Generator]:
    """A problem, what few pairs and labels say of it, and the generator for what comes next."""
    rng = np.random.default_rng(
        [(*FAMILIES, WIDE).index(family), REGIMES.index(regime), replicate, int(near), 77]
    )
    problem = draw(family, regime, rng, near=near)
    few, spread = (800, 401) if family == WIDE else (300, 201)
    n, m = int(rng.integers(few, few + spread)), int(rng.integers(50, 101))
    return problem, diagnose(problem, n, m, rng), rng


def check(task: tuple[str, str, int, bool]) -> Check | None:
    family, regime, replicate, near = task
    problem, d, rng = first_diagnosis(family, regime, replicate, near=near)
    if d.regime is not xp.Regime.UNDETERMINED:
        return None
    start = time.process_time()
    plan = xp.plan(d)
    seconds = time.process_time() - start
    planned = {o.grow: (o.n_pairs, o.n_labelled) for o in plan.options if o.n_pairs <= LARGEST}
    beyond = None
    if plan.options and plan.options[0].n_pairs > LARGEST:
        beyond = plan.options[0].n_pairs, plan.options[0].n_labelled
    named, right = {}, {}
    again = third = None
    first = plan.options[0].grow if plan.options else ""
    for grow, size in planned.items():
        later = diagnose(problem, *size, rng)
        named[grow] = later.regime is not xp.Regime.UNDETERMINED
        right[grow] = str(later.regime) == problem.regime
        if grow == first:
            n, m = plan.options[0].more_pairs // 3, plan.options[0].more_labels // 3
            fewer = diagnose(problem, plan.n_pairs + n, plan.n_labelled + m, rng)
            third = str(fewer.regime) == problem.regime
            if not named[grow]:
                again = not xp.plan(later).options
    case, case_right = "", None
    for one in plan.cases:
        if str(one.regime) == problem.regime:
            case = "none" if one.option is None else "size"
            if one.option is not None and one.option.n_pairs <= LARGEST:
                later = diagnose(problem, one.option.n_pairs, one.option.n_labelled, rng)
                case_right = str(later.regime) == problem.regime
    return Check(
        family,
        seconds,
        first,
        beyond,
        planned,
        named,
        right,
        third,
        plan.obstacle,
        case,
        case_right,
        again,
    )


def diagnose(problem: Problem, n: int, m: int, rng: np.random.Generator) -> xp.Diagnosis:
    x, y, labels, _ = problem.sample(n, rng)
    if problem.n_classes:
        labels = np.array([f"class {code}" for code in labels.argmax(axis=1)])
    return xp.diagnose(
        x,
        y,
        labels[:m],
        labelled=np.arange(m),
        settings=xp.Settings(outlook=False, stability=False),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=6)
    parser.add_argument("--first", type=int, default=FIRST, help="number of the first replicate")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--near", action="store_true", help="problems within 3 % of a boundary")
    parser.add_argument("--family", choices=(*FAMILIES, WIDE), help="this family only")
    given = parser.parse_args()
    tasks = [
        (family, regime, replicate, given.near)
        for replicate in range(given.first, given.first + given.replicates)
        for family in ((given.family,) if given.family else FAMILIES)
        for regime in REGIMES
    ]
    start = time.perf_counter()
    with multiprocessing.Pool(given.workers, threadpool_limits, (1,)) as pool:
        results = track(
            pool.imap_unordered(check, tasks), "problems", len(tasks), console=Console(stderr=True)
        )
        checks = [found for found in results if found is not None]
    seconds = [c.seconds for c in checks]
    print(
        f"{len(tasks)} problems, {len(checks)} undetermined; {time.perf_counter() - start:.0f} s; "
        f"a plan {np.median(seconds):.1f} s of processor time (median) to "
        f"{max(seconds, default=0):.1f} s\n"
    )
    print("| family | undetermined | with a plan | right, first option | right, any option | "
          "named wrongly | right at a third of it | median planned pairs, labels | "
          "seconds a plan |")  # fmt: skip
    print("|" + "---|" * 9)
    for family in (*FAMILIES, WIDE, "all"):
        here = [c for c in checks if family in ("all", c.family)]
        if here:
            _row(family, here)
    for grow in GROW:
        right = [c.right[grow] for c in checks if grow in c.right]
        print(f"\ngrow {grow}: {_share(right)} right of {len(right)}", end="")
    open_ = [c.again for c in checks if c.again is not None]
    print(f"\nstayed open at the first option: {len(open_)}; no plan from there: {sum(open_)}")
    beyond = [f"{c.family} {c.beyond[0]}, {c.beyond[1]}" for c in checks if c.beyond]
    print(f"first option too large to check: {len(beyond)} ({'; '.join(beyond) or '–'})")
    without = [c for c in checks if not c.first]
    print(f"without a plan: {len(without)}")
    for c in without:
        print(f"- {c.family}, {c.reason}; the true regime has {c.case or 'too little weight'}")
    right = [c.case_right for c in without if c.case_right is not None]
    print(f"right at the size for the true regime: {_share(right)} of {len(right)}")


def _row(family: str, checks: list[Check]) -> None:
    planned = [c for c in checks if c.first in c.right]
    every = [right for c in checks for right in c.right.values()]
    wrong = [c.named[g] and not c.right[g] for c in checks for g in c.right]
    first = [c.right[c.first] for c in planned]
    sizes = np.array([c.planned[c.first] for c in planned], dtype=float).reshape(-1, 2)
    middle = ", ".join(f"{v:.0f}" for v in np.median(sizes, axis=0)) if len(sizes) else "–"
    seconds = np.median([c.seconds for c in checks]) if checks else float("nan")
    print(
        f"| {family} | {len(checks)} | {len(planned)} | {_share(first)} | {_share(every)} "
        f"| {_share(wrong)} | {_share([c.third for c in planned if c.third is not None])} "
        f"| {middle} | {seconds:.1f} |"
    )


def _share(hits: list[bool]) -> str:
    if not hits:
        return "–"
    share = float(np.mean(hits))
    if share in (0.0, 1.0):  # Not without error, but the standard error does not tell it.
        return f"{share:.2f}"
    return f"{share:.2f} ± {np.sqrt(share * (1 - share) / len(hits)):.2f}"


if __name__ == "__main__":
    main()
