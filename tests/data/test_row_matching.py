"""Rows are matched by ID, or by position only when nothing speaks against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossphase import InputError, PairedData
from crossphase.data import align_by_id

RNG = np.random.default_rng(0)
N = 20
X, Y = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 2))
IDS = [f"c{i:02d}" for i in range(N)]
LABELS = np.array(["B", "T"])[np.arange(N) % 2]
FRAME_X, FRAME_Y = pd.DataFrame(X, index=IDS), pd.DataFrame(Y, index=IDS)
pair = PairedData.from_arrays


def assert_same(one: PairedData, other: PairedData) -> None:
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.y, other.y)
    np.testing.assert_array_equal(one.ids, other.ids)
    if other.labels is not None:
        np.testing.assert_array_equal(one.labels.targets(), other.labels.targets())
        np.testing.assert_array_equal(one.labelled_rows, other.labelled_rows)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    order=st.permutations(range(N)),
    label_rows=st.permutations(range(N)),
    n_label_rows=st.integers(8, N),
    integers=st.booleans(),
)
def test_result_depends_on_no_row_order_but_that_of_x(
    order: list[int], label_rows: list[int], n_label_rows: int, integers: bool
) -> None:
    ids = np.arange(100, 100 + N) if integers else np.array(IDS)
    chosen = [*range(4), *[row for row in label_rows if row >= 4]][:n_label_rows]
    shuffled = [row for row in label_rows if row in chosen]
    expected = pair(
        X, Y, LABELS[sorted(chosen)], ids_x=ids, ids_y=ids, ids_labels=ids[sorted(chosen)]
    )
    found = pair(
        X, Y[order], LABELS[shuffled], ids_x=ids, ids_y=ids[order], ids_labels=ids[shuffled]
    )
    assert_same(found, expected)
    np.testing.assert_array_equal(found.y, Y)
    np.testing.assert_array_equal(found.labelled_rows, sorted(chosen))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    keep_x=st.lists(st.integers(0, N - 1), min_size=3, unique=True),
    keep_y=st.lists(st.integers(0, N - 1), min_size=3, unique=True),
)
def test_inner_join_counts_add_up(keep_x: list[int], keep_y: list[int]) -> None:
    common = [row for row in keep_x if row in keep_y]
    if not common:
        with pytest.raises(InputError, match="no common IDs"):
            align_by_id(keep_x, keep_y)
        return
    found = align_by_id(keep_x, keep_y)
    assert [keep_x[row] for row in found.rows_x] == common
    assert [keep_y[row] for row in found.rows_y] == common
    report = found.report
    assert (report.n_common, report.dropped_x, report.dropped_y) == (
        len(common), len(keep_x) - len(common), len(keep_y) - len(common),
    )  # fmt: skip
    assert set(report.examples_x).isdisjoint(map(str, common))


def test_report_of_what_was_dropped() -> None:
    data = pair(X, Y[5:], LABELS, ids_x=IDS, ids_y=IDS[5:], ids_labels=IDS)
    report = data.alignment
    assert (report.by, report.n_x, report.n_y, report.n_common) == ("id", 20, 15, 15)
    assert (report.dropped_x, report.dropped_y, report.n_labels_dropped) == (5, 0, 5)
    assert report.examples_x == ("c00", "c01", "c02")
    assert [finding.code for finding in data.findings] == ["rows-dropped"]
    assert "5 of 20 rows of x" in data.findings[0].finding
    assert data.findings[0].severity == "info"
    assert pair(X, Y[:5], ids_x=IDS, ids_y=IDS[:5]).findings[0].severity == "warning"


def test_agreeing_indices_are_ids() -> None:
    data = pair(FRAME_X, FRAME_Y)
    assert data.alignment.by == "id"
    assert data.ids.tolist() == IDS
    assert data.x_features == ("0", "1", "2")


def test_disagreeing_indices_are_refused_until_told() -> None:
    moved = FRAME_Y.iloc[::-1]
    with pytest.raises(InputError, match=r"disagree, 20 IDs in common.*align='id'"):
        pair(FRAME_X, moved)
    assert_same(pair(FRAME_X, moved, align="id"), pair(FRAME_X, FRAME_Y))
    forced = pair(FRAME_X, moved, align="position")
    np.testing.assert_array_equal(forced.y, Y[::-1])
    assert [finding.code for finding in forced.findings] == ["ids-disagree"]


def test_one_fresh_and_one_shuffled_index_are_refused() -> None:
    fresh, shuffled = pd.DataFrame(X), pd.DataFrame(Y).sample(frac=1, random_state=0)
    for args in ((fresh, shuffled), (shuffled, fresh)):
        with pytest.raises(InputError, match="reordered or filtered"):
            pair(*args)
        assert pair(*args, align="position").n == N
    with pytest.raises(InputError, match="different row numbers"):
        pair(fresh, pd.DataFrame(Y), pd.Series(LABELS).sample(frac=1, random_state=0))


def test_ids_on_one_side_only_are_matched_by_position_and_told() -> None:
    data = pair(FRAME_X, Y)
    assert [finding.code for finding in data.findings] == ["matched-by-position"]
    assert data.ids.tolist() == IDS
    assert pair(Y, FRAME_X).ids.tolist() == IDS


def test_labels_join_on_their_index() -> None:
    some = pd.Series(LABELS[12:5:-1], index=IDS[12:5:-1], name="cell")
    data = pair(FRAME_X, FRAME_Y, some)
    np.testing.assert_array_equal(data.labelled_rows, np.arange(6, 13))
    np.testing.assert_array_equal(data.labels.columns[0].values[6:13], np.arange(6, 13) % 2)
    assert_same(pair(FRAME_X, FRAME_Y, {"cell": some}), data)


def test_labels_without_ids_follow_x_as_given() -> None:
    data = pair(X, Y[5:], LABELS, ids_x=IDS, ids_y=IDS[5:])
    np.testing.assert_array_equal(data.labels.columns[0].values, np.arange(5, N) % 2)
    assert "labels-follow-x" in [finding.code for finding in data.findings]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "duplicated x": ({"ids_x": [*IDS[:-1], "c00"], "ids_y": IDS}, "x has 1 duplicated ID .'c00'"),
    "duplicated y": ({"ids_x": IDS, "ids_y": ["a"] * N}, "y has 1 duplicated ID .'a'"),
    "duplicated labels": (
        {"ids_x": IDS, "ids_y": IDS, "ids_labels": ["c00"] * N, "labels": LABELS},
        "labels has 1 duplicated",
    ),
    "nothing common": (
        {"ids_x": IDS, "ids_y": [f"d{i}" for i in range(N)]},
        "no common IDs .'c00', 'c01', 'c02', … against 'd0'",
    ),
    "number and text": (
        {"ids_x": range(N), "ids_y": [str(i) for i in range(N)]},
        "some are numbers and some are text",
    ),
    "spaces": ({"ids_x": IDS, "ids_y": [f"{i} " for i in IDS]}, "surrounding spaces"),
    "case": ({"ids_x": IDS, "ids_y": [i.upper() for i in IDS]}, "upper and lower case"),
    "fractions": (
        {
            "ids_x": [str(i) for i in range(585, 585 + N)],
            "ids_y": [f"{i}.0" for i in range(585, 585 + N)],
        },
        "final .0: whole numbers were written as fractions",
    ),
    "leading zeros": (
        {"ids_x": [f"{i:05d}" for i in range(N)], "ids_y": list(range(N))},
        "leading zeros",
    ),
    "labels elsewhere": (
        {"ids_x": IDS, "ids_y": IDS, "labels": LABELS, "ids_labels": range(N)},
        "x and labels have no common IDs",
    ),
    "one side": ({"ids_x": IDS}, "y has no IDs to match x by"),
    "asked, none there": ({"align": "id"}, "x has no IDs"),
    "labels with IDs, x without": ({"labels": LABELS, "ids_labels": IDS}, "x has none"),
    "wrong length": ({"ids_x": IDS[1:], "ids_y": IDS}, "19 IDs for 20 rows"),
    "missing": ({"ids_x": [None, *IDS[1:]], "ids_y": IDS}, "ID of x in row 0 is missing"),
    "missing number": ({"ids_x": np.r_[np.nan, range(1, N)], "ids_y": range(N)}, "row 0 is nan"),
    "fraction": ({"ids_x": np.arange(N) / 2, "ids_y": range(N)}, "whole numbers"),
    "lists": ({"ids_x": [["a"]] * N, "ids_y": IDS}, "row 0 is a list"),
    "2-d": ({"ids_x": np.zeros((N, 2)), "ids_y": IDS}, "one ID for each row"),
    "unknown choice": ({"align": "index"}, "choose 'auto', 'id' or 'position'"),
    "twice told": (
        {"labels": LABELS, "labelled": range(N), "ids_labels": IDS},
        "give one of them",
    ),
    "filtered labels": (
        {"labels": pd.Series(LABELS[:7], index=range(3, 10))},
        r"labelled=labels\.index",
    ),
    "groups short": ({"groups": LABELS[1:]}, "groups have 19 rows"),
    "groups missing": ({"groups": [None, *LABELS[1:]]}, "1 of 20 pairs have no group"),
    "groups table": ({"groups": X}, "groups have 3 columns"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_rows_that_cannot_be_matched_are_refused_in_one_line(name: str) -> None:
    options, message = REFUSED[name]
    with pytest.raises(InputError, match=message) as caught:
        pair(X, Y, **options)
    assert "\n" not in str(caught.value)


def test_duplicated_index_is_refused_even_when_equal() -> None:
    twice = IDS[:10] * 2
    with pytest.raises(InputError, match="10 duplicated IDs"):
        pair(pd.DataFrame(X, index=twice), pd.DataFrame(Y, index=twice))


def test_id_types_that_come_with_pandas() -> None:
    days = pd.date_range("2020-01-01", periods=N)
    nested = pd.MultiIndex.from_product([["p", "q"], range(10)])
    for index in (days, nested):
        data = pair(
            pd.DataFrame(X, index=index), pd.DataFrame(Y, index=index).iloc[::-1], align="id"
        )
        np.testing.assert_array_equal(data.y, Y)
    floats = pair(X, Y, ids_x=np.arange(N, dtype=float), ids_y=np.arange(N))
    assert floats.n == N


def test_groups_and_covariates_follow_the_pairs() -> None:
    donors = pd.Series(["d2", "d1"] * 10, index=IDS).iloc[::-1]
    covariates = pd.DataFrame({"depth": X[:, 0], "batch": LABELS}, index=IDS).iloc[::-1]
    data = pair(FRAME_X, FRAME_Y.iloc[5:], groups=donors, covariates=covariates, align="id")
    assert data.group_names == ("d1", "d2")
    np.testing.assert_array_equal(data.groups, np.arange(6, N + 1) % 2)
    np.testing.assert_array_equal(data.covariates["depth"], X[5:, 0])
    np.testing.assert_array_equal(data.covariates["batch"], LABELS[5:])
    part = data.take([2, 0])
    np.testing.assert_array_equal(part.groups, data.groups[[2, 0]])
    np.testing.assert_array_equal(part.covariates["depth"], X[[7, 5], 0])
    assert pair(X, Y, groups=[3, 1] * 10).group_names == ("1", "3")
    by_id = pair(X, Y, ids_x=IDS, ids_y=IDS, groups=["q", "p"] * 10, ids_groups=IDS[::-1])
    np.testing.assert_array_equal(by_id.groups, [0, 1] * 10)


def test_input_is_left_alone() -> None:
    x, y = X.copy(), Y.copy()
    data = pair(x, y, LABELS)
    assert data.x is x or not np.shares_memory(data.x, x)
    np.testing.assert_array_equal(x, X)
