"""Dask collections are read a partition at a time, whatever their chunks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from crossphase.errors import InputError
from crossphase.sources.dask_tables import DaskRows, aligned_partitions, open_object, to_numpy

VALUES = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
FRAME = pd.DataFrame(VALUES, columns=list("abcd"))

Make = Callable[[], Any]


def unknown_lengths() -> Any:
    table = da.from_array(np.vstack([VALUES, -np.ones((30, 4), np.float32)]), chunks=(16, 4))
    return table[da.from_array(np.arange(80) < 50, chunks=16)]


def unknown_lengths_in_columns() -> Any:
    parts = [unknown_lengths()[:, :1], unknown_lengths()[:, 1:]]
    return da.concatenate(parts, axis=1, allow_unknown_chunksizes=True)


def masked() -> Any:
    return da.ma.masked_equal(da.from_array(VALUES, chunks=(7, 4)), VALUES[3, 2])


def sparse() -> Any:
    table = da.from_array(VALUES, chunks=(20, 4))
    return table.map_blocks(sp.csr_matrix, meta=sp.csr_matrix((0, 0), dtype=np.float32))


def filtered() -> Any:
    frame = dd.from_pandas(pd.concat([FRAME, FRAME.assign(a=np.float32(-9))]), npartitions=6)
    return frame[frame.a > -8]


MAKERS: dict[str, Make] = {
    "rows": lambda: da.from_array(VALUES, chunks=(16, 4)),
    "columns": lambda: da.from_array(VALUES, chunks=(16, 3)),
    "one chunk": lambda: da.from_array(VALUES, chunks=-1),
    "unknown lengths": unknown_lengths,
    "unknown lengths in chunks of columns": unknown_lengths_in_columns,
    "sparse": sparse,
    "frame": lambda: dd.from_pandas(FRAME, npartitions=4),
    "filtered frame with an empty partition": filtered,
    "nullable frame": lambda: dd.from_pandas(FRAME.astype("Float32"), npartitions=3),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_any_rows_are_those_of_the_dense_array(kind: str) -> None:
    source = open_object(MAKERS[kind](), "x").values
    assert (source.shape, source.dtype) == (VALUES.shape, np.float32)
    for rows in (
        slice(None), slice(0, 5), slice(15, 17), slice(3, 45), slice(7, 7), slice(None, None, -3),
        np.array([49, 0, 0, 17, 16]), np.arange(50) % 2 == 0, np.array([], dtype=int),
    ):  # fmt: skip
        np.testing.assert_array_equal(source[rows], VALUES[rows])
    np.testing.assert_array_equal(np.vstack(dask.compute(*source.partitions())), VALUES)
    assert sum(source.lengths) == 50


def test_masked_entries_are_nan() -> None:
    block = open_object(masked(), "x").values[:]
    assert np.isnan(block[3, 2])
    assert np.isnan(block).sum() == 1


def test_missing_entries_of_a_frame_are_nan_and_whole_numbers_exact() -> None:
    big = 2**40 + 1
    frame = pd.DataFrame({"a": pd.array([1, None, big], dtype="Int64"), "b": [True, False, True]})
    table = open_object(dd.from_pandas(frame, npartitions=2), "x")
    assert (table.names, table.ids, table.values.dtype) == (("a", "b"), None, np.float64)
    np.testing.assert_array_equal(table.values[:], [[1, 1], [np.nan, 0], [big, 1]])


def counted_array(calls: list[int], lengths: tuple[int, ...]) -> Any:
    def block(block_info: Any = None) -> Any:
        (start, stop), _ = block_info[None]["array-location"]
        calls.append(start)
        return np.arange(start, stop, dtype=float)[:, None]

    return da.map_blocks(block, chunks=(lengths, (1,)), dtype=float, meta=np.empty((0, 0)))


def test_reading_in_order_computes_each_partition_once() -> None:
    calls: list[int] = []
    source = open_object(counted_array(calls, (10, 10, 10)), "x").values
    assert calls == []
    for start in range(0, 30, 3):
        np.testing.assert_array_equal(source[start : start + 3][:, 0], np.arange(start, start + 3))
    assert calls == [0, 10, 20]
    assert source[[5, 6]].shape == (2, 1)
    assert calls == [0, 10, 20, 0]


def test_a_kept_partition_cannot_be_written_into() -> None:
    source = open_object(da.from_array(VALUES, chunks=(25, 4)), "x").values
    source[0:5][:] = 7
    np.testing.assert_array_equal(source[0:5], VALUES[:5])


def test_lengths_are_counted_from_one_column_of_a_parquet_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dd.from_pandas(FRAME, npartitions=3).to_parquet(tmp_path / "x")
    read: list[tuple[str, ...]] = []
    inner = dd.read_parquet(tmp_path / "x")

    def noted(frame: Any) -> Any:
        read.append(tuple(frame.columns))
        return frame

    import crossphase.sources.dask_tables as module

    length = module._length
    monkeypatch.setattr(module, "_length", lambda block: length(noted(block)))
    with dask.config.set(scheduler="sync"):
        source = open_object(inner, "x").values
    assert read == [("a",)] * 3
    np.testing.assert_array_equal(source[:], VALUES)


def test_partitions_of_two_collections_are_cut_at_the_bounds_of_either() -> None:
    calls: list[int] = []
    x = open_object(counted_array(calls, (10, 0, 15, 5)), "x").values
    y = open_object(counted_array(calls, (12, 18)), "y").values
    cut = aligned_partitions(x, y)
    assert calls == []
    assert [(start, stop) for start, stop, _, _ in cut] == [(0, 10), (10, 12), (12, 25), (25, 30)]
    for start, stop, of_x, of_y in cut:
        for block in dask.compute(of_x, of_y):
            np.testing.assert_array_equal(block[:, 0], np.arange(start, stop))


def test_partitions_of_unequally_many_rows_are_not_cut() -> None:
    x, y = (open_object(da.ones((n, 2)), "x").values for n in (3, 4))
    with pytest.raises(InputError, match="x has 3 rows and y has 4"):
        aligned_partitions(x, y)


@pytest.mark.parametrize("kind", ["array", "series", "index", "categories", "plain"])
def test_columns_of_labels_become_arrays(kind: str) -> None:
    wanted = np.array(["a", "b", "a", "c"])
    series = pd.Series(wanted, name="label")
    column = {
        "array": da.from_array(wanted, chunks=3),
        "series": dd.from_pandas(series, npartitions=2),
        "index": dd.from_pandas(pd.DataFrame({"v": 1}, index=wanted), 2, sort=False).index,
        "categories": dd.from_pandas(series.astype("category"), npartitions=2),
        "plain": wanted.tolist(),
    }[kind]
    np.testing.assert_array_equal(to_numpy(column).astype(str), wanted)


def test_a_frame_of_labels_becomes_columns_by_name() -> None:
    found = to_numpy(dd.from_pandas(pd.DataFrame({"k": [1, 2], "l": ["a", "b"]}), npartitions=2))
    assert {name: column.tolist() for name, column in found.items()} == {
        "k": [1, 2],
        "l": ["a", "b"],
    }


def other_columns() -> Any:
    parts = [dask.delayed(FRAME), dask.delayed(FRAME.rename(columns={"b": "z"}))]
    return dd.from_delayed(parts, meta=FRAME.iloc[:0], verify_meta=False)


def other_dtypes() -> Any:
    parts = [dask.delayed(FRAME), dask.delayed(FRAME.assign(b=1e300))]
    return dd.from_delayed(parts, meta=FRAME.iloc[:0], verify_meta=False)


def text_in_a_partition() -> Any:
    parts = [dask.delayed(FRAME), dask.delayed(FRAME.assign(c="one"))]
    return dd.from_delayed(parts, meta=FRAME.iloc[:0], verify_meta=False)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (other_columns, "partition 1 .* of x has other columns .*'z', not 'b'"),
        (other_dtypes, "partition 1 .* of x has 'b' of dtype float64, .* into float32"),
        (text_in_a_partition, "partition 1 .* of x has 'c' of dtype"),
        (lambda: dd.from_pandas(FRAME.assign(c="one"), npartitions=1), "not numeric, 'c'"),
        (lambda: dd.from_pandas(FRAME.a, npartitions=1), r"Series: .*\.to_frame\(\)"),
        (lambda: da.ones(3), r"1 dimensions.*reshape\(-1, 1\)"),
        (lambda: da.ones((3, 2, 2)), "3 dimensions.*flattening the rest"),
        (lambda: da.ones((3, 2), dtype=complex), "real numbers"),
        (lambda: dask.delayed(np.ones)((3, 2)), "Delayed: give a dask.array"),
        (lambda: da.ones((3, 4))[:, da.ones(4) > 0], "compute_chunk_sizes"),
    ],
)
def test_what_cannot_be_used_is_named(make: Make, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_object(make(), "x").values[:]
    assert "\n" not in str(caught.value)


def test_a_collection_that_changes_is_noticed() -> None:
    rng = np.random.default_rng(0)
    grown = dask.delayed(lambda: np.ones((int(rng.integers(5, 50)), 2)), pure=False)
    table = da.concatenate(
        [da.from_delayed(grown(), (np.nan, 2), float), da.ones((5, 2), chunks=5)],
        allow_unknown_chunksizes=True,
    )
    source = open_object(table, "x").values
    assert isinstance(source, DaskRows)
    for rows in (slice(0, 2), np.array([0, 1])):
        with pytest.raises(InputError, match=r"another number of rows.*persist"):
            source[rows]
