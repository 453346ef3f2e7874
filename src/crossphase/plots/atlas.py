"""Every pair of several modalities as a matrix of regimes and gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from crossphase.errors import InputError
from crossphase.plots.adding import gain_mark
from crossphase.plots.labels import IN_PICTURES
from crossphase.plots.palette import LIGHT
from crossphase.plots.style import axes_or_new, scoped_style
from crossphase.results.atlas import Addition, Atlas, How
from crossphase.results.formatting import number, probability, signed
from crossphase.results.names import shorten
from crossphase.theory.regimes import Regime

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

__all__ = ["Order", "modality_order", "plot_atlas", "save_atlas"]

Order = Literal["score", "likeness", "name"]

# Beyond so many modalities a cell has no room for gains, then for none of its words.
_MOST_IN_FULL, _MOST_IN_WORDS = 9, 15
_CELL = 1.0
# Few modalities make a picture that is wide enough for three columns of the legend at least.
_FEW, _LEGEND_COLUMNS, _LEAST_WIDTH = 5, (3, 5), 5.6
_HOWS: tuple[tuple[How, str], ...] = (("in training", "train"), ("beside", "beside"))


def modality_order(atlas: Atlas, order: Order = "score") -> tuple[str, ...]:
    """Names of the modalities in the order they are drawn in.

    Parameters
    ----------
    atlas : Atlas
    order : {"score", "likeness", "name"}, default "score"
        Best score first; alike modalities side by side (average linkage of 1 − likeness, leaves
        in optimal order); or by name.

    Raises
    ------
    InputError
        For another order.
    """
    if order == "score":
        return atlas.names
    if order == "name":
        return tuple(sorted(atlas.names))
    if order != "likeness":
        raise InputError(f"order={order!r}: choose one of score, likeness, name")
    names = sorted(atlas.names)
    if len(names) < 3:
        return tuple(names)
    from scipy.cluster.hierarchy import leaves_list, linkage

    apart = [
        1.0 - atlas.pair(first, second).likeness
        for i, first in enumerate(names)
        for second in names[i + 1 :]
    ]
    leaves = leaves_list(linkage(np.maximum(apart, 0.0), "average", optimal_ordering=True))
    return tuple(names[i] for i in leaves)


def plot_atlas(atlas: Atlas, ax: Axes | None = None, *, order: Order = "score") -> Axes:
    """Draw every pair twice: a row is the modality at hand, a column the other one.

    A cell has the colour of its regime over alignment and prediction of the column from the row,
    hatched where it is undetermined, with the probability of the most likely regime. Below stand
    the gains over the row's modality by itself: of training on both (the better objective), and
    of having both. The diagonal holds the score of each modality by itself.

    Parameters
    ----------
    atlas : Atlas
    ax : matplotlib Axes, default None
        Where to draw; None makes a figure of its own (``ax.figure``), unknown to pyplot.
    order : {"score", "likeness", "name"}, default "score"
        See :func:`modality_order`.

    Returns
    -------
    matplotlib Axes
    """
    names = modality_order(atlas, order)
    m = len(names)
    size = _CELL if m <= _MOST_IN_FULL else 0.62
    with scoped_style():
        ax = axes_or_new(ax, (max(1.5 + size * m, _LEAST_WIDTH), 1.25 + 0.78 * size * m))
        for i, at_hand in enumerate(names):
            for j, other in enumerate(names):
                if i == j:
                    _own(ax, i, atlas, at_hand)
                else:
                    _cell(ax, i, j, atlas, at_hand, other, m)
        shown = [shorten(name, IN_PICTURES) for name in names]
        turned = 0 if m <= _MOST_IN_FULL else 45
        ax.set_xticks(range(m), shown, rotation=turned, ha="left" if turned else "center",
                      parse_math=False)  # fmt: skip
        ax.set_yticks(range(m), shown, parse_math=False)
        ax.set(xlim=(-0.5, m - 0.5), ylim=(m - 0.5, -0.5))
        ax.xaxis.set_ticks_position("top")
        ax.xaxis.set_label_position("top")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_xlabel("added: at hand as well, or in training only", labelpad=8)
        ax.set_ylabel("at hand")
        _legend(ax, atlas, _LEGEND_COLUMNS[m > _FEW])
    return ax


def save_atlas(atlas: Atlas, path: str | Path) -> None:
    """Write :func:`plot_atlas`'s picture to a file, in the format that its name says.

    Parameters
    ----------
    atlas : Atlas
    path : str or Path

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    figure = plot_atlas(atlas).get_figure(root=True)
    if figure is not None:
        figure.savefig(path, dpi=160)


