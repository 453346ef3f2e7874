"""Rows far outside: found whatever they hide behind, set aside, never mistaken."""

from __future__ import annotations

import numpy as np
import pytest

from crossphase import diagnose
from crossphase.config import Settings
from crossphase.data import PairedData
from crossphase.data.outlying import outlying_rows, set_outlying_aside

SETTINGS = Settings(outlook=False, stability=False)


def normal(n: int = 400, d: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize(
    "values",
    [
        normal(),
        normal(3000, 2),
        normal(60, 400),
        np.exp(normal()),
        normal(400, 5) / np.sqrt(np.random.default_rng(1).chisquare(4, size=(400, 1)) / 4),
        np.random.default_rng(0).poisson(0.05, size=(500, 30)),
        np.random.default_rng(0).poisson(3, size=(500, 3)) * np.array([1, 100, 1e6]),
        np.column_stack([np.ones(100), np.arange(100)]),
        1e-70 * normal(),
        np.eye(50),
    ],
    ids=["normal", "many", "wide", "lognormal", "t4", "sparse", "scales", "ramp", "tiny", "eye"],
)
def test_ordinary_rows_are_not_outlying(values: np.ndarray) -> None:
    assert not outlying_rows(np.asarray(values, dtype=np.float64)).any()


@pytest.mark.parametrize("n", [60, 400, 5000])
@pytest.mark.parametrize("count", [1, 3])
def test_rows_and_single_entries_far_out_are_found(n: int, count: int) -> None:
    rows, entries = normal(n), normal(n)
    rows[:count] *= 1e6
    entries[:count, 2] = -1e9
    for values in (rows, entries):
        np.testing.assert_array_equal(np.flatnonzero(outlying_rows(values)), np.arange(count))


def test_a_few_wild_rows_leave_the_verdict_where_it_was() -> None:
    rng = np.random.default_rng(0)
    s, u = rng.normal(size=(2, 600, 1))
    x = np.hstack([s, u, rng.normal(size=(600, 6))]) + 0.6 * rng.normal(size=(600, 8))
    y = np.hstack([s, u, rng.normal(size=(600, 4))]) + 0.7 * rng.normal(size=(600, 6))
    wild = x.copy()
    wild[:5] *= 1e6
    one = diagnose(x[5:], y[5:], s[5:200, 0], labelled=range(195), settings=SETTINGS)
    two = diagnose(wild, y, s[:200, 0], labelled=range(200), settings=SETTINGS)
    [finding] = [f for f in two.warnings if f.code == "outlying-rows"]
    assert finding.finding.startswith("5 of 600 pairs")
    assert finding.finding.endswith("rows 0, 1, 2, 3, 4.")
    assert two.data.n_pairs == 595
    assert two.alignment.delta == pytest.approx(one.alignment.delta, rel=0.02)


def test_ids_are_told_where_rows_have_them() -> None:
    x = normal(50)
    x[3] *= 1e6
    data = PairedData.from_arrays(x, normal(50, 3, 1), ids_x=[f"c{i}" for i in range(50)],
                                  ids_y=[f"c{i}" for i in range(50)])  # fmt: skip
    assert set_outlying_aside(data).findings[-1].finding.endswith("ID c3.")


def test_too_many_wild_rows_are_reported_and_kept() -> None:
    x = normal(100)
    x[:10] *= 1e6
    data = set_outlying_aside(PairedData.from_arrays(x, normal(100, 3, 1)))
    assert data.n == 100
    assert "describe" in data.findings[-1].meaning


def test_a_wild_row_with_the_only_label_of_its_class_is_kept() -> None:
    x = normal(100)
    x[0] *= 1e6
    labels = ["rare"] + ["common"] * 99
    assert set_outlying_aside(PairedData.from_arrays(x, normal(100, 3, 1), labels)).n == 100
