"""Pictures of an experiment on real modalities; they read its table and never train."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crossphase.experiments.pictures import panels, save
from crossphase.experiments.real.cases import Case, Source, cases_of
from crossphase.experiments.real.cell import DEPLOYS, OPTIONS, PROBABILITIES, REGIMES
from crossphase.experiments.real.suite import by_seed, case_table, option_scores, tally
from crossphase.experiments.runner import SuiteResult
from crossphase.experiments.table import Table
from crossphase.plots.palette import LIGHT
from crossphase.plots.style import scoped_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["foretold_figure", "score_figure", "write_figures"]

#: Colour, line and marker of every option; each with its own marker.
_LOOKS = {
    "unimodal x": (LIGHT.ink, "-", "o"),
    "unimodal y": (LIGHT.muted, "-", "o"),
    "concatenate": (LIGHT.ink, "--", "P"),
    "align": (LIGHT.signal, "-", "s"),
    "predict x->y": (LIGHT.nuisance, "-", ">"),
    "predict y->x": (LIGHT.nuisance, "-", "<"),
    "joint": (LIGHT.cloud, "--", "D"),
    "autoencode": (LIGHT.muted, ":", "x"),
}
_APART = 0.05
_LONG = 14


def write_figures(result: SuiteResult, folder: Path, *, source: Source | None = None) -> list[Path]:
    """Draw what a run found: scores of every set, and foretold beside trained gains.

    Parameters
    ----------
    result : SuiteResult
        Of :func:`crossphase.experiments.real.suite.run_real`.
    folder : Path
        Must exist.
    source : Source or None, default None
        As given there.

    Returns
    -------
    list of Path
    """
    (table,) = result.tables
    cases = cases_of(table.name, source, smoke=result.scale.name == "smoke")
    numbered = list(enumerate(cases))
    written = []
    with scoped_style():
        for key, group in groupby(numbered, lambda entry: _sheet(entry[1])):
            figure = score_figure(table, list(group))
            ending = f"-{key}" if key else ""
            written.append(save(figure, folder / f"{table.name}{ending}-scores.png"))
        written.append(
            save(foretold_figure(table, numbered), folder / f"{table.name}-foretold.png")
        )
    return written


def _sheet(case: Case) -> str:
    """Cases of a sweep stand on a sheet of their own, all others on one."""
    return f"{case.dataset}-{case.label}".strip("-").replace(" ", "-") if case.change else ""


def score_figure(table: Table, cases: Sequence[tuple[int, Case]]) -> Figure:
    """Scores of every option, a panel a situation, and the regimes' probabilities.

    Rings are what following the advice gave.

    Parameters
    ----------
    table : Table
    cases : sequence of (int, Case)
        Numbers in the table, and cases; a sweep is joined by lines.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = panels(len(DEPLOYS) + 1, width=3.0, margin=1.8)
    swept = bool(cases[0][1].change)
    first = cases[0][1]
    for ax, deploy in zip(axes, DEPLOYS, strict=False):
        there = _options(case_table(table, cases[0][0], deploy))
        for rank, option in enumerate(there):
            _draw_option(ax, table, cases, deploy, option, rank - (len(there) - 1) / 2, swept)
        followed = [
            float(case_table(table, number, deploy)["followed"].mean()) for number, _ in cases
        ]
        ax.plot(
            range(len(cases)),
            followed,
            "o",
            mfc="none",
            mec=LIGHT.ink,
            ms=13,
            label="as recommended",
        )
        ax.set_title(_title(deploy, cases))
    for ax in axes[1 : len(DEPLOYS)]:
        ax.sharey(axes[0])
    _draw_regimes(axes[-1], table, cases)
    x, y = _views(cases)
    axes[-1].set_title(f"regime, {x}→{y}")
    names = [f"{case.strength:g}" if swept else case.name for _, case in cases]
    long = max(map(len, names)) > _LONG
    for ax in axes:
        ax.set_xticks(
            range(len(cases)), names, rotation=60 if long else 0, ha="right" if long else "center"
        )
        ax.set_xlim(-0.5, len(cases) - 0.5)
        if swept:
            ax.set_xlabel(_swept_label(first))
    if long:
        figure.set_figheight(figure.get_figheight() + 1.0)
    axes[0].margins(y=0.1)
    axes[0].set_ylabel("score on test rows")
    _legend(axes, *_views(cases))
    return figure


