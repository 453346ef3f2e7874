"""Lines, goals and whether they are met, as Markdown; and their place in a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cases import CASES, LENGTHS, Line, peak, seconds, titled

Record = dict[str, Any]
MARKS = ("<!-- begin: {} -->", "<!-- end: {} -->")


def goals_table(scale: str, results: Mapping[str, Record], only: Sequence[str] = ()) -> str:
    """Every line of every case, one table."""
    rows = ["| what | measured | goal | met |", "|---|---|---|---|"]
    for case in CASES:
        if only and case.name not in only:
            continue
        found = results.get(case.name, {}).get("records", {})
        rows.append(f"| **{titled(case, scale)}** | | | |")
        rows += [_row(line) for line in case.lines(scale, found)]
    return "\n".join(rows)


def _row(line: Line) -> str:
    met = {True: "yes", False: "**no**", None: ""}[line.met]
    return f"| {line.what} | {line.measured} | {line.goal} | {met} |"


def lengths_table(scale: str, results: Mapping[str, Record]) -> str:
    """Seconds and memory by number of rows."""
    found = results.get("series", {}).get("records", {})
    rows = [
        "| rows | scatter, s | pass, s | diagnosis, s "
        "| peak of the pass, MB | of the diagnosis, MB |",
        "|---|---|---|---|---|---|",
    ]
    for n in LENGTHS[scale]:
        cells = [f"{n:,}"]
        for name in ("scatter", "pass", "full"):
            taken = sorted(seconds(found, f"{name} {n}"))
            cells.append(f"{taken[len(taken) // 2]:.2f}" if taken else "–")
        for name in ("pass", "full"):
            there = seconds(found, f"{name} {n}")
            cells.append(f"{peak(found, f'{name} {n}') / 1e6:,.0f}" if there else "–")
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def machine_lines(results: Mapping[str, Record]) -> str:
    """Where and with what these were measured; cases of one commit and machine together."""
    together: dict[str, list[str]] = {}
    loads: dict[str, list[float]] = {}
    for name, result in results.items():
        machine = result["machine"]
        records = [r for of in result["records"].values() for r in of if "kernels" in r]
        kernels = sorted({kernel for r in records for kernel in r["kernels"]})
        versions = records[-1]["versions"] if records else {}
        repeats = max((len(of) for of in result["records"].values()), default=0)
        # An interrupted run may have gone on at another commit.
        commits = sorted({r.get("commit", machine["commit"]) for r in records}) or ["none"]
        told = (
            f"commit {' and '.join(commits)}{' with changes' if machine['changed'] else ''}, "
            f"{machine['when']}; {machine.get('processor', 'unknown processor')}, "
            f"{machine['processors']} processors; repeats: {repeats}; {', '.join(kernels)}; "
            + ", ".join(f"{package} {version}" for package, version in versions.items())
        )
        together.setdefault(told, []).append(name)
        loads.setdefault(told, []).append(machine.get("load", 0.0))
    return "\n".join(
        f"- {', '.join(names)}: {told}. Load of the machine before: {min(loads[told]):.1f} to "
        f"{max(loads[told]):.1f}."
        for told, names in together.items()
    )


def between(text: str, name: str, inside: str) -> str:
    """A document with what lies between two marks replaced.

    Raises
    ------
    ValueError
        If it lacks the marks.
    """
    begin, end = (mark.format(name) for mark in MARKS)
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"the document has no place {begin} … {end}")
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{inside}\n{end}{after}"


def write_tables(
    path: Path, scale: str, results: Mapping[str, Record], figure: str | None = None
) -> None:
    """Fill the three places of a document; `figure` is drawn of the lengths."""
    text = path.read_text()
    text = between(text, "goals", goals_table(scale, results))
    lengths = lengths_table(scale, results)
    if figure is not None:
        lengths += f"\n\n![Time and peak memory against the number of pairs]({figure})"
    text = between(text, "lengths", lengths)
    text = between(text, "machine", machine_lines(results))
    path.write_text(text)
