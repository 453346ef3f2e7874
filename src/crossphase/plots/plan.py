"""How surely larger samples would settle a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from crossphase.errors import InputError
from crossphase.plots.palette import LIGHT
from crossphase.plots.style import axes_or_new, scoped_style
from crossphase.results import Plan

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

__all__ = ["plot_plan", "save_plan"]

_MARKERS = "osD^vP"


def plot_plan(plan: Plan, ax: Axes | None = None, *, max_curves: int = 5) -> Axes:
    """Draw the probability of a right verdict against pairs, one curve for each label count.

    Darker curves have more labels. The dotted line is the probability planned for, crosses are
    the options of the plan.

    Parameters
    ----------
    plan : Plan
        Of a verdict that is not settled.
    ax : matplotlib Axes, default None
        Where to draw; None makes a figure of its own (``ax.figure``), unknown to pyplot.
    max_curves : int, default 5
        Label counts drawn, evenly chosen, the smallest and the largest among them.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If the verdict is settled, or `max_curves` is below 1.
    """
    if not plan.rows:
        raise InputError(f"nothing to draw: the verdict is settled ({plan.regime})")
    if max_curves < 1:
        raise InputError(f"max_curves={max_curves}: give at least 1")
    counts = sorted({row.n_labelled for row in plan.rows})
    chosen = np.linspace(0, len(counts) - 1, min(max_curves, len(counts))).round().astype(int)
    with scoped_style():
        from matplotlib.colors import LinearSegmentedColormap

        shade = LinearSegmentedColormap.from_list("labels", [LIGHT.threshold, LIGHT.signal])
        ax = axes_or_new(ax, (4.8, 3.2))
        ax.axhline(
            plan.assurance, color=LIGHT.threshold, linestyle=":", linewidth=1.4,
            label=f"planned for: {plan.assurance:g}", zorder=1,
        )  # fmt: skip
        for place, j in enumerate(chosen):
            rows = [row for row in plan.rows if row.n_labelled == counts[j]]
            share = place / max(len(chosen) - 1, 1)
            ax.plot(
                [row.n_pairs for row in rows], [row.right for row in rows],
                color=shade(share), linewidth=1.2 + share, marker=_MARKERS[place % len(_MARKERS)],
                markersize=4.5, label=f"{counts[j]:,} labelled", zorder=2 + share,
            )  # fmt: skip
        if plan.options:
            ax.plot(
                [option.n_pairs for option in plan.options],
                [option.right for option in plan.options],
                linestyle="none", marker="X", markersize=9, color=LIGHT.nuisance,
                markeredgecolor=LIGHT.paper, label="options", zorder=5,
            )  # fmt: skip
        ax.set_xscale("log")
        sizes = sorted({row.n_pairs for row in plan.rows})
        step = -(-len(sizes) // 6)
        shown = sizes[::step]
        ax.set_xticks(shown, [f"{n:,}" for n in shown])
        ax.set_xticks([], minor=True)
        ax.set(ylim=(0, 1.02), xlabel="pairs", ylabel="P(right regime named)")
        ax.grid(axis="y", color=LIGHT.grid, linewidth=0.7)
        ax.set_axisbelow(True)
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.45, -0.18), ncols=3, handletextpad=0.4,
            columnspacing=1.0,
        )  # fmt: skip
    return ax


def save_plan(plan: Plan, path: str | Path) -> None:
    """Write :func:`plot_plan`'s picture to a file, in the format that its name says.

    Parameters
    ----------
    plan : Plan
    path : str or Path

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    figure = plot_plan(plan).get_figure(root=True)
    if figure is not None:
        figure.savefig(path, dpi=160)
