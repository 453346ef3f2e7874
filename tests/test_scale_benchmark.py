"""The short form of benchmarks/scale: what its promises count, and how its tables are filled."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks" / "scale"
DOCUMENT = FOLDER.parents[1] / "docs" / "scale.md"


@pytest.fixture(autouse=True)
def _beside_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale")


def test_every_byte_is_read_once_and_again_only_where_the_documentation_says(folder: Path) -> None:
    import counting

    found = list(counting.counts(folder))
    assert len(found) == 4
    for what, times, passes in found:
        assert counting.kept(times, passes), f"{what}: read {times:.2f} times, not {passes}"


@pytest.mark.skipif(sys.platform != "linux", reason="peaks come from /proc")
def test_twice_the_rows_take_no_more_memory(folder: Path) -> None:
    import counting

    few, many = counting.peaks(folder)
    assert 50e6 < few < 400e6
    # All rows in memory would be far more than is allowed.
    assert counting.most_growth() < counting.PLAIN.nbytes / 2
    assert many <= few + counting.most_growth()


def test_the_first_rows_of_long_data_are_those_of_short_data(folder: Path) -> None:
    from problems import Problem, made

    short, long = (made(Problem(n, 3, 2, labelled=7), folder, "npy") for n in (17_000, 40_000))
    for side in "xy":
        whole = np.load(long / f"{side}.npy")
        np.testing.assert_array_equal(whole[:17_000], np.load(short / f"{side}.npy"))
    assert np.isfinite(np.load(long / "labels.npy")).sum() == 7


def test_five_in_a_hundred_counts_are_above_nothing(folder: Path) -> None:
    from problems import Problem, made

    home = made(Problem(6_000, 40, 3, sparse=True), folder, "npy")
    counts = np.load(home / "x.npy")
    assert (counts == np.round(counts)).all()
    assert (counts > 0).mean() == pytest.approx(0.05, abs=0.02)


def _records(seconds: float, **others: Any) -> list[dict[str, Any]]:
    return [{"seconds": seconds * of, **others} for of in (1.0, 1.1, 0.9)]


def test_goals_are_met_or_missed_by_ratios_within_a_repeat() -> None:
    import cases

    found = {
        "scatter 1": _records(2.0),
        "full 1": _records(10.0, peak=9e8, imported=7e7, warm=1e8, start=6e8),
        "regime 1": _records(8.0, peak=8e8),
        "full 2": [{"skipped": "one processor"}],
    }
    (wide,) = [case for case in cases.CASES if case.name == "wide"]
    lines = {line.what: line for line in wide.lines("paper", found)}
    full = lines["full diagnosis, jobs=1"]
    assert full.measured == "5.00 (5.00 to 5.00) scatters"
    assert full.met
    assert lines["regime only, jobs=1"].met is False
    assert lines["peak of the full diagnosis, jobs=1"].measured == "900 MB"
    assert lines["full diagnosis, jobs=2"].measured == "skipped: one processor"
    assert lines["full diagnosis, jobs=2"].met is None
    assert lines["outlook alone, jobs=1"].measured == "not measured"


def test_every_case_has_lines_before_anything_is_measured() -> None:
    import cases

    for case in cases.CASES:
        for scale in cases.SCALES:
            names = [run.name for run in case.runs(scale)]
            assert len(set(names)) == len(names) > 0
            lines = case.lines(scale, {})
            assert lines, case.name
            assert all(line.met is None for line in lines)


def test_the_document_has_places_for_what_is_measured(tmp_path: Path) -> None:
    import tables

    copy = tmp_path / "scale.md"
    copy.write_text(DOCUMENT.read_text())
    record = {"seconds": 1.0, "peak": 2e8, "anon": 1e8, "kernels": ["a kernel"], "versions": {}}
    machine = {"commit": "abc1234", "changed": False, "when": "today", "processors": 2}
    results = {"series": {"machine": machine, "records": {"pass 50000": [record]}}}
    tables.write_tables(copy, "paper", results)
    text = copy.read_text()
    assert "| 50,000 | – | 1.00 | – | 200 | – |" in text
    assert "series: commit abc1234, today" in text
    # Filling them again leaves nothing of what was there before.
    tables.write_tables(copy, "paper", results)
    assert copy.read_text() == text
    tables.write_tables(copy, "paper", results, "figures/lengths.png")
    assert "(figures/lengths.png)" in copy.read_text()
    with pytest.raises(ValueError, match="has no place"):
        tables.between("no marks", "goals", "")


def test_kernels_are_chosen_by_openblas_and_not_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import children

    monkeypatch.setitem(os.environ, "OPENBLAS_CORETYPE", "Haswell")
    given = children.environment(2, Path("old"))
    assert "OPENBLAS_CORETYPE" not in given
    assert (given["OMP_NUM_THREADS"], given["PYTHONPATH"]) == ("2", "old")
