"""What unlabelled rows bring to foretold gains, beside scoring labelled rows only.

The outlook of 200 labelled rows beside 1,200 others of every pair, once as it is and once without
unlabelled rows to score and without shrinking, which is plain cross-validation. Both are compared
with what the same codes, probed with the same labels, gain on all rows left over.

    python benchmarks/outlook_powered.py [--draws 2] [--data-dir FOLDER]

Pairs of the digit views and of the sets that are here: crossphase datasets fetch htad, tcga-breast.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import numpy as np
from rich.progress import track

from crossphase.config import Settings
from crossphase.data import LabelColumn
from crossphase.outlook import compute_outlook
from outlook_scores import foretold_codes, score_all
from outlook_trained import pairs

KINDS = ("linear", "lifted")


def plainly(stack: ExitStack) -> None:
    """Score labelled rows only, and shrink nothing."""
    stack.enter_context(mock.patch("crossphase.outlook.plan._SCORED_ROWS", 0))
    at = "crossphase.outlook.prediction_powered.IMPUTATION_ERROR"
    stack.enter_context(mock.patch(at, 1e6))


def outlook_gains(pair, labelled, *, powered):
    """Gain and interval by kind and code, from the training rows and some labelled ones."""
    rows = pair.rows
    order = np.concatenate([rows.training, rows.pool[labelled]])
    numbers = np.zeros(len(order), dtype=np.intp)
    at = np.arange(len(rows.training), len(order))
    numbers[at] = rows.numbers[labelled]
    names = tuple(map(str, range(int(rows.numbers.max()) + 1)))
    with ExitStack() as stack:
        if not powered:
            plainly(stack)
        outlook = compute_outlook(
            pair.x[order],
            pair.y[order],
            [LabelColumn("class", "classes", numbers, names)],
            labelled=at,
            settings=Settings(),
            rng=np.random.default_rng(0),
        )
    return {
        (row.kind, row.representation, row.view): (row.gain, row.gain_interval)
        for row in outlook.rows
        if row.representation != "raw"
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--labelled", type=int, default=200)
    parser.add_argument("--data-dir", type=Path)
    given = parser.parse_args()
    found = defaultdict(list)
    for pair in track(list(pairs(given.data_dir))):
        draws = pair.rows.draws(given.draws, given.labelled)
        truth = {}
        for kind in KINDS:
            codes, whole = foretold_codes(pair.x, pair.y, pair.rows, kind)
            scores = score_all(codes, whole, pair.rows.numbers, draws)
            for key, values in scores.items():
                base = scores["raw", key[1]]
                truth[kind, *key] = [v[1] - b[1] for v, b in zip(values, base, strict=True)]
        for i, labelled in enumerate(draws):
            for how in ("labelled rows only", "as it is"):
                gains = outlook_gains(pair, labelled, powered=how == "as it is")
                for key, (gain, interval) in gains.items():
                    measured = truth[key][i]
                    width = interval.upper - interval.lower
                    row = (gain, measured, width, measured in interval)
                    found[pair.dataset == "digits-views", key[0], how].append(row)
    print("| pairs | kind | scored | gains | correlation | rms error | bias | width | covers |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for (digits, kind, how), rows in sorted(found.items(), reverse=True):
        gain, measured, width, inside = np.array(rows, dtype=float).T
        error = gain - measured
        print(
            f"| {'digits' if digits else 'others'} | {kind} | {how} | {len(rows)} "
            f"| {np.corrcoef(gain, measured)[0, 1]:.2f} | {np.sqrt((error**2).mean()):.4f} "
            f"| {error.mean():+.4f} | {width.mean():.3f} | {inside.mean():.2f} |"
        )


if __name__ == "__main__":
    main()
