"""The tables of docs/stereo.md, from finished runs of the stereo experiments.

crossphase reproduce dsprites --scale small --out stereo/dsprites
crossphase reproduce shapes3d --scale small --out stereo/shapes3d
python benchmarks/stereo_tables.py stereo

Nothing is trained: what the runs wrote is read. A value is the mean of seeds, brackets hold each.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import product
from pathlib import Path

import numpy as np

from crossphase.experiments.stereo.cell import Configuration
from crossphase.experiments.stereo.compare import accuracies
from crossphase.experiments.stereo.foretold import FEATURES, NAMED, REGIMES
from crossphase.experiments.stereo.published import (
    LEAST_MARGINS,
    TOLERANCE,
    WIDE_TOLERANCE,
    published_accuracy,
)
from crossphase.experiments.stereo.scale import FURTHER, MAIN, RUNS
from crossphase.experiments.table import read_table

TITLES = {"dsprites": "dSprites", "shapes3d": "Shapes3D"}
PROBES = {
    "published probe": {"probe": "published"},
    "50 labels": {"rows": 50},
    "100 labels": {"rows": 100},
    "1000 labels": {"rows": 1000},
    "leading 16": {"probe": "leading"},
}


def table_of(folder, name, kind=""):
    """A table as it was written, whatever the settings of its run."""
    place = folder / name
    if not (place / f"{name}{kind}.json").exists():
        sys.exit(
            f"{place} holds no finished {name}{kind}: crossphase reproduce {name} --out {place}"
        )
    about = json.loads((place / f"{name}{kind}.json").read_text(encoding="utf-8"))
    return read_table(f"{name}{kind}", about["settings"], place)


def short(value, form=".3f"):
    return f"{value:{form}}".replace("0.", ".", 1).replace("-", "−")


def each(values):
    """Mean, and in brackets each seed."""
    mean, *seeds = (short(value) for value in (np.mean(values), *values))
    return mean if len(seeds) == 1 else f"{mean} ({', '.join(seeds)})"


def print_rows(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def trained(table, run, where):
    view = "y" if RUNS[run].name == "CP reversed" else "x"
    return {probe: accuracies(table, run, view, where, **how) for probe, how in PROBES.items()}


def main_rows(tables, jitters, noise):
    for jitter, (name, table) in product(jitters, tables.items()):
        nu, where = 1.0 - jitter, Configuration(jitter, noise)
        at = f"ν = {short(nu, 'g')}, {TITLES[name]}"
        found = {}
        for run in MAIN:
            found[RUNS[run].name] = scores = trained(table, run, where)
            theirs = published_accuracy(name, RUNS[run].name, noise, nu)
            tolerance = WIDE_TOLERANCE if nu not in LEAST_MARGINS else TOLERANCE
            within = abs(scores["published probe"].mean() - theirs) <= tolerance
            first, *others = (each(values) for values in scores.values())
            label = f"{at}, {RUNS[run].name}"
            yield [label, short(theirs, "g"), first, "yes" if within else "NO", *others]
        better, worse, least = LEAST_MARGINS.get(nu, ("CP", "CA", np.inf))
        margins = []
        for probe in PROBES:
            margin = found[better][probe] - found[worse][probe]
            margins.append(f"**{each(margin)}**" if (margin >= least).all() else each(margin))
        theirs = [published_accuracy(name, run, noise, nu) for run in (better, worse)]
        yield [
            f"**{better} − {worse}**",
            short(theirs[0] - theirs[1], ".3g"),
            margins[0],
            "",
            *margins[1:],
        ]


def further_rows(tables, jitters, noise):
    for jitter, (name, table), run in product(jitters, tables.items(), FURTHER):
        view = "y" if RUNS[run].name == "CP reversed" else "x"
        label = f"ν = {short(1 - jitter, 'g')}, {TITLES[name]}, {RUNS[run].name}, {view}"
        scores = trained(table, run, Configuration(jitter, noise))
        yield [label, *("–" if values is None else each(values) for values in scores.values())]


def diagnosis_rows(tables, jitters, noise):
    def gap(part, kind):
        middle, low, high = (short(part[f"{kind}gap{end}"][0]) for end in ("", "_low", "_high"))
        return f"{middle} ({low}, {high})"

    for (name, table), jitter in product(tables.items(), jitters):
        for seed in np.unique(table["seed"]):
            for number, features in enumerate(FEATURES):
                part = table.where(jitter=jitter, noise=noise, seed=seed, features=number)
                robust, published = (
                    str(REGIMES[int(part[key][0])]) for key in ("regime", "published_regime")
                )
                deltas = [short(part[key][0], ".2f") for key in ("delta_ca", "delta_cp")]
                scores = []
                for kind in ("", "narrow_"):
                    both = (part[f"{kind}{code}"][0] for code in ("align", "predict"))
                    scores += [", ".join(map(short, both))]
                    scores += [gap(part, kind)]
                first = number == 0
                about = [TITLES[name], short(1 - jitter, "g"), f"{seed:g}"] if first else [""] * 3
                named = int(part["winner"][0])
                winner = "" if not first else NAMED[named] if named else "none"
                yield [*about, features, robust, published, *deltas, *scores, winner]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--noise", type=float, default=0.5)
    args = parser.parse_args()
    jitters = (0.0, 0.5, 0.2)
    of = {
        kind: {name: table_of(args.folder, name, kind) for name in TITLES}
        for kind in ("", "-further", "-diagnosis")
    }
    published, *others = PROBES
    print_rows(
        ["", "published", published, "within", *others], main_rows(of[""], jitters, args.noise)
    )
    print_rows(["", *PROBES], further_rows(of["-further"], jitters, args.noise))
    print_rows(
        [
            "",
            "ν",
            "seed",
            "features",
            "robust",
            "published",
            "Δ_CA",
            "Δ_CP",
            "whole CA, CP",
            "gap",
            "narrow CA, CP",
            "gap",
            "named",
        ],
        diagnosis_rows(of["-diagnosis"], jitters, args.noise),
    )
    seconds = {kind: [tables[name].seconds for name in TITLES] for kind, tables in of.items()}
    for kind, (first, second) in seconds.items():
        print(f"{kind or 'main'}: {first:.0f} + {second:.0f} s of processor time")
    print(f"in all {sum(map(sum, seconds.values())) / 60:.0f} min, on two cores half of it")


if __name__ == "__main__":
    main()
