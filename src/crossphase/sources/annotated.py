"""AnnData and MuData objects: in memory, backed by a file, or read lazily."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.annotated_files import stored_rows
from crossphase.sources.annotated_keys import Entries, keys_of, open_entry
from crossphase.sources.annotated_layout import MEND, H5ad
from crossphase.sources.annotated_result import write_result
from crossphase.sources.objects import reader_of
from crossphase.sources.rows import RowSource, pick
from crossphase.sources.sparse import SparseRows, real_dtype
from crossphase.sources.stored_file import StoredFile
from crossphase.sources.table import Table

__all__ = ["LazySparseRows", "open_key", "open_object", "write_result"]


def open_key(table: Any, key: str, what: str) -> Table:
    """One matrix of an annotated object.

    Parameters
    ----------
    table : AnnData or MuData
        In memory, backed, or read lazily.
    key : str
        ``"X"``, ``"layers/counts"``, ``"raw"`` or ``"obsm/X_pca"``, the last part alone where only
        one is called so; in a MuData after the modality, ``"rna/X_pca"``, where ``"rna"`` is its
        X, and ``"obsm/X_umap"`` is an embedding of all cells.
    what : str
        Name of the object for messages.

    Returns
    -------
    Table
        Rows in the modality's own order, with its cells' names as IDs. Columns are those of its
        obs, then of the obs of all cells, matched by name: categories and text as text, empty
        where missing; numbers with NaN where missing.

    Raises
    ------
    InputError
        If there is nothing of that key; the message lists what there is.

    Examples
    --------
    >>> import anndata
    >>> cells = anndata.AnnData(np.ones((2, 3)), obsm={"pca": np.array([[1.0], [2.0]])})
    >>> open_key(cells, "pca", "cells").values.ravel()
    array([1., 2.])
    """
    whole, modalities = _parts(table, what)
    return open_entry(whole, modalities, key, what)


def open_object(table: Any, what: str) -> Table:
    """The only matrix of an annotated object.

    Parameters
    ----------
    table : AnnData or MuData
    what : str
        Name of the object for messages.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If there are several, with the keys to choose from.
    """
    whole, modalities = _parts(table, what)
    keys = keys_of(whole, modalities)
    if len(keys) != 1:
        kind = "an AnnData" if modalities is None else "a MuData"
        raise InputError(
            f"{what} is {kind} of {len(keys)} matrices: say which one is meant by its key, "
            f"one of {', '.join(keys)}"
            if keys
            else f"{what} is {kind} without matrices: give it an X, a layer or an obsm entry"
        )
    return open_entry(whole, modalities, keys[0], what)


def _parts(table: Any, what: str) -> tuple[_InMemory, dict[str, _InMemory] | None]:
    if hasattr(table, "mod"):
        return _InMemory(table, what), {
            str(name): _InMemory(part, f"{name} of {what}") for name, part in table.mod.items()
        }
    if not hasattr(table, "obs_names"):
        kind = type(table).__name__
        raise InputError(f"{what} is a {kind}: give an AnnData, a MuData, or an array")
    return _InMemory(table, what), None


class _InMemory:
    """One AnnData, or what a MuData says of all its cells."""

    def __init__(self, table: Any, what: str) -> None:
        self.table, self.what = table, what
        several = hasattr(table, "mod")
        self.entries = Entries(
            x=not several and _has_x(table),
            layers=() if several else tuple(table.layers),
            obsm=tuple(table.obsm),
            raw=not several and getattr(table, "raw", None) is not None,
        )

    def rows(self, key: str) -> tuple[Any, tuple[str, ...] | None]:
        """Rows of the matrix of a key, and the names of its features."""
        where = f"{key} of {self.what}"
        group, _, name = key.partition("/")
        if group == "obsm":
            value = self.table.obsm[name]
            if hasattr(value, "to_memory") and hasattr(value, "columns"):
                # Columns of a frame read lazily come in another order in every process.
                value = value.to_memory()
            columns = getattr(value, "columns", None)
            names = None if columns is None else tuple(str(column) for column in columns)
            return _rows(value, where), names
        holder = self.table.raw if group == "raw" else self.table
        names = tuple(holder.var_names.astype(str))
        if group == "layers":
            return _rows(self.table.layers[name], where), names
        if self.table.isbacked and self.table.is_view:
            return _rows_of_view(self.table, group, self.what), names
        return _rows(holder.X, where), names

    def cells(self) -> NDArray[np.str_]:
        """Names of the cells."""
        return np.asarray(self.table.obs_names, dtype=str)

    def columns(self) -> tuple[str, ...]:
        """Names of the columns of obs."""
        return tuple(str(name) for name in self.table.obs.columns)

    def column(self, name: str) -> NDArray[Any]:
        """One column of obs."""
        return _plain(self.table.obs[name])


def _has_x(table: Any) -> bool:
    if table.isbacked:
        # X of a backed view would be read whole.
        return "X" in _handle(table)
    return table.X is not None


def _handle(table: Any) -> Any:
    """The part of an open file that a backed AnnData lies in."""
    if not table.file.is_open:
        table.file.open()
    return table.file["obs"].parent


def _plain(values: Any) -> NDArray[Any]:
    """A column as numbers with NaN or text with "" where missing, truth values with None."""
    import pandas

    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiubMm":
        return np.asarray(values)
    array = np.asarray(values, dtype=object)
    missing = np.asarray(pandas.isna(array))
    kept = array[~missing]
    whole = np.full(len(array), "", dtype=object)
    if isinstance(dtype, pandas.CategoricalDtype) or not _all(kept, (bool, int, float, np.number)):
        whole[~missing] = [str(value) for value in kept]
        return whole.astype(str)
    if _all(kept, (bool, np.bool_)):
        whole[:] = None
        whole[~missing] = kept
        return whole
    numbers = np.full(len(array), np.nan)
    numbers[~missing] = kept.astype(np.float64)
    return numbers


def _all(values: NDArray[Any], kinds: tuple[type, ...]) -> bool:
    return all(isinstance(value, kinds) for value in values)


def _rows(value: Any, what: str) -> Any:
    """Rows of whatever an entry may be."""
    if sp.issparse(value):
        real_dtype(value.dtype, what)
        return SparseRows(value)
    if isinstance(value, np.ndarray):
        return value if isinstance(value, np.ma.MaskedArray) else np.asarray(value)
    if hasattr(value, "group") and hasattr(value, "format"):  # sparse, and left on disk
        return _stored(value.group, what)
    if type(value).__module__.startswith("h5py"):
        return _stored(value, what)
    if hasattr(value, "columns"):
        return _frame(value, what)
    if hasattr(value, "_meta") and sp.issparse(value._meta):
        return LazySparseRows(value, what)
    reader = reader_of(value)
    return np.asarray(value) if reader is None else reader.open_object(value, what).values


def _stored(node: Any, what: str) -> RowSource:
    """Rows of a dataset or group of a file that is open."""
    if not hasattr(node, "file"):
        raise InputError(
            f"{what} is sparse and lies in a Zarr store that was opened for backing: read it with "
            "anndata.experimental.read_lazy, or into memory"
        )
    stored = StoredFile(Path(node.file.filename), MEND, node.file)
    with stored.reading():
        return stored_rows(stored, node.name, what)


def _frame(frame: Any, what: str) -> NDArray[Any]:
    """Values of a frame, in memory or read lazily, of numbers."""
    columns = [_plain(frame[name]) for name in frame.columns]
    for name, values in zip(frame.columns, columns, strict=True):
        if values.dtype.kind not in "fiub":
            raise InputError(
                f"{what} has a column {str(name)!r} that is not numeric: drop or encode it"
            )
    return np.column_stack(columns) if columns else np.empty((len(frame), 0))


def _rows_of_view(table: Any, key: str, what: str) -> Any:
    """Rows of a selection of a backed AnnData, found in its file by the names of cells."""
    handle = _handle(table)
    stored = StoredFile(Path(handle.file.filename), MEND, handle.file)
    with stored.reading():
        whole = H5ad(stored.path, handle)
        holder = table if key == "X" else table.raw
        kept = H5ad(stored.path, handle["raw"]) if key == "raw" else whole
        rows = _positions(whole.names("obs"), table.obs_names, what)
        columns = _positions(kept.names("var"), holder.var_names, what)
        ascending = np.sort(columns)
        name = f"{handle.name.rstrip('/')}/{'X' if key == 'X' else 'raw/X'}"
        values = pick(stored_rows(stored, name, key, ascending), rows)
    if not np.array_equal(ascending, columns):
        raise InputError(
            f"{what} is a view of a backed AnnData with its features in another order: select "
            "them in the order of the file, or read it with to_memory()"
        )
    return values


def _positions(there: NDArray[np.str_], wanted: Any, what: str) -> NDArray[np.intp]:
    place = {name: row for row, name in enumerate(there.tolist())}
    found = [place.get(str(name), -1) for name in wanted]
    if len(place) < len(there) or min(found, default=0) < 0:
        raise InputError(
            f"{what} is a view of a backed AnnData whose names repeat or were changed: make them "
            "unique in the file, or read it with to_memory()"
        )
    return np.array(found, dtype=np.intp)


class LazySparseRows(RowSource):
    """Rows of a Dask array whose chunks are sparse, as a lazily read AnnData has them.

    Parameters
    ----------
    array : dask.array.Array of shape (n, d)
    what : str
        Name of it for messages.

    Raises
    ------
    InputError
        If its chunks hold all rows of some columns, or no real numbers.
    """

    def __init__(self, array: Any, what: str) -> None:
        if array.numblocks[0] == 1 < array.numblocks[1]:
            raise InputError(
                f"{what} is read lazily and stored by columns: give the path of its file, which "
                "is brought into rows on disk, or read it into memory"
            )
        self.array = array
        self.shape = (int(array.shape[0]), int(array.shape[1]))
        self.dtype = real_dtype(array.dtype, what)
        self._bounds = np.cumsum([0, *array.chunks[0]])
        self._last: tuple[int, Any] | None = None

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, dense; the last chunk is kept for the next rows."""
        stop = min(stop, self.shape[0])
        out = np.empty((max(stop - start, 0), self.shape[1]), dtype=self.dtype)
        at = start
        while at < stop:
            chunk = int(np.searchsorted(self._bounds, at, side="right")) - 1
            first, last = int(self._bounds[chunk]), int(self._bounds[chunk + 1])
            end = min(last, stop)
            out[at - start : end - start] = self._chunk(chunk)[at - first : end - first]
            at = end
        return out

    def _chunk(self, chunk: int) -> SparseRows:
        last = self._last
        if last is None or last[0] != chunk:
            last = self._last = (
                chunk,
                SparseRows(sp.csr_array(self.array.blocks[chunk].compute())),
            )
        rows: SparseRows = last[1]
        return rows

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}
