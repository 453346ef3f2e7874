"""The plan on a terminal, or as plain text when piped."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossphase.results import Plan
from crossphase.results.formatting import percent, probability

__all__ = ["print_plan"]


def print_plan(plan: Plan, console: Console, *, brief: bool = False) -> None:
    """Print the plan's sentence, then the probability of a right verdict by size.

    Parameters
    ----------
    plan : Plan
    console : rich.console.Console
        Decides width and colour.
    brief : bool, default False
        Print the sentence alone.
    """
    console.print(Text(plan.sentence, style="bold"), soft_wrap=brief)
    if brief or not plan.rows:
        return
    labels = sorted({row.n_labelled for row in plan.rows})
    right = {(row.n_pairs, row.n_labelled): row.right for row in plan.rows}
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column("Pairs \\ labelled", justify="right", no_wrap=True)
    for m in labels:
        table.add_column(Text(f"{m:,}"), justify="right", no_wrap=True)
    for n in sorted({row.n_pairs for row in plan.rows}):
        cells = []
        for m in labels:
            value = right.get((n, m))
            reached = value is not None and value >= plan.assurance
            text = "" if value is None else probability(value)
            cells.append(Text(text, style="bold" if reached else ""))
        table.add_row(Text(f"{n:,}"), *cells)
    unless = f", unless Δ lies within {percent(plan.margin)} of 1" if plan.margin else ""
    console.print(f"\nProbability that the right regime is named{unless}")
    console.print(table)
    console.print(
        f"\nAt present: {plan.n_pairs:,} pairs, {plan.n_labelled:,} labelled. A regime is named at "
        f"probability {plan.target_confidence:g}. Blank: far below the aim, or not possible.",
        style="dim",
    )
