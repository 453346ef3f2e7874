"""Parquet, by row groups and by parts."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossphase import InputError
from crossphase.sources import RowSource
from crossphase.sources.parquet import _batches, open_columns, open_file

X = np.random.default_rng(0).normal(size=(70, 4)).astype(np.float32)


def _lists(kind: str) -> pa.Array:
    flat = pa.array(X.ravel())
    if kind == "fixed":
        return pa.FixedSizeListArray.from_arrays(flat, 4)
    return pa.ListArray.from_arrays(np.arange(0, 281, 4, dtype=np.int32), flat)


@pytest.mark.parametrize("kind", ["columns", "fixed", "lists"])
def test_rows_are_the_array_however_they_are_read(kind: str, tmp_path: Path) -> None:
    names = list("abcd")
    columns = dict(zip(names, X.T, strict=True)) if kind == "columns" else {"emb": _lists(kind)}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet", row_group_size=30)
    table = open_file(tmp_path / "x.parquet")
    assert table.names == (tuple(names) if kind == "columns" else None)
    assert isinstance(table.values, RowSource)
    assert table.values.dtype == np.float32
    for source in (table.values, pickle.loads(pickle.dumps(table.values))):  # noqa: S301
        np.testing.assert_array_equal(np.asarray(source), X)
        np.testing.assert_array_equal(source[25:65], X[25:65])
        np.testing.assert_array_equal(source[[69, 0, 31]], X[[69, 0, 31]])


def test_row_groups_are_decoded_once_when_read_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"emb": _lists("fixed")}), tmp_path / "x.parquet", row_group_size=30)
    source = open_file(tmp_path / "x.parquet").values
    groups = []

    def counted(file, path, group, columns, rows):
        groups.append(group)
        return _batches(file, path, group, columns, rows)

    monkeypatch.setattr("crossphase.sources.parquet._batches", counted)
    for start in range(0, 70, 7):
        source[start : start + 7]
    assert groups == [0, 1, 2]


def test_missing_is_nan_and_integers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(
        pa.table({"a": [1, None, 2**24 + 1], "b": [True, False, None], "c.d": [0.5, 1.5, 2.5]}),
        path,
    )
    np.testing.assert_array_equal(
        np.asarray(open_file(path).values),
        [[1, 1, 0.5], [np.nan, 0, 1.5], [2**24 + 1, np.nan, 2.5]],
    )


def test_a_name_with_a_dot_is_no_field_of_another_column(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a.b": [1.0, 2.0], "a": [3.0, 4.0], "c": [5.0, 6.0]}), path)
    table = open_file(path, aside=["a.b"])
    np.testing.assert_array_equal(np.asarray(table.values), [[3, 5], [4, 6]])
    assert table.columns["a.b"].tolist() == [1.0, 2.0]


def test_parts_come_in_natural_order(tmp_path: Path) -> None:
    for number, rows in ((1, X[:20]), (2, X[20:50]), (10, X[50:])):
        pd.DataFrame(rows, columns=list("abcd")).to_parquet(tmp_path / f"p{number}.parquet")
    table = open_file(tmp_path)
    np.testing.assert_array_equal(np.asarray(table.values), X)
    assert table.counted


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"a": [1.0]}, r"p2\.parquet lacks column 'b', unlike p1\.parquet"),
        ({"a": [1.0], "b": [1.0], "c": [1.0]}, r"p2\.parquet has column 'c' besides"),
        ({"b": [1.0], "a": [1.0]}, "has its columns in another order"),
        ({"a": [1.0], "b": [1]}, "has column 'b' of type int64, and .* has double"),
    ],
)
def test_parts_that_differ_are_refused(other: dict, message: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1.0], "b": [2.0]}), tmp_path / "p1.parquet")
    pq.write_table(pa.table(other), tmp_path / "p2.parquet")
    with pytest.raises(InputError, match=message):
        open_file(tmp_path)


def test_lists_of_other_lengths_are_refused_with_their_row(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"emb": [[1.0, 2.0], None, [3.0]]}), path)
    source = open_file(path).values
    np.testing.assert_array_equal(source[:2], [[1, 2], [np.nan, np.nan]])
    with pytest.raises(InputError, match=r"has 1 values in row 2 of 'emb' .* and 2 before"):
        source[:3]


def test_index_and_columns_beside_the_features(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    frame = pd.DataFrame(X[:3], columns=list("abcd"), index=pd.Index(["u", "v", "w"], name="cell"))
    frame["type"] = pd.Categorical(["B", None, "T"], ["T", "B"])
    frame.to_parquet(path)
    table = open_file(path, aside=["type"])
    assert table.ids == ["u", "v", "w"]
    assert not table.named
    assert table.columns["type"].categories == ["T", "B"]
    assert list(table.columns["type"]) == ["B", None, "T"]
    named = open_file(path, id_column="cell", aside=["type"])
    assert (named.named, named.ids.tolist()) == (True, ["u", "v", "w"])
    assert list(open_columns(path).columns) == ["a", "b", "c", "d", "type"]


def test_keys_choose_a_column_of_lists(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"emb": _lists("fixed"), "n": np.arange(70)}), path)
    np.testing.assert_array_equal(np.asarray(open_file(path, key="emb").values), X)
    with pytest.raises(InputError, match="say which is meant by its key, emb"):
        open_file(path)
    with pytest.raises(InputError, match="has no column 'z': choose its key among emb, n"):
        open_file(path, key="z")
