"""Data frames in memory: pandas, Polars, Arrow, and whatever narwhals knows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.results.names import printable
from crossphase.sources.arrow_columns import Layout, layout_of, with_width
from crossphase.sources.nonnumeric import not_numeric
from crossphase.sources.row_ids import as_ids
from crossphase.sources.rows import RowSource, float_dtype
from crossphase.sources.table import Table

__all__ = ["ArrowRows", "PandasRows", "open_object"]

Ints = NDArray[np.intp]


def open_object(table: Any, what: str) -> Table:
    """Rows of a data frame, taken from it a block at a time.

    Parameters
    ----------
    table : frame of shape (n, d)
        Of pandas, Polars (a lazy one is computed) or PyArrow; or of anything that offers its
        columns to Arrow or to narwhals. Columns are numeric. A frame of Polars or PyArrow may
        instead have one column alone that holds lists or arrays of one length: its entries are
        the features, without names.
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table
        With the frame's index, unless it merely counts rows, as IDs.

    Raises
    ------
    InputError
        If columns are not numeric, lists differ in length, or the object is no table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> read = open_object(pa.table({"a": [1, 2], "b": [True, None]}), "x")
    >>> read.names, read.values[:]
    (('a', 'b'), array([[ 1.,  1.],
           [ 2., nan]]))
    """
    if all(hasattr(table, name) for name in ("iloc", "index", "dtypes")):
        return _of_pandas(table, what)
    package = type(table).__module__.partition(".")[0]
    if package == "polars" and hasattr(table, "sink_ipc") and hasattr(table, "collect"):
        return _of_lazy(table, what)
    if package == "pyarrow":
        return _of_arrow(_arrow_table(table, what), what)
    if hasattr(table, "to_arrow") and hasattr(table, "columns"):
        return _of_arrow(table.to_arrow(), what)
    import narwhals as nw

    known = nw.from_native(table, pass_through=True)
    if isinstance(known, nw.LazyFrame):
        return _of_arrow(known.collect(backend="pyarrow").to_native(), what)
    if isinstance(known, nw.DataFrame):
        return _of_arrow(known.to_arrow(), what)
    return Table(np.asarray(table))  # a series; its shape is for others to refuse


def _of_lazy(table: Any, what: str) -> Table:
    """A lazy frame of Polars, computed a batch at a time into a file that is then mapped."""
    from crossphase.sources.arrow_ipc import open_temporary

    with tempfile.NamedTemporaryFile(prefix="crossphase-", suffix=".arrow", delete=False) as file:
        path = Path(file.name)
    try:
        table.sink_ipc(path, compression="uncompressed")
    except BaseException:
        path.unlink()
        raise
    return open_temporary(path, what)


class PandasRows(RowSource):
    """Rows of a pandas frame.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n, d)
        Of numeric columns.
    """

    resident = True

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.shape = frame.shape
        self._nullable = any(not isinstance(dtype, np.dtype) for dtype in frame.dtypes)
        # Of nullable and sparse columns the dtype that NumPy knows them by.
        kinds = {
            np.dtype(
                getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", None)) or np.float64
                if not isinstance(dtype, np.dtype)
                else dtype
            )
            for dtype in frame.dtypes
        }
        self.dtype = np.result_type(np.float32, *(float_dtype(kind) for kind in kinds))

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, NaN where missing."""
        return self._dense(self.frame.iloc[start:stop])

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions."""
        return self._dense(self.frame.iloc[rows])

    def _dense(self, frame: Any) -> NDArray[Any]:
        missing = {"na_value": np.nan} if self._nullable else {}
        return np.ascontiguousarray(frame.to_numpy(dtype=self.dtype, **missing))


def _of_pandas(frame: Any, what: str) -> Table:
    if not hasattr(frame, "columns"):
        return Table(np.asarray(frame))  # a series; its shape is for others to refuse
    text = [j for j, dtype in enumerate(frame.dtypes) if getattr(dtype, "kind", "O") not in "fiub"]
    if text:
        columns = [(frame.columns[j], frame.dtypes.iloc[j]) for j in text]
        raise not_numeric(what, columns, frame.iloc[:, text[0]])
    index = frame.index
    counted = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
    return Table(
        PandasRows(frame) if frame.shape[1] else np.empty(frame.shape),
        names=tuple(printable(str(name)) for name in frame.columns),
        ids=None if counted else as_ids(index, what),
        counted=counted,
    )


class ArrowRows(RowSource):
    """Rows of an Arrow table.

    Parameters
    ----------
    table : pyarrow.Table
    layout : Layout
        Which of its columns are features.
    """

    resident = True

    def __init__(self, table: Any, layout: Layout) -> None:
        self.table = table.select(list(layout.positions))
        self.layout = layout.alone()
        assert layout.width is not None
        self.shape = (table.num_rows, layout.width)
        self.dtype = layout.dtype

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, NaN where missing."""
        return self.layout.block(self.table.slice(start, max(stop - start, 0)), start)

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions."""
        if self.layout.listed:  # whose entries Arrow would count in 32 bits
            return super().take(rows)
        import pyarrow as pa

        return self.layout.block(self.table.take(pa.array(rows)))


def _arrow_table(table: Any, what: str) -> Any:
    """A PyArrow object of several columns as a table."""
    import pyarrow as pa

    if isinstance(table, pa.RecordBatchReader):
        raise InputError(
            f"{what} is a RecordBatchReader, which is read only once: give .read_all()"
        )
    if isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "to_table"):  # a data set
        return table.to_table()
    if isinstance(table, pa.Array | pa.ChunkedArray):
        return pa.table({what: table})
    raise InputError(f"{what} is a PyArrow {type(table).__name__}: give a pyarrow.Table")


def _of_arrow(table: Any, what: str) -> Table:
    if not table.num_columns:
        raise InputError(f"{what} has no columns: give one for each feature")

    def peek(position: int) -> Iterable[Any]:
        return (value.as_py() for chunk in table.column(position).chunks for value in chunk)

    layout = layout_of(table.schema, what, peek=peek)
    if layout.listed:
        layout = with_width(layout, table.select(list(layout.positions)).to_batches())
    return Table(ArrowRows(table, layout), names=layout.names)
