"""Reliability diagram of the robust estimator's probabilities, from a file of records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sampler import FAMILIES, MAIN_FAMILIES
from scipy.stats import beta
from tables import Record, is_right

_PANELS = {
    "three main families": MAIN_FAMILIES,
    **{name: (name,) for name in FAMILIES if name not in MAIN_FAMILIES},
}
_BINS = np.array([0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])


def save_reliability(records: Sequence[Record], path: Path) -> None:
    """Share of right regimes against the probability stated, a panel a family.

    Bars are 95 % Clopper–Pearson intervals; numbers are problems in the bin.
    """
    robust = [r for r in records if r["estimator"] == "robust" and not r["near"]]
    present = {r["family"] for r in robust}
    panels = {title: names for title, names in _PANELS.items() if present & set(names)}
    if len(panels) < len(_PANELS):
        panels["all"] = FAMILIES
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for ax in axes.flat[len(panels) :]:
        ax.axis("off")
    for ax, (title, families) in zip(axes.flat, panels.items(), strict=False):
        here = [r for r in robust if r["family"] in families]
        ax.plot([0.25, 1], [0.25, 1], color="0.6", lw=1, zorder=0)
        ax.set_title(title, fontsize=10)
        stated = np.array([max(r["probabilities"].values()) for r in here])
        right = np.array([is_right(r) for r in here])
        which = np.clip(np.searchsorted(_BINS, stated) - 1, 0, len(_BINS) - 2)
        for b in np.unique(which):
            hits, count = int(right[which == b].sum()), int((which == b).sum())
            low, high = beta.ppf([0.025, 0.975], [hits, hits + 1], [count - hits + 1, count - hits])
            low, high = np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=1.0)
            x, y = stated[which == b].mean(), hits / count
            ax.errorbar(x, y, [[y - low], [high - y]], fmt="o", color="#0072B2", ms=4, capsize=2)
            ax.annotate(str(count), (x, -0.11), fontsize=6, ha="center", color="0.4")
    figure.supxlabel("probability stated for the likeliest regime")
    figure.supylabel("share right")
    axes[0, 0].set(xlim=(0.25, 1.02), ylim=(-0.14, 1.05))
    figure.savefig(path, dpi=110)
