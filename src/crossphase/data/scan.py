"""What one look at every value tells of each column: its range, and a key that copies share.

Scans of blocks of rows are merged in the order of the rows, so that no column is read twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ColumnScan", "block_bounds", "row_keys", "scan_block"]

#: Bytes of a block of rows, and the fewest and most rows.
_BLOCK_BYTES = 16 * 2**20
_LEAST_ROWS, _MOST_ROWS = 512, 16_384
#: Step of the sequence that weighs rows in column keys: the golden ratio's fraction.
_STEP = 0.6180339887498949
#: Relative difference up to which keys of columns are compared in full.
_SAME_KEY = 1e-7


@dataclass(frozen=True, eq=False)
class ColumnScan:
    """Ranges and keys of columns over some rows.

    Attributes
    ----------
    count : int
    lowest, highest : ndarray of shape (d,)
        NaN where a value is NaN.
    first : ndarray of shape (d,)
        The first row.
    key : ndarray of shape (d,)
        Σ_i w_i z_ij with weights that depend on the row's position only: columns of equal values
        have equal keys, up to rounding.
    scale : ndarray of shape (d,)
        Σ_i |z_ij| or more, the size that rounding of the key goes by.
    """

    count: int
    lowest: NDArray[Any]
    highest: NDArray[Any]
    first: NDArray[Any]
    key: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __add__(self, other: ColumnScan) -> ColumnScan:
        """Of these rows and of those that follow."""
        return ColumnScan(
            self.count + other.count,
            np.minimum(self.lowest, other.lowest),
            np.maximum(self.highest, other.highest),
            self.first,
            self.key + other.key,
            self.scale + other.scale,
        )

    @property
    def finite(self) -> bool:
        """Whether no value is NaN or infinite."""
        return bool(np.isfinite(self.lowest).all() and np.isfinite(self.highest).all())

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Mask of the columns with one value."""
        return np.asarray(self.lowest == self.highest)

    @property
    def largest(self) -> NDArray[Any]:
        """Largest absolute value of each column, shape (d,)."""
        return np.asarray(np.maximum(np.abs(self.lowest), np.abs(self.highest)))

    def alike(self) -> Iterator[tuple[int, list[int]]]:
        """Columns that may repeat an earlier one, each with the earlier ones to compare it with.

        Equal columns are always among them; others hardly ever.
        """
        varying = np.flatnonzero(~self.constant)
        order = varying[np.lexsort((varying, self.key[varying]))]
        near: list[int] = []
        found: dict[int, list[int]] = {}
        for column in order.tolist():
            near = [
                other
                for other in near
                if abs(self.key[column] - self.key[other]) <= _SAME_KEY * self.scale[column]
                and self.first[other] == self.first[column]
                and self.lowest[other] == self.lowest[column]
                and self.highest[other] == self.highest[column]
            ]
            for other in near:
                early, late = sorted((column, other))
                found.setdefault(late, []).append(early)
            near.append(column)
        yield from sorted((late, sorted(early)) for late, early in found.items())


def scan_block(block: NDArray[Any], start: int) -> ColumnScan:
    """Scan of one block of rows, the first of which is row `start` of all.

    Examples
    --------
    >>> x = np.array([[1.0, 1.0, 7.0], [2.0, 2.0, 7.0]])
    >>> scan = scan_block(x, 0)
    >>> scan.constant, list(scan.alike())
    (array([False, False,  True]), [(1, [0])])
    >>> halves = scan_block(x[:1], 0) + scan_block(x[1:], 1)
    >>> np.allclose(halves.key, scan.key)
    True
    """
    weights = np.modf((np.arange(start, start + len(block)) + 1.0) * _STEP)[0] - 0.5
    dtype = block.dtype if block.dtype.kind == "f" else np.dtype(np.float64)
    lowest, highest = block.min(axis=0), block.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        key = (weights.astype(dtype) @ block).astype(np.float64)
        largest = np.maximum(np.abs(lowest), np.abs(highest)).astype(np.float64)
    # A copy: a view would hold the whole block in memory for as long as the scan.
    return ColumnScan(len(block), lowest, highest, block[0].copy(), key, len(block) * largest)


def row_keys(blocks: list[NDArray[Any]]) -> NDArray[np.uint64]:
    """A key of each row of several modalities that rows of the same bits share, shape (m,).

    Sums of the rows' 32-bit words modulo 2⁶⁴, with odd weights at random: exact, so that neither
    offsets nor scales of features make different rows alike. Two of them share a key once in 2⁴⁰
    or less.

    Examples
    --------
    >>> x = np.array([[1e9, 1.0], [1e9, 2.0], [1e9, 1.0]])
    >>> one, other, again = row_keys([x])
    >>> bool(one == other), bool(one == again)
    (False, True)
    """
    key = np.zeros(len(blocks[0]), dtype=np.uint64)
    for number, block in enumerate(blocks):
        words = np.ascontiguousarray(block).view(np.uint32)
        rng = np.random.default_rng(number)
        weights = rng.integers(2**64, size=words.shape[1], dtype=np.uint64, endpoint=False)
        key += np.einsum("nd,d->n", words, weights | np.uint64(1))
    return key


def block_bounds(n: int, width: int, itemsize: int = 4) -> Iterator[tuple[int, int]]:
    """Bounds of blocks of rows that fit the processor's caches, whatever the number of threads.

    Examples
    --------
    >>> list(block_bounds(1000, 20_000))
    [(0, 512), (512, 1000)]
    """
    rows = int(np.clip(_BLOCK_BYTES // max(width * itemsize, 1), _LEAST_ROWS, _MOST_ROWS))
    for start in range(0, n, rows):
        yield start, min(start + rows, n)
