"""Rows that come in parts, one after another: partitions, chunks, files, record batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from crossphase.sources.rows import RowSource, contiguous_runs

__all__ = ["ChunkedRows", "PartedRows"]

Ints = NDArray[np.intp]

#: Rows between two wanted ones of a part that are read along rather than skipped.
_GAP = 16


class PartedRows(RowSource):
    """Rows in consecutive parts, of which any rows can be had cheaply.

    Parameters
    ----------
    lengths : sequence of int
        Rows of each part; 0 for empty ones.
    width : int
        Features.
    dtype : dtype
        Of the blocks.

    Attributes
    ----------
    bounds : ndarray of shape (parts + 1,)
        Where each part starts and ends.

    Examples
    --------
    >>> class Tens(PartedRows):
    ...     def part(self, index, start, stop):
    ...         return 10.0 * index + np.arange(start, stop, dtype=float)[:, None]
    >>> source = Tens([2, 0, 3], 1, float)
    >>> source[1:4].ravel(), source[[4, 0]].ravel()
    (array([ 1., 20., 21.]), array([22.,  0.]))
    """

    def __init__(self, lengths: ArrayLike, width: int, dtype: DTypeLike) -> None:
        self.bounds: Ints = np.concatenate([[0], np.cumsum(lengths, dtype=np.intp)])
        self.shape = (int(self.bounds[-1]), width)
        self.dtype = np.dtype(dtype)

    @property
    def lengths(self) -> Sequence[int]:
        """Rows of each part."""
        found: list[int] = np.diff(self.bounds).tolist()
        return found

    @abstractmethod
    def part(self, index: int, start: int, stop: int) -> NDArray[Any]:
        """Rows of one part, counted from its first."""

    def picked(self, index: int, rows: Ints) -> NDArray[Any]:
        """Rows of one part at ascending positions, counted from its first."""
        out = np.empty((len(rows), self.shape[1]), dtype=self.dtype)
        for first, last in contiguous_runs(rows, _GAP):
            start = int(rows[first])
            block = self.part(index, start, int(rows[last - 1]) + 1)
            out[first:last] = block[rows[first:last] - start]
        return out

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        stop = min(stop, self.shape[0])
        first = int(np.searchsorted(self.bounds, start, side="right")) - 1
        if start < stop <= self.bounds[first + 1]:
            at = int(self.bounds[first])
            return self.part(first, start - at, stop - at)
        out = np.empty((max(stop - start, 0), self.shape[1]), dtype=self.dtype)
        for index in range(first, len(self.bounds) - 1):
            at, end = int(self.bounds[index]), int(self.bounds[index + 1])
            if at >= stop:
                break
            lo, hi = max(start, at), min(stop, end)
            if lo < hi:
                out[lo - start : hi - start] = self.part(index, lo - at, hi - at)
        return out

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions, in the order given; each part is gone to once."""
        out = np.empty((len(rows), self.shape[1]), dtype=self.dtype)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        of = np.searchsorted(self.bounds, ordered, side="right") - 1
        cuts = [0, *(np.flatnonzero(np.diff(of)) + 1).tolist(), len(rows)]
        for first, last in pairwise(cuts):
            if first < last:
                index = int(of[first])
                at = ordered[first:last] - self.bounds[index]
                out[order[first:last]] = self.picked(index, at)
        return out


class ChunkedRows(PartedRows):
    """Rows in parts that can only be had whole: the last one used is kept.

    Parameters
    ----------
    lengths : sequence of int
        Rows of each part.
    width : int
        Features.
    dtype : dtype
        Of the blocks.
    """

    _kept: tuple[int, NDArray[Any]] | None = None

    @abstractmethod
    def chunk(self, index: int) -> NDArray[Any]:
        """All rows of one part, of `dtype`."""

    def part(self, index: int, start: int, stop: int) -> NDArray[Any]:
        """Rows of one part, counted from its first."""
        # A copy: nobody may write into the part that is kept.
        return self.whole(index)[start:stop].copy()

    def picked(self, index: int, rows: Ints) -> NDArray[Any]:
        """Rows of one part at any positions, counted from its first."""
        found: NDArray[Any] = self.whole(index)[rows]
        return found

    def whole(self, index: int) -> NDArray[Any]:
        """All rows of one part, kept until another is asked for."""
        kept = self._kept
        if kept is None or kept[0] != index:
            kept = self._kept = None  # the old one goes before the new one comes
            kept = (index, self.chunk(index))
            self._kept = kept
        return kept[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}
