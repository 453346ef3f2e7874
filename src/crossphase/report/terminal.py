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

from crossphase.report.sentences import closed
from crossphase.report.summary import OutlookGroup, OutlookLine, Summary, summarise
from crossphase.results.formatting import interval, number, percent, probability, signed
from crossphase.results.names import shorten

if TYPE_CHECKING:
    from crossphase.errors import Finding
    from crossphase.results import Diagnosis

__all__ = ["plain_table", "print_report", "warnings_table"]

# Colour repeats what the words and marks say; a pipe gets the words alone.
_EFFECT = {
    "helps": ("▲ helps", "bold blue"),
    "harms": ("▼ harms", "bold red"),
    "unclear": ("unclear", ""),
    "baseline": ("baseline", "dim"),
}
_SEVERITY = {"serious": "bold red", "warning": "yellow", "info": "dim"}

# Columns that the numbers of the separation table take, and those of the outlook beside
# "predict" and the kind; what is left is for names.
_SEPARATION_COLUMNS = 58
_OUTLOOK_COLUMNS = 70


def print_report(
    d: Diagnosis, console: Console, *, brief: bool = False, verbose: bool = False
) -> None:
    """Print the verdict sentence, then compact tables.

    Parameters
    ----------
    d : Diagnosis
    console : rich.console.Console
        Decides width and colour; texts from the user's files are never read as markup. Where it
        is too narrow for the modalities' names, tables call them x and y.
    brief : bool, default False
        Print the verdict alone, on one line.
    verbose : bool, default False
        Print every code of the outlook with its interval, every shared component, and the
        stability panel in full.
    """
    letters = _crowded(d, console.width)
    summary = summarise(d, letters=letters)
    console.print(Text(summary.verdict, style="bold"), soft_wrap=brief)
    if brief:
        return
    legend = f"In the tables x is {shorten(d.data.x_name)} and y is {shorten(d.data.y_name)}.\n"
    console.print(Group(*_sections(summary, legend if letters else "", verbose=verbose)))


def _crowded(d: Diagnosis, width: int) -> bool:
    """Whether the tables have no room for the names of the modalities."""
    lengths = [len(shorten(name)) for name in (d.data.x_name, d.data.y_name)]
    return sum(lengths) > width - _SEPARATION_COLUMNS or max(lengths) > width - _OUTLOOK_COLUMNS


def _sections(s: Summary, legend: str, *, verbose: bool) -> Iterable[RenderableType]:
    yield ""
    yield from _recommendations(s)
    yield Text.assemble("Regime: ", (s.regime, "bold"), f". {s.regime_note}".rstrip(), "\n")
    if legend:
        yield Text(legend, style="dim")
    if s.point_estimate:
        yield Text(
            "Point estimates, without intervals and finite-sample correction.\n", style="dim"
        )
    else:
        yield _regimes(s)
    yield _separations(s)
    if s.components and verbose:
        yield _components(s)
    yield from _outlook(s, verbose=verbose)
    if s.stability and verbose:
        yield _stability(s)
    if s.changes and verbose:
        yield _changes(s)
    if not verbose:
        yield from _in_short(s)
    if s.warnings:
        yield Text("Warnings", style="bold")
        yield warnings_table(s.warnings)
    yield Text("; ".join(f"{fact.name}: {fact.value}" for fact in s.data), style="dim")


def plain_table(*columns: str, numbers: Iterable[int] = ()) -> Table:
    """A table without frame; columns that are `numbers` are never broken."""
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


