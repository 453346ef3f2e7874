"""Should disagreement in the stability panel change the probabilities, or only the call?

    python benchmarks/decision_quality/tempering.py --replicates 10

Problems of all families at 500 pairs with 100 labels and 1000 with 200. Compared: the probabilities
as they are, mixed with the panel's average (weight = c × share of structural reruns that
disagree), and as they are with a stricter bar for naming a regime where 40 % disagree.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sampler import FAMILIES, REGIMES, draw
from tables import expected_calibration_error
from threadpoolctl import threadpool_limits

from crossphase import PairedData
from crossphase.config import Settings
from crossphase.diagnosis.robust import estimate_robust
from crossphase.diagnosis.robust_parts import regime_probabilities
from crossphase.diagnosis.stability import needed_probability, stability_panel

Array = NDArray[np.float64]
SIZES = ((500, 100), (1000, 200))
_STREAM = 7  # Problems other than those of run.py.


@dataclass(frozen=True)
class Outcome:
    truth: int
    probabilities: Array
    panel: Array
    disagreement: float
    needed: float
    seconds: float


def evaluate(task: tuple[int, int, int, int, int]) -> Outcome:
    family, regime, replicate, n, n_labelled = task
    problem = draw(
        FAMILIES[family],
        REGIMES[regime],
        np.random.default_rng([family, regime, replicate, _STREAM]),
    )
    rng = np.random.default_rng([family, regime, replicate, n, _STREAM])
    x, y, labels, _ = problem.sample(n, rng)
    rows = np.sort(rng.permutation(n)[:n_labelled])
    classes = FAMILIES[family] == "classes"
    given = np.char.add("c", labels[rows].argmax(axis=1).astype(str)) if classes else labels[rows]
    kind = "classes" if classes else "continuous"
    data = PairedData.from_arrays(x, y, given, labelled=rows, label_kind=kind)
    settings = Settings()
    estimate = estimate_robust(x, y, data.labels.targets(rows), rows, settings)
    log_delta = estimate.draws.log_delta
    start = time.perf_counter()
    panel = stability_panel(data, data.labels, estimate, settings)
    seconds = time.perf_counter() - start
    structural = [row for row in panel if row.structural]
    votes = np.full((len(structural), 4), 0.0)
    for vote, row in zip(votes, structural, strict=True):
        vote[:] = (1 - row.probability) / 3
        vote[REGIMES.index(row.regime)] = row.probability
    by_regime = regime_probabilities(log_delta[:, 0], log_delta[:, 1])
    return Outcome(
        REGIMES.index(problem.regime),
        np.array([by_regime[name] for name in REGIMES]),
        votes.mean(axis=0),
        float(np.mean([not row.agrees for row in structural])),
        needed_probability(panel, settings.confidence),
        seconds,
    )


def line(name: str, p: Array, truth: NDArray[np.intp], needed: Array) -> None:
    confidence, right = p.max(axis=1), p.argmax(axis=1) == truth
    log_loss = -np.log(np.maximum(p[np.arange(len(p)), truth], 1e-3)).mean()
    brier = ((p - np.eye(4)[truth]) ** 2).sum(axis=1).mean()
    called = confidence >= needed
    print(
        f"| {name} | {right.mean():.3f} | {expected_calibration_error(confidence, right):.3f} "
        f"| {log_loss:.3f} | {brier:.3f} | {called.mean():.3f} | {right[called].mean():.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=10)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    tasks = [
        (family, regime, replicate, *size)
        for replicate in range(given.replicates)
        for size in SIZES
        for family in range(len(FAMILIES))
        for regime in range(4)
    ]
    with multiprocessing.Pool(given.workers, threadpool_limits, (1,)) as pool:
        found = pool.map(evaluate, tasks, chunksize=4)
    truth = np.array([o.truth for o in found])
    p, panel = np.array([o.probabilities for o in found]), np.array([o.panel for o in found])
    share = np.array([o.disagreement for o in found])
    needed = np.array([o.needed for o in found])
    bar = np.full(len(found), Settings().confidence)
    print(f"{len(found)} problems; panel {np.median([o.seconds for o in found]):.2f} s (median)\n")
    print("| | right | calibration error | log loss | Brier | named | of these right |")
    print("|" + "---|" * 7)
    line("as they are", p, truth, bar)
    for c in (0.5, 1.0):
        weight = (c * share)[:, None]
        line(f"mixed, c = {c:g}", (1 - weight) * p + weight * panel, truth, bar)
    line("as they are, stricter call", p, truth, needed)
    right, confidence = p.argmax(axis=1) == truth, p.max(axis=1)
    print("\n| structural reruns that disagree | problems | right | mean probability stated |")
    print("|---|---|---|---|")
    for low, high in ((0.0, 0.0), (0.01, 0.25), (0.26, 0.39), (0.4, 1.0)):
        here = (share >= low) & (share <= high)
        name = "none" if high == 0 else f"{100 * low:.0f} to {100 * high:.0f} %"
        print(
            f"| {name} | {here.sum()} | {right[here].mean():.3f} | {confidence[here].mean():.3f} |"
        )


if __name__ == "__main__":
    main()
