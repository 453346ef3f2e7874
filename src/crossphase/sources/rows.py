"""Rows of one modality that need not be in memory.

What the engine asks of a modality is what a NumPy array offers: a shape, a dtype, and blocks of
rows by slice or by position. Arrays and memory maps are taken as they are; every other format
derives from :class:`RowSource` and says how to read consecutive rows.
"""

from __future__ import annotations

import mmap
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = [
    "PickedRows",
    "RowSource",
    "contiguous_runs",
    "float_dtype",
    "is_in_memory",
    "pick",
    "release",
]

Ints = NDArray[np.intp]

#: Rows between two wanted ones that are read along rather than skipped.
_GAP = 64
#: Wanted rows that are read together.
_TAKEN_ROWS = 256
#: Bytes written to a temporary file at a time.
_SPOOL_BYTES = 64 * 2**20


class RowSource(ABC):
    """A table of numbers whose rows are read on demand, as often as wanted.

    A subclass sets `shape` and `dtype` and implements :meth:`read`. It behaves as a
    two-dimensional array of which rows can be taken: ``source[10:20]`` and
    ``source[positions]`` are dense blocks, ``np.asarray(source)`` reads everything.

    Attributes
    ----------
    shape : tuple of (int, int)
        Rows and features. A format that does not know its number of rows counts them when it is
        opened.
    dtype : numpy.dtype
        Of the blocks: float32 or float64, see :func:`float_dtype`.
    resident : bool
        Whether blocks come from memory rather than from a disk or a network.
    random_access : bool
        Whether rows at any positions are had about as fast as consecutive ones. A source without
        is read in order only, and rows wanted in another order are spooled to disk first.

    Examples
    --------
    >>> class Counting(RowSource):
    ...     shape, dtype = (6, 1), np.dtype(np.float64)
    ...     def read(self, start, stop):
    ...         return np.arange(start, stop, dtype=float)[:, None]
    >>> source = Counting()
    >>> source[2:4].ravel(), source[[5, 0]].ravel(), float(np.asarray(source).sum())
    (array([2., 3.]), array([5., 0.]), 15.0)
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    resident: bool = False
    random_access: bool = True

    @abstractmethod
    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, dense, shape (stop − start, d), of `dtype`."""

    def release(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give back what reading has left in memory."""

    @property
    def ndim(self) -> int:
        """Always 2."""
        return 2

    @property
    def nbytes(self) -> int:
        """Bytes of all values when dense."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        if isinstance(rows, slice):
            start, stop, step = rows.indices(self.shape[0])
            if step == 1:
                return self.read(start, max(stop, start))
            rows = np.arange(start, stop, step)
        index = np.asarray(rows)
        if index.dtype == bool:
            index = np.flatnonzero(index)
        return self.take(index.astype(np.intp))

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions, in the order given, from as few reads as pay."""
        out = np.empty((len(rows), self.shape[1]), dtype=self.dtype)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        for first, last in contiguous_runs(ordered, _GAP):
            # A long run is read in pieces: what lies between wanted rows is not kept.
            for piece in range(first, last, _TAKEN_ROWS):
                here = slice(piece, min(piece + _TAKEN_ROWS, last))
                start = int(ordered[piece])
                block = self.read(start, int(ordered[here][-1]) + 1)
                out[order[here]] = block[ordered[here] - start]
        return out

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("rows that are read on demand cannot be had without a copy")
        whole = self.read(0, self.shape[0])
        return whole if dtype is None else whole.astype(dtype, copy=False)


def contiguous_runs(rows: Ints, gap: int = 0) -> Iterator[tuple[int, int]]:
    """Bounds of runs of ascending positions that lie at most `gap` rows apart.

    Examples
    --------
    >>> list(contiguous_runs(np.array([3, 4, 5, 9, 10])))
    [(0, 3), (3, 5)]
    """
    if not len(rows):
        return
    cuts = np.flatnonzero(np.diff(rows) > gap + 1) + 1
    yield from zip([0, *cuts.tolist()], [*cuts.tolist(), len(rows)], strict=True)


class PickedRows(RowSource):
    """Some rows of a source or array, in any order, without a copy of them.

    Parameters
    ----------
    source : ndarray or RowSource
    rows : ndarray of int
        Positions.
    """

    def __init__(self, source: Any, rows: Ints) -> None:
        self.source, self.rows = source, rows
        self.shape = (len(rows), source.shape[1])
        self.dtype = source.dtype
        self.resident = isinstance(source, np.ndarray) or source.resident
        self.random_access = getattr(source, "random_access", True)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        return np.asarray(self.source[_as_slice(self.rows[start:stop])])

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions."""
        return np.asarray(self.source[_as_slice(self.rows[rows])])

    def release(self) -> None:
        """Give back what reading has left in memory."""
        release(self.source)


def _as_slice(rows: Ints) -> Any:
    """Consecutive positions as a slice, which is read without being sought."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and bool((np.diff(rows) == 1).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def release(source: Any) -> None:
    """Give back the pages of a mapped file that reading has left with the process.

    They stay in the system's cache, and are had again from there.
    """
    if isinstance(source, RowSource):
        source.release()
        return
    mapped = _map_of(source)
    # Of a map that can be written to, pages would be lost with what was written. Windows has no
    # such call, and takes pages back by itself.
    if mapped is not None and mapped.mode == "r" and hasattr(mmap, "MADV_DONTNEED"):
        mapped._mmap.madvise(mmap.MADV_DONTNEED)


def _map_of(values: Any) -> Any:
    """The memory map that an array looks into; None if it lies in memory."""
    while values is not None:
        if isinstance(values, np.memmap):
            return values
        values = getattr(values, "base", None)
    return None


def pick(source: Any, rows: Ints) -> Any:
    """Rows of a source in the order of `rows`, read on demand.

    A source that can only be read in order is first written to a temporary file, once, if the
    rows go back and forth.

    Parameters
    ----------
    source : ndarray or RowSource of shape (n, d)
    rows : ndarray of int
        Positions.

    Returns
    -------
    ndarray or RowSource
        The source itself if `rows` are all of its rows in order.
    """
    if len(rows) == len(source) and bool(np.all(rows == np.arange(len(rows)))):
        return source
    if isinstance(source, PickedRows):
        return PickedRows(source.source, source.rows[rows])
    forwards = bool((np.diff(rows) > 0).all())
    if not forwards and not getattr(source, "random_access", True):
        source = _spooled(source)
    return PickedRows(source, rows)


def _spooled(source: RowSource) -> NDArray[Any]:
    """The same rows in a temporary file, memory-mapped, that goes when the map does."""
    with tempfile.TemporaryFile(prefix="crossphase-") as file:
        # The map holds the file open; it has no name that could be left behind.
        whole = np.memmap(file, dtype=source.dtype, mode="w+", shape=source.shape)
    step = max(1, _SPOOL_BYTES // max(source.shape[1] * source.dtype.itemsize, 1))
    for start in range(0, len(source), step):
        whole[start : start + step] = source.read(start, min(start + step, len(source)))
    return whole


def float_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """What values of a dtype are read as: float32 where that holds them exactly, else float64.

    Examples
    --------
    >>> [float_dtype(of).name for of in ("float16", "int16", "int64", "float64", "bool")]
    ['float32', 'float32', 'float64', 'float64', 'float32']
    """
    given = np.dtype(dtype)
    narrow = given.kind in "fiub" and np.can_cast(given, np.float32)
    return np.dtype(np.float32 if narrow else np.float64)


def is_in_memory(values: Any) -> TypeGuard[NDArray[Any]]:
    """Whether values are a NumPy array that lies in memory, not a map of a file."""
    return isinstance(values, np.ndarray) and _map_of(values) is None
