"""What a format holds of one modality: its rows, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Table"]


@dataclass(frozen=True, eq=False)
class Table:
    """One modality, or one table of labels, as its format holds it.

    Attributes
    ----------
    values : ndarray, RowSource, frame or mapping of name to column
        Features, shape (n, d); or the labels.
    names : tuple of str, or None
        Feature names.
    ids : sequence or None
        Names of the rows that the format itself carries (an index, cells, barcodes).
    counted : bool
        Whether there is an index that merely counts the rows.
    named : bool
        Whether `ids` are there to match rows by, as cells and barcodes are; an index must be
        asked for.
    columns : mapping of str to array-like of shape (n,)
        Columns beside the features: labels, groups, covariates. Read when asked for.
    path : object
        Where it came from, for messages.
    """

    values: Any
    names: tuple[str, ...] | None = None
    ids: Any = None
    counted: bool = False
    named: bool = False
    columns: Mapping[str, Any] = field(default_factory=dict)
    path: Any = None
