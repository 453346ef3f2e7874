"""Rows that lie far outside all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.data.checks import as_floats
from crossphase.data.labels import Labels
from crossphase.data.paired import PairedData
from crossphase.errors import Finding

__all__ = [
    "FAR",
    "FarRows",
    "find_outlying",
    "outlying_rows",
    "set_aside",
    "set_outlying_aside",
]

Array = NDArray[np.float64]

FAR = 20.0
"""Multiple of a typical row's distance from the centre beyond which a row is an outlier."""

_MOST_SET_ASIDE = 0.05
_LEAST_PAIRS, _LEAST_LABELLED = 20, 10
_SAMPLE_ROWS = 2000
_CHUNK_ROWS = 1024
#: Runs of rows that tell what is typical of what is read on demand, and of what is read in order.
_RUNS, _FEW_RUNS = 16, 4


def outlying_rows(values: Array) -> NDArray[np.bool_]:
    """Rows whose distance from the centre exceeds that of a typical row 20-fold.

    Distances are root mean squares over features, each centred at its median and divided by its
    median absolute deviation (of the entries off the median where most entries share one value):
    neither of them moves with the rows looked for. One such row adds as much to a covariance as
    400 typical ones. A multivariate t of 3 degrees of freedom has one in about ten thousand.

    Parameters
    ----------
    values : ndarray of shape (n, d)

    Returns
    -------
    ndarray of shape (n,), bool

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 4))
    >>> x[7] *= 1000
    >>> np.flatnonzero(outlying_rows(x))
    array([7])
    """
    return FarRows.of(values).far(values)


