"""Matching rows by ID."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.data.tabular import as_ids
from crossphase.errors import InputError
from crossphase.results.formatting import counted

__all__ = ["Alignment", "AlignmentReport", "align_by_id", "examples", "locate", "require_unique"]

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class AlignmentReport:
    """How the rows of x and y were matched, and what was dropped.

    Attributes
    ----------
    by : {"id", "position"}
    n_x, n_y : int
        Rows given.
    n_common : int
        Pairs kept.
    dropped_x, dropped_y : int
        Rows without a partner.
    examples_x, examples_y : tuple of str
        A few IDs of dropped rows.
    n_labels_dropped : int
        Labelled rows that are not among the pairs.
    """

    by: Literal["id", "position"]
    n_x: int
    n_y: int
    n_common: int
    dropped_x: int = 0
    dropped_y: int = 0
    examples_x: tuple[str, ...] = ()
    examples_y: tuple[str, ...] = ()
    n_labels_dropped: int = 0

    def __str__(self) -> str:
        if self.by == "position":
            return f"{self.n_common} pairs, matched by position"
        text = f"{self.n_common} pairs, matched by ID"
        dropped = [
            f"{counted(count, 'row')} of {side} (such as {', '.join(shown)})"
            for side, count, shown in (
                ("x", self.dropped_x, self.examples_x),
                ("y", self.dropped_y, self.examples_y),
            )
            if count
        ]
        if self.n_labels_dropped:
            dropped.append(counted(self.n_labels_dropped, "label"))
        return f"{text}; dropped {', '.join(dropped)}" if dropped else text


@dataclass(frozen=True, eq=False, slots=True)
class Alignment:
    """Row positions that make up the pairs.

    Attributes
    ----------
    rows_x, rows_y : ndarray of shape (n_common,)
        Pair i is row ``rows_x[i]`` of x and ``rows_y[i]`` of y.
    report : AlignmentReport
    rows_labels : ndarray of shape (n_common,), or None
        Row of the labels, −1 where the pair has none.
    """

    rows_x: NDArray[np.intp]
    rows_y: NDArray[np.intp]
    report: AlignmentReport
    rows_labels: NDArray[np.intp] | None = None


def examples(ids: Iterable[Hashable], limit: int = _SHOWN) -> str:
    """The first few IDs, quoted, for messages."""
    shown = [repr(value) for _, value in zip(range(limit + 1), ids, strict=False)]
    return ", ".join(shown[:limit]) + (", …" if len(shown) > limit else "")


def require_unique(ids: Sequence[Hashable], what: str) -> None:
    """Refuse duplicated IDs.

    Raises
    ------
    InputError
        Naming the first few of them.
    """
    if len(set(ids)) == len(ids):
        return
    repeated = [value for value, count in Counter(ids).items() if count > 1]
    raise InputError(
        f"{what} has {counted(len(repeated), 'duplicated ID')} ({examples(repeated)}): "
        "keep one row for each ID, or match by position instead"
    )


def locate(wanted: Sequence[Hashable], among: Sequence[Hashable]) -> NDArray[np.intp]:
    """Position of every wanted ID, −1 where it is absent.

    Examples
    --------
    >>> locate(["b", "z"], ["a", "b"])
    array([ 1, -1])
    """
    position = {value: row for row, value in enumerate(among)}
    return np.fromiter((position.get(value, -1) for value in wanted), np.intp, count=len(wanted))


_NEAR_MISSES: tuple[tuple[Callable[[Hashable], Hashable], str], ...] = (
    (str, "some are numbers and some are text: make both text"),
    (lambda v: str(v).strip(), "they agree but for surrounding spaces: strip them"),
    (lambda v: str(v).casefold(), "they agree but for upper and lower case"),
    (lambda v: str(v).lstrip("0"), "they agree but for leading zeros: read both as text"),
    (
        lambda v: str(v).removesuffix(".0"),
        "they agree but for a final .0: whole numbers were written as fractions, often because "
        "some were missing; write them as whole numbers or text",
    ),
)


def no_common_ids(
    first: Sequence[Hashable], second: Sequence[Hashable], names: tuple[str, str]
) -> InputError:
    """The error for two sets of IDs that do not meet, with the likely cause."""
    hint = "check that both name the same rows"
    for simplify, explanation in _NEAR_MISSES:
        if {simplify(v) for v in first} & {simplify(v) for v in second}:
            hint = explanation
            break
    return InputError(
        f"{names[0]} and {names[1]} have no common IDs "
        f"({examples(first)} against {examples(second)}): {hint}"
    )


def align_by_id(
    ids_x: Any, ids_y: Any, ids_labels: Any = None, *, names: tuple[str, str] = ("x", "y")
) -> Alignment:
    """Match rows whose IDs occur in both modalities.

    Pairs come in the order of x. Labels are joined on: a pair without a label row is unlabelled.

    Parameters
    ----------
    ids_x, ids_y : array-like of shape (n_x,), (n_y,)
        Unique IDs.
    ids_labels : array-like of shape (n_labels,), default None
        Unique IDs of the label rows.
    names : tuple of str, default ("x", "y")
        Names of the modalities for messages.

    Returns
    -------
    Alignment

    Raises
    ------
    InputError
        If IDs are missing or duplicated, or x and y have none in common.

    Examples
    --------
    >>> found = align_by_id(["a", "b", "c"], ["c", "d", "a"], ["c"])
    >>> found.rows_x, found.rows_y, found.rows_labels
    (array([0, 2]), array([2, 0]), array([-1,  0]))
    >>> print(found.report)
    2 pairs, matched by ID; dropped 1 row of x (such as b), 1 row of y (such as d)
    """
    list_x, list_y = as_ids(ids_x, names[0]), as_ids(ids_y, names[1])
    require_unique(list_x, names[0])
    require_unique(list_y, names[1])
    partner = locate(list_x, list_y)
    rows_x = np.flatnonzero(partner >= 0)
    if not len(rows_x):
        raise no_common_ids(list_x, list_y, names)
    rows_y = partner[rows_x]
    rows_labels, n_labels_dropped = None, 0
    if ids_labels is not None:
        list_labels = as_ids(ids_labels, "labels")
        require_unique(list_labels, "labels")
        rows_labels = locate([list_x[row] for row in rows_x], list_labels)
        n_labels_dropped = len(list_labels) - int(np.count_nonzero(rows_labels >= 0))
    lost_x = np.flatnonzero(partner < 0)
    lost_y = np.setdiff1d(np.arange(len(list_y)), rows_y)
    report = AlignmentReport(
        by="id",
        n_x=len(list_x),
        n_y=len(list_y),
        n_common=len(rows_x),
        dropped_x=len(lost_x),
        dropped_y=len(lost_y),
        examples_x=tuple(str(list_x[row]) for row in lost_x[:_SHOWN]),
        examples_y=tuple(str(list_y[row]) for row in lost_y[:_SHOWN]),
        n_labels_dropped=n_labels_dropped,
    )
    return Alignment(rows_x, rows_y, report, rows_labels)
