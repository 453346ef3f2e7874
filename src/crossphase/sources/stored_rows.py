"""Rows of the matrices that HDF5 files hold: dense, sparse by rows, sparse by columns, frames."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.rows import RowSource
from crossphase.sources.sparse import dense_block, real_dtype
from crossphase.sources.spool import STEP, EntryFile, rows_of_columns
from crossphase.sources.stored_file import StoredFile

__all__ = ["CompressedColumns", "CompressedRows", "StoredDense", "StoredFrame"]

Ints = NDArray[np.intp]

#: Entries between those of two wanted rows that are read along rather than skipped.
_GAP = 2**14
#: Rows from which on an order that goes back and forth is worth a copy of compressed entries.
_MANY = 512


class StoredDense(RowSource):
    """A dataset of shape (n, d).

    Parameters
    ----------
    stored : StoredFile
    name : str
        Of the dataset.
    columns : ndarray of int, default None
        The features to keep; None keeps all.
    """

    def __init__(self, stored: StoredFile, name: str, columns: Ints | None = None) -> None:
        dataset = stored.file[name]
        if len(dataset.shape) != 2:
            raise InputError(f"{stored.path} has {name} of shape {dataset.shape}: {stored.mend}")
        self.stored, self.name, self.columns = stored, name, columns
        self.shape = (dataset.shape[0], dataset.shape[1] if columns is None else len(columns))
        self.dtype = real_dtype(dataset.dtype, f"{name} of {stored.path}")
        self._dataset: Any = None

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        with self.stored.reading():
            if not self._dataset:
                self._dataset = self.stored.dataset(self.name)
            block = self._dataset[start:stop]
        kept = block if self.columns is None else block[:, self.columns]
        dense: NDArray[Any] = kept.astype(self.dtype, copy=False)
        return dense

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_dataset": None}


class StoredFrame(RowSource):
    """Columns of a frame, each a dataset of its own or, where values may be missing, two.

    Parameters
    ----------
    stored : StoredFile
    name : str
        Of the frame's group.
    columns : sequence of str
        Those to read.
    n : int
        Rows.
    """

    def __init__(self, stored: StoredFile, name: str, columns: Sequence[str], n: int) -> None:
        self.stored, self.name, self.columns = stored, name, tuple(columns)
        self.shape = (n, len(self.columns))
        dtypes = [self._dtype(f"{name}/{column}") for column in self.columns]
        self.dtype = np.result_type(np.float32, *dtypes)

    def _dtype(self, name: str) -> np.dtype[Any]:
        item = self.stored.file[name]
        item = item.get("values") if hasattr(item, "keys") else item
        if item is None or item.dtype.kind not in "fiub" or "categories" in item.attrs:
            raise InputError(
                f"{self.stored.path} has a column {name} that is not numeric: drop or encode it"
            )
        return real_dtype(item.dtype, name)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, NaN where missing."""
        block = np.empty((min(stop, self.shape[0]) - start, self.shape[1]), dtype=self.dtype)
        with self.stored.reading():
            for j, column in enumerate(self.columns):
                item = self.stored.file[f"{self.name}/{column}"]
                nullable = hasattr(item, "keys")
                block[:, j] = (item["values"] if nullable else item)[start:stop]
                if nullable:
                    block[item["mask"][start:stop].astype(bool), j] = np.nan
        return block


