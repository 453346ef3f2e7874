"""Deciding how rows are matched: by ID when there are IDs, by position only when that is safe."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossphase.data.align import (
    Alignment,
    AlignmentReport,
    align_by_id,
    examples,
    locate,
    no_common_ids,
    require_unique,
)
from crossphase.errors import Finding, InputError

__all__ = ["AlignChoice", "Rows", "labelled_positions", "match_pairs", "match_to_x"]

AlignChoice = Literal["auto", "id", "position"]


@dataclass(frozen=True, slots=True)
class Rows:
    """What is known of the rows of one input.

    Attributes
    ----------
    name : str
    count : int
    ids : list or None
        IDs, given or carried by an index.
    explicit : bool
        Whether the IDs were given as such.
    counted : bool
        Whether the table has an index that merely counts its rows.
    """

    name: str
    count: int
    ids: list[Hashable] | None = None
    explicit: bool = False
    counted: bool = False


def _whole_numbers(ids: Sequence[Hashable] | None) -> bool:
    return ids is not None and all(isinstance(value, int) for value in ids)


def _index_lost(first: Rows, second: Rows) -> bool:
    """Whether one index counts rows while the other's whole numbers say rows were moved."""
    return any(
        a.counted and _whole_numbers(b.ids) and b.ids != list(range(a.count))
        for a, b in ((first, second), (second, first))
    )


def match_pairs(x: Rows, y: Rows, align: AlignChoice = "auto") -> tuple[Alignment, list[Finding]]:
    """Match the rows of x and y.

    With ``"auto"``, IDs that were given as such are used. IDs that an index carries must agree
    row by row, else nothing is matched. Without IDs on both sides rows are matched by position.

    Parameters
    ----------
    x, y : Rows
    align : {"auto", "id", "position"}

    Returns
    -------
    alignment : Alignment
    findings : list of Finding

    Raises
    ------
    InputError
        If IDs disagree, are duplicated or missing on one side, or row counts differ.
    """
    if align not in ("auto", "id", "position"):
        raise InputError(f"align={align!r}: choose 'auto', 'id' or 'position'")
    if align == "id" or (align == "auto" and (x.explicit or y.explicit)):
        for side, other in ((x, y), (y, x)):
            if side.ids is None:
                raise InputError(
                    f"{side.name} has no IDs to match {other.name} by: give ids_x and ids_y, or "
                    "align='position' if the rows are in the same order"
                )
        return _by_id(x, y)
    if align == "auto" and x.ids is not None and y.ids is not None:
        if x.ids == y.ids:
            return _by_id(x, y)
        common = len(set(x.ids) & set(y.ids))
        raise InputError(
            f"the index of {x.name} ({examples(x.ids)}) and of {y.name} ({examples(y.ids)}) "
            f"disagree, {common} IDs in common: give align='id' to match by ID, or "
            "align='position' if row i of both is the same thing"
        )
    if align == "auto" and _index_lost(x, y):
        raise InputError(
            f"one of {x.name} and {y.name} has a fresh index and the other one "
            f"({examples(x.ids or y.ids or ())}) was reordered or filtered: give align='position' "
            "if the rows still correspond, else restore the index of both"
        )
    return _by_position(x, y, align)


def _by_id(x: Rows, y: Rows) -> tuple[Alignment, list[Finding]]:
    alignment = align_by_id(x.ids, y.ids, names=(x.name, y.name))
    report = alignment.report
    if not (report.dropped_x or report.dropped_y):
        return alignment, []
    lost = max(report.dropped_x / report.n_x, report.dropped_y / report.n_y)
    shown = examples(report.examples_x + report.examples_y)
    return alignment, [
        Finding(
            "rows-dropped",
            "warning" if lost > 0.5 else "info",
            f"{report.n_common} IDs are common; {report.dropped_x} of {report.n_x} rows of "
            f"{x.name} and {report.dropped_y} of {report.n_y} of {y.name} have no partner "
            f"({shown}).",
            "Rows without a partner were left out.",
            "Check that the IDs are written alike on both sides." if lost > 0.5 else "",
        )
    ]


