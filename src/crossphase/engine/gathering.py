"""One pass over paired rows: checks, moments, and the rows that estimators look at one by one.

Everything that is said of n rows comes from their moments. What needs rows themselves, labels,
probes and simulations, is done on the labelled ones and a random sample of the others. Where all
rows are few enough to be kept, nothing is lost.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.data import PairedData
from crossphase.data.checks import feature_findings, refuse_constant, repeated_pairs
from crossphase.data.outlying import FarRows, set_aside, set_outlying_aside
from crossphase.data.scan import ColumnScan
from crossphase.engine.looking import PARTS, Found, Side, Wanted, Weigh, as_product
from crossphase.engine.passes import Pass, Progress, count_jobs
from crossphase.engine.row_space import row_space
from crossphase.errors import Finding
from crossphase.memory import require_memory
from crossphase.moments import Moments, MomentSum
from crossphase.sources import is_in_memory
from crossphase.sources.rows import float_dtype

__all__ = ["KEPT_ROWS", "Gathered", "How", "gather"]

Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]
Cells = NDArray[np.int8]

KEPT_ROWS = 20_000
"""Labelled rows, and unlabelled ones, that are kept at most; more are a random sample."""

#: Values of rows kept of what is not in memory already, and the rows kept however wide they are.
_KEPT_VALUES, _LEAST_KEPT = 2**24, 6000
#: Matrices of the size of the moments that a diagnosis holds at a time.
_COPIES = 8


@dataclass(frozen=True, eq=False)
class Gathered:
    """What one pass over the rows yields.

    Attributes
    ----------
    whole : PairedData
        All rows that count.
    data : PairedData
        The rows kept, in memory.
    rows : ndarray of int
        Their positions in `whole`, ascending.
    linear : PairedData
        The rows kept, a modality with more features than rows in coordinates of the space that
        its rows span.
    moments : Moments
        Of all rows in these coordinates, blocks ``"x"`` and ``"y"``.
    parts : tuple of Moments
        Of four random parts of the rows (of whole groups where there are groups). Empty where all
        rows are kept, and any part of them can be had.
    cells : ndarray of shape (n,) or None
        Part of each row.
    how : How
        Who works on the rows in further passes.
    """

    whole: PairedData
    data: PairedData
    rows: Ints
    linear: PairedData
    moments: Moments
    parts: tuple[Moments, ...] = ()
    cells: Cells | None = None
    how: How = field(default_factory=lambda: How())

    @property
    def n(self) -> int:
        """Number of pairs."""
        return self.whole.n

    @property
    def complete(self) -> bool:
        """Whether all rows are kept."""
        return self.cells is None

    def half(self, rng: np.random.Generator) -> Moments:
        """Moments of a random half of all rows: of two of the four parts.

        Fewer than four groups make fewer parts; of three or two it is one.
        """
        count = len(self.parts)
        chosen: list[int] = rng.choice(count, size=max(1, count // 2), replace=False).tolist()
        total = self.parts[chosen[0]]
        for part in chosen[1:]:
            total = total + self.parts[part]
        return total

    def weighted(self, weigh: Weigh) -> Gathered:
        """The same with moments under row weights: one more pass, since weights need distances.

        Weights are rescaled to a mean of 1, so that counts stay numbers of rows.
        """
        found = self._again("weighing rows", weigh, double=not self.moments.single)
        scale = self.n / found.moments.count
        moments, *parts = (
            replace(of, count=of.count * scale, scatter=of.scatter * scale)
            for of in (found.moments, *found.parts)
        )
        return replace(found, moments=replace(moments, count=self.n), parts=tuple(parts))

    def in_double(self) -> Gathered:
        """The same with moments from float64 products: one more pass."""
        return self._again("multiplying in float64", None, double=True)

    def _again(self, stage: str, weigh: Weigh | None, *, double: bool) -> Gathered:
        data = self.linear if self.complete else self.whole
        cells = self.cells if self.parts else None
        wanted = Wanted(cells=cells, weigh=weigh, double=double or self.how.is_on_dask(data))
        sums = _sums(data, cells)
        for result in self.how.looks(data, wanted, stage):
            _add(sums, result)
        moments, parts = _moments(sums)
        return replace(self, moments=replace(moments, bases=self.moments.bases), parts=parts)


@dataclass(frozen=True, eq=False)
class How:
    """Who works on the rows.

    Attributes
    ----------
    jobs : int
        Threads.
    progress : callable or None
    scheduler : object or None
        Dask's, see :func:`gather`.
    """

    jobs: int = 1
    progress: Progress | None = None
    scheduler: Any = None

    def is_on_dask(self, data: PairedData) -> bool:
        """Whether Dask works on the rows: their products are then in float64."""
        collections = any(hasattr(of, "partitions") for of in (data.x, data.y))
        return self.scheduler is not None or collections

    def looks(self, data: PairedData, wanted: Wanted, stage: str) -> Iterable[Found]:
        """What is found in the blocks of all rows, in their order."""
        if not self.is_on_dask(data):
            return Pass((data.x, data.y), self.jobs, self.progress, stage).map(wanted.look)
        from crossphase.engine.dask_tree import look_everywhere

        return look_everywhere(data.x, data.y, wanted, self.scheduler, self.progress, stage)


def gather(
    data: PairedData,
    *,
    seed: int = 0,
    parts: bool = True,
    jobs: int | None = None,
    progress: Progress | None = None,
    scheduler: Any = None,
) -> Gathered:
    """Read all rows once, and keep what a diagnosis needs of them.

    Values that were not checked yet are checked on the way, and rows that lie far outside are left
    out: those of what is read on demand, by a first look at some runs of rows. Features that
    outnumber the rows are not multiplied with each other; see
    :func:`crossphase.engine.row_space.row_space`.

    Parameters
    ----------
    data : PairedData
    seed : int, default 0
        Draws the rows kept and the parts.
    parts : bool, default True
        Whether moments of parts are wanted where not all rows are kept.
    jobs : int or None, default None
        Threads, see :func:`crossphase.engine.count_jobs`.
    progress : callable or None, default None
    scheduler : distributed.Client, str or None, default None
        Dask scheduler that works on the rows: a client, its address, or ``"threads"``. None uses
        Dask for Dask collections alone, on the client that is active, if there is one.

    Returns
    -------
    Gathered
        Its `whole` has the findings of the checks.

    Raises
    ------
    InputError
        If values cannot be used, or the moments would not fit into memory.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = gather(PairedData.from_arrays(rng.normal(size=(90, 3)), rng.normal(size=(90, 2))))
    >>> found.n, found.complete, found.moments.count
    (90, True, 90)
    """
    how = How(count_jobs(jobs), progress, scheduler)
    rows, complete = _rows_to_keep(data, seed)
    if complete and max(data.x.shape[1], data.y.shape[1]) >= data.n:
        return _in_row_space(data, how)
    dim = data.x.shape[1] + data.y.shape[1]
    require_memory(
        8 * _COPIES * dim**2,
        f"a diagnosis of {data.x.shape[1]:,} + {data.y.shape[1]:,} features",
        "reduce the features first, by principal components for example",
    )
    cells = None if complete else _cells(data, seed)
    if data.checked:
        return _one_pass(data, rows, cells, None, parts, how)[0]
    metric = FarRows.of_source(data.x), FarRows.of_source(data.y)
    found, far = _one_pass(data, rows, cells, metric, parts, how)
    if far is None:
        return found
    left = set_aside(data, far)
    if left.n == data.n:
        # More than a few: these are heavy tails, and every row counts. Read them all again.
        found = _one_pass(data, rows, cells, None, parts, how)[0]
        findings = (*found.whole.findings, left.findings[-1])
        return replace(found, whole=replace(found.whole, findings=findings))
    return replace(
        found,
        whole=replace(left, findings=(*found.whole.findings, left.findings[-1]), checked=True),
        rows=(np.cumsum(~far) - 1)[found.rows],
        cells=None if cells is None else cells[~far],
    )


def _rows_to_keep(data: PairedData, seed: int) -> tuple[Ints, bool]:
    """Labelled rows and a random sample of the others; whether that is all of them."""
    limit = KEPT_ROWS
    if not (is_in_memory(data.x) and is_in_memory(data.y)):
        width = data.x.shape[1] + data.y.shape[1]
        limit = int(np.clip(_KEPT_VALUES // width, _LEAST_KEPT, KEPT_ROWS))
    labelled = np.zeros(data.n, dtype=bool)
    labelled[data.labelled_rows] = True
    rng = np.random.default_rng([seed, 7])
    kept = np.zeros(data.n, dtype=bool)
    for kind in (labelled, ~labelled):
        rows = np.flatnonzero(kind)
        if len(rows) > limit:
            rows = rng.choice(rows, size=limit, replace=False)
        kept[rows] = True
    return np.flatnonzero(kept), bool(kept.all())


def _cells(data: PairedData, seed: int) -> Cells:
    """A random part for each row, or for each group."""
    rng = np.random.default_rng([seed, 8])
    if data.groups is None:
        return rng.integers(PARTS, size=data.n, dtype=np.int8)
    sizes = np.bincount(data.groups)
    order = rng.permutation(len(sizes))
    of_group = np.empty(len(sizes), dtype=np.int8)
    # Large groups first, each to the part with the fewest rows: parts differ as little as can be.
    filled = [(0, part) for part in range(PARTS)]
    for group in order[np.argsort(-sizes[order], kind="stable")].tolist():
        rows, part = filled[0]
        of_group[group] = part
        heapq.heapreplace(filled, (rows + int(sizes[group]), part))
    return of_group[data.groups]


def _in_row_space(data: PairedData, how: How) -> Gathered:
    width = data.x.shape[1] + data.y.shape[1]
    require_memory(
        3 * 8 * data.n * width,
        f"{data.n:,} rows of {width:,} features",
        "reduce the features first",
    )
    # What was checked before has lost its far rows already.
    data = data.in_memory() if data.checked else set_outlying_aside(data.in_memory())
    bases, linear = {}, data
    for name, values in (("x", data.x), ("y", data.y)):
        if values.shape[1] >= data.n:
            space = row_space(values)
            bases[name] = space.basis
            linear = (
                replace(linear, x=space.coordinates)
                if name == "x"
                else replace(linear, y=space.coordinates)
            )
    total = _sums(linear, None)
    # In memory by now, whoever read them.
    how = replace(how, scheduler=None)
    for result in how.looks(linear, Wanted(), "reading rows"):
        _add(total, result)
    moments = replace(_moments(total)[0], bases=bases)
    return Gathered(data, data, np.arange(data.n), linear, moments, how=how)


def _one_pass(
    data: PairedData,
    rows: Ints,
    cells: Cells | None,
    metric: tuple[FarRows, FarRows] | None,
    parts: bool,
    how: How,
) -> tuple[Gathered, Mask | None]:
    """The pass itself; `metric` tells rows that lie far outside. Their mask, if there are any."""
    keeps = not (len(rows) == data.n and data.checked)
    wanted = Wanted(
        rows=rows if keeps else np.empty(0, dtype=np.intp),
        cells=cells if parts else None,
        metric=metric,
        sides=None if data.checked else _sides(data),
        ids=data.ids,
        double=how.is_on_dask(data),
    )
    x, y = (
        np.empty((len(wanted.rows), of.shape[1]), float_dtype(of.dtype)) for of in (data.x, data.y)
    )
    filled = 0
    # Of a block, a few bytes a row stay; products, rows and scans are added up and done with.
    scans: Sequence[ColumnScan] = ()
    keys: list[NDArray[np.uint64]] = []
    masks: list[Mask] = []
    sums = _sums(data, wanted.cells)
    for result in how.looks(data, wanted, "reading rows"):
        here = slice(filled, filled + len(result.x))
        x[here], y[here] = result.x, result.y
        filled += len(result.x)
        _add(sums, result)
        if result.keys is not None:
            both = zip(scans, result.scans, strict=True) if scans else ()
            scans = [one + other for one, other in both] or result.scans
            keys.append(result.keys)
        if result.far is not None:
            masks.append(result.far)
    moments, of_parts = _moments(sums)
    far = np.concatenate(masks) if masks else None
    far = far if far is not None and far.any() else None
    whole, sample = data, data
    if keeps:
        rows = rows if far is None else rows[~far[rows]]
        x, y = x[:filled], y[:filled]
        if not data.checked:
            whole = replace(data, findings=(*data.findings, *_noticed(data, scans, keys, x, y)))
            whole = replace(whole, checked=True)
        sample = whole.beside(rows, x, y)
    return Gathered(whole, sample, rows, sample, moments, of_parts, cells, how), far


def _sides(data: PairedData) -> tuple[Side, Side]:
    return (data.x_name, data.x_features), (data.y_name, data.y_features)


def _noticed(
    data: PairedData,
    scans: Sequence[ColumnScan],
    keys: Sequence[NDArray[np.uint64]],
    x: NDArray[Any],
    y: NDArray[Any],
) -> list[Finding]:
    """What is worth knowing of columns and of repeated rows."""
    findings: list[Finding] = []
    sides = ((data.x_name, data.x_features, x), (data.y_name, data.y_features, y))
    for scan, (name, features, kept) in zip(scans, sides, strict=True):
        refuse_constant(scan, name)
        findings += feature_findings(kept, name, features, scan)
    of_rows = np.concatenate(keys)
    return [*findings, *repeated_pairs(len(of_rows) - len(np.unique(of_rows)), len(of_rows))]


def _sums(data: PairedData, cells: Cells | None) -> list[MomentSum]:
    sizes = {"x": data.x.shape[1], "y": data.y.shape[1]}
    return [MomentSum(sizes) for _ in range(1 if cells is None else PARTS)]


def _add(sums: Sequence[MomentSum], found: Found) -> None:
    for total, product in zip(sums, found.products, strict=True):
        if product is not None:
            total.add(as_product(product))


def _moments(sums: Sequence[MomentSum]) -> tuple[Moments, tuple[Moments, ...]]:
    """Moments of all rows, and of the parts where there are several."""
    parts = tuple(total.finish() for total in sums if total.count)
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole, parts if len(sums) > 1 else ()
