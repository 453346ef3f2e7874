"""Labels of donors that mean nothing: what the verdict says with and without groups=.

    python benchmarks/groups_null.py [--datasets 200]

Donor effects are shared by both modalities, so rows of a donor are alike; the labels are drawn
once a donor (and, in one setting, vary within donors too) and are related to nothing.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from crossphase.config import Settings
from crossphase.diagnosis.robust import estimate_robust
from crossphase.diagnosis.robust_parts import regime_probabilities

CONFIDENT = 0.8


@dataclass(frozen=True)
class Setting:
    name: str
    n_donors: int = 20
    n_rows: int = 25
    n_classes: int = 0
    within: bool = False


SETTINGS = (
    Setting("continuous labels"),
    Setting("three classes", n_classes=3),
    Setting("continuous, varying within donors too", within=True),
    Setting("8 donors of 60 rows", n_donors=8, n_rows=60),
    Setting("40 donors of 10 rows", n_donors=40, n_rows=10),
)


def dataset(setting: Setting, rng: np.random.Generator):
    codes = np.repeat(np.arange(setting.n_donors), setting.n_rows)
    n = len(codes)
    effects = rng.normal(size=(setting.n_donors, 3)) * [1, 0.7, 0.5]
    shared = 0.7 * rng.normal(size=(n, 3)) + effects[codes]
    x, y = rng.normal(size=(2, n, 12))
    x[:, :3] = 2 * shared + 0.8 * x[:, :3]
    y[:, :3] = 2 * shared + 0.8 * y[:, :3]
    if setting.n_classes:
        own = np.eye(setting.n_classes)[rng.permutation(setting.n_donors) % setting.n_classes]
    else:
        own = rng.normal(size=(setting.n_donors, 1))
    labels = own[codes]
    if setting.within:
        labels = labels + rng.normal(size=labels.shape)
    return x, y, labels, codes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--datasets", type=int, default=200)
    count = parser.parse_args().datasets
    print(f"| {count} data sets each | other regime at ≥ {CONFIDENT}: groups given | ignored "
          "| p ≤ .05: given | ignored |\n|" + "---|" * 5)  # fmt: skip
    for index, setting in enumerate(SETTINGS):
        confident, small = np.zeros((2, count), dtype=bool), np.zeros((2, count), dtype=bool)
        for seed in range(count):
            x, y, labels, codes = dataset(setting, np.random.default_rng([index, seed]))
            for i, groups in enumerate((codes, None)):
                estimate = estimate_robust(
                    x, y, labels, np.arange(len(x)), Settings(seed=seed), groups=groups
                )
                log_delta = estimate.draws.log_delta
                found = regime_probabilities(log_delta[:, 0], log_delta[:, 1])
                confident[i, seed] = max(p for r, p in found.items() if r != "Neither") >= CONFIDENT
                small[i, seed] = estimate.p_value <= 0.05
        cells = [f"{share:.1%}" for share in (*confident.mean(axis=1), *small.mean(axis=1))]
        print(f"| {setting.name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
