"""What is looked for in a block of rows, and what is found: plain data that travel to workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.data.checks import as_floats, refuse_values
from crossphase.data.outlying import FarRows
from crossphase.data.scan import ColumnScan, row_keys, scan_block
from crossphase.moments import BlockProduct, Moments, block_product

__all__ = ["PARTS", "Found", "Side", "Wanted", "Weigh", "as_product"]

Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]
Cells = NDArray[np.int8]
Side = tuple[str, tuple[str, ...] | None]
"""A modality's name and the names of its features."""

Weigh = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]
"""Weights of rows, from their values in x and in y."""

PARTS = 4
"""Random parts that rows are dealt to."""


def _none() -> Ints:
    return np.empty(0, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Found:
    """What one block, or several in a row, yield.

    Attributes
    ----------
    products : list of BlockProduct, Moments or None
        Of each part of the rows; None for parts without a row.
    x, y : ndarray of shape (m, dx), (m, dy)
        Rows kept.
    scans : list of ColumnScan
        Of x and y; empty where values were checked before.
    keys : ndarray or None
        Keys that equal rows share.
    far : ndarray or None
        Mask of the rows that lie far outside.
    """

    products: Sequence[BlockProduct | Moments | None]
    x: NDArray[Any]
    y: NDArray[Any]
    scans: Sequence[ColumnScan] = ()
    keys: NDArray[np.uint64] | None = None
    far: Mask | None = None

    def merged(self) -> Found:
        """The same with products as moments, in which merging loses nothing."""
        return replace(self, products=[_moments(of) for of in self.products])

    def __add__(self, other: Found) -> Found:
        """Of these rows and of those that follow; products become moments."""
        products = [
            _merged(one, two) for one, two in zip(self.products, other.products, strict=True)
        ]
        return Found(
            products,
            np.concatenate([self.x, other.x]),
            np.concatenate([self.y, other.y]),
            [one + two for one, two in zip(self.scans, other.scans, strict=True)],
            _joined(self.keys, other.keys),
            _joined(self.far, other.far),
        )


def _merged(
    one: BlockProduct | Moments | None, two: BlockProduct | Moments | None
) -> Moments | None:
    left, right = _moments(one), _moments(two)
    if left is None or right is None:
        return right if left is None else left
    return left + right


def _moments(product: BlockProduct | Moments | None) -> Moments | None:
    return product.moments() if isinstance(product, BlockProduct) else product


def _joined(one: Any, two: Any) -> Any:
    return None if one is None or two is None else np.concatenate([one, two])


def as_product(product: BlockProduct | Moments) -> BlockProduct:
    """Moments of some rows as one block's product."""
    if isinstance(product, BlockProduct):
        return product
    return BlockProduct(product.count, product.mean, np.zeros_like(product.mean), product.scatter)


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is looked for.

    Attributes
    ----------
    rows : ndarray of int
        Positions of the rows to keep, ascending.
    cells : ndarray or None
        Part of each row from row `first` on; None makes all rows one part.
    metric : pair of FarRows or None
        Rows far outside are told by these, and left out.
    sides : pair of Side or None
        Names for messages where values are to be checked; None where they were.
    ids : ndarray or None
        Row IDs from row `first` on.
    weigh : callable or None
    double : bool
        Multiply in float64 whatever the dtype.
    first : int
        Position of the row that `cells` and `ids` begin with.
    """

    rows: Ints = field(default_factory=_none)
    cells: Cells | None = None
    metric: tuple[FarRows, FarRows] | None = None
    sides: tuple[Side, Side] | None = None
    ids: NDArray[Any] | None = None
    weigh: Weigh | None = None
    double: bool = False
    first: int = 0

    def between(self, start: int, stop: int) -> Wanted:
        """The part of it that concerns rows from `start` up to `stop`."""
        here = slice(start - self.first, stop - self.first)
        low, high = np.searchsorted(self.rows, [start, stop])
        return replace(
            self,
            rows=self.rows[low:high],
            cells=None if self.cells is None else self.cells[here],
            ids=None if self.ids is None else self.ids[here],
            first=start,
        )

    def look(self, start: int, block: Sequence[Any]) -> Found:
        """Look at a block of rows, the first of which is row `start` of all.

        Raises
        ------
        InputError
            If values are checked and cannot be used.
        """
        stop = start + len(block[0])
        scans: list[ColumnScan] = []
        keys = far = None
        if self.sides is not None:
            floats = [as_floats(of) for of in block]
            scans = [scan_block(of, start) for of in floats]
            self._refuse(scans, floats, start)
            keys = row_keys(floats)
        if self.metric is not None:
            far = self.metric[0].far(block[0]) | self.metric[1].far(block[1])
        low, high = np.searchsorted(self.rows, [start, stop])
        own = self.rows[low:high] - start
        cells = None if self.cells is None else self.cells[start - self.first : stop - self.first]
        used: Sequence[Any] = block
        if far is not None and far.any():
            own = own[~far[own]]
            used = [of[~far] for of in block]
            cells = None if cells is None else cells[~far]
        x, y = (as_floats(of[own]) for of in block)
        return Found(self._products(used, cells), x, y, scans, keys, far)

    def _refuse(
        self, scans: Sequence[ColumnScan], floats: Sequence[NDArray[Any]], start: int
    ) -> None:
        """Refuse values that cannot be used, by their place among all rows."""
        assert self.sides is not None
        stop = start + len(floats[0])
        for scan, values, (name, features) in zip(scans, floats, self.sides, strict=True):
            ids = None
            if self.ids is not None:
                ids = self.ids[start - self.first : stop - self.first].tolist()
            refuse_values(
                scan,
                values,
                name,
                names=features,
                rows=np.arange(start, stop),
                ids=ids,
                whole=False,
            )

    def _products(
        self, block: Sequence[Any], cells: Cells | None
    ) -> list[BlockProduct | Moments | None]:
        """Products of the rows of each part."""
        weights = None if self.weigh is None else self.weigh(*map(as_floats, block))
        if cells is None:
            if not len(block[0]):
                return [None]
            return [block_product(block, weights, double=self.double)]
        found: list[BlockProduct | Moments | None] = []
        for part in range(PARTS):
            rows = np.flatnonzero(cells == part)
            own = None if weights is None else weights[rows]
            found.append(
                block_product([of[rows] for of in block], own, double=self.double)
                if len(rows)
                else None
            )
        return found
