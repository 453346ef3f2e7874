"""Matching rows of two modalities, their labels and covariates, by ID."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["AlignmentReport"]


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
        Labels whose row is not among the pairs.
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
