"""Entries of a sparse matrix in a temporary file, brought from columns into rows there."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["EntryFile", "rows_of_columns"]

#: Entries in memory at a time.
STEP = 2**20

Entries = Callable[[int, int], Sequence[NDArray[Any]]]


class EntryFile:
    """Columns of numbers in files without a name, that go when this does.

    Parameters
    ----------
    *dtypes : dtype
        Of the columns.

    Examples
    --------
    >>> file = EntryFile(np.int32, np.float32)
    >>> file.write(1, np.array([3, 4]), np.array([0.5, 1.5]))
    >>> file.read(2, 3)
    [array([4], dtype=int32), array([1.5], dtype=float32)]
    """

    def __init__(self, *dtypes: DTypeLike) -> None:
        self._columns = []
        for dtype in dtypes:
            file = tempfile.TemporaryFile(prefix="crossphase-", buffering=0)  # noqa: SIM115
            weakref.finalize(self, file.close)
            self._columns.append((file, np.dtype(dtype)))
        self._lock = Lock()

    def write(self, at: int, *columns: NDArray[Any]) -> None:
        """Write entries from position `at` on."""
        with self._lock:
            for (file, dtype), values in zip(self._columns, columns, strict=True):
                file.seek(at * dtype.itemsize)
                left = np.ascontiguousarray(values, dtype).data.cast("B")
                while left:
                    left = left[file.write(left) :]

    def read(self, start: int, stop: int) -> list[NDArray[Any]]:
        """The columns' entries from position `start` up to `stop`."""
        found = []
        with self._lock:
            for file, dtype in self._columns:
                file.seek(start * dtype.itemsize)
                found.append(np.fromfile(file, dtype, stop - start))
        return found


def rows_of_columns(
    entries: Entries, bounds: NDArray[np.int64], n_rows: int, dtype: DTypeLike
) -> tuple[NDArray[np.int64], EntryFile]:
    """Bring a matrix that is stored by columns (CSC) into rows (CSR), in bounded memory.

    Entries are counted by row first. Then they are dealt out to stripes of consecutive rows, each
    of which fits in memory and is sorted there.

    Parameters
    ----------
    entries : callable
        Given two positions, the rows and values of the entries between them.
    bounds : ndarray of shape (d + 1,)
        Where each column's entries start and end.
    n_rows : int
    dtype : dtype
        Of the values.

    Returns
    -------
    bounds : ndarray of shape (n_rows + 1,)
        Where each row's entries start and end.
    file : EntryFile
        Their columns and values.
    """
    total = int(bounds[-1])
    steps = [(start, min(start + STEP, total)) for start in range(0, total, STEP)]
    counts = np.zeros(n_rows + 1, dtype=np.int64)
    for start, stop in steps:
        counts[1:] += np.bincount(entries(start, stop)[0], minlength=n_rows)
    of_rows = np.cumsum(counts)
    stripe = of_rows[:-1] // STEP
    firsts = np.flatnonzero(np.diff(stripe, prepend=-1))
    starts = of_rows[firsts]
    # Stripes that no row starts in do not exist: those that do are counted through.
    stripe = np.searchsorted(firsts, np.arange(n_rows), side="right") - 1
    cursor = starts.copy()
    row_file, file = EntryFile(np.int64), EntryFile(np.int64, dtype)
    for start, stop in steps:
        rows, data = entries(start, stop)
        columns = np.searchsorted(bounds, np.arange(start, stop), side="right") - 1
        of = stripe[rows]
        order = np.argsort(of, kind="stable")
        found, first = np.unique(of[order], return_index=True)
        for one, lo, hi in zip(found, first, [*first[1:], stop - start], strict=True):
            some = order[lo:hi]
            row_file.write(int(cursor[one]), rows[some])
            file.write(int(cursor[one]), columns[some], data[some])
            cursor[one] += hi - lo
    for lo, hi in zip(starts.tolist(), [*starts[1:].tolist(), total], strict=True):
        order = np.argsort(row_file.read(lo, hi)[0], kind="stable")
        columns, data = file.read(lo, hi)
        file.write(lo, columns[order], data[order])
    return of_rows, file
