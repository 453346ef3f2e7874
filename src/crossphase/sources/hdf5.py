"""Plain HDF5 files: a dataset of shape (rows, features), and datasets of labels beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, import_extra
from crossphase.sources.array_tree import columns_beside, refuse_packed, tables_among
from crossphase.sources.choosing import as_text, choose, row_ids
from crossphase.sources.rows import RowSource
from crossphase.sources.stored_file import StoredFile
from crossphase.sources.stored_rows import StoredDense
from crossphase.sources.table import Table
from crossphase.sources.tiles import CopiedTiles, too_tall

__all__ = ["open_file", "open_object"]

_MEND = "copy it again, or write it again"


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open a two-dimensional dataset of numbers, whose rows are read on demand.

    Parameters
    ----------
    path : str or path-like
    key : str, default None
        Path of the dataset, ``"/a/x"``, or its last part where only one is called so; None takes
        the only one.
    id_column : str, default None
        Dataset with the IDs of the rows.
    aside : sequence of str, default ()
        Datasets are features or columns whatever is asked for.

    Returns
    -------
    Table
        Its columns are the datasets with one value for each row: those in the group of the
        features, then those at the top of the file, then any others by their paths. Values of an
        enumeration are its names.

    Raises
    ------
    InputError
        If there is no such dataset, the choice is open, its values are packed as integers, or the
        file is damaged.
    MissingExtraError
        Without h5py.
    """
    stored = StoredFile(Path(path), _MEND)
    with stored.reading():
        arrays = _datasets(stored.file)
        name, columns = _chosen(stored, stored.file, arrays, key, path)
        ids = row_ids(columns, id_column, path)
        values = _rows(stored, name)
    return Table(values, ids=ids, named=ids is not None, columns=columns, path=stored.path)


def open_object(table: Any, what: str) -> Table:
    """Rows of an open dataset, or of the only table of numbers in an open file or group.

    Parameters
    ----------
    table : h5py.Dataset of shape (n, d), h5py.File or h5py.Group
        Of a file that stays open, or can be opened again by its name.
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If it is closed, or is no table of real numbers.
    """
    if not table:
        raise InputError(f"{what} is of an HDF5 file that was closed: open it again")
    handle, name = table.file, table.name
    if name is None or not (hasattr(table, "keys") or hasattr(table, "shape")):
        kind = type(table).__name__
        raise InputError(f"{what} is an h5py {kind} without rows: give a dataset of a file")
    stored = StoredFile(Path(handle.filename), _MEND, handle)
    with stored.reading():
        if hasattr(table, "keys"):
            name, columns = _chosen(stored, table, _datasets(table), None, what)
            return Table(_rows(stored, name), columns=columns, path=stored.path)
        tables, others = tables_among({name.strip("/"): table})
        choose(tables, name, what, others=others)
        return Table(_rows(stored, name), path=stored.path)


def _datasets(group: Any) -> dict[str, Any]:
    """Every dataset below a group, by its path from there."""
    found: dict[str, Any] = {}

    def visit(path: str, item: Any) -> None:
        if hasattr(item, "shape") and hasattr(item, "chunks"):
            found[path] = item

    group.visititems(visit)
    return found


def _chosen(
    stored: StoredFile, group: Any, arrays: dict[str, Any], key: str | None, where: object
) -> tuple[str, Mapping[str, Any]]:
    """Path of the dataset meant, and the columns beside it."""
    path = (key or "").strip("/")
    if path and path not in arrays and hasattr(group.get(path), "chunks"):
        arrays = {**arrays, path: group[path]}  # a link, which is not listed
    tables, others = tables_among(arrays)
    name = choose(tables, key, where, others=others)
    refuse_packed(arrays[name].attrs, arrays[name].dtype, f"{name} of {where}")
    prefix = group.name.rstrip("/")
    columns = columns_beside(arrays, name, lambda at: _column(stored, f"{prefix}/{at}"))
    return f"{prefix}/{name}", columns


def _rows(stored: StoredFile, name: str) -> RowSource:
    dataset = stored.file[name]
    rows = StoredDense(stored, name)
    if too_tall(dataset.shape, dataset.chunks, dataset.dtype.itemsize):
        return CopiedTiles(partial(_tile, stored, name), rows.shape, dataset.chunks, rows.dtype)
    # Chunks are unpacked whole: rows in another order would unpack each of them many times.
    rows.random_access = dataset.chunks is None
    return rows


def _tile(stored: StoredFile, name: str, rows: slice, columns: slice) -> NDArray[Any]:
    with stored.reading():
        values: NDArray[Any] = stored.file[name][rows, columns]
    return values


def _column(stored: StoredFile, name: str) -> NDArray[Any]:
    """Values of a dataset: text as text, those of an enumeration as its names."""
    h5py = import_extra("h5py", "hdf5", "reading .h5 files")
    with stored.reading():
        dataset = stored.file[name]
        values = as_text(np.asarray(dataset[...]))
        named = h5py.check_enum_dtype(dataset.dtype)
    if not named or values.dtype.kind not in "iu":
        return values
    names = {number: text for text, number in named.items()}
    return np.array([names.get(value, "") for value in values.ravel().tolist()], dtype=str)
