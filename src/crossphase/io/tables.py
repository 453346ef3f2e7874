"""One table of features or of labels, from any of the formats."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crossphase.errors import InputError
from crossphase.sources import Table
from crossphase.sources.file_columns import no_such_column
from crossphase.sources.files import checked_source, open_columns, open_file
from crossphase.sources.numpy_files import read_npy, read_npz
from crossphase.sources.paths import ending_of

__all__ = ["read_columns", "read_labels", "read_table"]


def read_table(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    r"""Open the features of one modality.

    Parameters
    ----------
    path : str or path-like
        .npy, .npz, .csv, .tsv (these two perhaps with .gz or .zst), .parquet, .feather, .arrow,
        .ipc, .h5ad, .h5mu, .h5, .hdf5 or .safetensors; or a folder: parts in .parquet or .npy, a
        10x matrix, a Zarr store, a dataset saved by Hugging Face. Pickled arrays are refused.
    key : str, default None
        Which one is meant of several: an array of a .npz, a modality of a .h5mu, ``"rna"``, or
        one of the obsm of that, ``"rna/X_pca"``, a column of lists of a .parquet.
    id_column : str, default None
        Column (or array of the archive) with row IDs, read as text. A .h5mu names its cells,
        so rows of its modalities are matched without.
    aside : sequence of str, default ()
        Columns that are not features, such as labels; those that exist are returned apart.

    Returns
    -------
    Table
        Its `values` are an array, in memory or mapped, or rows that are read on demand.

    Raises
    ------
    InputError
        If the file is missing, damaged, ambiguous, not what its ending says, or has columns that
        are not numeric.
    MissingExtraError
        If a package is needed that is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "rna.csv")
    ...     _ = path.write_text("cell,g1,g2,type\n007,1,2,B\n008,3,4,T\n")
    ...     table = read_table(path, id_column="cell", aside=["type"])
    >>> table.ids, table.names, list(table.columns["type"])
    (array(['007', '008'], dtype='<U3'), ('g1', 'g2'), ['B', 'T'])
    """
    return open_file(path, key=key, id_column=id_column, aside=aside)


def read_columns(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    *,
    id_column: str | None = None,
) -> Table:
    r"""Read columns of a table by name.

    Parameters
    ----------
    path : str or path-like
        Of any format that has columns, as for :func:`read_table`.
    columns : sequence of str, default None
        Those to read; None reads all but the IDs.
    id_column : str, default None
        Column with row IDs, read as text.

    Returns
    -------
    Table
        Its `values` are a mapping of name to array: numbers, with NaN where missing, or objects,
        with None.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "stars.csv")
    ...     _ = path.write_text("KID,period,kind\n7,1.5,A\n8,,B\n")
    ...     table = read_columns(path, ["KID", "period"])
    >>> table.values
    {'KID': array([7, 8]), 'period': array([1.5, nan])}
    """
    return _selected(open_columns(path, id_column=id_column), columns, (), "")


def read_labels(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Read label columns.

    Parameters
    ----------
    path : str or path-like
        As for :func:`read_table`.
    columns : sequence of str, default None
        Label columns (or arrays of a .npz archive); None takes all but the ID column. Of a .h5ad
        or .h5mu they are columns of obs, and have to be named.
    key : str, default None
        Array of a .npz archive that holds the labels; modality of a .h5mu whose obs does.
    id_column : str, default None
        Column with row IDs, read as text. A .npy file has none: its rows follow x.
    aside : sequence of str, default ()
        Columns that are not labels, such as groups.

    Returns
    -------
    Table
        Its `values` are the labels: an array, or a mapping of name to array.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.
    MissingExtraError
        If a package is needed that is not installed.
    """
    checked = checked_source(path)
    ending = ending_of(checked)
    if ending == ".npy" and not checked.is_dir():
        if columns:
            raise InputError(f"{checked} is a bare array without label columns: give no names")
        if key is not None:
            raise InputError(f"{checked}: key {key!r} was given, but a .npy is one array: drop it")
        return Table(read_npy(checked), path=checked)
    if ending in (".h5ad", ".h5mu") and not columns:
        raise InputError(
            f"{checked} holds labels among the columns of obs: give their names, and no file of "
            "labels unless it is another one"
        )
    if ending == ".npz":
        if columns and key is not None:
            raise InputError(f"{checked}: key {key!r} and label columns were both given: drop one")
        if not columns:
            return _archived(checked, key, id_column, aside)
    table = open_columns(checked, key=None if ending == ".npz" else key, id_column=id_column)
    labels = _selected(table, columns, aside, "label ")
    if not labels.values:
        raise InputError(f"{checked} has no label columns beside {id_column!r}: add one")
    return labels


def _archived(path: Path, key: str | None, id_column: str | None, aside: Sequence[str]) -> Table:
    """The one array of labels of an archive, which may be of any shape."""
    table = open_columns(path, id_column=id_column)
    beside = [*aside, *([] if id_column is None else [id_column])]
    values, _ = read_npz(path, key=key, aside=beside, tables_only=False)
    if values is None or 0 in values.shape:
        raise InputError(f"{path} has no label columns beside {id_column!r}: add one")
    return replace(table, values=values, columns=_found(table.columns, aside))


def _selected(
    table: Table, columns: Collection[str] | None, aside: Sequence[str], role: str
) -> Table:
    """A table whose values are the columns asked for, by name."""
    there = list(table.columns)
    for name in columns or ():
        if name not in table.columns:
            raise no_such_column(table.path, name, there, role)
    wanted = columns or [name for name in there if name not in aside]
    values = {name: table.columns[name] for name in wanted}
    return replace(table, values=values, names=None, columns=_found(table.columns, aside))


def _found(columns: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    return {name: columns[name] for name in wanted if name in columns}
