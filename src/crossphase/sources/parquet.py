"""Parquet: one file or a folder of parts, decoded by row groups when they are asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, import_extra
from crossphase.sources.arrow_columns import (
    Layout,
    column_values,
    layout_of,
    pandas_index,
    with_width,
)
from crossphase.sources.choosing import LazyColumns
from crossphase.sources.file_columns import beside_features, row_ids
from crossphase.sources.reading import reading
from crossphase.sources.rows import RowSource
from crossphase.sources.table import Table

__all__ = ["ParquetRows", "open_columns", "open_file", "parts_of"]

Ints = NDArray[np.intp]
Group = tuple[Path, int, int]

_MEND = "write it again"
_NUMBER = re.compile(r"(\d+)")
#: Dense bytes that are decoded at a time, and rows that these are at least and at most.
_BATCH_BYTES = 16 * 2**20
_FEWEST_ROWS, _MOST_ROWS = 256, 2**14
#: Bytes of the file that are held for all columns together, and for one of them.
_BUFFERED_BYTES, _LEAST_BUFFER, _MOST_BUFFER = 16 * 2**20, 2**12, 2**20
#: The index that Dask writes for frames without any.
_NO_INDEX = "__null_dask_index__"


def parts_of(folder: Path) -> list[Path]:
    """Files of a folder in their natural order, part-2 before part-10.

    Names that start with a dot or an underscore are no parts.

    Parameters
    ----------
    folder : Path

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("part-10.parquet", "part-2.parquet", "_metadata.parquet"):
    ...     (folder / name).touch()
    >>> [path.name for path in parts_of(folder)]
    ['part-2.parquet', 'part-10.parquet']
    """
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".parquet" and path.name[0] not in "._"
    ]
    return sorted(found, key=lambda path: _natural(path.name))


def _natural(name: str) -> list[tuple[int, str]]:
    pieces = _NUMBER.split(name)
    return [(int(piece), "") if j % 2 else (0, piece) for j, piece in enumerate(pieces)]


def _opened(path: Path, width: int = 1) -> Any:
    """A file of which `width` columns are going to be read."""
    parquet = import_extra("pyarrow.parquet", "tables", "reading .parquet files")
    buffer = max(_LEAST_BUFFER, min(_MOST_BUFFER, _BUFFERED_BYTES // max(width, 1)))
    with reading(path, _MEND):
        # Buffered: without, whole columns of a row group are read at once.
        return parquet.ParquetFile(path, pre_buffer=False, buffer_size=buffer)


def _batches(
    file: Any, path: Path, group: int, columns: Sequence[tuple[str, int]], rows: int
) -> Iterator[Any]:
    """Some columns of a row group, batch by batch.

    Parameters
    ----------
    columns : sequence of (str, int)
        Name, and how many of that name stand before.
    """
    with reading(path, _MEND):
        names = list(dict.fromkeys(name for name, _ in columns))
        for batch in file.iter_batches(rows, row_groups=[group], columns=names, use_threads=False):
            # More may come: Parquet takes a dot in a name for a field of a column.
            read = batch.schema
            yield batch.select([read.get_all_field_indices(name)[k] for name, k in columns])


class ParquetRows(RowSource):
    """Rows of Parquet files: every row group is decoded once when rows are read in order.

    Parameters
    ----------
    groups : sequence of (Path, int, int)
        File, number and length of each row group.
    columns : sequence of (str, int)
        Name of each feature column, and how many of that name stand before.
    layout : Layout
    """

    random_access = False

    def __init__(
        self, groups: Sequence[Group], columns: Sequence[tuple[str, int]], layout: Layout
    ) -> None:
        assert layout.width is not None
        self.groups, self.columns, self.layout = tuple(groups), tuple(columns), layout.alone()
        lengths = [length for _, _, length in groups]
        self.bounds: Ints = np.concatenate([[0], np.cumsum(lengths, dtype=np.intp)])
        self.shape = (int(self.bounds[-1]), layout.width)
        self.dtype = layout.dtype
        per_row = layout.width * layout.dtype.itemsize
        self._step = max(_FEWEST_ROWS, min(_MOST_ROWS, _BATCH_BYTES // per_row))
        self._forget()

    def _forget(self) -> None:
        self._lock = Lock()
        self._file: tuple[Path, Any] | None = None
        self._coming: Iterator[Any] | None = None
        self._group = -1
        self._start = self._end = 0
        self._batch: Any = None

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, NaN where missing."""
        stop = max(start, min(stop, self.shape[0]))
        out = np.empty((stop - start, self.shape[1]), dtype=self.dtype)
        with self._lock:
            at = start
            while at < stop:
                self._seek(at)
                here = min(stop, self._end)
                batch = self._batch.slice(at - self._start, here - at)
                out[at - start : here - start] = self.layout.block(batch, at)
                at = here
        return out

    def _seek(self, row: int) -> None:
        """Decode batches until one holds the row."""
        if self._start <= row < self._end:
            return
        group = int(np.searchsorted(self.bounds, row, side="right")) - 1
        if group != self._group or row < self._start or self._coming is None:
            path, number, _ = self.groups[group]
            self._coming = self._batch = None
            if self._file is None or self._file[0] != path:
                self._file = (path, _opened(path, len(self.columns)))
            self._coming = _batches(self._file[1], path, number, self.columns, self._step)
            self._group, self._end = group, int(self.bounds[group])
        while row >= self._end:
            self._batch = None  # the old batch goes before the new one comes
            self._batch = next(self._coming)
            self._start, self._end = self._end, self._end + self._batch.num_rows

    def __getstate__(self) -> dict[str, Any]:
        volatile = ("_lock", "_file", "_coming", "_group", "_start", "_end", "_batch")
        return {name: value for name, value in self.__dict__.items() if name not in volatile}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


