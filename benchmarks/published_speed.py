"""Time of the published estimator against one thin SVD of the stacked data, side by side.

    python benchmarks/published_speed.py [repetitions]

The two are timed in turn in one process, with the BLAS threads as the environment sets them.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from crossphase.diagnosis.published import estimate_published

N, D, COMPONENTS, LABELS, PERMUTATIONS = 5000, 100, 50, 3, 30


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main(repetitions: int = 15) -> None:
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(N, LABELS))
    x = labels @ rng.normal(size=(LABELS, D)) + rng.normal(size=(N, D))
    y = labels @ rng.normal(size=(LABELS, D)) + rng.normal(size=(N, D))
    stacked = np.hstack([x, y])

    def published() -> object:
        return estimate_published(
            x, y, labels, n_components=COMPONENTS, n_permutations=PERMUTATIONS
        )

    def thin_svd() -> object:
        return np.linalg.svd(stacked, full_matrices=False)

    published()
    thin_svd()
    pairs = [(seconds(published), seconds(thin_svd)) for _ in range(repetitions)]
    ratios = [ours / theirs for ours, theirs in pairs]
    threads = os.environ.get("OMP_NUM_THREADS", "default")
    print(
        f"n={N}, d={D}+{D}, {COMPONENTS} components, {LABELS} labels, {PERMUTATIONS} permutations"
    )
    print(
        f"OMP_NUM_THREADS={threads}, {os.cpu_count()} CPUs, {repetitions} alternating repetitions"
    )
    for name, column in (("estimate_published", 0), ("thin SVD", 1)):
        times = [1e3 * pair[column] for pair in pairs]
        print(
            f"{name:>20}: median {statistics.median(times):6.1f} ms "
            f"({min(times):.1f}–{max(times):.1f})"
        )
    print(
        f"{'ratio':>20}: median {statistics.median(ratios):6.2f}    "
        f"({min(ratios):.2f}–{max(ratios):.2f})"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
