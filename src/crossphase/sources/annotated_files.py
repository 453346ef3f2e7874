""".h5ad and .h5mu files, AnnData and MuData on disk: rows are read when they are asked for [1]_.

References
----------
.. [1] https://mudata.readthedocs.io/stable/notebooks/quickstart_mudata.html
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.annotated_keys import Entries, keys_of, open_entry
from crossphase.sources.annotated_layout import MEND, H5ad, matrix_kind
from crossphase.sources.rows import RowSource
from crossphase.sources.stored_file import StoredFile
from crossphase.sources.stored_rows import (
    CompressedColumns,
    CompressedRows,
    StoredDense,
    StoredFrame,
)
from crossphase.sources.table import Table

__all__ = ["StoredAnnotated", "modalities_in", "open_file", "stored_rows"]

Ints = NDArray[np.intp]

_MEND_MUDATA = "write it again with MuData.write"


class StoredAnnotated:
    """One AnnData of a file, or what a MuData says of all its cells.

    Parameters
    ----------
    stored : StoredFile
    group : str, default "/"
        Where it lies in the file.
    """

    def __init__(self, stored: StoredFile, group: str = "/") -> None:
        self.stored, self.group = stored, group
        file = self._file().file
        self.entries = Entries(
            x="X" in file,
            layers=tuple(file["layers"]) if "layers" in file else (),
            obsm=tuple(file["obsm"]) if "obsm" in file else (),
            raw="raw" in file and "X" in file["raw"],
        )

    def _file(self) -> H5ad:
        return H5ad(self.stored.path, self.stored.file[self.group])

    def rows(self, key: str) -> tuple[Any, tuple[str, ...] | None]:
        """Rows of the matrix of a key, and the names of its features."""
        with self.stored.reading():
            file = self._file()
            name = f"{self.group.rstrip('/')}/{'raw/X' if key == 'raw' else key}"
            values = stored_rows(self.stored, name, key)
            if key.startswith("obsm/"):
                return values, values.columns if isinstance(values, StoredFrame) else None
            table = H5ad(file.path, file.file["raw"]) if key == "raw" else file
            names = tuple(table.names("var").tolist())
            if values.shape[1] != len(names):
                raise InputError(
                    f"{file.path} has {key} of shape {values.shape} for {len(names)} features: "
                    f"{self.stored.mend}"
                )
            return values, names

    def cells(self) -> NDArray[np.str_]:
        """Names of the cells."""
        with self.stored.reading():
            return self._file().names("obs")

    def columns(self) -> tuple[str, ...]:
        """Names of the columns of obs."""
        with self.stored.reading():
            return self._file().columns("obs")

    def column(self, name: str) -> NDArray[Any]:
        """One column of obs."""
        with self.stored.reading():
            return self._file().column("obs", name)


def stored_rows(stored: StoredFile, name: str, key: str, columns: Ints | None = None) -> RowSource:
    """Rows of a matrix in a file, whatever it is stored as.

    Parameters
    ----------
    stored : StoredFile
    name : str
        Of the dataset or group.
    key : str
        What to call it in messages.
    columns : ndarray of int, default None
        The features to keep, ascending; None keeps all.

    Raises
    ------
    InputError
        If it is not a matrix of numbers.
    """
    item = stored.file[name]
    kind, shape = matrix_kind(item)
    if kind == "array":
        return StoredDense(stored, name, columns)
    if kind in ("csr_matrix", "csc_matrix") and len(shape) == 2:
        wanted = CompressedRows if kind == "csr_matrix" else CompressedColumns
        return wanted(stored, name, (shape[0], shape[1]), columns)
    if kind == "dataframe":
        frame = H5ad(stored.path, item.parent)
        table = name.rpartition("/")[2]
        return StoredFrame(stored, name, frame.columns(table), len(frame.names(table)))
    called = key.removeprefix("obsm/")
    if called != key:
        raise InputError(f"{stored.path} holds obsm entry {called!r} as a table: give an array")
    raise InputError(f"{stored.path} holds {key} as {kind or 'something unknown'}: {stored.mend}")


def _open(path: Path) -> tuple[StoredAnnotated, dict[str, StoredAnnotated] | None]:
    """The file's own tables of all cells, and its modalities in their order; None in an .h5ad."""
    several = path.suffix.lower() == ".h5mu"
    stored = StoredFile(path, _MEND_MUDATA if several else MEND)
    with stored.reading():
        if not several:
            return StoredAnnotated(stored), None
        file = stored.file
        if "mod" not in file or not len(file["mod"]):
            raise InputError(f"{path} holds no modalities: {_MEND_MUDATA}")
        group = file["mod"]
        listed = np.asarray(group.attrs.get("mod-order", ()), dtype=str)
        order = [name for name in listed.tolist() if name in group]
        names = [*order, *(name for name in group if name not in order)]
        found = {name: StoredAnnotated(stored, f"/mod/{name}") for name in names}
        return StoredAnnotated(stored), found


def modalities_in(path: Path) -> tuple[str, ...]:
    """Names of the modalities of an .h5mu, in the order of the file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        If the file is damaged or holds none.
    MissingExtraError
        Without h5py.
    """
    return tuple(_open(path)[1] or ())


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open one matrix of an .h5ad or .h5mu file.

    Parameters
    ----------
    path : str or path-like
    key : str, default None
        ``"X"``, ``"layers/counts"``, ``"raw"`` or ``"obsm/X_pca"``, the last part alone where only
        one is called so; in an .h5mu after the modality, ``"rna/X_pca"``, where ``"rna"`` is its
        X. None takes the only matrix of an .h5ad, and X of the only modality of an .h5mu.
    id_column : str, default None
        Column of obs with the IDs of the rows; None takes the cells' names.
    aside : sequence of str, default ()
        Columns of obs wanted. All are offered, and none is ever a feature.

    Returns
    -------
    Table
        Its values are read from the file on demand.

    Raises
    ------
    InputError
        If there is no such key or column, the choice is open, or the file is damaged.
    MissingExtraError
        Without h5py.
    """
    path = Path(path)
    whole, modalities = _open(path)
    keys = keys_of(whole, modalities)
    if key is None:
        if modalities is not None and len(modalities) > 1:
            listed = ", ".join(modalities)
            raise InputError(f"{path} holds {listed}: say which one is meant by its key")
        if modalities is None and len(keys) != 1:
            listed = ", ".join(keys) or "no matrices"
            raise InputError(f"{path} holds {listed}: say which one is meant by its key")
        key = next(iter(modalities or keys))
    table = replace(open_entry(whole, modalities, key, str(path)), path=path)
    if id_column is None:
        return table
    if id_column not in table.columns:
        raise InputError(f"{path} has no obs column {id_column!r} of IDs: drop it")
    return replace(table, ids=_text(table.columns[id_column]), counted=False, named=True)


def _text(values: NDArray[Any]) -> NDArray[np.str_]:
    """IDs as text: whole numbers without a point."""
    if values.dtype.kind == "f" and np.isfinite(values).all() and (values % 1 == 0).all():
        values = values.astype(np.int64)
    return values.astype(str)
