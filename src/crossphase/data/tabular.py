"""What tables carry beside their values: row IDs and column names.

Tables are recognised by what they offer, so that pandas need not be imported to take a frame.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from crossphase.errors import InputError
from crossphase.results.names import printable

__all__ = ["as_ids", "carried_ids", "column_names", "has_default_index", "is_frame", "is_series"]


def is_frame(table: Any) -> bool:
    """Whether `table` is a pandas-like data frame."""
    return all(hasattr(table, name) for name in ("iloc", "index", "columns", "dtypes"))


def is_series(table: Any) -> bool:
    """Whether `table` is a pandas-like series."""
    return all(hasattr(table, name) for name in ("iloc", "index", "dtype")) and not is_frame(table)


def has_default_index(table: Any) -> bool:
    """Whether `table` has an index that merely counts its rows, 0 … n−1."""
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
    if isinstance(table, Mapping):
        found = [carried_ids(column, what) for column in table.values()]
        if any(ids != found[0] for ids in found):
            raise InputError(f"columns of {what} have different indices: put them in one frame")
        return found[0] if found else None
    if not (is_frame(table) or is_series(table)) or has_default_index(table):
        return None
    return as_ids(table.index, what)


def as_ids(values: Any, what: str) -> list[Hashable]:
    """IDs as a list of hashable Python values.

    Parameters
    ----------
    values : array-like of shape (n,)
        Text, integers, dates, or whole-numbered floats (which become integers).
    what : str
        Name for error messages.

    Raises
    ------
    InputError
        If the IDs are not one-dimensional, or one is missing or a fraction.

    Examples
    --------
    >>> as_ids(np.array([3.0, 7.0]), "x")
    [3, 7]
    """
    if isinstance(values, list | tuple):  # element by element: nothing is turned into text
        array = np.empty(len(values), dtype=object)
        array[:] = [value.item() if isinstance(value, np.generic) else value for value in values]
    else:
        array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"IDs of {what} have shape {array.shape}: give one ID for each row")
    if array.dtype.kind in "Mm":
        array = array.astype(str)
    elif array.dtype.kind == "f":
        if not np.all(np.isfinite(array)) or np.any(array != np.floor(array)):
            bad = int(np.argmax(~np.isfinite(array) | (array != np.floor(array))))
            raise InputError(
                f"ID of {what} in row {bad} is {array[bad]}: give text or whole numbers"
            )
        array = array.astype(np.int64)
    ids: list[Hashable] = array.tolist()
    for row, value in enumerate(ids):
        if not isinstance(value, Hashable):
            kind = type(value).__name__
            raise InputError(f"ID of {what} in row {row} is a {kind}: give text or whole numbers")
        if value is None or value == "" or value != value or type(value).__name__ == "NAType":
            raise InputError(f"ID of {what} in row {row} is missing: give every row an ID")
    return ids
