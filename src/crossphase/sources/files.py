"""Which module reads which file: told by its ending, its first bytes, or what a folder holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from crossphase.errors import InputError
from crossphase.sources.choosing import LazyColumns, row_ids
from crossphase.sources.paths import ENDINGS, checked_path, ending_of
from crossphase.sources.table import Table

__all__ = ["checked_source", "format_of", "open_columns", "open_file"]

#: Ending of a file, and the module here that reads it.
_READERS = {
    ".npy": "numpy_files",
    ".npz": "numpy_files",
    **dict.fromkeys((".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst"), "text"),
    ".parquet": "parquet",
    **dict.fromkeys((".feather", ".arrow", ".ipc"), "arrow_ipc"),
    ".h5ad": "annotated_files",
    ".h5mu": "annotated_files",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".zip": "zarr_store",
    ".safetensors": "safetensors_file",
}
#: Files by which the format of a folder is known.
_MARKS = {
    "zarr.json": "zarr_store",
    ".zgroup": "zarr_store",
    ".zarray": "zarr_store",
    "dataset_info.json": "hugging_face",
    "dataset_dict.json": "hugging_face",
    "state.json": "hugging_face",
}
#: Formats whose labels are had without saying which matrix is meant.
_TABULAR = frozenset({"text", "parquet", "arrow_ipc", "numpy_files"})


def checked_source(path: str | os.PathLike[str]) -> Path:
    """A path to a file that is what its ending says, or to a folder of a format that is read.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If it does not exist, cannot be opened, or is of no format that is read.
    """
    path = Path(path)
    try:
        folder = path.is_dir()
    except OSError:
        folder = False  # whatever is wrong is said where files are looked at
    if not folder:
        return checked_path(path)
    _of_folder(path)
    return path


def format_of(path: Path) -> str:
    """Name of the module here that reads a file or folder.

    Parameters
    ----------
    path : Path
        Of an ending that is known.

    Raises
    ------
    InputError
        If a folder holds nothing that is read.

    Examples
    --------
    >>> format_of(Path("rna.parquet")), format_of(Path("labels.tsv.gz"))
    ('parquet', 'text')
    """
    if path.is_dir():
        return _of_folder(path)
    ending = ending_of(path)
    if ending not in _READERS:
        raise InputError(
            f"{path} has the ending {ending or '(none)'!r}, which cannot be read: "
            f"give one of {', '.join(ENDINGS)}"
        )
    # 10x names its files like any other.
    if _READERS[ending] == "hdf5" and _reader("tenx").is_tenx(path):
        return "tenx"
    return _READERS[ending]


def _of_folder(path: Path) -> str:
    if path.suffix.lower() == ".zarr":
        return "zarr_store"
    names = {entry.name for entry in path.iterdir()}
    found = [module for mark, module in _MARKS.items() if mark in names]
    if found:
        return found[0]
    if _reader("tenx").is_tenx(path):
        return "tenx"
    if _reader("lake").is_lake(path):
        return "lake"
    if any(name.lower().endswith(".parquet") and name[0] not in "._" for name in names):
        return "parquet"
    raise InputError(
        f"{path} is a folder without parts of a table (.parquet, numbered .npy), matrix.mtx, a "
        "Zarr store or a dataset saved by Hugging Face: give a file inside it"
    )


def _reader(module: str) -> Any:
    return import_module(f"crossphase.sources.{module}")


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open the features of one modality, whatever their format; rows are read when asked for.

    Parameters
    ----------
    path : str or path-like
        A file, or a folder: parts of one table, a 10x matrix, a Zarr store.
    key : str, default None
        Which array, matrix or column is meant, where there are several.
    id_column : str, default None
        Column with row IDs, taken as text.
    aside : sequence of str, default ()
        Columns that are no features; those that exist are offered.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the file is missing, damaged, ambiguous, or not what its ending says.
    MissingExtraError
        If a package is needed that is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> path = Path(tempfile.mkdtemp(), "rna.npy")
    >>> np.save(path, np.eye(3))
    >>> open_file(path).values[1:].tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    path = checked_source(path)
    table: Table = _reader(format_of(path)).open_file(
        path, key=key, id_column=id_column, aside=aside
    )
    return replace(table, path=path)


def open_columns(
    path: str | os.PathLike[str], *, key: str | None = None, id_column: str | None = None
) -> Table:
    """Open a file for what stands beside features: labels, groups, covariates.

    Parameters
    ----------
    path : str or path-like
        As for :func:`open_file`.
    key : str, default None
        Whose columns are meant, in formats that hold several matrices.
    id_column : str, default None
        Column with row IDs, taken as text.

    Returns
    -------
    Table
        Its `columns` are all that there are but the IDs; of a table every one, of a matrix those
        beside it. They are read when they are asked for.

    Raises
    ------
    InputError
        As :func:`open_file` does.
    """
    path = checked_source(path)
    module = format_of(path)
    if module in _TABULAR:
        if key is not None:
            raise InputError(
                f"{path}: key {key!r} was given for labels: give names of label columns instead"
            )
        table: Table = _reader(module).open_columns(path, id_column=id_column)
    elif module == "annotated_files" and key is None:
        table = _of_cells(path, id_column)
    else:
        table = _reader(module).open_file(path, key=key, id_column=id_column)
    return replace(table, path=path)


def _of_cells(path: Path, id_column: str | None) -> Table:
    """Columns of obs of an .h5ad, or of all cells of an .h5mu."""
    from crossphase.sources.annotated_files import StoredAnnotated
    from crossphase.sources.annotated_layout import MEND
    from crossphase.sources.stored_file import StoredFile

    stored = StoredFile(path, MEND)
    with stored.reading():
        annotated = StoredAnnotated(stored)
    columns = LazyColumns(annotated.columns(), annotated.column)
    ids = annotated.cells() if id_column is None else row_ids(columns, id_column, path)
    return Table(None, ids=ids, named=True, columns=columns, path=path)
