"""Count, mean and centred scatter of blocks of features: all that the spectra see.

Moments are merged by the pairwise update of Chan, Golub and LeVeque (1983), so arrays, chunks,
folds and distributed partitions differ only in how their moments arrive, and leaving rows out
is a subtraction rather than a second read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError

__all__ = ["Moments"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """First and second moments of named blocks of features over the same rows.

    Attributes
    ----------
    count : int or float
        Number of rows, or their total weight.
    mean : ndarray of shape (d,)
        Mean of all blocks, concatenated.
    scatter : ndarray of shape (d, d)
        Sum over rows of (z − mean)(z − mean)ᵀ.
    sizes : mapping of str to int
        Block names and widths, in order.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 3)), rng.normal(size=(100, 2))
    >>> whole = Moments.from_arrays(x=x, y=y)
    >>> parts = Moments.from_arrays(x=x[:40], y=y[:40]) + Moments.from_arrays(x=x[40:], y=y[40:])
    >>> whole.count, np.allclose(whole.cov("x", "y"), parts.cov("x", "y"))
    (100, True)
    """

    count: float
    mean: Array
    scatter: Array
    sizes: Mapping[str, int]

    @classmethod
    def from_arrays(
        cls,
        *,
        chunk_rows: int = 65_536,
        weights: NDArray[np.float64] | None = None,
        **blocks: ArrayLike,
    ) -> Moments:
        """Moments of in-memory arrays, a block of rows at a time.

        Parameters
        ----------
        chunk_rows : int, default 65536
            Rows centred at a time; bounds the extra memory, not the result.
        weights : ndarray of shape (n,), optional
            Row weights above 0; they are rescaled to a mean of 1, so that `count` stays n.
        **blocks : array-like of shape (n, d_block)
            Named blocks over the same rows.

        Raises
        ------
        InputError
            If the blocks have no rows, or unequal numbers of rows.
        """
        arrays = {name: np.asarray(block) for name, block in blocks.items()}
        for name, array in arrays.items():
            if array.ndim != 2:
                raise InputError(f"block {name!r} has shape {array.shape}; give (rows, features)")
        rows = {name: len(array) for name, array in arrays.items()}
        if len(set(rows.values())) != 1:
            raise InputError(f"blocks have unequal numbers of rows: {rows}")
        n = next(iter(rows.values()))
        if n == 0:
            raise InputError("blocks have no rows")
        total: Moments | None = None
        scale = 1.0 if weights is None else n / float(weights.sum())
        for start in range(0, n, chunk_rows):
            rows_here = slice(start, start + chunk_rows)
            part = cls._of_chunk(
                {name: array[rows_here] for name, array in arrays.items()},
                None if weights is None else weights[rows_here] * scale,
            )
            total = part if total is None else total + part
        assert total is not None
        # Weights were summed in floating point; the count is a number of rows.
        return total if weights is None else cls(n, total.mean, total.scatter, total.sizes)

    @classmethod
    def from_chunks(cls, chunks: Iterable[Mapping[str, ArrayLike]]) -> Moments:
        """Moments of a stream of row chunks, each a mapping of block name to array.

        Each chunk is centred about its own mean and merged by the pairwise update: two small
        roundings, no cancellation.
        """
        total: Moments | None = None
        for chunk in chunks:
            arrays = {name: np.asarray(block) for name, block in chunk.items()}
            if not len(next(iter(arrays.values()))):
                continue
            part = cls._of_chunk(arrays, None)
            total = part if total is None else total + part
        if total is None:
            raise InputError("no rows: an empty stream of chunks has no moments")
        return total

    @classmethod
    def _of_chunk(cls, arrays: Mapping[str, NDArray[Any]], weights: Array | None) -> Moments:
        stacked = np.concatenate(
            [np.asarray(array, dtype=np.float64) for array in arrays.values()], axis=1
        )
        mean = np.average(stacked, axis=0, weights=weights)
        stacked -= mean
        # The rounding error of the mean itself: matters at offsets far above the spread.
        correction = np.average(stacked, axis=0, weights=weights)
        stacked -= correction
        if weights is not None:
            stacked *= np.sqrt(weights)[:, None]
        count = len(stacked) if weights is None else float(weights.sum())
        sizes = {name: array.shape[1] for name, array in arrays.items()}
        return cls(count, mean + correction, stacked.T @ stacked, sizes)

    def __add__(self, other: Moments) -> Moments:
        """Moments of the rows of both."""
        self._check_blocks(other)
        count = self.count + other.count
        step = other.mean - self.mean
        mean = self.mean + step * (other.count / count)
        weight = self.count * (other.count / count)
        scatter = self.scatter + other.scatter + weight * np.outer(step, step)
        return Moments(count, mean, scatter, self.sizes)

    def __sub__(self, other: Moments) -> Moments:
        """Moments of the rows of `self` that are not in `other`, which must be part of it."""
        self._check_blocks(other)
        count = self.count - other.count
        if count < 1:
            raise InputError(f"cannot leave {other.count} rows out of {self.count}")
        step = other.mean - self.mean
        mean = self.mean - step * (other.count / count)
        weight = self.count * (other.count / count)
        scatter = self.scatter - other.scatter - weight * np.outer(step, step)
        return Moments(count, mean, scatter, self.sizes)

    def _check_blocks(self, other: Moments) -> None:
        if dict(self.sizes) != dict(other.sizes):
            raise InputError(
                f"moments of different blocks: {dict(self.sizes)} and {dict(other.sizes)}"
            )

    def _slice(self, name: str) -> slice:
        start = 0
        for block, size in self.sizes.items():
            if block == name:
                return slice(start, start + size)
            start += size
        raise KeyError(f"no block {name!r}; there are {list(self.sizes)}")

    def mean_of(self, name: str) -> Array:
        """Mean of one block, shape (d_block,)."""
        return self.mean[self._slice(name)]

    def cov(self, a: str, b: str | None = None, *, ddof: int = 0) -> Array:
        """Covariance of two blocks (of one with itself by default), shape (d_a, d_b)."""
        block = self.scatter[self._slice(a), self._slice(a if b is None else b)]
        return block / (self.count - ddof)

    def select(self, *names: str) -> Moments:
        """Moments of some blocks, in the order named."""
        index = np.concatenate([np.arange(self.mean.size)[self._slice(name)] for name in names])
        sizes = {name: self.sizes[name] for name in names}
        return Moments(self.count, self.mean[index], self.scatter[np.ix_(index, index)], sizes)

    def project(self, **maps: Array) -> Moments:
        """Moments after linear maps: block `name` becomes ``block @ maps[name]``.

        Blocks that are not named stay as they are.
        """
        sizes = {name: maps[name].shape[1] if name in maps else d for name, d in self.sizes.items()}
        full = np.zeros((self.mean.size, sum(sizes.values())))
        start = 0
        for name, size in sizes.items():
            full[self._slice(name), start : start + size] = maps.get(name, np.eye(size))
            start += size
        return Moments(self.count, self.mean @ full, full.T @ self.scatter @ full, sizes)
