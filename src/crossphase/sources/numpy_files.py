"""NumPy's .npy and .npz files: mapped into memory where they can be, and never unpickled."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.choosing import LazyColumns
from crossphase.sources.reading import reading
from crossphase.sources.row_ids import as_text_ids
from crossphase.sources.table import Table

__all__ = ["open_columns", "open_file", "read_npy", "read_npz", "tables_in"]

_MEND = "write it again with numpy.save or numpy.savez"
#: What scipy.sparse.save_npz writes beside the indices.
_SPARSE = frozenset({"format", "shape", "data"})
#: Compressed arrays above this are unpacked to a temporary file rather than into memory.
SPOOLED_BYTES = 256 * 2**20

Header = tuple[tuple[int, ...], bool, np.dtype[Any]]


def _refuse_objects(path: Path, dtype: np.dtype[Any], key: str = "") -> None:
    if dtype.hasobject:
        where = f"array {key!r} of {path}" if key else str(path)
        raise InputError(
            f"{where} holds pickled Python objects, which are never opened because they can run "
            "code: save it as numbers or fixed-width text, array.astype(float) or .astype(str)"
        )


def _header(stream: Any) -> Header:
    """Shape, whether columns lie together, and dtype."""
    version = np.lib.format.read_magic(stream)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    return read(stream)


def read_npy(path: Path, *, mapped: bool = False) -> NDArray[Any]:
    """Read one array.

    Parameters
    ----------
    path : Path
    mapped : bool, default False
        Whether to map the file into memory rather than read it.

    Raises
    ------
    InputError
        If the array is pickled or the file damaged.
    """
    with reading(path, _MEND):
        with path.open("rb") as stream:
            shape, _, dtype = _header(stream)
        _refuse_objects(path, dtype)
        mode: Any = "r" if mapped and 0 not in shape else None
        array: NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
    return array


def _headers(path: Path) -> dict[str, Header]:
    found = {}
    try:
        with reading(path, _MEND), zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith(".npy"):
                    with archive.open(member) as stream:
                        found[member.removesuffix(".npy")] = _header(stream)
    except zipfile.BadZipFile as error:
        with reading(path, _MEND):
            raise ValueError(str(error)) from None
    if found.keys() >= _SPARSE:
        raise InputError(
            f"{path} holds a sparse matrix: save it as an array, numpy.save(…, matrix.toarray()), "
            "or diagnose it in Python, which takes what scipy.sparse.load_npz gives"
        )
    return found


def _member(path: Path, name: str, *, mapped: bool = False) -> NDArray[Any]:
    """One array of an archive: read, or mapped if it is not compressed."""
    with reading(path, _MEND), zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(f"{name}.npy")
        with archive.open(entry) as stream:
            shape, fortran, dtype = _header(stream)
            _refuse_objects(path, dtype, name)
            at = stream.tell()
        order: Any = "F" if fortran else "C"
        if mapped and 0 not in shape and entry.compress_type == zipfile.ZIP_STORED:
            start = _data_offset(path, entry) + at
            return np.memmap(path, dtype, "r", start, shape, order)
        if mapped and entry.file_size > SPOOLED_BYTES:
            with archive.open(entry) as stream, tempfile.TemporaryFile() as file:
                shutil.copyfileobj(stream, file, 2**20)
                file.flush()
                # The map holds the file open; it has no name that could be left behind.
                return np.memmap(file, dtype, "r", at, shape, order)
        with archive.open(entry) as stream:
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
            return array


def _data_offset(path: Path, entry: zipfile.ZipInfo) -> int:
    """Where the bytes of an archive's member start, after its name and extra fields there."""
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        local = file.read(30)
    name, extra = struct.unpack("<HH", local[26:30])
    return entry.header_offset + 30 + int(name) + int(extra)


def _listed(headers: Mapping[str, Header]) -> str:
    return ", ".join(f"{name} {shape}" for name, (shape, _, _) in headers.items())


def _is_table(shape: tuple[int, ...], _: bool, dtype: np.dtype[Any]) -> bool:
    return len(shape) == 2 and dtype.kind not in "US"


