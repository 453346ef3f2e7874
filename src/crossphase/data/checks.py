"""Checks of one modality's features: what is refused, and what is only reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.data.scan import ColumnScan, block_bounds, scan_block
from crossphase.data.tabular import carried_ids, column_names, has_default_index
from crossphase.errors import Finding, InputError
from crossphase.results.formatting import counted
from crossphase.sources import RowSource, Table
from crossphase.sources.objects import reader_of
from crossphase.sources.rows import float_dtype, is_in_memory

__all__ = [
    "as_floats",
    "as_rows",
    "check_values",
    "feature_findings",
    "read_features",
    "refuse_constant",
    "refuse_values",
    "repeated_pairs",
    "repeated_row_findings",
    "size_findings",
]

Array = NDArray[np.float64]

#: Fourth powers of larger values (squared covariances), summed, leave the range of float64.
LARGEST = 1e70
#: Squared variances of columns that vary by less than this underflow: they count as constant.
SMALLEST = 1e-75
#: Spread over size at or below which a column is constant but for rounding.
ROUNDING = 1e-14
_SHOWN = 5
#: Values up to which a modality in memory is taken as float64 whatever its dtype: a copy costs
#: little, and every product is exact.
SMALL_VALUES = 2**23
_COMPARED_ROWS = 4096
_KINDS = {
    "O": "Python objects",
    "U": "text",
    "S": "bytes",
    "T": "text",
    "M": "dates",
    "m": "time spans",
    "c": "complex numbers",
    "V": "records",
}


def _listed(names: Sequence[object]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _array_values(table: Any, what: str) -> NDArray[Any]:
    if hasattr(table, "obs_names") and hasattr(table, "X"):
        raise InputError(f"{what} is an annotated matrix: give its .X, a layer or an .obsm entry")
    if isinstance(table, np.memmap):
        return table
    if isinstance(table, np.ma.MaskedArray) and table.dtype.kind in "fiub":
        return np.ma.filled(table.astype(np.float64), np.nan)
    try:
        return np.asarray(table)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{what} is not a rectangular array of numbers ({reason}): give (rows, features)"
        ) from None


def read_features(table: Any, what: str) -> Table:
    """Take a two-dimensional table of numbers as rows of floats.

    Booleans and integers are converted. Up to 2²³ values are taken into memory as float64; larger
    arrays, and formats that are read on demand, stay what they are. Missing entries of masked
    arrays and nullable columns become NaN, which the checks refuse.

    Parameters
    ----------
    table : array-like, data frame, sparse matrix or any other source of shape (n, d)
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table
        Its `values` are an array or a :class:`crossphase.sources.RowSource`.

    Raises
    ------
    InputError
        If the table does not hold real numbers, is empty, or is not two-dimensional.

    Examples
    --------
    >>> read_features([[1, 2], [3, 4]], "x").values
    array([[1., 2.],
           [3., 4.]])
    """
    if isinstance(table, Table):
        return replace(table, values=as_rows(_checked_shape(table.values, what)))
    if isinstance(table, RowSource):
        return Table(as_rows(_checked_shape(table, what)))
    reader = reader_of(table)
    if reader is not None:
        return read_features(reader.open_object(table, what), what)
    values = _array_values(table, what)
    return Table(
        as_rows(_checked_shape(values, what)),
        names=column_names(table),
        ids=carried_ids(table, what),
        counted=has_default_index(table),
    )


def _checked_shape(values: Any, what: str) -> Any:
    """The same values, if they are a table of real numbers."""
    if values.ndim != 2:
        shape = f"{values.ndim}-dimensional, shape {values.shape}"
        mend = (
            "for a single feature give it as one column, .reshape(-1, 1)"
            if values.ndim == 1
            else "give (rows, features), flattening the rest"
        )
        raise InputError(f"{what} is {shape}: {mend}")
    if 0 in values.shape:
        raise InputError(f"{what} is empty, shape {values.shape}: give rows and features")
    if values.dtype.kind not in "fiub":
        kind = _KINDS.get(values.dtype.kind, str(values.dtype))
        mend = (
            "take real and imaginary parts as separate features"
            if values.dtype.kind == "c"
            else "convert it to numbers with .astype(float)"
        )
        raise InputError(f"{what} holds {kind} (dtype {values.dtype}): {mend}")
    return values


def as_rows(values: Any) -> Any:
    """Rows of floats: few values as float64 in memory, many as they are.

    Parameters
    ----------
    values : ndarray or RowSource of shape (n, d)

    Returns
    -------
    ndarray or RowSource
    """
    if values.shape[0] * values.shape[1] <= SMALL_VALUES:
        if not is_in_memory(values):
            values = np.array(values)  # a copy: nothing depends on the file any more
        return np.ascontiguousarray(values, dtype=np.float64)
    if not is_in_memory(values):
        return values
    fits = values.dtype.kind == "f" and values.dtype.itemsize in (4, 8) and values.dtype.isnative
    return np.ascontiguousarray(values, None if fits else float_dtype(values.dtype))


def as_floats(block: Any) -> Any:
    """A block of rows as floats of at least 32 bits, on the CPU."""
    if hasattr(block, "detach"):
        block = block.detach().cpu().numpy()
    elif hasattr(block, "get") and not isinstance(block, np.ndarray):
        block = block.get()
    return block.astype(float_dtype(block.dtype), copy=False)


def check_values(
    values: NDArray[Any],
    what: str,
    *,
    names: Sequence[str] | None = None,
    rows: NDArray[np.intp] | None = None,
    ids: Sequence[Hashable] | None = None,
) -> ColumnScan:
    """Refuse NaN, infinite and overflowing values, saying where they are.

    Parameters
    ----------
    values : ndarray of shape (n, d)
    what : str
        Name of the modality.
    names : sequence of str, default None
        Feature names.
    rows : ndarray of shape (n,), default None
        Row numbers in the table as given.
    ids : sequence of shape (n,), default None
        Row IDs.

    Returns
    -------
    ColumnScan
        What one look at every value told.

    Raises
    ------
    InputError
        With counts and the first place, or if no column varies.
    """
    scan: ColumnScan | None = None
    for start, stop in block_bounds(len(values), values.shape[1], values.dtype.itemsize):
        part = scan_block(values[start:stop], start)
        scan = part if scan is None else scan + part
    assert scan is not None
    refuse_values(scan, values, what, names=names, rows=rows, ids=ids)
    refuse_constant(scan, what)
    return scan


def refuse_values(
    scan: ColumnScan,
    values: NDArray[Any],
    what: str,
    *,
    names: Sequence[str] | None = None,
    rows: NDArray[np.intp] | None = None,
    ids: Sequence[Hashable] | None = None,
    whole: bool = True,
) -> None:
    """Refuse values that are NaN, infinite or too large, if the scan of them shows any.

    Of a block of rows, `whole` False, counts are those found so far.

    Raises
    ------
    InputError
    """
    if scan.finite and float(scan.largest.max(initial=0.0)) <= LARGEST:
        return
    finite = np.isfinite(values)
    bad = ~finite if not finite.all() else np.abs(values) > LARGEST
    row, column = (int(i) for i in np.argwhere(bad)[0])
    where = f"row {row if rows is None else rows[row]}"
    if ids is not None:
        where += f" (ID {ids[row]!r})"
    where += f", column {column}" if names is None else f", column {names[column]!r}"
    n_nan, n_inf = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    counts = [f"{count} {label}" for count, label in ((n_nan, "NaN"), (n_inf, "infinite")) if count]
    seen = " and ".join(counts) or f"{int(bad.sum())} larger than {LARGEST:g}"
    raise InputError(
        f"{what} has {'' if whole else 'at least '}{seen} value{'s' if bad.sum() > 1 else ''}, in "
        f"{counted(int(bad.any(1).sum()), 'row')} and "
        f"{counted(int(bad.any(0).sum()), 'column')}, first at {where} (counted from 0): "
        "impute, rescale or drop them first"
    )


def refuse_constant(scan: ColumnScan, what: str) -> None:
    """Refuse a modality in which nothing varies.

    Raises
    ------
    InputError
    """
    if scan.count < 2:
        return
    if scan.constant.all():
        raise InputError(f"every row of {what} is the same: nothing varies, nothing to diagnose")
    with np.errstate(over="ignore"):
        spread = scan.highest - scan.lowest if scan.highest.dtype.kind == "f" else None
    if spread is None:
        return
    if np.all(spread <= SMALLEST):
        raise InputError(
            f"no column of {what} varies by more than {spread.max():.0e}, too little for float64 "
            "arithmetic: rescale it"
        )
    if np.all(spread <= ROUNDING * scan.largest):
        raise InputError(
            f"every column of {what} is constant up to rounding: nothing varies, nothing to "
            "diagnose"
        )


def feature_findings(
    values: NDArray[Any],
    what: str,
    names: Sequence[str] | None = None,
    scan: ColumnScan | None = None,
) -> tuple[Finding, ...]:
    """Report constant and exactly repeated columns; both are kept.

    Parameters
    ----------
    values : ndarray of shape (n, d)
        All rows; or a sample of them, on which columns that look alike are compared.
    what : str
        Name of the modality.
    names : sequence of str, default None
        Feature names.
    scan : ColumnScan or None, default None
        Of all rows; None scans `values`.

    Returns
    -------
    tuple of Finding
        Codes ``"constant-columns"``, ``"repeated-names"`` and ``"duplicated-columns"``.

    Examples
    --------
    >>> x = np.array([[1.0, 1.0, 7.0], [2.0, 2.0, 7.0]])
    >>> [finding.code for finding in feature_findings(x, "x")]
    ['constant-columns', 'duplicated-columns']
    """
    scan = scan_block(values, 0) if scan is None else scan
    labels: Sequence[object] = list(range(values.shape[1])) if names is None else names
    findings = []
    if scan.constant.any():
        found = [labels[j] for j in np.flatnonzero(scan.constant).tolist()]
        findings.append(
            Finding(
                "constant-columns",
                "info",
                f"{what} has {counted(len(found), 'constant column')}: {_listed(found)}.",
                "They carry nothing; the pseudo-inverse leaves them out exactly.",
            )
        )
    if names is not None and len(set(names)) < len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        findings.append(
            Finding(
                "repeated-names",
                "info",
                f"{what} has {len(twice)} column names that occur more than once: {_listed(twice)}",
                "Each column counts as a feature of its own.",
            )
        )
    repeated = [
        labels[late]
        for late, early in scan.alike()
        if any(np.array_equal(values[:, late], values[:, one]) for one in early)
    ]
    if repeated:
        findings.append(
            Finding(
                "duplicated-columns",
                "info",
                f"{what} has {counted(len(repeated), 'column')} equal to an earlier one: "
                f"{_listed(repeated)}.",
                "Alignment is unaffected (pseudo-inverse); when this modality is the target of a "
                "prediction, a repeated column counts as often as it is there.",
                "Drop the copies unless that weight is meant.",
            )
        )
    return tuple(findings)


def size_findings(n: int, dx: int, dy: int) -> tuple[Finding, ...]:
    """Report that there are too few pairs for so many features.

    Returns
    -------
    tuple of Finding
        Code ``"more-features-than-pairs"`` when dx + dy ≥ n. Centred samples span n − 1
        dimensions, so the two modalities then meet, and that many sample canonical
        correlations are exactly 1 whatever the population.
    """
    if dx + dy < n:
        return ()
    n_exact = min(dx, n - 1) + min(dy, n - 1) - (n - 1)
    return (
        Finding(
            "more-features-than-pairs",
            "warning",
            f"{dx} + {dy} features for {n} pairs",
            f"At least {n_exact} sample canonical correlations would be exactly 1 by "
            "construction, so the features have to be reduced before anything can be said.",
            "Reduce the features yourself in a way that suits them, or bring more pairs.",
        ),
    )


def repeated_row_findings(x: NDArray[Any], y: NDArray[Any]) -> tuple[Finding, ...]:
    """Report pairs that repeat an earlier pair exactly, when more than one in a hundred does.

    Parameters
    ----------
    x, y : ndarray of shape (n, dx), (n, dy)

    Returns
    -------
    tuple of Finding
        Code ``"repeated-rows"``, or nothing.

    Examples
    --------
    >>> x = np.tile(np.arange(5.0)[:, None], (2, 1))
    >>> [finding.finding for finding in repeated_row_findings(x, x)]
    ['5 of 10 pairs repeat another pair exactly.']
    """
    weights = np.random.default_rng(0).standard_normal((2, max(x.shape[1], y.shape[1])))
    # Equal rows have equal projections; neighbours in their order are compared in full.
    order = np.lexsort(
        (
            y @ weights[1, : y.shape[1]].astype(y.dtype),
            x @ weights[0, : x.shape[1]].astype(x.dtype),
        )
    )
    here, before = order[1:], order[:-1]
    candidates = x[here, 0] == x[before, 0]
    here, before = here[candidates], before[candidates]
    repeated = 0
    for start in range(0, len(here), _COMPARED_ROWS):
        one, other = here[start : start + _COMPARED_ROWS], before[start : start + _COMPARED_ROWS]
        same = (x[one] == x[other]).all(axis=1)
        same[same] = (y[one[same]] == y[other[same]]).all(axis=1)
        repeated += int(same.sum())
    return repeated_pairs(repeated, len(x))


def repeated_pairs(repeated: int, n: int) -> tuple[Finding, ...]:
    """What to say of `repeated` of n pairs that repeat another one."""
    if repeated <= 0.01 * n:
        return ()
    return (
        Finding(
            "repeated-rows",
            "warning",
            f"{repeated} of {n} pairs repeat another pair exactly.",
            "Repeated pairs count as independent ones: probabilities and intervals are too sure.",
            "Drop the repeats, or give groups= that hold them together.",
        ),
    )