class _Compressed(RowSource):
    """A sparse matrix whose entries lie row by row somewhere.

    Parameters
    ----------
    place : StoredFile
    name : str
        Group of ``data``, ``indices`` and ``indptr``.
    shape : tuple of (int, int)
        Of the whole matrix.
    columns : ndarray of int, default None
        The features to keep, ascending; None keeps all.
    """

    def __init__(
        self,
        stored: StoredFile,
        name: str,
        shape: tuple[int, int],
        columns: Ints | None = None,
    ) -> None:
        self.stored, self.name, self.width, self.columns = stored, name, shape[1], columns
        self.shape = (shape[0], shape[1] if columns is None else len(columns))
        data = stored.file[f"{name}/data"]
        self.dtype = real_dtype(data.dtype, f"{name} of {stored.path}")
        self._forget()

    def _forget(self) -> None:
        self._lock = Lock()
        self._datasets: dict[str, Any] = {}
        self._bounds: NDArray[Any] | None = None
        self._spool: EntryFile | None = None

    @abstractmethod
    def bounds(self) -> NDArray[Any]:
        """Where each row's entries start and end, shape (n + 1,)."""

    @abstractmethod
    def entries(self, start: int, stop: int) -> Sequence[NDArray[Any]]:
        """Columns and values of the entries from position `start` up to `stop`."""

    def stored_entries(self, start: int, stop: int, limit: int) -> Sequence[NDArray[Any]]:
        """Indices, all below `limit`, and values as the file holds them."""
        with self.stored.reading():
            for part in ("indices", "data"):
                if not self._datasets.get(part):
                    self._datasets[part] = self.stored.dataset(f"{self.name}/{part}")
            indices = self._datasets["indices"][start:stop]
            data = self._datasets["data"][start:stop]
        # An index outside would be written outside the block.
        if len(indices) and (int(indices.min()) < 0 or int(indices.max()) >= limit):
            raise self._damaged(f"an index outside its {limit} rows or columns")
        return indices.astype(np.int32 if limit < 2**31 else np.int64, copy=False), data

    def stored_bounds(self, count: int) -> NDArray[Any]:
        """Where the entries of each of `count` rows or columns start and end."""
        with self.stored.reading():
            bounds: NDArray[Any] = self.stored.file[f"{self.name}/indptr"][...]
            total = min(self.stored.file[f"{self.name}/{part}"].shape[0] for part in _PARTS)
        if len(bounds) != count + 1 or bounds[0] or (bounds[:-1] > bounds[1:]).any():
            raise self._damaged("bounds that do not ascend")
        if bounds[-1] > total:
            raise self._damaged("fewer entries than its bounds say")
        # Unsigned ones would wrap where they are subtracted.
        return bounds.astype(np.int64, copy=False) if bounds.dtype.kind == "u" else bounds

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self.stored.path} has {what} in {self.name}: {self.stored.mend}")

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, dense."""
        data, indices, bounds = self._kept(start, min(stop, self.shape[0]))
        return dense_block(data, indices, bounds, self.shape[1], self.dtype)

    def _kept(self, start: int, stop: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Values, columns and bounds of consecutive rows, of the features kept."""
        bounds = self.bounds()[start : stop + 1]
        bounds = bounds if len(bounds) else np.zeros(1, dtype=np.int64)
        indices, data = self.entries(int(bounds[0]), int(bounds[-1]))
        if self.columns is None:
            return data, indices, bounds
        place = np.full(self.width, -1, dtype=np.int32)
        place[self.columns] = np.arange(len(self.columns))
        indices = place[indices]
        kept = indices >= 0
        before = np.concatenate([[0], np.cumsum(kept)])
        return data[kept], indices[kept], before[bounds - bounds[0]]

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions, dense; entries between them are skipped."""
        out = np.empty((len(rows), self.shape[1]), dtype=self.dtype)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        bounds = self.bounds()
        far = bounds[ordered[1:]] - bounds[ordered[:-1] + 1] > _GAP
        # However densely rows are wanted, no more than so many entries are held at a time.
        full = np.diff(bounds[ordered] // STEP) > 0
        cuts = [0, *(np.flatnonzero(far | full) + 1).tolist(), len(rows)] if len(rows) else [0]
        for first, last in pairwise(cuts):
            start, stop = int(ordered[first]), int(ordered[last - 1]) + 1
            parts = self._kept(start, stop)
            run = sp.csr_array(
                (parts[0].astype(self.dtype, copy=False), parts[1], parts[2] - parts[2][0]),
                shape=(stop - start, self.shape[1]),
            )
            out[order[first:last]] = run[ordered[first:last] - start].toarray()
        return out

    def __getstate__(self) -> dict[str, Any]:
        volatile = ("_lock", "_datasets", "_bounds", "_spool")
        return {name: value for name, value in self.__dict__.items() if name not in volatile}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


_PARTS = ("indices", "data")


class CompressedRows(_Compressed):
    """A matrix stored by rows (CSR): entries of consecutive rows are one range of the file.

    Parameters
    ----------
    stored : StoredFile
    name : str
        Group of ``data``, ``indices`` and ``indptr``.
    shape : tuple of (int, int)
        Of the whole matrix.
    columns : ndarray of int, default None
        The features to keep, ascending; None keeps all.
    """

    def bounds(self) -> NDArray[Any]:
        """Where each row's entries start and end, read once."""
        if self._bounds is None:
            self._bounds = self.stored_bounds(self.shape[0])
        return self._bounds

    def entries(self, start: int, stop: int) -> Sequence[NDArray[Any]]:
        """Columns and values of the entries from position `start` up to `stop`."""
        if self._spool is not None:
            return self._spool.read(start, stop)
        return self.stored_entries(start, stop, self.width)

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions, dense."""
        if self._spool is None and len(rows) >= _MANY and (np.diff(rows) < 0).any():
            self._unpack()
        return super().take(rows)

    def _unpack(self) -> None:
        """Copy compressed entries to a temporary file, where single rows are had cheaply.

        In the file they are packed many rows at a time: rows in another order would unpack
        everything again and again.
        """
        with self._lock, self.stored.reading():
            if self._spool is not None:
                return
            packed = [self.stored.file[f"{self.name}/{part}"] for part in _PARTS]
            if all(getattr(dataset, "compression", None) is None for dataset in packed):
                return
            spool = EntryFile(np.int32 if self.width < 2**31 else np.int64, self.dtype)
            total = int(self.bounds()[-1])
            for start in range(0, total, STEP):
                stop = min(start + STEP, total)
                spool.write(start, *self.stored_entries(start, stop, self.width))
            self._spool = spool


class CompressedColumns(_Compressed):
    """A matrix stored by columns (CSC), brought into rows in a temporary file at its first use.

    Another process that it is sent to does so again.

    Parameters
    ----------
    stored : StoredFile
    name : str
        Group of ``data``, ``indices`` and ``indptr``.
    shape : tuple of (int, int)
        Of the whole matrix.
    columns : ndarray of int, default None
        The features to keep, ascending; None keeps all.
    """

    def bounds(self) -> NDArray[Any]:
        """Where each row's entries start and end."""
        self._convert()
        assert self._bounds is not None
        return self._bounds

    def entries(self, start: int, stop: int) -> Sequence[NDArray[Any]]:
        """Columns and values of the entries from position `start` up to `stop`."""
        self._convert()
        assert self._spool is not None
        return self._spool.read(start, stop)

    def _convert(self) -> None:
        with self._lock:
            if self._spool is None:
                n = self.shape[0]
                self._bounds, self._spool = rows_of_columns(
                    lambda start, stop: self.stored_entries(start, stop, n),
                    self.stored_bounds(self.width),
                    n,
                    self.dtype,
                )
