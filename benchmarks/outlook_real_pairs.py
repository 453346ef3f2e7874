"""The outlook on real pairs: what codes are foretold to be worth, beside what they start from.

All 15 pairs of the six digit feature views with 200 labelled rows and, if it was fetched
(crossphase datasets fetch htad), audio and accelerometer. A gain that is credible is marked +, a
credible harm -.

    python benchmarks/outlook_real_pairs.py [--data-dir data] [--labelled 200]
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import numpy as np

import crossphase as xp
from crossphase.config import Settings
from crossphase.data import LabelColumn
from crossphase.diagnosis.recommend import recommend
from crossphase.errors import InputError
from crossphase.outlook import compute_outlook

NO_REGIME = dict.fromkeys(("Both", "CA only", "CP only", "Neither"), 0.25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="folder of fetched datasets")
    parser.add_argument("--labelled", type=int, default=200)
    options = parser.parse_args()
    digits = xp.datasets.load("digits-views")
    sets = [(digits.views, digits.labels["digit"].values)]
    try:
        tasks = xp.datasets.load("htad", folder=options.data_dir)
        sets.append((tasks.views, tasks.labels["activity"].values))
    except InputError as error:
        print(f"left out: {error}")
    print(
        f"{'x':13s} {'y':13s} {'view':5s}"
        + "".join(f"{kind:>27s}" for kind in ("linear", "lifted"))
        + "  recommended (confidence), seconds"
    )
    print(f"{'':33s}" + f"{'raw':>9s}{'align':>9s}{'predict':>9s}" * 2)
    for views, labels in sets:
        names, numbers = np.unique(labels, return_inverse=True)
        column = LabelColumn("class", "classes", numbers, tuple(map(str, names)))
        labelled = np.sort(
            np.random.default_rng(1).choice(len(labels), options.labelled, replace=False)
        )
        for x, y in itertools.combinations(views, 2):
            start = time.perf_counter()
            outlook = compute_outlook(
                views[x],
                views[y],
                [column],
                labelled=labelled,
                settings=Settings(),
                rng=np.random.default_rng(0),
            )
            took = time.perf_counter() - start
            advice = recommend(outlook, NO_REGIME, NO_REGIME, (), x_name=x, y_name=y)
            for view in ("x", "y", "both"):
                cells = []
                for kind in ("linear", "lifted"):
                    rows = {
                        r.representation.split()[0]: r
                        for r in outlook.rows
                        if (r.kind, r.view) == (kind, view)
                    }
                    for name in ("raw", "align", "predict"):
                        if name not in rows:
                            cells.append(f"{'':>9s}")
                            continue
                        mark = "+" if rows[name].helps else "-" if rows[name].harms else " "
                        cells.append(f"{rows[name].score:8.3f}{mark}")
                print(
                    f"{x:13s} {y:13s} {view:5s}{''.join(cells)}  {advice[view].objective}"
                    f" ({advice[view].confidence:.2f})" + (f", {took:.1f} s" if view == "x" else "")
                )


if __name__ == "__main__":
    main()