def _draw_regimes(ax: Axes, table: Table, cases: Sequence[tuple[int, Case]]) -> None:
    """What the diagnosis said: probabilities of the regimes, mean over seeds, and verdicts."""
    below = np.zeros(len(cases))
    for name, regime in PROBABILITIES.items():
        share = np.array([float(table.where(case=number)[name].mean()) for number, _ in cases])
        colour = LIGHT.regime(regime)
        ax.bar(
            range(len(cases)),
            share,
            bottom=below,
            color=colour,
            edgecolor=LIGHT.muted,
            linewidth=0.5,
            label=f"P({regime})",
        )
        below += share
    for place, (number, _) in enumerate(cases):
        said = by_seed(table.where(case=number))["regime"].astype(int)
        verdicts = tally([str(REGIMES[i]) for i in said]).replace(", ", "\n")
        ax.text(place, 0.5, verdicts, rotation=90, ha="center", va="center", color=LIGHT.ink)
    ax.set_ylim(0, 1)


def _views(cases: Sequence[tuple[int, Case]]) -> tuple[str, str]:
    """Names of the views, where all cases have the same."""
    views = {(case.x, case.y) for _, case in cases}
    return next(iter(views)) if len(views) == 1 else ("x", "y")


def _title(deploy: str, cases: Sequence[tuple[int, Case]]) -> str:
    x, y = _views(cases)
    return {"x": f"{x} at hand", "y": f"{y} at hand", "both": "both at hand"}[deploy]


def _swept_label(case: Case) -> str:
    if case.change == "style":
        return f"style of the {case.x}s"
    return f"noise of {case.y} (SD)"


def _options(part: Table) -> list[str]:
    return [OPTIONS[i] for i in np.unique(part["option"]).astype(int).tolist()]


def _draw_option(
    ax: Axes,
    table: Table,
    cases: Sequence[tuple[int, Case]],
    deploy: str,
    option: str,
    rank: float,
    swept: bool,
) -> None:
    """Mean over seeds and, as a line, from the least to the most."""
    colour, style, marker = _LOOKS[option]
    values = [option_scores(table, number, deploy, option) for number, _ in cases]
    places = np.arange(len(cases)) + _APART * rank
    means = np.array([of.mean() for of in values])
    ax.vlines(
        places, [of.min() for of in values], [of.max() for of in values], color=colour, linewidth=1
    )
    line = style if swept else "none"
    ax.plot(places, means, linestyle=line, color=colour, marker=marker, ms=5, label=option)


def _legend(axes: Sequence[Axes], x: str, y: str) -> None:
    """Every option once, in their order, with the views' names, beside the last panel."""
    names = {
        "unimodal x": f"{x} alone",
        "unimodal y": f"{y} alone",
        "predict x->y": f"predict {y}",
        "predict y->x": f"predict {x}",
    }
    found: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    order = [*(option for option in OPTIONS if option in found), "as recommended"]
    order += [name for name in found if name not in order]
    axes[-1].legend(
        [found[name] for name in order],
        [names.get(name, name) for name in order],
        loc="upper left",
        bbox_to_anchor=(1.02, 1.0),
    )


def foretold_figure(table: Table, cases: Sequence[tuple[int, Case]]) -> Figure:
    """Gains over the raw modality: what the outlook said against what training gave.

    Parameters
    ----------
    table : Table
    cases : sequence of (int, Case)

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (ax,) = panels(1, width=4.4, margin=1.7)
    told, given = [np.zeros(1)], [np.zeros(1)]
    for option in ("align", "predict x->y", "predict y->x"):
        colour, _, marker = _LOOKS[option]
        x, y = [], []
        for number, _ in cases:
            for deploy in DEPLOYS:
                part = case_table(table, number, deploy).where(option=OPTIONS.index(option))
                if len(part["score"]) and not np.isnan(part["foretold"]).any():
                    x.append(float(part["foretold"].mean()))
                    y.append(float((part["score"] - part["raw"]).mean()))
        ax.plot(x, y, linestyle="none", color=colour, marker=marker, label=option)
        told.append(np.array(x))
        given.append(np.array(y))
    ends = np.concatenate([*told, *given])
    low, high = float(ends.min()) - 0.02, float(ends.max()) + 0.02
    ax.plot([low, high], [low, high], ":", color=LIGHT.muted, linewidth=0.8)
    ax.axhline(0, color=LIGHT.grid, linewidth=0.8, zorder=0)
    ax.axvline(0, color=LIGHT.grid, linewidth=0.8, zorder=0)
    ax.set_xlabel("gain foretold from the labels")
    ax.set_ylabel("gain of training, test rows")
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))
    return figure
