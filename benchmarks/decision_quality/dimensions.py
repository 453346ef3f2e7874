"""Fixed numbers of principal components against the chosen one, on 512 + 512 features.

    python benchmarks/decision_quality/dimensions.py                      1000 pairs, 200 labels
    python benchmarks/decision_quality/dimensions.py --pairs 4000 --labels 400

Every row of the table is the robust estimator on the same problems; only the number of leading
components differs. Records go to a JSON-lines file, so an interrupted run goes on where it
stopped.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
from evaluate import Task, problem_rows
from sampler import REGIMES
from tables import (
    SURE,
    Record,
    coverage,
    expected_calibration_error,
    if_exact,
    is_right,
    mean_and_range,
)
from threadpoolctl import threadpool_limits

from crossphase.config import Settings
from crossphase.diagnosis.robust import estimate_robust
from crossphase.diagnosis.robust_parts import regime_probabilities

FIXED = (32, 64, 128, 256, 512)


def evaluate_dimensions(task: Task, kept: int | None) -> Record:
    """The robust estimator with `kept` components of each modality; None chooses."""
    settings = Settings(seed=0)
    problem, x, y, labels, labelled = problem_rows(task)
    estimate = estimate_robust(
        x, y, labels[labelled], labelled, settings,
        dimensions=None if kept is None else (kept, kept),
    )  # fmt: skip
    log_delta = estimate.draws.log_delta
    probabilities = regime_probabilities(log_delta[:, 0], log_delta[:, 1])
    tail = (1 - settings.level) / 2
    return {
        "key": f"{task.key}|{kept}",
        "kept": kept,
        "used": estimate.space.white_x.rank,
        "n_pairs": task.n_pairs,
        "truth": problem.regime,
        "true_log_delta": [float(value) for value in problem.log_delta],
        "regime": max(probabilities, key=lambda name: probabilities[name]),
        "probabilities": probabilities,
        "intervals": np.exp(np.quantile(log_delta, [tail, 1 - tail], axis=0)).T.tolist(),
    }


def print_dimensions(records: list[Record], n_pairs: int, n_labelled: int) -> None:
    """Accuracy, calibration and coverage by number of components, as a Markdown table."""
    print(f"#### {n_pairs} pairs, {n_labelled} labels\n")
    print("| components kept | problems | right | calibration error | if exact: mean (95 % range) "
          "| called at ≥ .9 | of these right | if exact: mean (95 % range) "
          "| covers Δ align | covers Δ x→y | covers Δ y→x |")  # fmt: skip
    print("|" + "---|" * 11)
    for kept in (*FIXED, None):
        here = [r for r in records if r["kept"] == kept and r["n_pairs"] == n_pairs]
        if not here:
            continue
        right = np.array([is_right(r) for r in here])
        confidence = np.array([max(r["probabilities"].values()) for r in here])
        sure = confidence >= SURE
        low, middle, high = np.quantile([r["used"] for r in here], [0.1, 0.5, 0.9])
        name = f"{kept}" if kept else f"**chosen** ({middle:.0f}; 80 %: {low:.0f}–{high:.0f})"
        error = np.sqrt(right.mean() * (1 - right.mean()) / len(right))
        called = f"{right[sure].mean():.3f}" if sure.any() else "–"
        errors, shares = if_exact(confidence)
        print(
            f"| {name} | {len(here)} | {right.mean():.3f} ± {error:.3f} "
            f"| {expected_calibration_error(confidence, right):.3f} | {mean_and_range(errors)} "
            f"| {sure.mean():.2f} | {called} | {mean_and_range(shares)} | "
            + " | ".join(coverage(here, i) for i in range(3))
            + " |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--replicates", type=int, default=25, help="problems a regime")
    parser.add_argument("--out", type=Path, default=Path("build/dimensions.jsonl"))
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    lines = options.out.read_text().splitlines() if options.out.exists() else []
    records = [json.loads(line) for line in lines]
    done = {record["key"] for record in records}
    # Both modalities together are held to half as many dimensions as there are pairs.
    numbers = [*(kept for kept in FIXED if 2 * kept < options.pairs / 2), None]
    with options.out.open("a") as file, threadpool_limits(1):
        for replicate, regime in itertools.product(range(options.replicates), REGIMES):
            task = Task("embeddings", options.pairs, options.labels, regime, replicate)
            for kept in numbers:
                if f"{task.key}|{kept}" not in done:
                    records.append(evaluate_dimensions(task, kept))
                    file.write(json.dumps(records[-1]) + "\n")
                    file.flush()
    print_dimensions(records, options.pairs, options.labels)


if __name__ == "__main__":
    main()
