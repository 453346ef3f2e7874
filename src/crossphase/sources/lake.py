"""Embedding lakes: folders of numbered .npy parts, with Parquet parts of metadata beside them [1]_.

References
----------
.. [1] https://github.com/rom1504/clip-retrieval#clip-inference
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, import_extra
from crossphase.sources.arrow_columns import column_values
from crossphase.sources.choosing import LazyColumns, as_text, row_ids
from crossphase.sources.parted_rows import PartedRows
from crossphase.sources.reading import reading
from crossphase.sources.rows import float_dtype
from crossphase.sources.table import Table

__all__ = ["LakeRows", "StoredArray", "is_lake", "open_file"]

Ints = NDArray[np.intp]

_MEND = "write it again with numpy.save"
_MEND_PARQUET = "write it again"
#: A name, a number, and perhaps of how many: img_emb_07, part3, emb-00000-of-00012.
_NUMBERED = re.compile(r"(?P<prefix>.*?)[-_.]?(?P<number>\d+)(?:-of-(?P<total>\d+))?")
_METADATA = "metadata"
_SHOWN = 12


@dataclass(frozen=True)
class StoredArray:
    """What the header of a .npy file says; its values are mapped when they are asked for.

    Attributes
    ----------
    path : Path
    shape : tuple of int
    dtype : numpy.dtype
    fortran : bool
        Whether columns, not rows, lie together.
    offset : int
        Bytes before the first value.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    offset: int

    @classmethod
    def of(cls, path: Path) -> StoredArray:
        """Read the header of a file.

        Raises
        ------
        InputError
            If the file is damaged or cut short, or holds pickled objects.
        """
        with reading(path, _MEND), path.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            first = version == (1, 0)
            header = (
                np.lib.format.read_array_header_1_0
                if first
                else np.lib.format.read_array_header_2_0
            )
            shape, fortran, dtype = header(stream)
            offset = stream.tell()
            if dtype.hasobject:
                raise InputError(
                    f"{path} holds pickled Python objects, which are never opened because they "
                    "can run code: save it as numbers or fixed-width text, array.astype(float) or "
                    ".astype(str)"
                )
            missing = offset + int(np.prod(shape, dtype=object)) * dtype.itemsize
            missing -= os.fstat(stream.fileno()).st_size
        if missing > 0:
            raise InputError(f"{path} is cut short by {missing} bytes: copy or fetch it again")
        return cls(path, shape, dtype, fortran, offset)

    def mapped(self) -> NDArray[Any]:
        """The array, read from the file where it is looked at."""
        order = "F" if self.fortran else "C"
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape, order)  # type: ignore[call-overload,no-any-return]


class LakeRows(PartedRows):
    """Rows of arrays in numbered files, each mapped only while rows of it are read.

    Parameters
    ----------
    parts : sequence of StoredArray
        In order, each of shape (rows, d), of numbers.
    """

    def __init__(self, parts: Sequence[StoredArray]) -> None:
        dtype = np.result_type(*(float_dtype(part.dtype) for part in parts))
        super().__init__([part.shape[0] for part in parts], parts[0].shape[1], dtype)
        self.parts = tuple(parts)

    def part(self, index: int, start: int, stop: int) -> NDArray[Any]:
        """Rows of one file, counted from its first."""
        return self._rows(index, slice(start, stop))

    def picked(self, index: int, rows: Ints) -> NDArray[Any]:
        """Rows of one file at any positions, counted from its first."""
        return self._rows(index, rows)

    def _rows(self, index: int, rows: slice | Ints) -> NDArray[Any]:
        with reading(self.parts[index].path, _MEND):
            return np.array(self.parts[index].mapped()[rows], dtype=self.dtype, order="C")


@dataclass(frozen=True, order=True)
class _Part:
    number: int
    path: Path
    total: int | None


@dataclass(frozen=True)
class _Series:
    """Files of one name and ending that differ by a number.

    Attributes
    ----------
    where : str
        The folder within the lake, empty for the lake itself.
    prefix : str
        What their names start with, perhaps empty.
    suffix : str
    parts : tuple of _Part
        By number.
    """

    where: str
    prefix: str
    suffix: str
    parts: tuple[_Part, ...]

    @property
    def short(self) -> str:
        return self.prefix or self.where

    @property
    def full(self) -> str:
        return "/".join(name for name in (self.where, self.prefix) if name)

    def refuse_gaps(self, folder: Path) -> None:
        """Refuse parts whose numbers do not follow one another from 0 or 1.

        Raises
        ------
        InputError
        """
        for one, other in pairwise(self.parts):
            if one.number == other.number:
                raise InputError(
                    f"{folder} has two parts of number {one.number}, {one.path.name} and "
                    f"{other.path.name}: keep one of them"
                )
        there = [part.number for part in self.parts]
        totals = {part.total for part in self.parts if part.total is not None}
        first = min(there[0], 1)
        count = max([there[-1] - first + 1, *totals])
        missing = sorted(set(range(first, first + count)) - set(there))
        if missing:
            shown = ", ".join(str(number) for number in missing[:_SHOWN])
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            raise InputError(
                f"{folder} has {len(there)} parts of {self.full or self.suffix}, {there[0]} to "
                f"{there[-1]}, and lacks number {shown}{more}: fetch all parts, or number those "
                "that there are from 0"
            )