def _recommendations(s: Summary) -> Iterable[RenderableType]:
    for row in s.recommendations:
        sure = ""
        if not s.point_estimate and not math.isnan(row.confidence):
            sure = f" ({probability(row.confidence)})"
        yield Text.assemble(f"{_capital(row.situation)}: ", (row.action, "bold"), sure)
        if row.reasons and row.reasons[0] not in s.verdict:
            yield Padding(Text(row.reasons[0], style="dim"), (0, 0, 0, 2), expand=False)
    if s.confidences_of:
        yield Text(f"In brackets: the probability {' or '.join(s.confidences_of)}.", style="dim")
    yield ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _regimes(s: Summary) -> RenderableType:
    xy, yx = f"with {s.x_name}→{s.y_name}", f"with {s.y_name}→{s.x_name}"
    table = plain_table("Regime probability", xy, yx, numbers=(1, 2))
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
        table = plain_table("Separation", "Δ", "recovered", "dim. needed", numbers=(1, 2, 3))
    else:
        table = plain_table(
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
    table = plain_table(
        "Shared component", "correlation", "P(signal)", "explained by", numbers=(1, 2)
    )
    for line in s.components:
        table.add_row(
            Text(f"{line.component}, {line.role}"),
            Text(number(line.correlation)),
            Text(probability(line.signal_probability)),
            Text(line.explained or "–"),
        )
    rest = [Text(f"… {s.components_left_out}", style="dim")] if s.components_left_out else []
    return Group(table, *rest, "")


def _stability(s: Summary) -> RenderableType:
    table = plain_table("Stability", "same regime", "otherwise", numbers=(1,))
    for line in s.stability:
        table.add_row(
            Text(line.kind), Text(f"{line.agree} of {line.total}"), Text(line.disagreement)
        )
    return _spaced(table)


def _in_short(s: Summary) -> Iterable[RenderableType]:
    """What --verbose spells out, a line each."""
    if s.components:
        yield Text.assemble(("Shared components: ", "bold"), closed(s.components_said))
    if s.stability:
        yield Text.assemble(("Stability: ", "bold"), closed(s.stability_said))
    for row in s.changes[:1]:
        joint = ", " if row.cause.startswith("Δ") else ": "
        said = f"{row.label}{joint}{row.cause} {row.changes[0]}"
        yield Text.assemble(("To change it: ", "bold"), said)
    if s.planned:
        yield Text.assemble(("More data: ", "bold"), s.data_said[0])
    if s.components or s.stability or s.changes:
        yield ""


def _changes(s: Summary) -> RenderableType:
    """What sets each Δ and what would change it, as --verbose spells it out."""
    parts: list[RenderableType] = [Text("What would change the verdict", style="bold")]
    for row in s.changes:
        parts.append(Text.assemble((f"{row.label}: ", "bold"), row.cause))
        parts.append(Padding(Text(" ".join(row.changes), style="dim"), (0, 0, 0, 2), expand=False))
    parts += [Text(said) for said in s.data_said]
    return Group(*parts, "")


def _outlook(s: Summary, *, verbose: bool) -> Iterable[RenderableType]:
    by_metric: dict[str, list[OutlookGroup]] = {}
    for group in s.outlook:
        by_metric.setdefault(group.metric, []).append(group)
    for i, (metric, groups) in enumerate(by_metric.items()):
        if i:
            yield ""
        labels = f" for {groups[0].labels}" if groups[0].labels else ""
        title = f"Outlook{labels}: {metric} on held-out rows"
        yield Text(f"{title}, {percent(s.level)} intervals" if verbose else title, style="bold")
        yield _every_code(groups) if verbose else _side_by_side(groups)
    if s.outlook:
        yield Text(
            "Gains are over the features of the same kind, plain for linear codes, random for "
            "lifted ones.\n",
            style="dim",
        )


def _every_code(groups: Iterable[OutlookGroup]) -> RenderableType:
    table = plain_table("Code", "dim", "score", "gain", "interval", "effect", numbers=(1, 2, 3, 4))
    for group in groups:
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
    return table


def _side_by_side(groups: Iterable[OutlookGroup]) -> RenderableType:
    """A row a code, linear and lifted beside each other, without intervals."""
    table = plain_table("Code", "linear", "gain", "", "lifted", "gain", "", numbers=(1, 2, 4, 5))
    for group in groups:
        table.add_row(Text(group.title, style="bold"))
        by_code: dict[str, dict[str, OutlookLine]] = {}
        for line in group.lines:
            code = "no training" if line.effect == "baseline" else line.label
            by_code.setdefault(code, {})[line.kind] = line
        for code, kinds in by_code.items():
            cells = [cell for kind in ("linear", "lifted") for cell in _cells(kinds.get(kind))]
            table.add_row(Text(f"  {code}"), *cells)
    return table


def _cells(line: OutlookLine | None) -> tuple[Text, Text, Text]:
    if line is None:
        return Text(""), Text(""), Text("")
    if line.effect == "baseline":
        return Text(number(line.score, 3)), Text(""), Text("")
    mark, style = _EFFECT[line.effect]
    return Text(number(line.score, 3)), Text(signed(line.gain)), Text(mark, style=style)


def warnings_table(warnings: Iterable[Finding]) -> RenderableType:
    """Findings with their weight, and what to do about them.

    Parameters
    ----------
    warnings : iterable of Finding
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for warning in warnings:
        said = " ".join(closed(text) for text in (warning.finding, warning.meaning) if text)
        table.add_row(Text(warning.severity, style=_SEVERITY[warning.severity]), Text(said))
        if warning.action:
            table.add_row("", Text(f"→ {closed(warning.action)}"))
    return _spaced(table)
