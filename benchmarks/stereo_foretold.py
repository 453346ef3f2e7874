"""What the diagnosis of 300 labels foretells of the stereo pairs: the tables of docs/stereo.md.

python benchmarks/stereo_foretold.py                    both sets, all ν, seeds 0 and 1
python benchmarks/stereo_foretold.py --set dsprites --jitter 0 --seeds 0

A seed is that of the split and of the labels, as in `crossphase reproduce`. --data-seed takes other
rows than the published ones: the rule for naming a winner was chosen on those of 1 and tried on
those of 2. --data-dir reads the published files instead of drawing the images.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from rich.console import Console

from crossphase.experiments.stereo.cell import Configuration
from crossphase.experiments.stereo.foretold import FEATURES, NAMED, REGIMES, foretell
from crossphase.experiments.stereo.scale import SCALES

HEAD = (
    "set ν seed features regime published Δ_CA Δ_CP published_Δ_CA published_Δ_CP "
    "whole_CA whole_CP gap low high narrow_CA narrow_CP narrow_gap low high winner"
)


def line(told, at):
    def number(key):
        return int(told[key][at])

    deltas = ("delta_ca", "delta_cp", "published_delta_ca", "published_delta_cp")
    scores = ("align", "predict", "gap", "gap_low", "gap_high")
    scores += tuple(f"narrow_{score}" for score in scores)
    return [
        FEATURES[number("features")],
        str(REGIMES[number("regime")]),
        str(REGIMES[number("published_regime")]),
        *(f"{told[key][at]:.2f}" for key in deltas),
        *(f"{told[key][at]:.3f}" for key in scores),
        NAMED[number("winner")],
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", nargs="+", default=["dsprites", "shapes3d"])
    parser.add_argument("--pairs", type=int, default=SCALES["small"].pairs)
    parser.add_argument("--jitter", type=float, nargs="+", default=[0.0, 0.2, 0.5])
    parser.add_argument("--noise", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--data-seed", type=int, default=0)
    parser.add_argument("--data-dir")
    args = parser.parse_args()
    scale = replace(SCALES["small"], pairs=args.pairs)
    console = Console(highlight=False, width=400)
    console.print("| " + " | ".join(HEAD.split()) + " |")
    console.print("|---" * len(HEAD.split()) + "|")
    for name in args.set:
        for jitter in args.jitter:
            for seed in args.seeds:
                where = Configuration(jitter, args.noise)
                told = foretell(
                    name, scale, where, seed, data_dir=args.data_dir, data_seed=args.data_seed
                )
                for at in range(len(FEATURES)):
                    cells = [name, f"{1 - jitter:g}", str(seed), *line(told, at)]
                    console.print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
