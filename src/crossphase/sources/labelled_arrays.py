"""xarray's arrays and data sets: rows are known by their coordinates, and read block by block."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.results.names import printable
from crossphase.sources.choosing import LazyColumns, as_text, choose
from crossphase.sources.dask_tables import open_object as open_dask
from crossphase.sources.parted_rows import ChunkedRows, PartedRows
from crossphase.sources.row_ids import as_ids
from crossphase.sources.sparse import real_dtype
from crossphase.sources.table import Table

__all__ = ["ChunkedLabelledRows", "LabelledRows", "open_key", "open_object"]

#: Values that chunks are read together up to.
_VALUES = 2**22
#: Values of a row of chunks above which it is not kept.
_MOST = 2**27


def _read(array: Any, start: int, stop: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Consecutive rows of a two-dimensional DataArray, dense."""
    block = array.isel({array.dims[0]: slice(start, stop)}).data
    if hasattr(block, "todense"):  # sparse
        block = block.todense()
    return np.array(block, dtype=dtype, order="C")


class LabelledRows(PartedRows):
    """Rows of a DataArray that are read where they are asked for.

    Parameters
    ----------
    array : xarray.DataArray of shape (n, d)
        Of real numbers, not in chunks of Dask.
    dtype : numpy.dtype
        Of the blocks.
    resident : bool
        Whether it lies in memory.
    """

    def __init__(self, array: Any, dtype: np.dtype[Any], resident: bool) -> None:
        super().__init__([array.shape[0]], array.shape[1], dtype)
        self.array, self.resident = array, resident

    def part(self, index: int, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        return _read(self.array, start, stop, self.dtype)


class ChunkedLabelledRows(ChunkedRows):
    """Rows of a DataArray in a file of chunks: each is unpacked once when rows are read in order.

    Parameters
    ----------
    array : xarray.DataArray of shape (n, d)
        Of real numbers, not in chunks of Dask.
    dtype : numpy.dtype
        Of the blocks.
    step : int
        Rows that are read together.
    """

    def __init__(self, array: Any, dtype: np.dtype[Any], step: int) -> None:
        n = array.shape[0]
        super().__init__([min(step, n - at) for at in range(0, n, step)], array.shape[1], dtype)
        self.array = array

    def chunk(self, index: int) -> NDArray[Any]:
        """All rows of one run of chunks."""
        start, stop = int(self.bounds[index]), int(self.bounds[index + 1])
        return _read(self.array, start, stop, self.dtype)


def open_object(table: Any, what: str) -> Table:
    """Rows of a DataArray, or of the only two-dimensional variable of a Dataset.

    Parameters
    ----------
    table : xarray.DataArray or xarray.Dataset
        Rows are the first dimension. Arrays of Dask, and of files that xarray opened, are read
        block by block.
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table
        The coordinate of the rows is there to match them by, unless it merely counts them; a
        MultiIndex gives tuples. The coordinate of the features has their names. Everything else
        along the rows is offered as columns.

    Raises
    ------
    InputError
        If it does not have two dimensions and real numbers, or the choice is open.

    Examples
    --------
    >>> import xarray as xr
    >>> cells = xr.DataArray(
    ...     [[1.0, 2.0], [3.0, 4.0]], dims=("cell", "gene"),
    ...     coords={"cell": ["a", "b"], "gene": ["CD4", "CD8"], "donor": ("cell", [7, 9])},
    ... )
    >>> read = open_object(cells, "x")
    >>> read.ids, read.names, read.columns["donor"]
    (['a', 'b'], ('CD4', 'CD8'), array([7, 9]))
    """
    if hasattr(table, "data_vars"):
        return _of_dataset(table, None, what)
    return _of_array(table, what, {})


def open_key(table: Any, key: str, what: str) -> Table:
    """Rows of one variable of a Dataset.

    Parameters
    ----------
    table : xarray.Dataset
    key : str
        Name of the variable.
    what : str
        Name of the data set for messages.

    Returns
    -------
    Table
        As :func:`open_object` gives it.

    Raises
    ------
    InputError
        If there is no such variable, or it is no table of real numbers.
    """
    if not hasattr(table, "data_vars"):
        kind = type(table).__name__
        raise InputError(f"{what} is a {kind}, which is one array: drop the key {key!r}")
    return _of_dataset(table, key, what)


def _of_dataset(table: Any, key: str | None, what: str) -> Table:
    if not hasattr(table, "dims") or not hasattr(table, "indexes"):
        raise InputError(f"{what} is a {type(table).__name__}: give a Dataset or a DataArray")
    names: dict[str, Hashable] = {str(name): name for name in table.data_vars}
    shapes = {name: tuple(table[one].shape) for name, one in names.items()}
    tables = {
        name: shape
        for name, shape in shapes.items()
        if len(shape) == 2 and table[names[name]].dtype.kind in "fiub"
    }
    others = {name: shape for name, shape in shapes.items() if name not in tables}
    name = choose(tables, key, what, others=others)
    array = table[names[name]]
    beside = {
        one: table[names[one]] for one in others if table[names[one]].dims == (array.dims[0],)
    }
    return _of_array(array, f"{what}[{name!r}]", beside)


def _of_array(array: Any, what: str, beside: dict[str, Any]) -> Table:
    if not hasattr(array, "dims") or not hasattr(array, "coords"):
        mend = "give a DataArray or a Dataset"
        raise InputError(f"{what} is a {type(array).__name__} without coordinates: {mend}")
    if array.ndim != 2:
        raise InputError(
            f"{what} has dimensions {_dims(array)}: {_mend([str(name) for name in array.dims])}"
        )
    dtype = real_dtype(array.dtype, what)
    rows, features = array.dims
    columns = {str(name): of for name, of in array.coords.items() if of.dims == (rows,)}
    columns.pop(str(rows), None)
    columns |= beside
    index, named = array.indexes.get(rows), array.indexes.get(features)
    ids = None if index is None else _ids(index, what)
    counted = (
        index is not None
        and index.dtype.kind in "iuf"
        and np.array_equal(np.asarray(index), np.arange(len(index)))
    )
    return Table(
        _rows(array, dtype, what),
        names=None if named is None else tuple(_name(one) for one in named),
        ids=ids,
        counted=counted,
        named=ids is not None and not counted,
        columns=LazyColumns(columns, lambda name: as_text(np.asarray(columns[name]))),
    )


def _dims(array: Any) -> str:
    sizes = ", ".join(f"{name}: {size}" for name, size in zip(array.dims, array.shape, strict=True))
    return f"({sizes})"


def _mend(dims: list[str]) -> str:
    """How to make a DataArray one of rows and features; stack() puts the new dimension last."""
    if not dims:
        return "give rows and features"
    if len(dims) == 1:
        return "for a single feature give it as one column, .expand_dims('feature', axis=1)"
    kept, *rest = dims
    *joined, last = dims
    return (
        f"rows and features are wanted, .stack(feature=({', '.join(map(repr, rest))})) if each "
        f"{kept!r} is a row, or .stack(row=({', '.join(map(repr, joined))}))"
        f".transpose('row', {last!r})"
    )


def _rows(array: Any, dtype: np.dtype[Any], what: str) -> Any:
    """The values, from wherever they are."""
    if array.chunks is not None and hasattr(array.data, "__dask_graph__"):
        return open_dask(array.data, what).values
    # Asking for `data` would read a file's array whole, and keep it.
    resident = bool(getattr(array.variable, "_in_memory", False))
    if resident and isinstance(array.data, np.ndarray):
        return array.data
    if not resident and (step := _chunk_rows(array)):
        return ChunkedLabelledRows(array, dtype, step)
    return LabelledRows(array, dtype, resident)


def _chunk_rows(array: Any) -> int:
    """Rows to read together, so that chunks of the file are unpacked once; 0 for any."""
    preferred = array.encoding.get("preferred_chunks") or {}
    chunk = preferred.get(array.dims[0])
    if not isinstance(chunk, int) or chunk < 1:
        return 0
    values = chunk * max(array.shape[1], 1)
    return 0 if values > _MOST else chunk * max(1, _VALUES // values)


def _name(value: Any) -> str:
    if isinstance(value, tuple):
        value = "/".join(str(part) for part in value)
    return printable(value.decode() if isinstance(value, bytes) else str(value))


def _ids(index: Any, what: str) -> Any:
    """Coordinates of the rows as IDs."""
    if hasattr(index, "levels"):  # of several levels
        return [tuple(one) for one in index.tolist()]
    values = as_text(np.asarray(index))
    if values.dtype.kind in "Mm":
        # Times in seconds and in nanoseconds are to be the same text.
        fine = values.astype(f"{values.dtype.kind}8[ns]")
        values = fine if np.array_equal(fine.astype(values.dtype), values) else values
    elif values.dtype.kind == "f" and not (values == np.floor(values)).all():
        # Fractions, such as latitudes, meet where they are equal, as xarray aligns them.
        return as_ids(values.tolist(), what)
    return as_ids(values, what)
