"""Count, mean and centred scatter of blocks of features: all that the spectra see.

Moments are merged by the pairwise update of Chan, Golub and LeVeque (1983), so arrays, chunks,
folds and distributed partitions differ only in how their moments arrive, and leaving rows out
is a subtraction rather than a second read.

Blocks of float32 are multiplied in float32, centred at their own mean, and added up in float64.
Of a few thousand rows a product is then off by some 1e-7 of √(S_ii S_jj), whatever the offset of
the features; a float64 product takes twice as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.errors import InputError

__all__ = ["BlockProduct", "MomentSum", "Moments", "block_product"]

Array = NDArray[np.float64]

#: Squares beyond these leave the range in which float32 is accurate.
_LARGEST_SQUARE, _SMALLEST_SQUARE = 1e30, 1e-28
#: What float32 holds exactly, by name: libraries other than NumPy have types of their own.
_NARROW = frozenset({"float32", "float16", "bfloat16", "int16", "int8", "uint16", "uint8", "bool"})
#: Block means kept apart until they are merged.
_MOST_BLOCKS = 2048
#: Spread over mean up to which a column is constant but for rounding.
_DOUBLE_ROUNDING, _SINGLE_ROUNDING = 1e-14, 1e-12


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
    single : bool
        Whether products were taken in float32: entries are then off by up to 1e-6 of
        √(S_ii S_jj), and directions of less than about 1e-4 of a feature's variance are noise.
    bases : mapping of str to ndarray of shape (p, d_block)
        Of blocks that are coordinates of p features: what one unit of each stands for. Blocks of
        plain features have none.

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
    single: bool = False
    bases: Mapping[str, Array] = field(default_factory=dict)

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
        total = MomentSum({name: array.shape[1] for name, array in arrays.items()})
        scale = 1.0 if weights is None else n / float(weights.sum())
        for start in range(0, n, chunk_rows):
            rows_here = slice(start, start + chunk_rows)
            part = [array[rows_here] for array in arrays.values()]
            own = None if weights is None else weights[rows_here] * scale
            total.add(block_product(part, own))
        found = total.finish()
        # Weights were summed in floating point; the count is a number of rows.
        return found if weights is None else replace(found, count=n)

    @classmethod
    def from_chunks(cls, chunks: Iterable[Mapping[str, ArrayLike]]) -> Moments:
        """Moments of a stream of row chunks, each a mapping of block name to array.

        Each chunk is centred about its own mean and merged by the pairwise update: two small
        roundings, no cancellation.
        """
        total: MomentSum | None = None
        for chunk in chunks:
            arrays = {name: np.asarray(block) for name, block in chunk.items()}
            if total is None:
                total = MomentSum({name: array.shape[1] for name, array in arrays.items()})
            if len(next(iter(arrays.values()))):
                total.add(block_product(list(arrays.values())))
        if total is None or not total.count:
            raise InputError("no rows: an empty stream of chunks has no moments")
        return total.finish()

    def __add__(self, other: Moments) -> Moments:
        """Moments of the rows of both."""
        self._check_blocks(other)
        count = self.count + other.count
        step = other.mean - self.mean
        mean = self.mean + step * (other.count / count)
        weight = self.count * (other.count / count)
        scatter = self.scatter + other.scatter + weight * np.outer(step, step)
        _silence_constant(scatter, count, mean, self.single or other.single)
        return Moments(count, mean, scatter, self.sizes, self.single or other.single, self.bases)

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
        _silence_constant(scatter, count, mean, self.single or other.single)
        return Moments(count, mean, scatter, self.sizes, self.single or other.single, self.bases)

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
        scatter = self.scatter[np.ix_(index, index)]
        bases = {name: basis for name, basis in self.bases.items() if name in sizes}
        return Moments(self.count, self.mean[index], scatter, sizes, self.single, bases)

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
        scatter = full.T @ self.scatter @ full
        return Moments(self.count, self.mean @ full, scatter, sizes, self.single)

    def scaled(self, factors: Array) -> Moments:
        """Moments after each feature is multiplied by a number, shape (d,)."""
        scatter = self.scatter * factors[:, None]
        scatter *= factors
        return Moments(self.count, self.mean * factors, scatter, self.sizes, self.single)


@dataclass(frozen=True, eq=False)
class BlockProduct:
    """What one block of rows adds to moments; made by :func:`block_product`.

    Attributes
    ----------
    count : int or float
        Rows, or their total weight.
    mean : ndarray of shape (d,)
    offset : ndarray of shape (d,)
        Mean minus the centre that the product was taken about: a rounding error.
    product : ndarray of shape (d, d)
        Sum over rows of (z − centre)(z − centre)ᵀ, float32 or float64.
    """

    count: float
    mean: Array
    offset: Array
    product: NDArray[Any]

    def moments(self, sizes: Mapping[str, int] | None = None) -> Moments:
        """Moments of these rows; without `sizes`, as one block of features."""
        total = MomentSum({"rows": len(self.mean)} if sizes is None else sizes)
        total.add(self)
        return total.finish()


def block_product(
    arrays: Sequence[Any], weights: Array | None = None, *, double: bool = False
) -> BlockProduct:
    """Mean and centred product of one block of rows.

    Parameters
    ----------
    arrays : sequence of array of shape (m, d_i)
        The same m rows of each modality. NumPy arrays, or arrays of another library that follows
        the array API (PyTorch, CuPy): the product is then taken where they lie.
    weights : ndarray of shape (m,), optional
        Row weights.
    double : bool, default False
        Multiply in float64 whatever the dtype. Otherwise blocks of float32 (or of numbers that
        float32 holds exactly) are multiplied in float32, unless squares would leave its range.

    Returns
    -------
    BlockProduct
    """
    if not all(isinstance(array, np.ndarray) for array in arrays):
        return _device_product(arrays, weights, double)
    single = not double and all(np.can_cast(array.dtype, np.float32) for array in arrays)
    bounds = np.cumsum([0, *(array.shape[1] for array in arrays)])
    stacked = np.empty((len(arrays[0]), bounds[-1]), dtype=np.float32 if single else np.float64)
    count = len(stacked) if weights is None else float(weights.sum())
    share = np.full(len(stacked), 1.0 / count) if weights is None else weights / count
    share = share.astype(stacked.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for array, start, stop in zip(arrays, bounds, bounds[1:], strict=False):
            _from_first(array, stacked[:, start:stop])
        centre = share @ stacked
        stacked -= centre
        # The rounding error of the centre itself matters where rows drift far from the first.
        offset = (share @ stacked).astype(np.float64)
        if weights is not None:
            stacked *= np.sqrt(weights).astype(stacked.dtype)[:, None]
        product = stacked.T @ stacked
    if single:
        squares = np.diag(product)
        faded = bool(stacked[:, squares == 0].any())
        if faded or not _in_range(squares):
            return block_product(arrays, weights, double=True)
    first = np.concatenate([array[0].astype(np.float64) for array in arrays])
    return BlockProduct(count, first + centre + offset, offset, product)


def _from_first(array: NDArray[Any], out: NDArray[Any]) -> None:
    """Rows as seen from the first one.

    Means of such rows lose no digits to the features' offsets, and constant columns become exact
    zeros.
    """
    if array.dtype == out.dtype:
        np.subtract(array, array[0], out=out)
    else:
        out[:] = array
        out -= out[0].copy()


def _in_range(squares: NDArray[Any]) -> bool:
    """Whether float32 sums of squares neither overflow nor fade."""
    varying = squares[squares != 0]
    return bool(
        np.isfinite(squares).all()
        and varying.max(initial=0.0) < _LARGEST_SQUARE
        and varying.min(initial=1.0) > _SMALLEST_SQUARE
    )


def _silence_constant(scatter: Array, count: float, mean: Array, single: bool) -> None:
    """Zero what rounding leaves of constant columns: it must not pass for a feature."""
    rounding = _SINGLE_ROUNDING if single else _DOUBLE_ROUNDING
    constant = np.diag(scatter) <= count * (rounding * mean) ** 2
    if constant.any():
        scatter[constant], scatter[:, constant] = 0.0, 0.0


def _device_product(arrays: Sequence[Any], weights: Array | None, double: bool) -> BlockProduct:
    """The same where the arrays lie: on a GPU, say."""
    from array_api_compat import array_namespace, device

    # A modality in main memory goes where the other one lies.
    away = next(array for array in arrays if not isinstance(array, np.ndarray))
    xp, where = array_namespace(away), device(away)
    arrays = [
        xp.asarray(array, device=where) if isinstance(array, np.ndarray) else array
        for array in arrays
    ]
    narrow = [str(array.dtype).removeprefix("torch.") in _NARROW for array in arrays]
    single = not double and all(narrow)
    dtype = xp.float32 if single else xp.float64
    stacked = xp.concat([xp.astype(array, dtype) for array in arrays], axis=1)
    first = _on_cpu(stacked[0, :]).astype(np.float64)
    stacked = stacked - stacked[:1, :]
    count = stacked.shape[0] if weights is None else float(weights.sum())
    own = np.full(stacked.shape[0], 1.0) if weights is None else weights
    share = xp.asarray(own / count, dtype=dtype, device=where)
    centre = share @ stacked
    stacked = stacked - centre
    offset = share @ stacked
    if weights is not None:
        stacked = stacked * xp.sqrt(share * count)[:, None]
    product = _on_cpu(xp.matmul(xp.matrix_transpose(stacked), stacked))
    if single:
        squares = np.diag(product)
        varies = _on_cpu(xp.any(stacked != 0, axis=0))
        if bool((varies & (squares == 0)).any()) or not _in_range(squares):
            return _device_product(arrays, weights, True)
    moved = _on_cpu(offset).astype(np.float64)
    return BlockProduct(count, first + _on_cpu(centre) + moved, moved, product)


def _on_cpu(array: Any) -> NDArray[Any]:
    from array_api_compat import to_device

    if hasattr(array, "detach"):
        array = array.detach()
    return np.asarray(array.get() if hasattr(array, "get") else to_device(array, "cpu"))


class MomentSum:
    """Running moments of blocks of rows.

    Means of blocks are kept apart until the end, so that a block costs one addition of its
    product and no update of rank 1.

    Parameters
    ----------
    sizes : mapping of str to int
        Names and widths of the modalities, in the order of the arrays of every block.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(90, 3))
    >>> total = MomentSum({"x": 3})
    >>> for start in range(0, 90, 20):
    ...     total.add(block_product([x[start : start + 20]]))
    >>> np.allclose(total.moments().cov("x"), np.cov(x.T, bias=True))
    True
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = dict(sizes)
        dim = sum(self.sizes.values())
        self.scatter: Array = np.zeros((dim, dim))
        self.single = False
        self._blocks: list[tuple[float, Array, Array]] = []

    @property
    def count(self) -> float:
        """Rows seen, or their total weight."""
        return sum(count for count, _, _ in self._blocks)

    def add(self, block: BlockProduct) -> None:
        """Take in one block."""
        self.scatter += block.product
        self.single = self.single or block.product.dtype == np.float32
        self._blocks.append((block.count, block.mean, block.offset))
        if len(self._blocks) >= _MOST_BLOCKS:
            merged = self.moments()
            self.scatter = merged.scatter
            self._blocks = [(merged.count, merged.mean, np.zeros_like(merged.mean))]

    def moments(self) -> Moments:
        """Moments of all rows seen.

        Raises
        ------
        InputError
            If no row was.
        """
        return self._settled(self.scatter.copy())

    def finish(self) -> Moments:
        """The same, and nothing is left here: no second matrix is needed."""
        scatter, self.scatter = self.scatter, np.zeros((0, 0))
        found = self._settled(scatter)
        self._blocks = []
        return found

    def _settled(self, scatter: Array) -> Moments:
        if not self.count:
            raise InputError("no rows: an empty stream of blocks has no moments")
        counts = np.array([count for count, _, _ in self._blocks])
        means = np.array([mean for _, mean, _ in self._blocks])
        offsets = np.array([offset for _, _, offset in self._blocks])
        # From the first block's mean: of large offsets, averages would lose what blocks differ by.
        apart = means - means[0]
        shift = counts @ apart / counts.sum()
        apart -= shift
        if len(counts) > 1:
            scatter += apart.T @ (counts[:, None] * apart)
        if self.single:
            # Of float64 centres the square of a rounding error is beyond all digits.
            scatter -= offsets.T @ (counts[:, None] * offsets)
        total = counts.sum()
        mean = means[0] + shift
        _silence_constant(scatter, total, mean, self.single)
        count = int(total) if all(isinstance(c, int) for c, _, _ in self._blocks) else float(total)
        return Moments(count, mean, scatter, self.sizes, self.single)
