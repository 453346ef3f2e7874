"""How well can gains on the scoreboard be foretold at all?

Reads the tables of a scoreboard, trains the encoders of some pairs again from another seed on the
same split, and compares the gains over the raw view: of one training with the other, and of
both with what is foretold. The spread of gains over draws of test rows says how much of their
variance is noise of so few rows; a perfect forecast would correlate with measured gains by the root
of what is left.

    crossphase reproduce scoreboard --scale small --out board
    python benchmarks/scoreboard_floor.py board htad.audio-accelerometer elements.text-network
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import track
from threadpoolctl import threadpool_limits

from crossphase import datasets
from crossphase.config import Settings
from crossphase.experiments.scoreboard.cell import (
    DEPLOYS,
    OPTIONS,
    TRAINED,
    configured,
    split_rows,
    with_labels,
)
from crossphase.experiments.scoreboard.judge import judge
from crossphase.experiments.scoreboard.problems import SCALES, problems
from crossphase.nonlinear.outcomes import Probes, Split
from crossphase.nonlinear.validation import train_objectives

CODES = ("align", "predict x->y", "predict y->x")


def again(problem, folder, data_dir, scale):
    """Gains of one more training beside those of the table, a row a code."""
    table = np.genfromtxt(folder / f"{problem.name}.csv", delimiter=",", names=True)
    rng = np.random.default_rng([0, 0, 0])
    data = datasets.load(problem.dataset, folder=data_dir)
    train, by_label = split_rows(data, scale.labels, rng)
    seed = int(rng.integers(2**31))
    config = configured(scale, len(train), seed)
    x, y = data.views[problem.x], data.views[problem.y]
    wanted = tuple(name for name in TRAINED if not name.startswith("autoencode"))
    trained, _ = train_objectives(
        x, y, train, config=replace(config, seed=config.seed + 1), objectives=wanted
    )
    found = []
    for number, label in enumerate(problem.labels):
        if label not in by_label:
            continue
        rows = by_label[label]
        pairs = with_labels(problem, data, label, np.concatenate([rows.learn, rows.test]))
        split, rng = Split(rows.learn, rows.test, train), np.random.default_rng(seed)
        probes = Probes(pairs, split, Settings(), rng)
        raw = {"x": pairs.x, "y": pairs.y, "both": np.hstack([pairs.x, pairs.y])}
        codes = {("raw", view): values for view, values in raw.items()}
        codes |= {key: runs[0] for key, runs in trained.items()}
        outcomes = judge(probes, codes).preferred
        for (name, view), outcome in outcomes.items():
            if name not in CODES:
                continue
            [row] = table[
                (table["label"] == number)
                & (table["deploy"] == DEPLOYS.index(view))
                & (table["option"] == OPTIONS.index(name))
                & (table["seed"] == 0)
            ]
            base = outcomes["raw", view]
            found.append(
                (
                    row["score"] - row["raw"],
                    float(outcome.by_seed.mean() - base.by_seed.mean()),
                    row["lifted"],
                    float((outcome.draws - base.draws).var()),
                )
            )
    return np.array(found)


def correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("pairs", nargs="+")
    parser.add_argument("--data-dir")
    given = parser.parse_args()
    scale = SCALES["small"]
    known = {problem.name: problem for problem in problems(scale, folder=given.data_dir)[0]}
    with threadpool_limits(limits=1):
        parts = [
            again(known[name], given.folder, given.data_dir, scale) for name in track(given.pairs)
        ]
    for name, part in zip(("all", *given.pairs), (np.vstack(parts), *parts), strict=True):
        first, second, foretold, noise = part.T
        mean = (first + second) / 2
        real = max(0.0, 1.0 - noise.mean() / first.var())
        print(
            f"{name}: {len(part)} codes; one training with the other "
            f"{correlation(first, second):.2f} (mean difference "
            f"{np.abs(first - second).mean():.3f}); foretold with one training "
            f"{correlation(foretold, first):.2f}, with their mean "
            f"{correlation(foretold, mean):.2f}; share of variance that is not noise of test rows "
            f"{real:.2f}, ceiling {real**0.5:.2f}"
        )


if __name__ == "__main__":
    main()
