"""Data frames in memory, of pandas, Polars and Arrow."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crossphase import InputError
from crossphase.sources.frames import open_object

X = np.array([[1.0, 0.5, 1.0], [2.0, np.nan, 0.0], [3.0, 2.5, 1.0]])
COLUMNS: dict[str, list[Any]] = {"a": [1, 2, 3], "b": [0.5, None, 2.5], "c": [True, False, True]}
FRAMES = {
    "pandas": pd.DataFrame(COLUMNS),
    "nullable": pd.DataFrame(COLUMNS).convert_dtypes(),
    "polars": pl.DataFrame(COLUMNS),
    "lazy": pl.LazyFrame(COLUMNS),
    "arrow": pa.table(COLUMNS),
    "batch": pa.RecordBatch.from_pydict(COLUMNS),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_missing_is_nan_and_names_are_kept(kind: str) -> None:
    table = open_object(FRAMES[kind], "x")
    assert table.names == ("a", "b", "c")
    np.testing.assert_array_equal(np.asarray(table.values), X)
    np.testing.assert_array_equal(table.values[1:], X[1:])
    np.testing.assert_array_equal(table.values[[2, 0]], X[[2, 0]])


def test_an_index_of_pandas_names_the_rows() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0]}, index=["u", "v"])
    assert open_object(frame, "x").ids == ["u", "v"]
    counted = open_object(frame.reset_index(drop=True), "x")
    assert counted.counted
    assert counted.ids is None


MATRIX = np.arange(6.0).reshape(3, 2)
LISTS = {
    "polars array": pl.DataFrame({"e": MATRIX}, schema={"e": pl.Array(pl.Float64, 2)}),
    "polars list": pl.DataFrame({"e": MATRIX.tolist()}),
    "arrow": pa.table({"e": pa.FixedSizeListArray.from_arrays(pa.array(MATRIX.ravel()), 2)}),
    "sliced": pa.table(
        {"e": pa.FixedSizeListArray.from_arrays(pa.array([9.0, 9.0, *MATRIX.ravel()]), 2)}
    ).slice(1),
}


@pytest.mark.parametrize("kind", LISTS)
def test_one_column_of_lists_is_a_matrix(kind: str) -> None:
    table = open_object(LISTS[kind], "x")
    assert table.names is None
    np.testing.assert_array_equal(np.asarray(table.values), MATRIX)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"a": [1.0], "day": [date(2026, 1, 1)]}), "'day' \\(date32"),
        (pd.DataFrame({"a": [1.0], "t": ["B"]}), r"'t' \(object\), first 'B' in row 0 of 't'"),
        (pl.DataFrame({"a": ["1,5"]}), "write decimal points, not decimal commas"),
        (pa.table({}), "x has no columns: give one for each feature"),
        (pl.DataFrame({"e": [[1.0], [1.0, 2.0]]}), "has 2 values in row 1 of 'e'"),
    ],
)
def test_what_is_no_number_is_refused_by_name(frame: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        np.asarray(open_object(frame, "x").values)
