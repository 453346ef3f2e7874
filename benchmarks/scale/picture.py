"""Time and memory against the number of rows."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cases import LENGTHS, SERIES, peak, seconds

from crossphase.plots.palette import LIGHT
from crossphase.plots.style import plain_ticks, scoped_style


def save_picture(path: Path, scale: str, results: Mapping[str, dict[str, Any]]) -> bool:
    """Draw what was measured of every length; False if there is nothing to draw yet."""
    from matplotlib.figure import Figure

    found = results.get("series", {}).get("records", {})
    lengths = [n for n in LENGTHS[scale] if seconds(found, f"full {n}")]
    if len(lengths) < 2:
        return False
    problem = SERIES[scale]
    kinds = (
        ("scatter", "one float64 product", LIGHT.muted, "--"),
        ("pass", "pass over the rows", LIGHT.signal, "-"),
        ("full", "whole diagnosis", LIGHT.nuisance, "-"),
    )
    with scoped_style():
        figure = Figure(figsize=(8.4, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for name, label, colour, style in kinds:
            taken = [statistics.median(seconds(found, f"{name} {n}")) for n in lengths]
            left.loglog(lengths, taken, style, marker="o", ms=4, color=colour, label=label)
            if name != "scatter":
                most = [peak(found, f"{name} {n}") / 1e6 for n in lengths]
                right.loglog(lengths, most, style, marker="o", ms=4, color=colour, label=label)
        size = [4 * n * (problem.dx + problem.dy) / 1e6 for n in lengths]
        right.loglog(lengths, size, "--", color=LIGHT.muted, label="the data as float32")
        for ax, title in ((left, "seconds, one thread"), (right, "peak memory, MB")):
            ax.set_title(f"{title}; {problem.dx} + {problem.dy} features")
            ax.set_xlabel("pairs")
            ax.xaxis.set_ticks(lengths, labels=[f"{n:,}" for n in lengths])
            ax.xaxis.set_ticks([], minor=True)
            ax.legend()
        for ax in (left, right):
            low, high = ax.get_ylim()
            ticks = [10.0**k * step for k in range(-3, 6) for step in (1, 3)]
            plain_ticks(ax.yaxis, *(tick for tick in ticks if low <= tick <= high))
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)
    return True
