"""Arrow IPC files and streams (.feather, .arrow, .ipc), mapped into memory [1]_.

References
----------
.. [1] https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from crossphase.errors import InputError, import_extra
from crossphase.sources.arrow_columns import Layout, column_values, layout_of, with_width
from crossphase.sources.choosing import LazyColumns
from crossphase.sources.file_columns import beside_features, row_ids
from crossphase.sources.parted_rows import PartedRows
from crossphase.sources.reading import reading
from crossphase.sources.table import Table

__all__ = ["ArrowFileRows", "open_columns", "open_file", "open_temporary"]

_MEND = "write it again"
_FILE = b"ARROW1"
_OLD = b"FEA1"
_DESCRIPTION = 2**16


class _Batches:
    """Record batches of a file or stream, of some columns, each read when asked for.

    Parameters
    ----------
    path : Path
    fields : sequence of int, default ()
        Columns wanted; none given reads all.
    """

    def __init__(self, path: Path, fields: Sequence[int] = ()) -> None:
        self.path, self.fields = path, list(fields)
        self._forget()

    def _forget(self) -> None:
        self._lock = Lock()
        self._reader: Any = None
        self._next = 0
        self._last: tuple[int, Any] | None = None

    @property
    def streamed(self) -> bool:
        """Whether batches can only be had in order."""
        with self.path.open("rb") as file:
            head = file.read(len(_FILE))
        if head.startswith(_OLD):
            raise InputError(f"{self.path} is Feather of version 1: write it again as version 2")
        return head != _FILE

    def _open(self) -> Any:
        pa = import_extra("pyarrow", "tables", f"reading {self.path.suffix} files")
        options = pa.ipc.IpcReadOptions(included_fields=self.fields)
        opener = pa.ipc.open_stream if self.streamed else pa.ipc.open_file
        self._next = 0
        return opener(pa.memory_map(str(self.path)), options=options)

    @property
    def schema(self) -> Any:
        """Of the columns wanted."""
        with reading(self.path, _MEND):
            if self._reader is None:
                self._reader = self._open()
            return self._reader.schema

    def __iter__(self) -> Iterator[Any]:
        with reading(self.path, _MEND):
            reader = self._open()
            if hasattr(reader, "num_record_batches"):
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)
            else:
                yield from reader

    def __getitem__(self, index: int) -> Any:
        with self._lock, reading(self.path, _MEND):
            if self._last is not None and self._last[0] == index:
                return self._last[1]
            self._last = None
            if self._reader is None or (index < self._next and self._next > 0):
                self._reader = self._open()
            if hasattr(self._reader, "get_batch"):
                batch = self._reader.get_batch(index)
            else:
                while self._next <= index:
                    batch = self._reader.read_next_batch()
                    self._next += 1
            self._last = (index, batch)
            return batch

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "fields": self.fields}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


class ArrowFileRows(PartedRows):
    """Rows of an Arrow file: of batches that are not compressed, only what is asked for.

    Parameters
    ----------
    path : Path
    lengths : sequence of int
        Rows of its record batches.
    layout : Layout
        Which columns are features.
    random_access : bool, default True
        Whether batches can be had in any order at no cost.
    """

    def __init__(
        self, path: Path, lengths: Sequence[int], layout: Layout, random_access: bool = True
    ) -> None:
        assert layout.width is not None
        super().__init__(lengths, layout.width, layout.dtype)
        self.layout, self.random_access = layout.alone(), random_access
        # Arrow copies the columns that it is asked for; whole batches it leaves in the map.
        self.batches = _Batches(path, () if random_access else layout.positions)
        self.positions = list(layout.positions) if random_access else None

    def part(self, index: int, start: int, stop: int) -> NDArray[Any]:
        """Rows of one record batch, counted from its first."""
        batch = self.batches[index]
        with reading(self.batches.path, _MEND):
            if self.positions is not None:
                batch = batch.select(self.positions)
            at = int(self.bounds[index]) + start
            return self.layout.block(batch.slice(start, stop - start), at)


def _opened(path: Path) -> tuple[_Batches, Any, list[int]]:
    """All batches, the schema, and the rows of each batch."""
    batches = _Batches(path)
    schema = batches.schema
    if not len(schema):
        raise InputError(f"{path} has no columns: give one for each feature")
    # The narrowest column tells how many rows there are: compressed ones need not be unpacked.
    narrow = min(range(len(schema)), key=lambda j: _bits(schema.types[j]))
    lengths = [batch.num_rows for batch in _Batches(path, [narrow])]
    if not sum(lengths):
        raise InputError(f"{path} has no rows: give at least one row")
    return batches, schema, lengths


def _bits(of: Any) -> int:
    try:
        return int(of.bit_width)
    except ValueError:  # text and lists have no width of their own
        return 2**20


def _column(path: Path, schema: Any, name: str) -> Any:
    import pyarrow as pa

    batches = _Batches(path, [schema.names.index(name)])
    return column_values(pa.Table.from_batches(list(batches)).column(0))


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open an Arrow file or stream, whose rows are read on demand.

    Parameters
    ----------
    path : str or path-like
    key : str, default None
        The only column meant, such as one of lists; None takes all but those set aside.
    id_column : str, default None
        Column with row IDs, read as text.
    aside : sequence of str, default ()
        Columns that are no features; those that exist are offered.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If columns are not numeric, there are no rows, or the file is damaged.
    """
    path = Path(path)
    batches, schema, lengths = _opened(path)
    columns, out = beside_features(schema, path, id_column, aside)

    def peek(position: int) -> Iterable[Any]:
        for batch in _Batches(path, [position]):
            yield from batch.column(0).to_pylist()

    layout = layout_of(schema, str(path), key=key, aside=out, peek=peek)
    if layout.width is None:
        layout = with_width(layout, _Batches(path, layout.positions))
    cheap = not batches.streamed and not _compressed(path)
    return Table(
        ArrowFileRows(path, lengths, layout, cheap),
        names=layout.names,
        columns=LazyColumns(columns, lambda name: _column(path, schema, name)),
        path=path,
        **row_ids(schema, path, id_column, sum(lengths), lambda name: _column(path, schema, name)),
    )