def _by_position(x: Rows, y: Rows, align: AlignChoice) -> tuple[Alignment, list[Finding]]:
    if x.count != y.count:
        raise InputError(
            f"{x.name} has {x.count} rows and {y.name} has {y.count}: give paired rows, or IDs of "
            "both to match by"
        )
    rows = np.arange(x.count)
    alignment = Alignment(rows, rows, AlignmentReport("position", x.count, y.count, x.count))
    findings = []
    if x.ids is not None and y.ids is not None and x.ids != y.ids:
        findings.append(
            Finding(
                "ids-disagree",
                "warning",
                f"IDs of {x.name} ({examples(x.ids)}) and {y.name} ({examples(y.ids)}) differ.",
                "Rows were matched by position, as asked; wrong pairs look like independence.",
                "Match by ID if the IDs mean the same things.",
            )
        )
    elif align == "auto" and (x.ids is None) != (y.ids is None):
        bare = x if x.ids is None else y
        findings.append(
            Finding(
                "matched-by-position",
                "info",
                f"Only one modality has IDs; {bare.name} has none.",
                "Rows were matched by position.",
                f"Make sure that {bare.name} is in the same order, or give it IDs.",
            )
        )
    return alignment, findings


def labelled_positions(labelled: ArrayLike, n_labels: int, n_x: int) -> NDArray[np.intp]:
    """Row of the labels for every row of x, −1 where unlabelled, from ``labelled=``.

    Parameters
    ----------
    labelled : array-like
        Positions of the labelled rows in x, or a boolean mask over its rows.
    n_labels, n_x : int
        Rows of the labels and of x.

    Returns
    -------
    ndarray of shape (n_x,)

    Raises
    ------
    InputError
        If positions repeat, leave the range, or do not match the number of labels.

    Examples
    --------
    >>> labelled_positions([3, 1], 2, 4)
    array([-1,  1, -1,  0])
    """
    given = np.asarray(labelled)
    if given.ndim != 1:
        raise InputError(f"labelled has shape {given.shape}: give row positions or a mask")
    if given.dtype == bool:
        if len(given) != n_x:
            raise InputError(f"labelled is a mask of {len(given)} rows and x has {n_x}")
        given = np.flatnonzero(given)
    elif given.dtype.kind not in "iu" and len(given):
        raise InputError(
            f"labelled has dtype {given.dtype}: give row positions (integers) or a boolean mask"
        )
    if len(given) != n_labels:
        raise InputError(
            f"labelled names {len(given)} rows and there are {n_labels} labels: "
            "give the labels of those rows only"
        )
    outside = given[(given < 0) | (given >= n_x)]
    if len(outside):
        raise InputError(
            f"labelled names row {outside[0]}, and x has rows 0 to {n_x - 1}: give rows of x"
        )
    if len(np.unique(given)) < len(given):
        values, counts = np.unique(given, return_counts=True)
        raise InputError(
            f"labelled names row {values[counts > 1][0]} more than once: give each row one label"
        )
    positions = np.full(n_x, -1, dtype=np.intp)
    positions[given.astype(np.intp)] = np.arange(n_labels)
    return positions


def match_to_x(
    rows: Rows, x: Rows, *, align: AlignChoice = "auto", labelled: Any = None
) -> NDArray[np.intp]:
    """Row of labels, groups or covariates for every row of x, −1 where there is none.

    Joined by ID where both carry IDs (unless matching by position was asked for), otherwise by
    position.

    Parameters
    ----------
    rows : Rows
        Of the labels, groups or covariates.
    x : Rows
    align : {"auto", "id", "position"}
    labelled : array-like, default None
        Rows of x that the labels are for, see :func:`labelled_positions`.

    Returns
    -------
    ndarray of shape (n_x,)

    Raises
    ------
    InputError
        If no ID is common, IDs are duplicated, or row counts differ without IDs.
    """
    if labelled is not None:
        if rows.explicit:
            raise InputError("labels came with both labelled= and ids_labels=: give one of them")
        return labelled_positions(labelled, rows.count, x.count)
    by_id = rows.explicit or (rows.ids is not None and x.ids is not None and align != "position")
    if by_id and rows.ids is not None:
        if x.ids is None:
            raise InputError(f"{rows.name} come with IDs and {x.name} has none: give ids_x too")
        require_unique(rows.ids, rows.name)
        require_unique(x.ids, x.name)
        positions = locate(x.ids, rows.ids)
        if np.all(positions < 0):
            raise no_common_ids(x.ids, rows.ids, (x.name, rows.name))
        return positions
    if rows.count == x.count:
        if align == "auto" and _index_lost(rows, x):
            raise InputError(
                f"{rows.name} and {x.name} have different row numbers in their index: give "
                "align='position' if the rows still correspond, else restore the index of both"
            )
        return np.arange(x.count)
    mend = (
        f"labelled={rows.name}.index"
        if _whole_numbers(rows.ids)
        else "labelled= (the rows they are for), None or NaN where unknown, or IDs"
    )
    raise InputError(f"{rows.name} have {rows.count} rows and {x.name} has {x.count}: give {mend}")
