"""How fast stereo dSprites and Shapes3D are made, and the sample sheets of docs/stereo.md.

python benchmarks/stereo_images.py                      images a second
python benchmarks/stereo_images.py --statistics         beside the published images', half a minute
python benchmarks/stereo_images.py --figures docs/figures
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from crossphase.datasets.stereo import open_images, rooms, stereo_dsprites, stereo_shapes3d
from crossphase.plots import plot_factors, plot_stereo_pairs

MADE = {"dsprites": stereo_dsprites, "shapes3d": stereo_shapes3d}


def rate(n, work):
    start = time.process_time()
    work()
    return n / (time.process_time() - start)


def rates():
    table = Table("", "a second", title="images and pairs, by processor time of one process")
    rng = np.random.default_rng(0)
    for name in MADE:
        source = open_images(name)
        rows = rng.integers(0, source.grid.size, 5000)
        rooms._weights.cache_clear()
        first = rate(5000, lambda s=source, r=rows: s.images(r))
        table.add_row(f"{name}, random images, first 5,000", f"{first:,.0f}")
        again = rate(5000, lambda s=source, r=rows: s.images(r))
        table.add_row(f"{name}, random images, later", f"{again:,.0f}")
    rooms._weights.cache_clear()
    scenes = [(shape, scale, o) for shape in range(4) for scale in (0, 7) for o in range(15)]
    drawn = rate(len(scenes), lambda: [rooms._weights(*scene) for scene in scenes])
    table.add_row("shapes3d, every image a new scene", f"{drawn:,.0f}")
    for name, made in MADE.items():
        pairs = made(1000, jitter=0.2)
        table.add_row(f"{name}, stereo pairs", f"{rate(1000, pairs.images):,.0f}")
    Console().print(table)


def statistics():
    """Channel means and mean standard deviations of images, evenly over what is not a hue."""
    table = Table("", "means", "mean standard deviations", title="drawn images, levels 0 to 1")
    rng = np.random.default_rng(0)
    sprites = [[0, s, k, o, 16, 16] for s in range(3) for k in range(6) for o in range(40)]
    scenes = [(k, s, o) for s in range(4) for k in range(8) for o in range(15)]
    solids = [[*rng.integers(0, 10, 3), *scene] for scene in scenes for _ in range(12)]
    for name, codes in (("dsprites", sprites), ("shapes3d", solids)):
        source = open_images(name)
        images = source.images(source.grid.indices(codes)).astype(np.float64)
        images /= images.max()
        images = images.reshape(len(images), 64 * 64, -1)
        found = (images.mean(axis=(0, 1)), images.std(axis=1).mean(axis=0))
        table.add_row(name, *(", ".join(f"{value:.5f}" for value in part) for part in found))
    Console().print(table)


def figures(folder):
    for name, made in MADE.items():
        ax = plot_factors(open_images(name))
        ax.figure.savefig(folder / f"{name}.png", dpi=80)
        ax = plot_stereo_pairs(made(1000, jitter=0.2))
        ax.figure.savefig(folder / f"stereo-{name}.png", dpi=80)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, help="write the sample sheets to this folder")
    parser.add_argument("--statistics", action="store_true", help="what drawn images are like")
    asked = parser.parse_args()
    if asked.figures:
        figures(asked.figures)
    elif asked.statistics:
        statistics()
    else:
        rates()