def _series(folder: Path, suffix: str) -> list[_Series]:
    """All numbered files of an ending in a folder and the folders in it."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give the folder that holds the numbered parts")
    found: dict[tuple[str, str], list[_Part]] = {}
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    for place in (folder, *inside):
        where = "" if place == folder else place.name
        for path in place.iterdir():
            match = _NUMBERED.fullmatch(path.stem)
            if path.suffix.lower() == suffix and match is not None and path.is_file():
                total = match["total"]
                part = _Part(int(match["number"]), path, None if total is None else int(total))
                found.setdefault((where, match["prefix"]), []).append(part)
    return [
        _Series(where, prefix, suffix, tuple(sorted(parts)))
        for (where, prefix), parts in sorted(found.items())
    ]


def is_lake(folder: str | os.PathLike[str]) -> bool:
    """Whether a path is a folder with numbered .npy parts in it or in a folder of it.

    Parameters
    ----------
    folder : str or path-like

    Examples
    --------
    >>> is_lake("no-such-folder")
    False
    """
    folder = Path(folder)
    return folder.is_dir() and bool(_series(folder, ".npy"))


def _listed(series: Sequence[_Series]) -> str:
    """Names that tell the series apart."""
    short = [one.short for one in series]
    names = [
        one.short if one.short and short.count(one.short) == 1 else one.full or "''"
        for one in series
    ]
    return ", ".join(names)


def _chosen(series: Sequence[_Series], key: str | None, aside: Sequence[str], at: Path) -> _Series:
    if key is None:
        left = [one for one in series if not {one.short, one.full} & set(aside)]
        found = [one for one in left if len(StoredArray.of(one.parts[0].path).shape) > 1]
        if len(found) != 1:
            raise InputError(
                f"{at} holds parts of {_listed(found)}: say which is meant by its key"
                if found
                else f"{at} holds no numbered .npy parts of shape (rows, features): give a folder "
                "with files such as img_emb_0.npy, img_emb_1.npy"
            )
        return found[0]
    name = key.strip("/")
    found = [one for one in series if one.full == name]
    found = found or [one for one in series if one.short == name]
    if len(found) != 1:
        raise InputError(
            f"{at} has parts {key!r} in several folders: give one of "
            f"{', '.join(one.full for one in found)} as the key"
            if found
            else f"{at} has no numbered .npy parts {key!r}: it has {_listed(series) or 'none'}"
        )
    return found[0]


def _stored(series: _Series, folder: Path) -> list[StoredArray]:
    """The parts as rows of equally many features."""
    series.refuse_gaps(folder)
    stored = [StoredArray.of(part.path) for part in series.parts]
    for one in stored:
        if len(one.shape) != 2:
            raise InputError(f"{one.path} has shape {one.shape}: give parts of (rows, features)")
        if one.dtype.kind not in "fiub":
            raise InputError(f"{one.path} holds values of dtype {one.dtype}: give real numbers")
        if one.shape[1] != stored[0].shape[1]:
            raise InputError(
                f"{one.path} has {one.shape[1]} features and {stored[0].path.name} has "
                f"{stored[0].shape[1]}: give parts of one model"
            )
    return stored


def _flat(series: _Series, stored: Sequence[StoredArray], folder: Path) -> NDArray[Any]:
    """One-dimensional parts as one column."""
    series.refuse_gaps(folder)
    found = [StoredArray.of(part.path) for part in series.parts]
    lengths = [int(np.prod(one.shape)) for one in found]
    _refuse_rows([part.path for part in series.parts], lengths, stored, folder)
    return as_text(np.concatenate([np.asarray(one.mapped()).ravel() for one in found]))


def _refuse_rows(
    paths: Sequence[Path], lengths: Sequence[int], stored: Sequence[StoredArray], folder: Path
) -> None:
    """Refuse parts that have other rows than those of the features.

    Raises
    ------
    InputError
        With the first part that differs.
    """
    if len(paths) != len(stored):
        raise InputError(
            f"{folder} has {len(stored)} parts like {stored[0].path.name} and {len(paths)} like "
            f"{paths[0].name}: give as many of both"
        )
    for path, length, of in zip(paths, lengths, stored, strict=True):
        if length != of.shape[0]:
            raise InputError(
                f"{folder} has {of.shape[0]} rows in {of.path.name} and {length} in {path.name}: "
                "write both from the same samples"
            )


@dataclass(frozen=True)
class _Metadata:
    """Parquet parts, read a column at a time.

    Attributes
    ----------
    paths : tuple of Path
    names : tuple of str
        Columns that are in every part.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, series: _Series, stored: Sequence[StoredArray], folder: Path) -> _Metadata:
        """Read the footers of the parts.

        Raises
        ------
        InputError
            If parts or their rows are not those of the features, or a file is damaged.
        MissingExtraError
            Without PyArrow.
        """
        series.refuse_gaps(folder)
        paths = tuple(part.path for part in series.parts)
        names: dict[str, None] = {}
        lengths: list[int] = []
        for path in paths:
            with _opened(path) as file:
                there = dict.fromkeys(file.schema_arrow.names)
                names = there if not lengths else {name: None for name in names if name in there}
                lengths.append(file.metadata.num_rows)
        _refuse_rows(paths, lengths, stored, folder)
        return cls(paths, tuple(names))

    def column(self, name: str) -> Any:
        """One column of all parts."""
        import pyarrow as pa

        tables = []
        for path in self.paths:
            with _opened(path) as file:
                tables.append(file.read(columns=[name]).select([name]))
        with reading(self.paths[0], f"write {name!r} with one type in all parts"):
            # A part in which a column is missing throughout, or whole, has a type of its own.
            whole = pa.concat_tables(tables, promote_options="permissive")
        return column_values(whole.column(0))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    parquet = import_extra("pyarrow.parquet", "tables", "reading .parquet files")
    with reading(path, _MEND_PARQUET), parquet.ParquetFile(path) as file:
        yield file


