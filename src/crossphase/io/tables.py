"""One table of features or of labels, from any of the formats."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.data.tabular import as_ids
from crossphase.errors import InputError
from crossphase.io.arrays import read_npy, read_npz
from crossphase.io.frames import read_parquet, read_text
from crossphase.io.h5mu import read_h5mu
from crossphase.io.paths import checked_path

__all__ = ["Table", "read_labels", "read_table"]

_LISTED = 12


@dataclass(frozen=True, eq=False)
class Table:
    """What a file holds.

    Attributes
    ----------
    path : Path
    values : ndarray, data frame, or mapping of name to column
        The features, or the labels.
    ids : ndarray of shape (n,) or None
        The ID column, as text.
    columns : mapping of str to column
        Columns that are neither: set aside by name.
    """

    path: Path
    values: Any
    ids: NDArray[np.str_] | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


def _id_text(values: Any, path: Path) -> NDArray[np.str_]:
    return np.array([str(value) for value in as_ids(values, str(path))])


def _missing_column(path: Path, wanted: str, there: Sequence[str], role: str) -> InputError:
    shown = ", ".join(there[:_LISTED]) + (", …" if len(there) > _LISTED else "")
    return InputError(f"{path} has no {role} column {wanted!r}: it has {shown or 'none'}")


def _read(
    path: Path, key: str | None, id_column: str | None, aside: Sequence[str], tables_only: bool
) -> Table:
    ending = path.suffix.lower()
    if key is not None and ending not in (".npz", ".h5mu"):
        raise InputError(
            f"{path}: key {key!r} was given, but only .npz and .h5mu files have keys: drop it"
        )
    if ending == ".npy":
        return Table(path, read_npy(path))
    if ending == ".npz":
        wanted = [*aside, *([] if id_column is None else [id_column])]
        values, arrays = read_npz(path, key=key, aside=wanted, tables_only=tables_only)
        ids = None
        if id_column is not None:
            if id_column not in arrays:
                raise InputError(f"{path} has no array {id_column!r} of IDs: add one")
            ids = _id_text(arrays[id_column], path)
        return Table(path, values, ids, {name: arrays[name] for name in aside if name in arrays})
    if ending == ".h5mu":
        wanted = [*aside, *([] if id_column is None else [id_column])]
        values, cells, arrays = read_h5mu(path, key, wanted)
        if id_column is not None:
            if id_column not in arrays:
                raise InputError(f"{path} has no obs column {id_column!r} of IDs: drop it")
            cells = _id_text(arrays[id_column], path)
        return Table(path, values, cells, {name: arrays[name] for name in aside if name in arrays})
    frame = read_parquet(path) if ending == ".parquet" else read_text(path, id_column)
    for name in [*aside, *([] if id_column is None else [id_column])]:
        count = list(frame.columns).count(name)
        if count > 1:
            raise InputError(f"{path} has {count} columns named {name!r}: rename all but one")
    ids = None
    if id_column is not None:
        if id_column in frame.columns:
            ids = _id_text(frame.pop(id_column), path)
        elif frame.index.name == id_column:
            ids = _id_text(frame.index, path)
        else:
            raise _missing_column(path, id_column, list(frame.columns), "ID")
        frame = frame.reset_index(drop=True)
    columns = {name: frame.pop(name) for name in aside if name in frame.columns}
    return Table(path, frame, ids, columns)


def read_table(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    r"""Read the features of one modality.

    Parameters
    ----------
    path : str or path-like
        .npy, .npz, .csv, .tsv, .parquet or .h5mu. Pickled arrays are refused.
    key : str, default None
        Array of a .npz archive; needed only if it holds several two-dimensional ones. Of a
        .h5mu its modality, ``"rna"``, or one of the obsm of that, ``"rna/X_pca"``.
    id_column : str, default None
        Column (or array of the archive) with row IDs, read as text. A .h5mu names its cells,
        so rows of its modalities are matched without.
    aside : sequence of str, default ()
        Columns that are not features, such as labels; those that exist are returned apart.

    Returns
    -------
    Table
        Its `values` are an array or a frame; whether they can be used as features is for
        :meth:`crossphase.PairedData.from_arrays` to say.

    Raises
    ------
    InputError
        If the file is missing, damaged, ambiguous, or not what its ending says.
    MissingExtraError
        If a text or Parquet table is read without pandas.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "rna.csv")
    ...     _ = path.write_text("cell,g1,g2,type\n007,1,2,B\n008,3,4,T\n")
    ...     table = read_table(path, id_column="cell", aside=["type"])
    >>> table.ids, list(table.values.columns), list(table.columns["type"])
    (array(['007', '008'], dtype='<U3'), ['g1', 'g2'], ['B', 'T'])
    """
    checked = checked_path(path)
    if checked.suffix.lower() == ".npy" and id_column is not None:
        raise InputError(
            f"{checked} is a bare array and has no ID column {id_column!r}: "
            "use .npz with an array of IDs, or a table"
        )
    return _read(checked, key, id_column, aside, tables_only=True)


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
        .npy, .npz, .csv, .tsv or .parquet.
    columns : sequence of str, default None
        Label columns (or arrays of a .npz archive); None takes all but the ID column.
    key : str, default None
        Array of a .npz archive that holds the labels.
    id_column : str, default None
        Column with row IDs, read as text. A .npy file has none: its rows follow x.
    aside : sequence of str, default ()
        Columns that are not labels, such as groups.

    Returns
    -------
    Table
        Its `values` are the labels.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.
    MissingExtraError
        If a text or Parquet table is read without pandas.
    """
    checked = checked_path(path)
    ending = checked.suffix.lower()
    if ending == ".npy":
        if columns:
            raise InputError(f"{checked} is a bare array without label columns: give no names")
        return _read(checked, key, None, (), tables_only=False)
    if ending == ".h5mu":
        raise InputError(
            f"{checked} holds labels among the columns of obs: give their names, and no file of "
            "labels"
        )
    if ending == ".npz" and columns:
        if key is not None:
            raise InputError(f"{checked}: key {key!r} and label columns were both given: drop one")
        _, arrays = read_npz(
            checked, key=columns[0], aside=[*columns, *aside, id_column or ""], tables_only=False
        )
        return _select(checked, arrays, columns, id_column, aside)
    table = _read(checked, key, id_column, aside, tables_only=False)
    if columns:
        missing = [name for name in columns if name not in table.values.columns]
        if missing:
            raise _missing_column(checked, missing[0], list(table.values.columns), "label")
        return Table(checked, table.values[list(columns)], table.ids, table.columns)
    if table.values is None or 0 in np.shape(table.values):
        raise InputError(f"{checked} has no label columns beside {id_column!r}: add one")
    return table


def _select(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    columns: Sequence[str],
    id_column: str | None,
    aside: Sequence[str],
) -> Table:
    missing = [name for name in columns if name not in arrays]
    if missing:
        raise _missing_column(path, missing[0], list(arrays), "label")
    if id_column is not None and id_column not in arrays:
        raise InputError(f"{path} has no array {id_column!r} of IDs: add one")
    return Table(
        path,
        {name: arrays[name] for name in columns},
        None if id_column is None else _id_text(arrays[id_column], path),
        {name: arrays[name] for name in aside if name in arrays},
    )
