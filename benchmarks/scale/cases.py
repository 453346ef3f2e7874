"""What is measured, and what it is held against."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from problems import Problem

Record = dict[str, Any]
Found = Mapping[str, Sequence[Record]]
MB = 1e6
#: Scales: as in the goals, or small enough for a few minutes altogether.
SCALES = ("paper", "small")
WIDE = {"paper": Problem(100_000, 768, 512), "small": Problem(60_000, 192, 144)}
LONG = {"paper": Problem(2_000_000, 512, 512), "small": Problem(300_000, 64, 64)}
SHORT = {"paper": Problem(500_000, 512, 512), "small": Problem(150_000, 64, 64)}
SERIES = {"paper": Problem(2_000_000, 128, 128), "small": Problem(280_000, 128, 128)}
LENGTHS = {
    "paper": (50_000, 200_000, 500_000, 2_000_000),
    "small": (35_000, 70_000, 140_000, 280_000),
}
COUNTS = {
    "paper": Problem(50_000, 2_000, 50, sparse=True),
    "small": Problem(10_000, 400, 20, sparse=True),
}
FLAT = {
    "paper": Problem(200, 20_000, 5_000, dtype="float64", labelled=100),
    "small": Problem(100, 4_000, 1_000, dtype="float64", labelled=60),
}
PEER = {"paper": Problem(200_000, 256, 256), "small": Problem(40_000, 64, 64)}
FEW = Problem(2_000, 64, 64, dtype="float64", classes=10, labelled=1_000)
MANY = Problem(2_000, 64, 64, dtype="float64", classes=100, labelled=1_000)

REGIME = {"outlook": False, "stability": False}
PANEL = {"outlook": False, "stability": True}
OUTLOOK = {"outlook": True, "stability": False}


@dataclass(frozen=True)
class Run:
    """One process: what it does, with how many threads, and how often at most."""

    name: str
    spec: Record
    threads: int = 1
    baseline: bool = False
    most: int = 99


@dataclass(frozen=True)
class Line:
    """One line of the table of goals.

    Attributes
    ----------
    what : str
    measured : str
        With unit, and the range over repeats.
    goal : str
        Empty for what is only reported.
    met : bool or None
        None where there is no goal or no measurement.
    """

    what: str
    measured: str
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Case:
    """Some runs that take turns, and the lines that their records fill."""

    name: str
    what: str
    runs: Callable[[str], list[Run]]
    lines: Callable[[str, Found], list[Line]]


def _run(name: str, action: str, problem: Problem | None = None, jobs: int = 1, **spec: Any) -> Run:
    given: Record = {"action": action, **spec}
    if problem is not None:
        given["problem"] = problem.as_dict()
    if action in ("diagnose", "gather"):
        given["jobs"] = jobs
    return Run(name, given, threads=jobs)


def seconds(found: Found, name: str) -> list[float]:
    """Seconds of each repeat."""
    return [record["seconds"] for record in found.get(name, ()) if "seconds" in record]


def peak(found: Found, name: str, entry: str = "peak") -> float:
    """Median over repeats of a memory entry, in bytes."""
    return statistics.median(r[entry] for r in found[name] if "seconds" in r)


def _missing(found: Found, *names: str) -> str:
    """Why some run has no seconds; empty where all have."""
    for name in names:
        if not seconds(found, name):
            reasons = [r["skipped"] for r in found.get(name, ()) if "skipped" in r]
            return f"skipped: {reasons[0]}" if reasons else "not measured"
    return ""


def _ratio(
    what: str,
    found: Found,
    over: str,
    under: str,
    goal: float | None,
    *,
    minus: str = "",
    least: bool = False,
    unit: str = "×",
) -> Line:
    """Median of (over − minus) / under, repeat by repeat, beside a goal at most (or at least)."""
    sign = "≥" if least else "≤"
    wanted = "" if goal is None else f"{sign} {goal:.3g} {unit}"
    reason = _missing(found, over, under, *([minus] if minus else []))
    if reason:
        return Line(what, reason, wanted)
    less = seconds(found, minus) if minus else [0.0] * len(seconds(found, over))
    ratios = [
        (a - c) / b
        for a, b, c in zip(seconds(found, over), seconds(found, under), less, strict=False)
    ]
    value = statistics.median(ratios)
    shown = f"{value:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) {unit}"
    met = None if goal is None else (value >= goal if least else value <= goal)
    return Line(what, shown, wanted, met)


def _memory(
    what: str, found: Found, name: str, goal: float | None, entry: str = "peak", above: str = ""
) -> Line:
    wanted = "" if goal is None else f"≤ {goal / MB:,.0f} MB"
    reason = _missing(found, name)
    if reason:
        return Line(what, reason, wanted)
    value = peak(found, name, entry) - (peak(found, name, above) if above else 0.0)
    return Line(what, f"{value / MB:,.0f} MB", wanted, None if goal is None else value <= goal)


def _resident(found: Found, name: str) -> Line:
    reason = _missing(found, name)
    shown = reason or (
        f"{peak(found, name, 'imported') / MB:,.0f} MB; {peak(found, name, 'warm') / MB:,.0f} MB; "
        f"{peak(found, name, 'start') / MB:,.0f} MB"
    )
    return Line("resident after import; after a tiny diagnosis; with the data", shown)


# One function of runs and one of lines for each case.


def _wide_runs(scale: str) -> list[Run]:
    runs = []
    for jobs in (1, 2):
        runs.append(Run(f"scatter {jobs}", _scatter(WIDE[scale]), threads=jobs))
        for name, settings in (
            ("full", {}), ("regime", REGIME), ("outlook", OUTLOOK), ("panel", PANEL)
        ):  # fmt: skip
            runs.append(_run(f"{name} {jobs}", "diagnose", WIDE[scale], jobs, settings=settings))
    return runs


def _scatter(problem: Problem, **spec: Any) -> Record:
    return {"action": "scatter", "problem": problem.as_dict(), **spec}


def _wide_lines(scale: str, found: Found) -> list[Line]:
    problem = WIDE[scale]
    most = 1.5 * problem.nbytes + 400 * MB
    lines = []
    for jobs in (1, 2):
        of = f"jobs={jobs}"
        under = f"scatter {jobs}"
        lines += [
            _ratio(f"full diagnosis, {of}", found, f"full {jobs}", under, 6, unit="scatters"),
            _memory(f"peak of the full diagnosis, {of}", found, f"full {jobs}", most),
            _ratio(f"regime only, {of}", found, f"regime {jobs}", under, 2.5, unit="scatters"),
            _memory(f"peak of the regime, {of}", found, f"regime {jobs}", None),
            _ratio(
                f"outlook alone, {of}", found, f"outlook {jobs}", under, 2,
                minus=f"regime {jobs}", unit="scatters",
            ),
            _ratio(
                f"stability panel alone, {of}", found, f"panel {jobs}", under, 1.5,
                minus=f"regime {jobs}", unit="scatters",
            ),
        ]  # fmt: skip
    lines.append(_resident(found, "full 1"))
    lines.append(
        _ratio("full diagnosis: one thread over two", found, "full 1", "full 2", 1.7, least=True)
    )
    return lines


def _moments_runs(scale: str) -> list[Run]:
    problem = WIDE[scale]
    return [
        _run("double", "products", problem, dtype="float64"),
        _run("single", "products", problem, dtype="float32"),
        _run("from_arrays", "from_arrays", problem),
        _run("gather 1", "gather", problem, mode="map"),
        _run("gather 2", "gather", problem, 2, mode="map"),
    ]


def _moments_lines(scale: str, found: Found) -> list[Line]:
    lines = []
    for what, name in (("Moments.from_arrays", "from_arrays"), ("pass of gather", "gather 1")):
        lines.append(_ratio(f"{what} over cast + float64 product", found, name, "double", 1.15))
        lines.append(_ratio(f"{what} over float32 product", found, name, "single", 1.5))
    lines.append(
        _ratio(
            "pass of gather: one thread over two", found, "gather 1", "gather 2", 1.7, least=True
        )
    )
    return lines


def _files_runs(form: str) -> Callable[[str], list[Run]]:
    def runs(scale: str) -> list[Run]:
        mode = "map" if form == "npy" else form
        long, short = LONG[scale], SHORT[scale]
        found = [
            Run("scatter", _scatter(long)),
            _run("read", "read", long, form=form, cold=True),
            _run("long", "diagnose", long, form=form, mode=mode, cold=True),
        ]
        if form == "npy":
            # Maps of the first rows: no second file.
            return [*found, _run("short", "diagnose", long, mode=mode, rows=short.n, cold=True)]
        return [*found, _run("short", "diagnose", short, form=form, mode=mode, cold=True)]

    return runs


def _files_lines(form: str) -> Callable[[str, Found], list[Line]]:
    def lines(scale: str, found: Found) -> list[Line]:
        n, short = f"{LONG[scale].n:,}", f"{SHORT[scale].n:,}"
        of = "memory-mapped .npy" if form == "npy" else "Parquet"
        rows = [
            _ratio(
                f"{n} rows from {of}, less one plain read", found, "long", "scatter", 4,
                minus="read", unit="scatters",
            ),
            _memory(f"peak, {n} rows", found, "long", 2**30),
            _memory(f"peak, {short} rows", found, "short", 2**30),
            _same(f"peak, {n} over {short} rows", found, "peak"),
        ]  # fmt: skip
        if form == "npy":
            # Without the pages of mapped files, which belong to the system's cache.
            rows.append(_memory(f"of it its own (RssAnon), {n} rows", found, "long", None, "anon"))
            rows.append(_same(f"its own, {n} over {short} rows", found, "anon"))
        return rows

    return lines


def _same(what: str, found: Found, entry: str) -> Line:
    reason = _missing(found, "long", "short")
    if reason:
        return Line(what, reason, "1 ± 0.05")
    value = peak(found, "long", entry) / peak(found, "short", entry)
    return Line(what, f"{value:.2f}", "1 ± 0.05", abs(value - 1) <= 0.05)


def _counts_runs(scale: str) -> list[Run]:
    problem = COUNTS[scale]
    return [
        _run(f"{action} {form}", action, problem, form=form, mode=form, **spec)
        for form in ("h5ad", "h5mu")
        for action, spec in (("load", {}), ("gather", {}), ("diagnose", {"settings": REGIME}))
    ]


def _counts_lines(scale: str, found: Found) -> list[Line]:
    problem = COUNTS[scale]
    # 5 % of the counts are stored, as float32 with int32 columns, and bounds of rows.
    csr = 8 * 0.05 * problem.n * problem.dx + 4 * problem.n
    return [
        _memory(
            f".{form}: {what}, peak above start", found, f"{action} {form}", goal, above="start"
        )
        for form in ("h5ad", "h5mu")
        for action, what, goal in (
            ("load", "reading", 3 * csr),
            ("gather", "the pass alone", None),
            ("diagnose", "reading and regime", 3 * csr),
        )
    ]


def _flat_runs(scale: str) -> list[Run]:
    return [_run("full", "diagnose", FLAT[scale])]


def _flat_lines(scale: str, found: Found) -> list[Line]:
    reason = _missing(found, "full")
    taken = 0.0 if reason else statistics.median(seconds(found, "full"))
    return [
        Line("full diagnosis", reason or f"{taken:.2f} s", "≤ 5 s", None if reason else taken <= 5),
        _memory("its peak", found, "full", 600 * MB),
        _resident(found, "full"),
    ]


def _dask_runs(scale: str) -> list[Run]:
    workers = [_run(f"dask {n}", "dask", WIDE[scale], workers=n) for n in (1, 2)]
    return [*workers, _run("thread", "gather", WIDE[scale], mode="map")]


def _dask_lines(scale: str, found: Found) -> list[Line]:
    return [
        _ratio("one Dask worker over two", found, "dask 1", "dask 2", 1.6, least=True),
        _ratio("one Dask worker over one thread without Dask", found, "dask 1", "thread", None),
    ]


def _series_runs(scale: str) -> list[Run]:
    runs = []
    for n in LENGTHS[scale]:
        given = {"mode": "map", "rows": n}
        runs.append(Run(f"scatter {n}", _scatter(SERIES[scale], rows=n)))
        runs.append(_run(f"pass {n}", "gather", SERIES[scale], **given))
        runs.append(_run(f"full {n}", "diagnose", SERIES[scale], **given))
    return runs


def _series_lines(scale: str, found: Found) -> list[Line]:
    lines = []
    for what, name, goal in (("pass", "pass", "1 ± 0.1"), ("full diagnosis", "full", "")):
        label = f"{what}: exponent of n, {LENGTHS[scale][0]:,} to {LENGTHS[scale][-1]:,}"
        reason = _missing(found, *(f"{name} {n}" for n in LENGTHS[scale]))
        if reason:
            lines.append(Line(label, reason, goal))
            continue
        taken = [statistics.median(seconds(found, f"{name} {n}")) for n in LENGTHS[scale]]
        exponent = float(np.polyfit(np.log(LENGTHS[scale]), np.log(taken), 1)[0])
        met = abs(exponent - 1) <= 0.1 if goal else None
        lines.append(Line(label, f"{exponent:.2f}", goal, met))
    return lines


def _classes_runs(scale: str) -> list[Run]:
    return [_run("10", "diagnose", FEW), _run("100", "diagnose", MANY)]


def _classes_lines(scale: str, found: Found) -> list[Line]:
    return [_ratio("100 classes over 10", found, "100", "10", 1.5)]


def _before_runs(scale: str) -> list[Run]:
    return [
        Run(f"{name}{when}", {"action": name}, baseline=bool(when))
        for name in ("atlas", "demo")
        for when in ("", " before")
    ]


def _before_lines(scale: str, found: Found) -> list[Line]:
    lines = []
    for what, name, goal in (
        ("atlas of six views", "atlas", 0.4),
        ("crossphase demo", "demo", 0.5),
    ):
        lines.append(_ratio(f"{what} over the build before", found, name, f"{name} before", goal))
        reason = _missing(found, name)
        taken = 0.0 if reason else statistics.median(seconds(found, name))
        lines.append(Line(f"{what}, seconds", reason or f"{taken:.1f} s"))
    return lines


_PEER_WAYS = (("float32", 1), ("float64", 1), ("float32", 2))


def _peer_runs(scale: str) -> list[Run]:
    problem = PEER[scale]
    return [
        Run(
            f"{package} {dtype} {threads}",
            {
                "action": "components",
                "package": package,
                "dtype": dtype,
                "problem": problem.as_dict(),
            },
            threads=threads,
        )
        for dtype, threads in _PEER_WAYS
        for package in ("crossphase", "cca-zoo")
    ]


def _peer_lines(scale: str, found: Found) -> list[Line]:
    lines = []
    for dtype, threads in _PEER_WAYS:
        of = f"{dtype} {threads}"
        lines.append(
            _ratio(
                f"CrossAlignment over cca-zoo's CCA, {dtype}, BLAS threads: {threads}",
                found, f"crossphase {of}", f"cca-zoo {of}", 1 / 6,
            )
        )  # fmt: skip
        lines.append(_memory(f"peak of CrossAlignment, {dtype}", found, f"crossphase {of}", None))
    return lines[:-1]


CASES = (
    Case("wide", "{wide} float32 in memory, 200 labels", _wide_runs, _wide_lines),
    Case("moments", "{wide} float32, memory-mapped", _moments_runs, _moments_lines),
    Case("npy", "{long} float32, memory-mapped .npy", _files_runs("npy"), _files_lines("npy")),
    Case(
        "parquet", "{long} float32, Parquet with one column of fixed-size lists",
        _files_runs("parquet"), _files_lines("parquet"),
    ),
    Case("counts", "{counts} counts, 5 % above 0, and proteins", _counts_runs, _counts_lines),
    Case("flat", "{flat} float64, 100 labels", _flat_runs, _flat_lines),
    Case("dask", "{wide} float32, Dask workers of one thread", _dask_runs, _dask_lines),
    Case("series", "{series} float32, memory-mapped, by length", _series_runs, _series_lines),
    Case("classes", "2,000 × (64 + 64), 1,000 labels", _classes_runs, _classes_lines),
    Case("before", "digits: today's build and the one before", _before_runs, _before_lines),
    Case("peer", "{peer}, ten components", _peer_runs, _peer_lines),
)  # fmt: skip


def titled(case: Case, scale: str) -> str:
    """What a case is about, with the sizes of a scale."""
    problems = {
        "wide": WIDE, "long": LONG, "counts": COUNTS, "flat": FLAT, "series": SERIES, "peer": PEER
    }  # fmt: skip
    sizes = {
        name: f"{of[scale].n:,} × ({of[scale].dx:,} + {of[scale].dy:,})"
        for name, of in problems.items()
    }
    return case.what.format(**sizes)