def tables_in(path: Path, *, aside: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the two-dimensional numeric arrays of an archive, in its order.

    Parameters
    ----------
    path : Path
    aside : collection of str, default ()
        Arrays that are no features.

    Raises
    ------
    InputError
        If there is none, or the file is damaged.
    """
    headers = _headers(path)
    found = tuple(
        name for name, header in headers.items() if name not in aside and _is_table(*header)
    )
    if not found:
        raise InputError(
            f"{path} holds {_listed(headers) or 'no arrays'}: give arrays of (rows, features)"
        )
    return found


def _chosen(
    path: Path, key: str | None, aside: Collection[str], tables_only: bool
) -> tuple[str | None, dict[str, Header]]:
    """The array meant by a key, or the only candidate; None where none is left."""
    headers = _headers(path)
    listed = _listed(headers)
    if not headers:
        raise InputError(f"{path} is a zip archive without NumPy arrays: {_MEND}")
    if key is not None and key not in headers:
        raise InputError(f"{path} has no array {key!r}: choose among {listed}")
    if key is None:
        candidates = [
            name
            for name, header in headers.items()
            if name not in aside and (not tables_only or _is_table(*header))
        ]
        if len(candidates) > 1 or (tables_only and not candidates):
            raise InputError(f"{path} holds {listed}: say which array is meant by its key")
        key = candidates[0] if candidates else None
    return key, headers


def read_npz(
    path: Path, *, key: str | None = None, aside: Collection[str] = (), tables_only: bool = True
) -> tuple[NDArray[Any] | None, dict[str, NDArray[Any]]]:
    """Read one array of an archive as the table, and others by name.

    Parameters
    ----------
    path : Path
    key : str, default None
        Name of the table; None takes the only candidate.
    aside : collection of str, default ()
        Names of arrays to read beside it, those that exist.
    tables_only : bool, default True
        Whether only two-dimensional numeric arrays are candidates for the table.

    Returns
    -------
    table : ndarray or None
        None when no candidate is left beside `aside`.
    arrays : dict of str to ndarray
        The arrays set aside.

    Raises
    ------
    InputError
        If the key is unknown, the choice is ambiguous, an array is pickled, or the file damaged.
    """
    key, headers = _chosen(path, key, aside, tables_only)
    arrays = {name: _member(path, name) for name in headers if name == key or name in aside}
    return None if key is None else arrays[key], {n: a for n, a in arrays.items() if n in aside}


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open an array; in a file that is not compressed its rows are mapped, not read.

    Parameters
    ----------
    path : str or path-like
        .npy or .npz.
    key : str, default None
        Array of a .npz; needed only if it holds several two-dimensional ones.
    id_column : str, default None
        Array of a .npz with row IDs, taken as text.
    aside : sequence of str, default ()
        Arrays of a .npz that are no features; those that exist are offered.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the array is pickled, the choice is open, or the file is damaged.
    """
    path = Path(path)
    if path.suffix.lower() == ".npy":
        _refuse_options(path, key, id_column)
        return Table(read_npy(path, mapped=True), path=path)
    wanted = [*aside, *([] if id_column is None else [id_column])]
    name, headers = _chosen(path, key, wanted, tables_only=True)
    assert name is not None
    found = [one for one in headers if one in aside]
    ids = _ids(path, headers, id_column)
    values = _member(path, name, mapped=True)
    columns = LazyColumns(found, lambda one: _member(path, one))
    return Table(values, ids=ids, named=ids is not None, columns=columns, path=path)


def _refuse_options(path: Path, key: str | None, id_column: str | None) -> None:
    if key is not None:
        raise InputError(f"{path}: key {key!r} was given, but a .npy is one array: drop it")
    if id_column is not None:
        raise InputError(
            f"{path} is a bare array and has no ID column {id_column!r}: "
            "use .npz with an array of IDs, or a table"
        )


def _ids(path: Path, headers: Mapping[str, Header], id_column: str | None) -> Any:
    if id_column is None:
        return None
    if id_column not in headers:
        raise InputError(f"{path} has no array {id_column!r} of IDs: add one")
    return as_text_ids(_member(path, id_column), str(path))


def open_columns(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open an archive, or an array, of labels.

    Parameters
    ----------
    path : str or path-like
        .npy or .npz.
    key : str, default None
        Array of a .npz that holds the labels; None takes the only one that is left.
    id_column : str, default None
        Array of a .npz with row IDs, taken as text.
    aside : sequence of str, default ()
        Arrays of a .npz that are no labels.

    Returns
    -------
    Table
        Its `values` are the array of labels, None where that is open; its `columns` are all
        arrays of the archive but the IDs.

    Raises
    ------
    InputError
        If an array is pickled, the key is unknown, or the file is damaged.
    """
    path = Path(path)
    if path.suffix.lower() == ".npy":
        _refuse_options(path, key, None)
        return Table(read_npy(path), path=path)
    headers = _headers(path)
    columns = LazyColumns(
        [name for name in headers if name != id_column], lambda one: _member(path, one)
    )
    ids = _ids(path, headers, id_column)
    return Table(None, ids=ids, named=ids is not None, columns=columns, path=path)
