"""One objective's spectrum: which components carry signal, which are nuisance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from crossphase.errors import InputError
from crossphase.plots.palette import LIGHT
from crossphase.plots.style import axes_or_new, scoped_style
from crossphase.results import Separation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_spectrum"]


def plot_spectrum(
    separation: Separation, ax: Axes | None = None, *, max_components: int = 30
) -> Axes:
    """Draw singular values by rank: signal as blue discs, nuisance as vermillion squares.

    Small dashes are the uncorrected values of the same components. The dotted line is the
    largest value that noise alone produces; a component whose signal probability lies
    between 0.1 and 0.9 is drawn hollow.

    Parameters
    ----------
    separation : Separation
    ax : matplotlib Axes, default None
        Where to draw; None makes a figure of its own (``ax.figure``), unknown to pyplot.
    max_components : int, default 30
        Components drawn, largest first; the title says how many are left out.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `max_components` is below 1.
    """
    if max_components < 1:
        raise InputError(f"max_components={max_components}: give at least 1")
    n_all = len(separation.values)
    shown = slice(0, max_components)
    rank = np.arange(1, n_all + 1)[shown]
    values, signal = separation.values[shown], separation.is_signal[shown]
    unsure = np.abs(separation.signal_probability[shown] - 0.5) < 0.4

    with scoped_style():
        ax = axes_or_new(ax, (4.6, 3.1))
        sample = separation.sample_values[shown]
        if not np.array_equal(sample, values):
            ax.plot(
                rank, sample, linestyle="none", marker="_", markersize=9, markeredgewidth=1.4,
                color=LIGHT.muted, label="uncorrected", zorder=2,
            )  # fmt: skip
        kinds = (("signal", signal, LIGHT.signal, "o"), ("nuisance", ~signal, LIGHT.nuisance, "s"))
        for label, mask, color, marker in kinds:
            ax.vlines(rank[mask], 0, values[mask], color=color, linewidth=1.2, alpha=0.55, zorder=1)
            for hollow in (False, True):
                chosen = mask & (unsure == hollow)
                if chosen.any():
                    ax.plot(
                        rank[chosen], values[chosen], linestyle="none", marker=marker,
                        markersize=6, color=color, markeredgewidth=1.4,
                        markerfacecolor=LIGHT.paper if hollow else color,
                        label=f"{label}, unsure" if hollow else label, zorder=3,
                    )  # fmt: skip
        if separation.threshold > 0:
            ax.axhline(
                separation.threshold, color=LIGHT.threshold, linestyle=":", linewidth=1.4,
                label="noise alone", zorder=1,
            )  # fmt: skip
        ax.set_xlabel("component")
        ax.set_ylabel("singular value")
        tallest = max([*values, *sample, separation.threshold, 1e-12])
        ax.set(ylim=(0, 1.08 * tallest), xlim=(0.4, max(len(rank), 4) + 0.6))
        ax.locator_params(axis="x", integer=True)
        if n_all > max_components:
            ax.set_title(f"the {max_components} largest of {n_all} components", fontsize=8.5)
        if n_all:
            ax.legend(
                loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=3, handletextpad=0.3,
                columnspacing=1.0,
            )  # fmt: skip
    return ax