@dataclass(frozen=True, eq=False)
class FarRows:
    """What far outside means in one modality.

    Attributes
    ----------
    centre, spread : ndarray of shape (d,)
        Of a sample of rows.
    typical : float
        Distance of a typical row.
    """

    centre: Array
    spread: Array
    typical: float

    @classmethod
    def of(cls, values: NDArray[Any]) -> FarRows:
        """From rows in memory: centre and spread from 2,000 of them, the typical row from all."""
        n = len(values)
        sample = values
        if n > _SAMPLE_ROWS:
            sample = values[np.random.default_rng(0).choice(n, _SAMPLE_ROWS, replace=False)]
        metric = cls._of_sample(sample)
        return replace(metric, typical=_typical(metric.sizes(values)))

    @classmethod
    def of_source(cls, values: Any) -> FarRows:
        """From a few runs of rows, spread over what is read on demand."""
        n = len(values)
        runs = _RUNS if getattr(values, "random_access", True) else _FEW_RUNS
        length = min(_SAMPLE_ROWS // runs, n)
        starts = np.unique(np.linspace(0, n - length, runs).astype(np.intp))
        sample = np.concatenate([np.asarray(values[s : s + length]) for s in starts.tolist()])
        # What is no number is refused where it is read, by its place.
        sample = sample[np.isfinite(sample).all(axis=1)]
        if not len(sample):
            return cls(np.zeros(values.shape[1]), np.full(values.shape[1], np.inf), 1.0)
        metric = cls._of_sample(sample)
        return replace(metric, typical=_typical(metric.sizes(sample)))

    @classmethod
    def _of_sample(cls, sample: NDArray[Any]) -> FarRows:
        centre = np.median(sample, axis=0).astype(np.float64)
        deviation = np.abs(sample - centre)
        spread = np.median(deviation, axis=0)
        for j in np.flatnonzero(spread == 0):
            off = deviation[deviation[:, j] > 0, j]
            spread[j] = np.median(off) if len(off) else np.inf
        return cls(centre, spread, 1.0)

    def sizes(self, values: NDArray[Any]) -> Array:
        """Distance of each row, shape (n,)."""
        n, d = values.shape
        dtype = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
        # A spread beyond float32 is infinite there, and its column counts for nothing.
        with np.errstate(over="ignore", divide="ignore"):
            centre, inverse = self.centre.astype(dtype), (1.0 / self.spread).astype(dtype)
        size = np.empty(n)
        for start in range(0, n, _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            with np.errstate(over="ignore", invalid="ignore"):
                scaled = (values[rows] - centre) * inverse
                size[rows] = np.sqrt(np.einsum("nd,nd->n", scaled, scaled) / d)
        return size

    def far(self, values: Any) -> NDArray[np.bool_]:
        """Rows that lie far outside, shape (n,)."""
        return np.asarray(self.sizes(as_floats(values)) > FAR * self.typical)


def _typical(sizes: Array) -> float:
    typical = float(np.median(sizes))
    if typical == 0.0:
        typical = float(np.median(sizes[sizes > 0])) if sizes.any() else 1.0
    return typical


def set_outlying_aside(data: PairedData, *, keep: bool = False) -> PairedData:
    """Leave out pairs that lie far outside in either modality, and say so.

    More than one in twenty are no outliers but heavy tails; these pairs are kept, as they are
    where too few would be left or the labels would not vary.

    Parameters
    ----------
    data : PairedData
    keep : bool, default False
        Only report them.

    Returns
    -------
    PairedData
        With the finding ``"outlying-rows"`` if there are such pairs. Data that are not checked yet
        stay as they are: :func:`crossphase.engine.gather` sees to their rows as it reads them.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 4))
    >>> x[7] *= 1000
    >>> data = set_outlying_aside(PairedData.from_arrays(x, np.arange(100.0)[:, None]))
    >>> data.n, data.findings[-1].code
    (99, 'outlying-rows')
    """
    if not data.checked:
        return data
    far, finding = find_outlying(
        {data.x_name: data.x, data.y_name: data.y}, data.labels, data.ids, keep=keep
    )
    if finding is None:
        return data
    rest = data if far is None else data.take(~far)
    return replace(rest, findings=(*data.findings, finding))


def set_aside(data: PairedData, far: NDArray[np.bool_]) -> PairedData:
    """The same without rows that lie far outside, or with all where they are no outliers.

    Either way with the finding ``"outlying-rows"``.

    Parameters
    ----------
    data : PairedData
    far : ndarray of shape (n,), bool
        Not all False.
    """
    kept, finding = _judged({f"{data.x_name} or {data.y_name}": far}, data.labels, data.ids)
    assert finding is not None
    rest = data if kept is None else data.take(~far)
    return replace(rest, findings=(*data.findings, finding))


def find_outlying(
    views: Mapping[str, Array],
    labels: Labels | None,
    ids: NDArray[Any] | None,
    *,
    keep: bool = False,
) -> tuple[NDArray[np.bool_] | None, Finding | None]:
    """Rows to leave out of all modalities because they lie far outside in one.

    Parameters
    ----------
    views : mapping of str to ndarray of shape (n, d)
    labels : Labels or None
    ids : ndarray of shape (n,) or None
    keep : bool, default False
        Only report them.

    Returns
    -------
    rows : ndarray of shape (n,), bool, or None
        None leaves nothing out.
    finding : Finding or None
        None where no row lies far outside.
    """
    by_view = {name: outlying_rows(values) for name, values in views.items()}
    return _judged(by_view, labels, ids, keep=keep)


def _judged(
    by_view: Mapping[str, NDArray[np.bool_]],
    labels: Labels | None,
    ids: NDArray[Any] | None,
    *,
    keep: bool = False,
) -> tuple[NDArray[np.bool_] | None, Finding | None]:
    far = np.logical_or.reduce(list(by_view.values()))
    n = len(far)
    if not far.any():
        return None, None
    where = np.flatnonzero(far)
    sides = [name for name, side in by_view.items() if side.any()]
    names = where if ids is None else ids[where]
    shown = ", ".join(str(name) for name in names[:5]) + (", …" if len(where) > 5 else "")
    what = ("row" if ids is None else "ID") + ("s" if len(where) > 1 else "")
    rest = None if labels is None else labels.take(np.flatnonzero(~far))
    usable = (
        far.mean() <= _MOST_SET_ASIDE
        and n - len(where) >= _LEAST_PAIRS
        and (
            rest is None
            or (len(rest.labelled_rows) >= _LEAST_LABELLED and np.ptp(rest.targets(), axis=0).any())
        )
    )
    aside = usable and not keep
    finding = Finding(
        "outlying-rows",
        "warning",
        f"{len(where)} of {n} pairs lie more than {FAR:g} times as far from the centre of "
        f"{' or '.join(sides)} as a typical one: {what} {shown}.",
        "Each would count as much as hundreds of the others in every covariance, so they were "
        "left out."
        if aside
        else "Each counts as much as hundreds of the others in every covariance: spectra describe "
        "these rows rather than all.",
        "Check these rows; transform the features (log, rank) if they are right.",
    )
    return (far if aside else None), finding