def _compressed(path: Path) -> bool:
    """Whether batches are unpacked when they are read: it takes memory, mapping does not."""
    import pyarrow as pa

    before = pa.total_allocated_bytes()
    batch = next(iter(_Batches(path)))
    # A few kilobytes are taken for the description of the batch in any case.
    return bool(pa.total_allocated_bytes() - before > max(batch.nbytes // 2, _DESCRIPTION))


def open_columns(path: str | os.PathLike[str], *, id_column: str | None = None) -> Table:
    """Open an Arrow file or stream for its columns alone.

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
    """
    path = Path(path)
    _, schema, lengths = _opened(path)
    _, out = beside_features(schema, path, id_column, ())

    def read(name: str) -> Any:
        return _column(path, schema, name)

    return Table(
        None,
        columns=LazyColumns([name for name in schema.names if name not in out], read),
        path=path,
        **row_ids(schema, path, id_column, sum(lengths), read),
    )


def open_temporary(path: Path, what: str) -> Table:
    """Open an Arrow file of features that goes when its rows do.

    Parameters
    ----------
    path : Path
    what : str
        What to call it in messages.

    Raises
    ------
    InputError
        If columns are not numeric, or there are no rows.
    """
    try:
        _, schema, lengths = _opened(path)
        layout = layout_of(schema, what)
        if layout.width is None:
            layout = with_width(layout, _Batches(path, layout.positions))
    except BaseException:
        path.unlink()
        raise
    rows = ArrowFileRows(path, lengths, layout)
    weakref.finalize(rows, path.unlink, missing_ok=True)
    return Table(rows, names=layout.names)
