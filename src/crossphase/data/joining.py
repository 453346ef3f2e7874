"""What belongs to the rows of a modality: IDs, labels, groups and covariates, brought to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.data.checks import SMALL_VALUES
from crossphase.data.label_kinds import KindChoice, encode_labels
from crossphase.data.label_reading import RawColumn, read_columns
from crossphase.data.labels import Labels
from crossphase.data.matching import AlignChoice, Rows, match_to_x
from crossphase.data.tabular import as_ids, carried_ids, has_default_index
from crossphase.errors import Finding, InputError
from crossphase.sources import Table, pick

__all__ = [
    "feature_rows",
    "join_covariates",
    "join_groups",
    "join_labels",
    "object_array",
    "take_rows",
]

Ints = NDArray[np.intp]

_LABELS_FOLLOW_X = Finding(
    "labels-follow-x",
    "info",
    "Rows were matched by ID, and the labels have no IDs.",
    "Labels were taken to be in the row order of x as given.",
    "Give the labels IDs if they are in another order.",
)
_ONE_GROUP = Finding(
    "one-group",
    "warning",
    "All pairs belong to one group.",
    "No group can be held out, so rows were taken to be independent; what holds within this group "
    "may not hold in others.",
    "Give pairs of several groups, or leave groups= out.",
)


def take_rows(values: Any, rows: Ints) -> Any:
    """The rows asked for: a copy of those in memory where they are few, else a view of them."""
    picked = pick(values, rows)
    if isinstance(values, np.ndarray) and values.size <= SMALL_VALUES:
        return np.ascontiguousarray(picked)
    return picked


def object_array(values: list[Any]) -> NDArray[Any]:
    """Objects as a one-dimensional array, whatever they are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def feature_rows(features: Table, name: str, given: Any) -> Rows:
    """What is known of the rows of one modality.

    Parameters
    ----------
    features : Table
    name : str
    given : array-like or None
        IDs given beside the features.
    """
    count = len(features.values)
    if given is None:
        ids = None if features.ids is None else list(features.ids)
        return Rows(name, count, ids, explicit=features.named, counted=features.counted)
    return Rows(name, count, _given_ids(given, name, count), explicit=True)


def join_labels(
    labels: Any,
    rows_x: Rows,
    kept: Ints,
    *,
    ids: ArrayLike | None,
    labelled: ArrayLike | None,
    kind: KindChoice | Mapping[str, KindChoice],
    align: AlignChoice,
    moved: bool,
) -> tuple[Labels | None, tuple[Finding, ...], int]:
    """Labels of the rows kept.

    Parameters
    ----------
    labels : array-like, series, frame, mapping or None
    rows_x : Rows
        Of the modality whose rows the labels follow.
    kept : ndarray of shape (n,)
        Its rows that are kept.
    ids, labelled, kind, align
        As `ids_labels`, `labelled`, `label_kind` and `align` of
        :meth:`crossphase.PairedData.from_arrays`.
    moved : bool
        Whether rows of another modality were moved to match these.

    Returns
    -------
    labels : Labels or None
    findings : tuple of Finding
    n_dropped : int
        Labelled rows that are not kept.

    Raises
    ------
    InputError
        If the labels cannot be used, or rows or IDs of labels come without any.
    """
    if labels is None:
        if labelled is not None or ids is not None:
            raise InputError("labelled= or ids_labels= came without labels: give the labels too")
        return None, (), 0
    columns = read_columns(labels)
    own = _other_rows(labels, "labels", columns, ids)
    at = match_to_x(own, rows_x, align=align, labelled=labelled)[kept]
    parsed, found = encode_labels([column.spread(at) for column in columns], kind)
    findings = [*found]
    if own.ids is None and labelled is None and moved:
        findings.append(_LABELS_FOLLOW_X)
    present = ~np.logical_or.reduce([column.missing for column in columns])
    return parsed, tuple(findings), int(present.sum() - present[at[at >= 0]].sum())


def join_groups(
    groups: Any, ids: ArrayLike | None, rows_x: Rows, kept: Ints, align: AlignChoice
) -> tuple[Ints | None, tuple[str, ...], tuple[Finding, ...]]:
    """Group codes of the rows kept, and the groups' names; none where all are of one group.

    Parameters
    ----------
    groups : array-like or None
    ids : array-like or None
        IDs of the group rows.
    rows_x, kept, align
        As in :func:`join_labels`.

    Raises
    ------
    InputError
        If a row has no group, or there are several columns.
    """
    if groups is None:
        return None, (), ()
    columns = read_columns(groups, "group")
    if len(columns) > 1:
        raise InputError(f"groups have {len(columns)} columns: give one")
    at = match_to_x(_other_rows(groups, "groups", columns, ids), rows_x, align=align)[kept]
    column = columns[0].spread(at)
    if column.missing.any():
        raise InputError(
            f"{int(column.missing.sum())} of {len(at)} pairs have no group, first in row "
            f"{kept[np.argmax(column.missing)]}: give every row a group"
        )
    seen, codes = np.unique(column.values, return_inverse=True)
    if len(seen) == 1:
        return None, (), (_ONE_GROUP,)
    names = tuple(f"{value:g}" if column.values.dtype.kind == "f" else str(value) for value in seen)
    return codes.astype(np.intp), names, ()


def join_covariates(
    covariates: Any, ids: ArrayLike | None, rows_x: Rows, kept: Ints, align: AlignChoice
) -> dict[str, NDArray[Any]] | None:
    """Covariates of the rows kept: numbers with NaN, text with "" where missing.

    Parameters
    ----------
    covariates : mapping, frame, array-like or None
    ids : array-like or None
        IDs of their rows.
    rows_x, kept, align
        As in :func:`join_labels`.
    """
    if covariates is None:
        return None
    columns = read_columns(covariates, "covariate")
    rows = _other_rows(covariates, "covariates", columns, ids)
    at = match_to_x(rows, rows_x, align=align)[kept]
    spread = [column.spread(at) for column in columns]
    return {
        column.name: np.where(
            column.missing, np.nan if column.values.dtype.kind == "f" else "", column.values
        )
        for column in spread
    }


def _given_ids(values: Any, name: str, count: int) -> list[Any]:
    ids = as_ids(values, name)
    if len(ids) != count:
        raise InputError(f"{name}: {len(ids)} IDs for {count} rows: give one ID for each row")
    return ids


def _other_rows(table: Any, name: str, columns: tuple[RawColumn, ...], given: Any) -> Rows:
    count = len(columns[0].values)
    if given is not None:
        return Rows(name, count, _given_ids(given, name, count), explicit=True)
    return Rows(name, count, carried_ids(table, name), counted=has_default_index(table))