class _Parts:
    """The files of one table.

    Parameters
    ----------
    path : Path
        A file, or a folder of parts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = parts_of(path) if path.is_dir() else [path]
        self.schema: Any = None
        self.groups: list[Group] = []
        for part in self.files:
            with _opened(part) as file, reading(part, _MEND):
                if self.schema is None:
                    self.schema = file.schema_arrow
                _require_same(self.files[0], self.schema, part, file.schema_arrow)
                meta = file.metadata
                sizes = [meta.row_group(g).num_rows for g in range(meta.num_row_groups)]
            self.groups += [(part, g, size) for g, size in enumerate(sizes) if size]
        self.n = sum(size for _, _, size in self.groups)
        if not self.n:
            raise InputError(f"{path} has no rows: give at least one row")

    def wanted(self, positions: Sequence[int]) -> list[tuple[str, int]]:
        """Columns by name, and how many of that name stand before."""
        names = self.schema.names
        return [(names[j], names[:j].count(names[j])) for j in positions]

    def batches(self, position: int, rows: int = 2**12) -> Iterator[Any]:
        """One column of all parts, batch by batch."""
        wanted = self.wanted([position])
        for path, number, _ in self.groups:
            with _opened(path) as file:
                yield from _batches(file, path, number, wanted, rows)

    def column(self, name: str) -> Any:
        """One column as an array."""
        import pyarrow as pa

        batches = list(self.batches(self.schema.names.index(name)))
        return column_values(pa.Table.from_batches(batches).column(0))

    def row_ids(self, id_column: str | None) -> dict[str, Any]:
        """What is known of the rows."""
        index, _ = pandas_index(self.schema)
        # Parts count their own rows, so that a range tells nothing of the whole.
        none = _NO_INDEX in index or (len(self.files) > 1 and not index)
        if id_column is None and none:
            return {"counted": True}
        return row_ids(self.schema, self.path, id_column, self.n, self.column)


def _require_same(first: Path, schema: Any, part: Path, other: Any) -> None:
    """Refuse a part with other columns than the first."""
    if list(schema.names) != list(other.names):
        lacks = [name for name in schema.names if name not in other.names]
        more = [name for name in other.names if name not in schema.names]
        how = (
            f"lacks column {lacks[0]!r}"
            if lacks
            else f"has column {more[0]!r} besides"
            if more
            else "has its columns in another order"
        )
        raise InputError(
            f"{part} {how}, unlike {first.name}: write all parts with the same columns"
        )
    for name, of, found in zip(schema.names, schema.types, other.types, strict=True):
        if of != found:
            raise InputError(
                f"{part} has column {name!r} of type {found}, and {first.name} has {of}: "
                "write all parts with the same types"
            )


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open a Parquet file, or a folder of parts, whose rows are decoded on demand.

    Parameters
    ----------
    path : str or path-like
        Of a folder, its .parquet files in natural order of their names.
    key : str, default None
        The only column meant, such as one of lists; None takes all but those set aside.
    id_column : str, default None
        Column with row IDs, read as text.
    aside : sequence of str, default ()
        Columns that are never features; those that exist are offered.

    Returns
    -------
    Table
        The index that pandas wrote names the rows.

    Raises
    ------
    InputError
        If columns are missing or not numeric, parts differ, or a file is damaged.
    MissingExtraError
        Without pyarrow.
    """
    path = Path(path)
    parts = _Parts(path)
    columns, out = beside_features(parts.schema, path, id_column, aside)

    def peek(position: int) -> Iterable[Any]:
        for batch in parts.batches(position):
            yield from batch.column(0).to_pylist()

    layout = layout_of(parts.schema, str(path), key=key, aside=[*out, _NO_INDEX], peek=peek)
    if layout.listed:
        layout = with_width(layout, parts.batches(layout.positions[0], 1))
    return Table(
        ParquetRows(parts.groups, parts.wanted(layout.positions), layout),
        names=layout.names,
        columns=LazyColumns(columns, parts.column),
        path=path,
        **parts.row_ids(id_column),
    )


def open_columns(path: str | os.PathLike[str], *, id_column: str | None = None) -> Table:
    """Open Parquet for its columns alone.

    Parameters
    ----------
    path : str or path-like
    id_column : str, default None
        Column with row IDs, read as text.

    Returns
    -------
    Table
        Without values; every column but the IDs is read when it is asked for.

    Raises
    ------
    InputError
        As :func:`open_file` does.
    MissingExtraError
        Without pyarrow.
    """
    path = Path(path)
    parts = _Parts(path)
    _, out = beside_features(parts.schema, path, id_column, ())
    names = [name for name in parts.schema.names if name not in (*out, _NO_INDEX)]
    return Table(
        None,
        columns=LazyColumns(names, parts.column),
        path=path,
        **parts.row_ids(id_column),
    )
