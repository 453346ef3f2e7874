"""The table "published, ours, within" on the terminal and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossphase.experiments.linear.check import Check
from crossphase.experiments.linear.registry import SKIPPED
from crossphase.experiments.linear.suite import SuiteResult

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["as_markdown", "print_comparison"]

_HEADINGS = ("experiment", "quantity", "published", "ours", "±", "within")


def as_markdown(result: SuiteResult) -> str:
    """The comparison as a Markdown table, with run times below.

    Parameters
    ----------
    result : SuiteResult
    """
    rule = ("---", "---", "---:", "---:", "---:", "---")
    lines = [_HEADINGS, rule, *(_cells(check) for check in result.checks)]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    times = "".join(f"- {table.name}: {table.seconds:.1f} s\n" for table in result.tables)
    left_out = "".join(f"- {name}: skipped, {reason}\n" for name, reason in SKIPPED.items())
    return f"{text}\n{_summary(result)}\n\nProcessor time:\n\n{times}{left_out}"


def print_comparison(result: SuiteResult, console: Console) -> None:
    """Print the comparison.

    Parameters
    ----------
    result : SuiteResult
    console : rich.console.Console
    """
    from rich import box
    from rich.table import Table as RichTable

    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in _HEADINGS:
        numeric = heading in ("published", "ours", "±")
        grid.add_column(heading, justify="right" if numeric else "left")
    for check in result.checks:
        grid.add_row(*_cells(check))
    console.print(grid)
    for name, reason in SKIPPED.items():
        console.print(f"{name}: skipped, {reason}", markup=False, soft_wrap=True)
    console.print(_summary(result), markup=False, soft_wrap=True)


def _cells(check: Check) -> tuple[str, ...]:
    numbers = (check.published, check.ours, check.tolerance)
    published, ours, tolerance = (f"{value:.3g}" if value else "0" for value in numbers)
    answer = "yes" if check.within else "NO"
    return check.experiment, check.quantity, published, ours, tolerance, answer


def _summary(result: SuiteResult) -> str:
    agreed = sum(check.within for check in result.checks)
    processor = sum(table.seconds for table in result.tables)
    text = (
        f"{agreed} of {len(result.checks)} within tolerance; {processor:.0f} s of processor time, "
        f"{result.seconds:.0f} s by the clock"
    )
    if result.resumed:
        text += f" ({', '.join(result.resumed)} read from a former run)"
    return text
