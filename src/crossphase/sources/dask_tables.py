"""Dask arrays and data frames: partitions are computed when their rows are read.

The index of a Dask data frame is not taken as IDs: it usually starts again in every partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from crossphase.errors import InputError, import_extra
from crossphase.sources.parted_rows import ChunkedRows
from crossphase.sources.rows import float_dtype
from crossphase.sources.sparse import real_dtype
from crossphase.sources.table import Table

__all__ = ["DaskRows", "aligned_partitions", "open_object", "to_numpy"]

Ints = NDArray[np.intp]

_SHOWN = 5


class DaskRows(ChunkedRows):
    """Rows of a Dask collection: one partition, the last one used, is in memory at a time.

    Reads of several partitions, and rows at any positions, are one computation each, of which
    only the rows wanted come back.

    Parameters
    ----------
    blocks : sequence of dask.delayed.Delayed
        Partitions, each a dense float array of shape (rows, d).
    lengths : sequence of int
        Rows of each.
    width : int
        Features.
    dtype : dtype
        float32 or float64.

    Examples
    --------
    >>> import dask.array as da
    >>> source = open_object(da.arange(12, chunks=4).reshape(6, 2), "x").values
    >>> source.lengths, source[1:4].tolist()
    ([2, 2, 2], [[2.0, 3.0], [4.0, 5.0], [6.0, 7.0]])
    """

    def __init__(
        self, blocks: Sequence[Any], lengths: Sequence[int], width: int, dtype: DTypeLike
    ) -> None:
        super().__init__(lengths, width, dtype)
        self._blocks = list(blocks)

    def partitions(self) -> list[Any]:
        """Delayed dense blocks, one a partition; `lengths` has their numbers of rows."""
        return list(self._blocks)

    def chunk(self, index: int) -> NDArray[Any]:
        """Compute one partition."""
        (block,) = _compute([self._blocks[index]])
        return self._checked(block, index)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        stop = min(stop, self.shape[0])
        first = int(np.searchsorted(self.bounds, start, side="right")) - 1
        last = int(np.searchsorted(self.bounds, stop, side="left"))
        if last - first <= 2:
            # Most reads go on where the one before stopped, in the partition that is kept.
            return super().read(start, stop)
        return self.take(np.arange(start, stop))

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions, in the order given."""
        out = np.empty((len(rows), self.shape[1]), dtype=self.dtype)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        of = np.searchsorted(self.bounds, ordered, side="right") - 1
        cuts = [0, *(np.flatnonzero(np.diff(of)) + 1).tolist(), len(rows)]
        runs = [(first, last) for first, last in pairwise(cuts) if first < last]
        delayed = import_extra("dask", "dask", "Dask collections").delayed
        wanted = []
        for first, last in runs:
            index = int(of[first])
            at = ordered[first:last] - self.bounds[index]
            wanted.append(delayed(_rows)(self._blocks[index], at, self.lengths[index]))
        for (first, last), block in zip(runs, _compute(wanted), strict=True):
            if block is None:
                raise _grown(int(of[first]))
            out[order[first:last]] = block
        return out

    def _checked(self, block: NDArray[Any], index: int) -> NDArray[Any]:
        if block.shape != (self.lengths[index], self.shape[1]):
            raise _grown(index)
        return block


def _grown(index: int) -> InputError:
    return InputError(
        f"partition {index} (counted from 0) yields another number of rows than before: .persist() "
        "the collection, or make what it computes the same every time"
    )


def _rows(block: NDArray[Any], rows: Ints, length: int) -> NDArray[Any] | None:
    """Some rows of a partition; None if it is not as long as it was."""
    return block[rows] if len(block) == length else None


def _compute(wanted: Sequence[Any]) -> Sequence[Any]:
    dask = import_extra("dask", "dask", "Dask collections")
    found: Sequence[Any] = dask.compute(*wanted)
    return found


def aligned_partitions(x: DaskRows, y: DaskRows) -> list[tuple[int, int, Any, Any]]:
    """Partitions of two modalities cut at the bounds of either, nothing computed.

    Parameters
    ----------
    x, y : DaskRows
        Of equally many rows.

    Returns
    -------
    list of (start, stop, x_block, y_block)
        Bounds of rows, and the delayed dense blocks of both.

    Raises
    ------
    InputError
        If numbers of rows differ.

    Examples
    --------
    >>> import dask.array as da
    >>> x, y = (open_object(da.ones((6, 2), chunks=n), "x").values for n in ((4, 2), (3, 2)))
    >>> [(start, stop) for start, stop, _, _ in aligned_partitions(x, y)]
    [(0, 3), (3, 4), (4, 6)]
    """
    if len(x) != len(y):
        raise InputError(
            f"x has {len(x)} rows and y has {len(y)}: give rows that belong together, or match "
            "them by IDs"
        )
    delayed = import_extra("dask", "dask", "Dask collections").delayed
    bounds = np.union1d(x.bounds, y.bounds).tolist()

    def cut(source: DaskRows, start: int, stop: int) -> Any:
        index = int(np.searchsorted(source.bounds, start, side="right")) - 1
        at, end = int(source.bounds[index]), int(source.bounds[index + 1])
        block = source.partitions()[index]
        return block if (start, stop) == (at, end) else delayed(_cut)(block, start - at, stop - at)

    return [
        (start, stop, cut(x, start, stop), cut(y, start, stop)) for start, stop in pairwise(bounds)
    ]