def _metadata(folder: Path) -> _Series | None:
    """The Parquet parts that describe the rows."""
    series = _series(folder, ".parquet")
    called = [one for one in series if _METADATA in (one.prefix, one.where)]
    found = called or series
    if len(found) > 1:
        raise InputError(
            f"{folder} has Parquet parts of {_listed(found)}: keep those that describe its rows, "
            f"or call them {_METADATA}"
        )
    return found[0] if found else None


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open a folder of numbered .npy parts, whose rows are read from them on demand.

    Parts come in the order of their numbers: ``img_emb_2.npy`` before ``img_emb_10.npy``. They
    lie in the folder or in folders of it, as clip-retrieval writes them: ``img_emb/``,
    ``text_emb/``, ``metadata/``. Numbers start from 0 or 1, and none is left out.

    Parameters
    ----------
    path : str or path-like
        The folder.
    key : str, default None
        What the names of the parts start with, such as ``"img_emb"``; with the folder before it,
        ``"images/emb"``, where several are called so. None takes the only one of shape (rows,
        features).
    id_column : str, default None
        Column of the metadata with row IDs, read as text.
    aside : sequence of str, default ()
        Parts that are no features. All columns of the metadata are offered, and so are parts of
        shape (rows,).

    Returns
    -------
    Table
        Columns are those of numbered Parquet parts called metadata, or of the only ones that
        there are.

    Raises
    ------
    InputError
        If there is no such key, a part is missing, damaged or of another width, or metadata have
        other parts or rows.
    MissingExtraError
        If there are metadata, without PyArrow.
    """
    folder = Path(path)
    arrays = _series(folder, ".npy")
    series = _chosen(arrays, key, aside, folder)
    stored = _stored(series, folder)
    rows = LakeRows(stored)
    if not len(rows):
        raise InputError(f"{folder} has no rows in {series.full}: give at least one row")
    flat = {
        one.short: one
        for one in arrays
        if one != series and len(StoredArray.of(one.parts[0].path).shape) == 1
    }
    parts = _metadata(folder)
    described = None if parts is None else _Metadata.of(parts, stored, folder)

    def read(name: str) -> Any:
        if described is not None and name in described.names:
            return described.column(name)
        return _flat(flat[name], stored, folder)

    columns = LazyColumns([*(() if described is None else described.names), *flat], read)
    ids = row_ids(columns, id_column, folder)
    return Table(rows, ids=ids, named=ids is not None, columns=columns, path=folder)
