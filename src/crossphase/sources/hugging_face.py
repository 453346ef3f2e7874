"""Data sets of Hugging Face's datasets: saved by save_to_disk, or as objects [1]_.

A saved one is a folder: Arrow streams named by ``state.json``, and the meaning of their columns in
``dataset_info.json``. Several splits are a folder of such folders with a ``dataset_dict.json``.

References
----------
.. [1] https://huggingface.co/docs/datasets/about_arrow
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, import_extra
from crossphase.sources.arrow_columns import (
    Categories,
    Layout,
    column_values,
    layout_of,
    with_width,
)
from crossphase.sources.choosing import LazyColumns, row_ids
from crossphase.sources.parted_rows import PartedRows
from crossphase.sources.reading import reading
from crossphase.sources.rows import pick
from crossphase.sources.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DatasetRows", "SavedTable", "open_file", "open_key", "open_object"]

Ints = NDArray[np.intp]

_MEND = "save it again with save_to_disk"
_INFO, _STATE, _SPLITS = "dataset_info.json", "state.json", "dataset_dict.json"
#: What old versions called the file of the rows that were selected.
_SELECTED = ("_indices_files", "_indices_data_files")
_SHOWN = 12


class SavedTable:
    """Arrow streams in files, one after another, mapped when they are first looked at.

    Parameters
    ----------
    parts : sequence of (Path, int or None, int or None)
        Files, and which of their rows count: the first, and how many; None counts all.
    """

    def __init__(self, parts: Sequence[tuple[Path, int | None, int | None]]) -> None:
        self.parts = tuple(parts)
        self._table: Any = None

    @property
    def table(self) -> pa.Table:
        """All rows, of which nothing is in memory.

        Raises
        ------
        InputError
            If a file is missing or damaged, or they have different columns.
        MissingExtraError
            Without PyArrow.
        """
        if self._table is None:
            pa = import_extra("pyarrow", "tables", "reading Arrow files")
            tables = []
            for path, skip, take in self.parts:
                with reading(path, _MEND):
                    stream = pa.ipc.open_stream(pa.memory_map(str(path)))
                    tables.append(stream.read_all().slice(skip or 0, take))
            with reading(self.parts[0][0], _MEND):
                self._table = pa.concat_tables(tables)
        return self._table

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_table": None}


@dataclass(frozen=True)
class _Given:
    """The Arrow table of an object."""

    table: Any


class DatasetRows(PartedRows):
    """Rows of an Arrow table, of which only those asked for are made dense.

    Parameters
    ----------
    source : SavedTable or anything else with a `table`
    layout : Layout
        Which of its columns are features.
    inner : tuple of int
        Of nested lists, the lengths of the inner ones.
    resident : bool, default False
    """

    def __init__(
        self, source: Any, layout: Layout, inner: tuple[int, ...], resident: bool = False
    ) -> None:
        assert layout.width is not None
        self.source, self.layout, self.inner = source, layout.alone(), inner
        self.resident = resident
        self._batches: list[Any] | None = None
        lengths = [batch.num_rows for batch in self._parts()]
        super().__init__(lengths, layout.width, layout.dtype)

    def _parts(self) -> list[Any]:
        if self._batches is None:
            chosen = self.source.table.select(list(self.layout.columns))
            self._batches = chosen.to_batches()
        return self._batches

    def part(self, index: int, start: int, stop: int) -> NDArray[Any]:
        """Rows of one record batch, counted from its first."""
        batch = self._parts()[index].slice(start, stop - start)
        at = int(self.bounds[index]) + start
        if self.inner:
            batch = _unnested(batch, self.inner, self.layout, at)
        return self.layout.block(batch, at)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_batches": None}


def _unnested(batch: Any, inner: tuple[int, ...], layout: Layout, at: int) -> Any:
    """A batch of one column of nested lists as one of plain lists of all their numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _plain(batch.column(0))
    # flatten() leaves out missing rows and heeds slices.
    lists = column.flatten()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    bounds = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    within = 1
    for size in inner:
        found = pc.fill_null(pc.list_value_length(lists), -1).to_numpy(zero_copy_only=False)
        odd = np.flatnonzero(found != size)
        if len(odd):
            row = at + int(np.searchsorted(bounds, odd[0] // within, side="right")) - 1
            got = "a missing list" if found[odd[0]] < 0 else f"an inner list of {found[odd[0]]}"
            raise InputError(
                f"{layout.what} has {got} in row {row} of {layout.columns[0]!r} (counted from 0) "
                f"and inner lists of {size} before: give arrays of one shape"
            )
        lists = lists.flatten()
        within *= size
    plain = pa.LargeListArray.from_arrays(pa.array(bounds * within), lists, mask=column.is_null())
    return pa.RecordBatch.from_arrays([plain], names=list(layout.columns))


def _plain(column: Any) -> Any:
    """An array without the meaning that an extension type gives it."""
    return getattr(column, "storage", column)


def _nesting(of: Any) -> tuple[int, Any]:
    """How deep lists are nested, and the type of what they hold."""
    import pyarrow as pa

    of, depth = getattr(of, "storage_type", of), 0
    while pa.types.is_list(of) or pa.types.is_large_list(of) or pa.types.is_fixed_size_list(of):
        of, depth = of.value_type, depth + 1
    return depth, of


def _inner_lengths(batches: Iterable[Any], depth: int) -> tuple[int, ...]:
    """Lengths of the inner lists of the first row that is not missing."""
    for batch in batches:
        column = _plain(batch.column(0)).drop_null()
        if len(column):
            value, lengths = column[0].as_py(), []
            for _ in range(depth - 1):
                value = value[0] if value else []
                lengths.append(len(value or []))
            return tuple(lengths)
    return (0,) * (depth - 1)


@dataclass(frozen=True)
class _Dataset:
    """One data set, saved or given.

    Attributes
    ----------
    what : str
        For messages.
    source : SavedTable or _Given
    classes : mapping of str to sequence of str
        Names of the classes that a column's whole numbers stand for.
    shown : collection of str
        Columns that are not hidden by its format.
    rows : ndarray of int or None
        The rows that were selected, in their order.
    resident : bool
    """

    what: str
    source: Any
    classes: Mapping[str, Sequence[str]]
    shown: Collection[str]
    rows: Ints | None = None
    resident: bool = False

    @property
    def schema(self) -> Any:
        return self.source.table.schema

    def listed(self, out: Collection[str]) -> list[str]:
        """Columns of lists of numbers."""
        found = []
        for field in self.schema:
            depth, of = _nesting(field.type)
            if depth and field.name not in out and field.name in self.shown and _is_number(of):
                found.append(field.name)
        return found

    def open(self, key: str | None, id_column: str | None, aside: Sequence[str]) -> Table:
        """The table whose features are one column of lists, or all numbers."""
        import pyarrow as pa

        out = {*aside, *self.classes, *([] if id_column is None else [id_column])}
        schema = self.schema
        if key is None and len(found := self.listed(out)) == 1:
            key = found[0]
        elif key is None and found:
            raise InputError(
                f"{self.what} has several columns of lists: say which is meant by its key, one of "
                f"{', '.join(found)}"
            )
        if key is not None and key not in schema.names:
            there = ", ".join(self.listed(())[:_SHOWN] or schema.names[:_SHOWN])
            raise InputError(f"{self.what} has no column {key!r}: choose its key among {there}")
        depths = [_nesting(of) for of in schema.types]
        flat = pa.schema(
            (name, pa.large_list(of) if depth > 1 else kind)
            for (depth, of), name, kind in zip(depths, schema.names, schema.types, strict=True)
        )
        hidden = {name for name in schema.names if name not in self.shown}
        layout = layout_of(flat, self.what, key=key, aside={*out, *hidden}, peek=self._peek)
        inner: tuple[int, ...] = ()
        if layout.listed:
            layout, inner = self._measured(layout, depths[layout.positions[0]][0])
        rows = DatasetRows(self.source, layout, inner, self.resident)
        if not len(rows) or (self.rows is not None and not len(self.rows)):
            raise InputError(f"{self.what} has no rows: give at least one")
        columns = LazyColumns(
            [
                name
                for name, (depth, of) in zip(schema.names, depths, strict=True)
                if not depth and name not in layout.columns and not pa.types.is_nested(of)
            ],
            self.column,
        )
        ids = row_ids(columns, id_column, self.what)
        return Table(
            rows if self.rows is None else pick(rows, self.rows),
            names=layout.names,
            ids=ids,
            named=ids is not None,
            columns=columns,
        )

    def _measured(self, layout: Layout, depth: int) -> tuple[Layout, tuple[int, ...]]:
        """The layout of lists with their length, and the lengths of inner lists."""
        batches = self.source.table.select(list(layout.columns)).to_batches()
        if depth == 1:
            return with_width(layout, batches), ()
        inner = _inner_lengths(batches, depth)
        if 0 in inner:
            raise InputError(f"{self.what} has empty lists in {layout.columns[0]!r}: give numbers")
        first = (batch.slice(row, 1) for batch in batches for row in range(batch.num_rows))
        plain = (_unnested(batch, inner, layout, 0) for batch in first)
        return replace(with_width(layout.alone(), plain), positions=layout.positions), inner

    def _peek(self, position: int) -> Iterator[Any]:
        for chunk in self.source.table.column(position).chunks:
            yield from chunk.to_pylist()

    def column(self, name: str) -> Any:
        """One column of labels, groups or IDs; classes by their names."""
        column = self.source.table.column(name)
        if self.rows is not None:
            column = column.take(self.rows)
        names = self.classes.get(name)
        if names is None:
            return column_values(column)
        codes = column.fill_null(-1).to_numpy()
        if len(codes) and (codes.max() >= len(names) or codes.min() < -1):
            odd = codes.max() if codes.max() >= len(names) else codes.min()
            raise InputError(
                f"{self.what} has class {odd} in {name!r}, which names {len(names)} classes: "
                f"{_MEND}"
            )
        # -1 is a missing class.
        return Categories(np.array([*names, None], dtype=object)[codes], names)


def _is_number(of: Any) -> bool:
    import pyarrow as pa

    return any(
        kind(of) for kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    )


def _json(path: Path) -> dict[str, Any]:
    with reading(path, _MEND), path.open(encoding="utf-8") as stream:
        found = json.load(stream)
        if not isinstance(found, dict):
            raise ValueError("it holds no object")
        return found


def _saved(folder: Path) -> _Dataset:
    """The data set that lies in a folder."""
    state, info = _json(folder / _STATE), _json(folder / _INFO)
    if any(step.get("transforms") for step in state.get("_inplace_history") or ()):
        raise InputError(
            f"{folder} was saved by an early version with changes to be made when it is loaded: "
            "load it with that version and save_to_disk the result of flatten_indices()"
        )
    source = SavedTable(_files(folder, state.get("_data_files")))
    if not source.parts:
        raise InputError(f"{folder} names no data files in {_STATE}: {_MEND}")
    selected = [one for name in _SELECTED for one in _files(folder, state.get(name))]
    rows = None
    if selected:
        rows = SavedTable(selected).table.column("indices").to_numpy().astype(np.intp)
        if len(rows) and int(rows.max()) >= source.table.num_rows:
            raise InputError(f"{folder} selects rows that it does not have: {_MEND}")
    features = info.get("features") or {}
    classes = {
        name: tuple(feature["names"])
        for name, feature in features.items()
        if isinstance(feature, dict)
        and feature.get("_type") == "ClassLabel"
        and feature.get("names")
    }
    shown = state.get("_format_columns") or source.table.schema.names
    return _Dataset(str(folder), source, classes, shown, rows)


def _files(folder: Path, entries: Any) -> list[tuple[Path, int | None, int | None]]:
    """What state.json says of files, in its order."""
    found = []
    for entry in entries or ():
        # Old versions wrote where the files were before they were copied here.
        path = folder / Path(entry["filename"]).name
        found.append((path, entry.get("skip"), entry.get("take")))
    return found


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open a folder that save_to_disk wrote, whose rows are read on demand.

    Parameters
    ----------
    path : str or path-like
        Of a data set, or of several splits.
    key : str, default None
        The column of lists or arrays whose numbers are the features, after the split where there
        are several: ``"train/embedding"``. None takes the only split and the only such column;
        without any, all columns of numbers.
    id_column : str, default None
        Column with row IDs, read as text.
    aside : sequence of str, default ()
        Columns that are no features. Columns of classes never are; every column that is neither
        a feature nor holds lists is offered, classes by their names.

    Returns
    -------
    Table
        Of a data set that was selected or shuffled, the rows selected, in their order.

    Raises
    ------
    InputError
        If there is no such key, the choice is open, lists differ in length, or a file is damaged.
    MissingExtraError
        Without PyArrow.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give the folder that save_to_disk wrote")
    if (folder / _STATE).is_file() or (folder / _INFO).is_file():
        return replace(_saved(folder).open(key, id_column, aside), path=folder)
    if not (folder / _SPLITS).is_file():
        raise InputError(
            f"{folder} has neither {_STATE} nor {_SPLITS}: give a folder that save_to_disk wrote"
        )
    splits = [str(split) for split in _json(folder / _SPLITS).get("splits") or ()]

    def columns(split: str) -> list[str]:
        return _saved(folder / split).listed(aside)

    split, column = _of_splits(splits, key, folder, columns)
    return replace(_saved(folder / split).open(column, id_column, aside), path=folder)


def _of_splits(
    splits: Sequence[str], key: str | None, what: object, columns: Callable[[str], list[str]]
) -> tuple[str, str | None]:
    """The split and the column that a key means."""
    named = [split for split in splits if key is not None and f"{key}/".startswith(f"{split}/")]
    if named and key is not None:
        split = max(named, key=len)
        return split, key[len(split) + 1 :] or None
    if len(splits) == 1:
        return splits[0], key
    keys = [f"{split}/{column}" for split in splits for column in columns(split)]
    shown = ", ".join((keys or splits)[:_SHOWN]) + (", …" if len(keys) > _SHOWN else "")
    if key is None:
        raise InputError(
            f"{what} has {len(splits)} splits: say which is meant by its key, one of {shown}"
        )
    raise InputError(f"{what} has no {key!r}: choose its key among {shown}")


def open_key(table: Any, key: str, what: str) -> Table:
    """One column of lists or arrays of a data set.

    Parameters
    ----------
    table : datasets.Dataset or datasets.DatasetDict
    key : str
        See :func:`open_file`.
    what : str
        Name of the data set for messages.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If there is no such key, or lists differ in length.
    """
    return _given(table, key, what)


def open_object(table: Any, what: str) -> Table:
    """Rows of a data set, made dense when they are asked for.

    Parameters
    ----------
    table : datasets.Dataset
        With one column of lists or arrays of numbers, or columns of numbers. Columns that
        ``set_format`` hides are no features.
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the choice is open, lists differ in length, or it has no rows at hand.

    Examples
    --------
    >>> import datasets
    >>> data = datasets.Dataset.from_dict({"emb": [[1.0, 2.0], [3.0, 4.0]], "kind": ["a", "b"]})
    >>> read = open_object(data.select([1, 0]), "x")
    >>> read.values[:].tolist(), read.columns["kind"].tolist()
    ([[3.0, 4.0], [1.0, 2.0]], ['b', 'a'])
    """
    return _given(table, None, what)


def _given(table: Any, key: str | None, what: str) -> Table:
    if hasattr(table, "keys"):  # splits
        splits = [str(split) for split in table]
        whole = {split: _of_object(table[split], f"{what}[{split!r}]") for split in splits}
        split, column = _of_splits(splits, key, what, lambda name: whole[name].listed(()))
        return whole[split].open(column, None, ())
    return _of_object(table, what).open(key, None, ())


def _of_object(table: Any, what: str) -> _Dataset:
    if not hasattr(table, "data") or not hasattr(table, "features"):
        kind = type(table).__name__
        mend = "save it with save_to_disk and give that" if "Iterable" in kind else "give a Dataset"
        raise InputError(f"{what} is a {kind}, which has no rows at hand: {mend}")
    if table.format["type"] == "custom":
        raise InputError(
            f"{what} makes its columns by a transform when they are read: give what .map() makes"
        )
    classes = {
        name: tuple(feature.names)
        for name, feature in table.features.items()
        if type(feature).__name__ == "ClassLabel"
    }
    selected = getattr(table, "_indices", None)
    rows = None
    if selected is not None:
        rows = selected.column("indices").to_numpy().astype(np.intp)
    return _Dataset(
        what,
        _Given(table.data.table),
        classes,
        table.format["columns"],
        rows,
        resident=not table.cache_files,
    )