def _cut(block: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    return block[start:stop]


def to_numpy(column: Any) -> Any:
    """Labels, groups or covariates as NumPy arrays.

    Parameters
    ----------
    column : dask.array.Array, dask.dataframe.Series, Index or DataFrame, or array-like
        The index of a data frame is left out.

    Returns
    -------
    ndarray, or dict of str to ndarray
        The latter for data frames. Of an ordinary array, the array itself.

    Examples
    --------
    >>> import dask.array as da
    >>> to_numpy(da.arange(3, chunks=2))
    array([0, 1, 2])
    """
    if hasattr(column, "__dask_graph__"):
        (column,) = _compute([column])
    if hasattr(column, "iloc") and hasattr(column, "columns"):
        return {str(name): np.asarray(column.iloc[:, at]) for at, name in enumerate(column.columns)}
    return np.asarray(column)


def open_object(table: Any, what: str) -> Table:
    """Rows of a Dask array or data frame.

    Parameters
    ----------
    table : dask.array.Array or dask.dataframe.DataFrame of shape (n, d)
        Partitions of unknown length are counted here, in one computation: of the first column
        alone where Dask can leave out the others. Arrays in chunks of columns are rechunked, each
        partition when it is computed.
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table
        IDs are None: the index of a Dask data frame does not tell its rows apart.

    Raises
    ------
    InputError
        If it is no table of real numbers.
    MissingExtraError
        Without Dask.
    """
    modules = [kind.__module__ for kind in type(table).__mro__]
    if any(module.startswith(("dask.dataframe", "dask_expr")) for module in modules):
        if not hasattr(table, "columns") or table.ndim != 2:
            kind = type(table).__name__
            raise InputError(
                f"{what} is a Dask {kind}: for a single feature give it as one column, .to_frame()"
            )
        return _of_frame(table, what)
    if any(module.startswith("dask.array") for module in modules):
        return Table(_of_array(table, what))
    kind = type(table).__name__
    raise InputError(f"{what} is a Dask {kind}: give a dask.array or a dask.dataframe")


def _of_array(table: Any, what: str) -> DaskRows:
    if table.ndim != 2:
        mend = ".reshape(-1, 1) for a single feature" if table.ndim == 1 else "flattening the rest"
        raise InputError(
            f"{what} is a Dask array of {table.ndim} dimensions, shape {table.shape}: give (rows, "
            f"features), {mend}"
        )
    dtype = real_dtype(table.dtype, what)
    width = table.shape[1]
    if np.isnan(width):
        raise InputError(f"{what} has an unknown number of features: call .compute_chunk_sizes()")
    if table.numblocks[1] > 1:
        table = table.rechunk({1: -1})
    delayed = import_extra("dask", "dask", "Dask arrays").delayed
    blocks = table.to_delayed()[:, 0].tolist()
    lengths: Sequence[int] = table.chunks[0]
    if np.isnan(lengths).any():
        lengths = _compute([delayed(_length)(block) for block in blocks])
    return DaskRows([delayed(_dense)(block, dtype) for block in blocks], lengths, width, dtype)


def _length(block: Any) -> int:
    return int(block.shape[0])


def _dense(block: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """One chunk as a dense array, whatever kind of array it is."""
    if hasattr(block, "toarray"):  # SciPy
        block = block.toarray()
    elif hasattr(block, "todense"):  # sparse
        block = block.todense()
    elif hasattr(block, "get") and not isinstance(block, np.ndarray):  # CuPy
        block = block.get()
    if isinstance(block, np.ma.MaskedArray):
        block = np.ma.filled(block.astype(np.float64), np.nan)
    return np.ascontiguousarray(block, dtype=dtype)


def _of_frame(table: Any, what: str) -> Table:
    columns = tuple(str(name) for name in table.columns)
    if not columns:
        raise InputError(f"{what} is a Dask frame without columns: give one for each feature")
    kinds = [_kind(dtype) for dtype in table.dtypes]
    wrong = [f"{name!r}" for name, kind in zip(columns, kinds, strict=True) if kind is None]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InputError(
            f"{what} has columns that are not numeric, {', '.join(wrong[:_SHOWN])}{more}: drop or "
            "encode them, or name them as labels"
        )
    dtype = np.result_type(np.float32, *(float_dtype(kind) for kind in kinds if kind is not None))
    delayed = import_extra("dask", "dask", "Dask frames").delayed
    # One column says how many rows there are, and is all that need be read for it.
    lengths = _compute([delayed(_length)(part) for part in table.iloc[:, [0]].to_delayed()])
    blocks = [
        delayed(_dense_frame)(part, columns, dtype, f"partition {index} (counted from 0) of {what}")
        for index, part in enumerate(table.to_delayed())
    ]
    return Table(DaskRows(blocks, lengths, len(columns), dtype), names=columns)


def _kind(dtype: Any) -> np.dtype[Any] | None:
    """The NumPy dtype of a numeric column; None for others."""
    if getattr(dtype, "kind", "O") not in "fiub":
        return None
    found: np.dtype[Any] = np.dtype(getattr(dtype, "numpy_dtype", dtype))
    return found


def _dense_frame(
    frame: Any, columns: tuple[str, ...], dtype: np.dtype[Any], where: str
) -> NDArray[Any]:
    """One partition as a dense array, NaN where values are missing."""
    found = tuple(str(name) for name in frame.columns)
    if found != columns:
        differ = next(
            (
                f"{one!r}, not {two!r}"
                for one, two in zip(found, columns, strict=False)
                if one != two
            ),
            f"{len(found)} columns, not {len(columns)}",
        )
        raise InputError(
            f"{where} has other columns than the first ({differ}): write all partitions with the "
            "same columns"
        )
    for name, given in zip(found, frame.dtypes, strict=True):
        kind = _kind(given)
        if kind is None or not np.can_cast(float_dtype(kind), dtype):
            raise InputError(
                f"{where} has {name!r} of dtype {given}, which does not go into {dtype}: write all "
                "partitions with the same dtypes"
            )
    return np.ascontiguousarray(frame.to_numpy(dtype=dtype, na_value=np.nan))
