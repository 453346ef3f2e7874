"""Reading .h5ad files (AnnData on disk): the parts asked for, and nothing unpickled.

The layout is that of AnnData's published file format [1]_; files written by AnnData before 0.8,
whose categories lie apart from their codes, are read as well.

References
----------
.. [1] https://anndata.readthedocs.io/en/stable/fileformat-prose.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.stored_file import StoredFile

__all__ = ["MEND", "H5ad", "matrix_kind", "open_h5ad"]

#: What to do about a file that is not as AnnData writes it.
MEND = "write it again with AnnData.write_h5ad"
_SPARSE = {"csr_matrix": sp.csr_matrix, "csc_matrix": sp.csc_matrix}
_OLD_SPARSE = {"csr": "csr_matrix", "csc": "csc_matrix"}


@dataclass(frozen=True, eq=False)
class H5ad:
    """An open file; made by :func:`open_h5ad`.

    Attributes
    ----------
    path : Path
    file : h5py.Group
        The file itself, or the part of it that holds one AnnData.
    """

    path: Path
    file: Any

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, alternatives of ``X``."""
        return tuple(self.file["layers"]) if "layers" in self.file else ()

    def names(self, axis: str) -> NDArray[np.str_]:
        """Names of the cells (``"obs"``) or features (``"var"``), shape (n,)."""
        table = self._table(axis)
        key = _text(table.attrs.get("_index", "_index"))
        if key not in table:
            raise InputError(f"{self.path} has no index {key!r} in {axis}: {MEND}")
        return self._values(table, key).astype(str)

    def columns(self, axis: str) -> tuple[str, ...]:
        """Names of the columns of ``obs`` or ``var``, in the order of the table."""
        table = self._table(axis)
        order = table.attrs.get("column-order")
        if order is not None:
            return tuple(_text(name) for name in order)
        return tuple(name for name in table if not name.startswith("_"))

    def column(self, axis: str, name: str) -> NDArray[Any]:
        """One column of ``obs`` or ``var``, shape (n,).

        Categories and text come as text, empty where missing; numbers with NaN and truth values
        with None where missing.

        Raises
        ------
        InputError
            If there is no such column.
        """
        if name not in self.columns(axis):
            listed = ", ".join(self.columns(axis)) or "none"
            raise InputError(f"{self.path} has no {axis} column {name!r}: it has {listed}")
        return self._values(self._table(axis), name)

    def matrix(self, layer: str | None = None) -> sp.csr_matrix | NDArray[Any]:
        """The data matrix ``X``, or a layer of it, shape (cells, features).

        Returns
        -------
        csr_matrix or ndarray
            Sparse where the file is.

        Raises
        ------
        InputError
            If there is no such layer, or its shape does not fit the cells and features.
        """
        key = "X" if layer is None else f"layers/{layer}"
        if key not in self.file:
            there = ", ".join(("X", *self.layers))
            raise InputError(f"{self.path} has no matrix {key!r}: it has {there}")
        return self._sized(self._matrix(self.file[key], key), key)

    def embedding(self, name: str) -> NDArray[np.float64]:
        """An entry of ``obsm``, shape (cells, d), as float64.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        there = list(self.file["obsm"]) if "obsm" in self.file else []
        if name not in there:
            listed = ", ".join(there) or "none"
            raise InputError(f"{self.path} has no obsm entry {name!r}: it has {listed}")
        entry = self.file["obsm"][name]
        if hasattr(entry, "keys"):
            raise InputError(f"{self.path} holds obsm entry {name!r} as a table: give an array")
        return np.asarray(entry[...], dtype=np.float64)

    def _table(self, axis: str) -> Any:
        if axis not in self.file or not hasattr(self.file[axis], "keys"):
            raise InputError(f"{self.path} has no table {axis}: {MEND}")
        return self.file[axis]

    def _values(self, table: Any, name: str) -> NDArray[Any]:
        item = table[name]
        if hasattr(item, "keys"):
            if "codes" in item:
                return _decoded(item["codes"][...], item["categories"])
            # A nullable column: values, and where they are missing.
            values, missing = _plain(item["values"]), np.asarray(item["mask"][...], dtype=bool)
            if values.dtype.kind == "b":
                truths = values.astype(object if missing.any() else bool)
                truths[missing] = None
                return truths
            if values.dtype.kind not in "fU":
                values = values.astype(np.float64)
            values[missing] = "" if values.dtype.kind == "U" else np.nan
            return values
        if "categories" in item.attrs:
            return _decoded(item[...], table[item.attrs["categories"]])
        return _plain(item)

    def _matrix(self, item: Any, key: str) -> sp.csr_matrix | NDArray[Any]:
        if not hasattr(item, "keys"):
            return np.asarray(item[...])
        kind, shape = matrix_kind(item)
        if kind not in _SPARSE or not shape:
            raise InputError(f"{self.path} holds {key} as {kind or 'something unknown'}: {MEND}")
        parts = (item["data"][...], item["indices"][...], item["indptr"][...])
        return sp.csr_matrix(_SPARSE[kind](parts, shape=shape))

    def _sized(self, matrix: Any, key: str) -> Any:
        wanted = len(self.names("obs")), len(self.names("var"))
        if matrix.shape != wanted:
            raise InputError(f"{self.path} has {key} of shape {matrix.shape}, not {wanted}: {MEND}")
        return matrix


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _plain(item: Any) -> NDArray[Any]:
    values = item[...]
    if values.dtype.kind in "OS":
        return np.array([_text(value) for value in values.tolist()], dtype=str)
    return np.asarray(values)


def _decoded(codes: NDArray[Any], categories: Any) -> NDArray[np.str_]:
    """Codes as names of their categories, empty where the code is −1."""
    names = np.append(_plain(categories).astype(str), "")
    return names[np.where(codes < 0, len(names) - 1, codes)]


def matrix_kind(item: Any) -> tuple[str, tuple[int, ...]]:
    """What a matrix is stored as, and its shape.

    Parameters
    ----------
    item : h5py.Dataset or h5py.Group

    Returns
    -------
    kind : str
        ``"array"``, ``"csr_matrix"``, ``"csc_matrix"``, ``"dataframe"``, or whatever else the
        file says; empty where it says nothing.
    shape : tuple of int
        Empty where unknown.
    """
    if not hasattr(item, "keys"):
        return ("records" if item.dtype.names else "array"), tuple(item.shape)
    kind = _text(item.attrs.get("encoding-type", ""))
    kind = kind or _OLD_SPARSE.get(_text(item.attrs.get("h5sparse_format", "")), "")
    shape = item.attrs.get("shape", item.attrs.get("h5sparse_shape", ()))
    return kind, tuple(int(size) for size in shape)


@contextmanager
def open_h5ad(path: str | os.PathLike[str]) -> Iterator[H5ad]:
    """Open an .h5ad file for as long as a ``with`` block lasts.

    Parameters
    ----------
    path : str or path-like

    Yields
    ------
    H5ad

    Raises
    ------
    InputError
        If the file does not exist, is no HDF5 file, or breaks off.
    MissingExtraError
        Without h5py.
    """
    stored = StoredFile(Path(path), MEND)
    try:
        with stored.reading():
            yield H5ad(stored.path, stored.file)
    finally:
        stored.close()
