"""Arrays stored in tiles too tall to hold those across all features: copied to disk, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from crossphase.sources.rows import RowSource
from crossphase.sources.spool import EntryFile

__all__ = ["CopiedTiles", "too_tall"]

#: Most that the tiles which one run of rows crosses may take up in memory.
_BYTES = 256 * 2**20


def too_tall(shape: tuple[int, ...], tile: tuple[int, ...] | None, itemsize: int) -> bool:
    """Whether reading any rows unpacks more tiles than should be held.

    Parameters
    ----------
    shape, tile : tuple of (int, int)
        Of the array, and of one tile; None where it is not tiled.
    itemsize : int

    Examples
    --------
    >>> too_tall((10**8, 300), (10**6, 1), 4), too_tall((10**8, 300), (1000, 300), 4)
    (True, False)
    """
    return tile is not None and tile[1] < shape[1] and tile[0] * shape[1] * itemsize > _BYTES


class CopiedTiles(RowSource):
    """Rows of a tiled array, from a temporary file that every tile is copied to at the first use.

    The file keeps columns of tiles apart, so that it is written from front to end. Another
    process that this is sent to makes its own.

    Parameters
    ----------
    read_tile : callable
        Given slices of rows and columns, the values there. It is pickled with this.
    shape, tile : tuple of (int, int)
        Of the array, and of one tile.
    dtype : dtype
        Of the blocks: float32 or float64.

    Examples
    --------
    >>> whole = np.arange(12.0).reshape(6, 2)
    >>> rows = CopiedTiles(lambda *place: whole[place], (6, 2), (4, 1), float)
    >>> rows[3:5], rows[[5, 0]]
    (array([[6., 7.],
           [8., 9.]]), array([[10., 11.],
           [ 0.,  1.]]))
    """

    def __init__(
        self,
        read_tile: Callable[[slice, slice], NDArray[Any]],
        shape: tuple[int, int],
        tile: tuple[int, int],
        dtype: DTypeLike,
    ) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._read_tile, self._tile = read_tile, tile
        self._copy: EntryFile | None = None
        self._lock = Lock()

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        with self._lock:
            if self._copy is None:
                self._copy = self._copied()
        stop = max(start, min(stop, self.shape[0]))
        out = np.empty((stop - start, self.shape[1]), dtype=self.dtype)
        for columns in self._strips():
            places = self._place(start, columns), self._place(stop, columns)
            (values,) = self._copy.read(*places)
            out[:, columns] = values.reshape(stop - start, columns.stop - columns.start)
        return out

    def _copied(self) -> EntryFile:
        copy = EntryFile(self.dtype)
        for columns in self._strips():
            for start in range(0, self.shape[0], self._tile[0]):
                rows = slice(start, min(start + self._tile[0], self.shape[0]))
                copy.write(self._place(start, columns), self._read_tile(rows, columns))
        return copy

    def _strips(self) -> Iterator[slice]:
        for start in range(0, self.shape[1], self._tile[1]):
            yield slice(start, min(start + self._tile[1], self.shape[1]))

    def _place(self, row: int, columns: slice) -> int:
        """Where a row of some columns starts: theirs lie after all rows of the columns before."""
        place: int = self.shape[0] * columns.start + row * (columns.stop - columns.start)
        return place

    def __getstate__(self) -> dict[str, Any]:
        hidden = ("_copy", "_lock")
        return {name: value for name, value in self.__dict__.items() if name not in hidden}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._copy, self._lock = None, Lock()
