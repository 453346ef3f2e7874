"""The verdict and its tables on a terminal, or as plain text when piped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crossphase.report.summary import OutlookGroup, Summary
from crossphase.results.formatting import interval, number, percent, probability, signed

if TYPE_CHECKING:
    from crossphase.errors import Finding

__all__ = ["print_report"]

# Colour repeats what the words and marks say; a pipe gets the words alone.
_EFFECT = {
    "helps": ("▲ helps", "bold blue"),
    "harms": ("▼ harms", "bold red"),
    "unclear": ("unclear", ""),
    "baseline": ("baseline", "dim"),
}
_SEVERITY = {"serious": "bold red", "warning": "yellow", "info": "dim"}


def print_report(summary: Summary, console: Console, *, brief: bool = False) -> None:
    """Print the verdict sentence, then compact tables.

    Parameters
    ----------
    summary : Summary
    console : rich.console.Console
        Decides width and colour; texts from the user's files are never read as markup.
    brief : bool, default False
        Print the verdict alone.
    """
    console.print(Text(summary.verdict, style="bold"), soft_wrap=not console.is_terminal)
    if not brief:
        console.print(Group(*_sections(summary)))


def _sections(s: Summary) -> Iterable[RenderableType]:
    yield ""
    yield from _recommendations(s)
    regime = Text.assemble("Regime: ", (s.regime, "bold"))
    if s.regime_note:
        regime.append(f". {s.regime_note}")
    regime.append("\n")
    yield regime
    if s.point_estimate:
        yield Text(
            "Point estimates, without intervals and finite-sample correction.\n", style="dim"
        )
    else:
        yield _regimes(s)
    yield _separations(s)
    if s.components:
        yield _components(s)
    yield from _outlook(s.outlook, percent(s.level))
    if s.stability:
        yield _stability(s)
    if s.warnings:
        yield Text("Warnings", style="bold")
        yield _warnings(s.warnings)
    facts = "; ".join(f"{fact.name}: {fact.value}" for fact in s.data)
    yield Text(facts, style="dim")


def _table(*columns: str, numbers: Iterable[int] = ()) -> Table:
    """A table without frame, closed by an empty line; `numbers` are never broken."""
    right = set(numbers)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for i, name in enumerate(columns):
        number_column = i in right
        table.add_column(
            Text(name),
            justify="right" if number_column else "left",
            no_wrap=number_column,
            overflow="fold",
        )
    return table


def _spaced(table: Table) -> RenderableType:
    return Group(table, "")


def _regimes(s: Summary) -> RenderableType:
    xy, yx = f"with {s.x_name}→{s.y_name}", f"with {s.y_name}→{s.x_name}"
    table = _table("Regime probability", xy, yx, numbers=(1, 2))
    for row in s.regimes:
        table.add_row(
            Text(row.regime),
            Text(probability(row.probability)),
            Text(probability(row.probability_yx)),
            style="bold" if row.most_likely else "",
        )
    return _spaced(table)


def _separations(s: Summary) -> RenderableType:
    if s.point_estimate:
        table = _table("Separation", "Δ", "recovered", "dim. needed", numbers=(1, 2, 3))
    else:
        table = _table(
            "Separation", "Δ", f"{percent(s.level)} interval", "P(Δ>1)", "recovered",
            "dim. needed", numbers=(1, 2, 3, 4, 5),
        )  # fmt: skip
    for row in s.separations:
        cells = [row.label.removeprefix("predict "), number(row.delta)]
        if not s.point_estimate:
            cells += [interval(row.interval), probability(row.probability)]
        cells += [f"{row.recovery} of {row.n_signal}", str(row.required_dim or "–")]
        table.add_row(*map(Text, cells))
    return _spaced(table)


def _components(s: Summary) -> RenderableType:
    table = _table("Shared component", "correlation", "P(signal)", "explained by", numbers=(1, 2))
    for line in s.components:
        table.add_row(
            Text(f"{line.component}, {line.role}"),
            Text(number(line.correlation)),
            Text(probability(line.signal_probability)),
            Text(line.explained or "–"),
        )
    return _spaced(table)


def _stability(s: Summary) -> RenderableType:
    table = _table("Stability", "same regime", "otherwise", numbers=(1,))
    for line in s.stability:
        table.add_row(
            Text(line.kind), Text(f"{line.agree} of {line.total}"), Text(line.disagreement)
        )
    return _spaced(table)


def _outlook(groups: Iterable[OutlookGroup], level: str) -> Iterable[RenderableType]:
    by_metric: dict[str, list[OutlookGroup]] = {}
    for group in groups:
        by_metric.setdefault(group.metric, []).append(group)
    for metric, same in by_metric.items():
        yield Text(f"Outlook: {metric} on held-out labelled rows, {level} intervals", style="bold")
        table = _table("Code", "dim", "score", "gain", "interval", "effect", numbers=(1, 2, 3, 4))
        for group in same:
            table.add_row(Text(group.title, style="bold"))
            for line in group.lines:
                base = line.effect == "baseline"
                mark, style = _EFFECT[line.effect]
                table.add_row(
                    Text(f"  {line.label}, {line.kind}"),
                    Text(str(line.dim)),
                    Text(number(line.score, 3)),
                    Text("" if base else signed(line.gain)),
                    Text("" if base else interval(line.gain_interval, sign=True)),
                    Text(mark, style=style),
                    style="dim" if base else "",
                )
        yield _spaced(table)


def _recommendations(s: Summary) -> Iterable[RenderableType]:
    for row in s.recommendations:
        unsaid = s.point_estimate or math.isnan(row.confidence)
        sure = "" if unsaid else f", probability {probability(row.confidence)}"
        yield Text.assemble(f"{_capital(row.situation)}: ", (row.action, "bold"), sure)
        if row.reasons:
            yield Padding(Text(row.reasons[0], style="dim"), (0, 0, 0, 2), expand=False)
    yield ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _warnings(warnings: Iterable[Finding]) -> RenderableType:
    table = _table("weight", "finding", "what it means", "what to do")
    for warning in warnings:
        table.add_row(
            Text(warning.severity, style=_SEVERITY[warning.severity]),
            Text(warning.finding),
            Text(warning.meaning),
            Text(warning.action or "nothing"),
        )
    return _spaced(table)