def _own(ax: Axes, i: int, atlas: Atlas, name: str) -> None:
    score = next(row.score for row in atlas.modalities if row.name == name)
    if not np.isnan(score):
        ax.text(i, i, f"alone\n{number(score, 3)}", ha="center", va="center", fontsize=8)


def _cell(ax: Axes, i: int, j: int, atlas: Atlas, at_hand: str, other: str, m: int) -> None:
    from matplotlib.patches import Rectangle

    regime, probabilities = atlas.pair(at_hand, other).seen_from(at_hand)
    likely = Regime(max(probabilities, key=lambda name: probabilities[name]))
    open_ = regime is Regime.UNDETERMINED
    ax.add_patch(
        Rectangle(
            (j - 0.48, i - 0.48), 0.96, 0.96, facecolor=LIGHT.regime(likely), linewidth=0,
            edgecolor=LIGHT.paper, hatch="////" if open_ else None, zorder=1,
        )
    )  # fmt: skip
    if m > _MOST_IN_WORDS:
        return
    named = f"{likely}{'?' if open_ else ''}"
    full = m <= _MOST_IN_FULL
    ax.text(
        j, i - (0.3 if full else 0.15), f"{named} {probability(probabilities[str(likely)])}",
        ha="center", va="center", fontsize=7.5 if full else 6, fontweight="bold", zorder=3,
    )  # fmt: skip
    for line, (how, word) in enumerate(_HOWS):
        found = [a for a in atlas.adding(at_hand, how) if a.added == other]
        if not found:
            continue
        if full:
            _gain(ax, j, i + 0.02 + 0.27 * line, word, found[0])
        else:
            _mark(ax, j - 0.15 + 0.3 * line, i + 0.2, found[0])


def _gain(ax: Axes, x: float, y: float, word: str, addition: Addition) -> None:
    _, colour, _ = gain_mark(addition)
    clear = addition.worth or addition.harms
    ax.text(x - 0.45, y, word, ha="left", va="center", fontsize=7, color=LIGHT.ink, zorder=3)
    ax.text(
        x + 0.31, y, signed(addition.gain), ha="right", va="center", fontsize=7.2, zorder=3,
        color=colour if clear else LIGHT.ink, fontweight="bold" if clear else "normal",
    )  # fmt: skip
    _mark(ax, x + 0.39, y, addition)


def _mark(ax: Axes, x: float, y: float, addition: Addition) -> None:
    marker, colour, filled = gain_mark(addition)
    ax.plot(
        x, y, marker=marker, color=colour, markersize=4.5, linestyle="none", zorder=3,
        markerfacecolor=colour if filled else "none", markeredgewidth=0.9,
    )  # fmt: skip


def _legend(ax: Axes, atlas: Atlas, n_columns: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    regimes = [regime for regime in Regime if regime is not Regime.UNDETERMINED]
    handles: list[Patch | Line2D] = [
        Patch(facecolor=LIGHT.regime(regime), edgecolor=LIGHT.muted, linewidth=0.5,
              label=str(regime)) for regime in regimes
    ]  # fmt: skip
    handles.append(
        Patch(facecolor=LIGHT.grid, edgecolor=LIGHT.paper, hatch="////", label="undetermined (?)")
    )
    marks = (
        ("^", LIGHT.helps, True, "gain clear among all"),
        ("^", LIGHT.helps, False, "clear alone"),
        ("v", LIGHT.harms, True, "clear harm"),
        ("o", LIGHT.muted, False, "unclear"),
    )
    if atlas.additions:
        handles += [
            Line2D([], [], marker=marker, color=colour, linestyle="none", markersize=5,
                   markerfacecolor=colour if filled else "none", label=label)
            for marker, colour, filled, label in marks
        ]  # fmt: skip
    ax.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.45, -0.02), ncols=n_columns,
        columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip
