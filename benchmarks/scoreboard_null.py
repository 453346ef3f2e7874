"""What is recommended where there is nothing to find?

Pairs and rows as the scoreboard takes them, one pair and label a set, with the labels permuted
among the labelled rows, or with the rows of y permuted: no cross-modal objective can help.

    python benchmarks/scoreboard_null.py [--seeds 3] [--data-dir FOLDER]
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from rich.progress import track
from threadpoolctl import threadpool_limits

from crossphase import datasets
from crossphase.config import Settings
from crossphase.diagnosis import diagnose
from crossphase.diagnosis.options import is_cross_modal
from crossphase.experiments.scoreboard.cell import DEPLOYS, split_rows, with_labels
from crossphase.experiments.scoreboard.problems import SCALES, problems

SETS = ("digits-views", "nutrimouse", "elements", "tcga-kidney")


def diagnosed(problem, label, permuted, data_dir, seed):
    """The diagnosis of at most 200 labels of a pair in which one thing was permuted."""
    rng = np.random.default_rng([7, seed])
    data = datasets.load(problem.dataset, folder=data_dir)
    scale = replace(SCALES["small"], sets=SETS)
    train, by_label = split_rows(data, scale.labels, rng)
    learn = np.searchsorted(train, by_label[label].learn)
    seen = data.take(train)
    if permuted == "labels":
        about = seen.labels[label]
        values = about.values.copy()
        values[learn] = rng.permutation(values[learn])
        seen = replace(seen, labels={**seen.labels, label: replace(about, values=values)})
    else:
        shuffled = seen.views[problem.y][rng.permutation(seen.n)]
        seen = replace(seen, views={**seen.views, problem.y: shuffled})
    pairs = with_labels(problem, seen, label, learn)
    return diagnose(pairs, settings=Settings(stability=False, seed=seed))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-dir")
    given = parser.parse_args()
    scale = replace(SCALES["small"], sets=SETS)
    first = {}
    for problem in problems(scale, folder=given.data_dir)[0]:
        first.setdefault(problem.dataset, problem)
    cases = [
        (problem, permuted, seed)
        for problem in first.values()
        for permuted in ("labels", "rows of y")
        for seed in range(given.seeds)
    ]
    found, trained = 0, []
    for problem, permuted, seed in track(cases):
        label = problem.labels[0]
        diagnosis = diagnosed(problem, label, permuted, given.data_dir, seed)
        for deploy in DEPLOYS:
            found += 1
            advice = diagnosis.recommendations[deploy]
            if is_cross_modal(advice.objective):
                trained.append(
                    f"{problem.name}, {label}, {permuted} permuted, seed {seed}, {deploy} at "
                    f"hand: {advice.objective}, confidence {advice.confidence:.2f}"
                )
    print(f"{found} situations of {', '.join(first)}; training recommended in {len(trained)}")
    print("\n".join(trained))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
