"""What tables carry beside their values: row IDs and column names.

Tables are recognised by what they offer, so that pandas need not be imported to take a frame.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from crossphase.errors import InputError
from crossphase.results.names import printable
from crossphase.sources import Table
from crossphase.sources.row_ids import as_ids

__all__ = ["as_ids", "carried_ids", "column_names", "has_default_index", "is_frame", "is_series"]


def is_frame(table: Any) -> bool:
    """Whether `table` is a pandas-like data frame."""
    return all(hasattr(table, name) for name in ("iloc", "index", "columns", "dtypes"))


def is_series(table: Any) -> bool:
    """Whether `table` is a pandas-like series."""
    return all(hasattr(table, name) for name in ("iloc", "index", "dtype")) and not is_frame(table)


def has_default_index(table: Any) -> bool:
    """Whether `table` has an index that merely counts its rows, 0 … n−1."""
    if isinstance(table, Table):
        return table.counted
    if isinstance(table, Mapping):
        return any(has_default_index(column) for column in table.values())
    if not (is_frame(table) or is_series(table)):
        return False
    index = table.index
    return type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1


def column_names(table: Any) -> tuple[str, ...] | None:
    """Printable column names of a frame (pandas, Polars and alike); None for plain arrays."""
    columns = getattr(table, "columns", None)
    if columns is None or callable(columns):
        return None
    return tuple(printable(str(name)) for name in columns)


def carried_ids(table: Any, what: str) -> list[Hashable] | None:
    """Row IDs in the index of a frame, a series or a mapping of series.

    None for arrays and default indices.

    Raises
    ------
    InputError
        If the series of a mapping carry different IDs.
    """
    if isinstance(table, Table):
        return None if table.ids is None else list(table.ids)
    if isinstance(table, Mapping):
        found = [carried_ids(column, what) for column in table.values()]
        if any(ids != found[0] for ids in found):
            raise InputError(f"columns of {what} have different indices: put them in one frame")
        return found[0] if found else None
    if not (is_frame(table) or is_series(table)) or has_default_index(table):
        return None
    return as_ids(table.index, what)
