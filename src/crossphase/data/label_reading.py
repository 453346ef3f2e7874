"""Reading label columns from whatever holds them, before their kind is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.data.tabular import is_frame, is_series
from crossphase.errors import InputError
from crossphase.sources import Table

__all__ = ["RawColumn", "Source", "read_columns"]

Source = Literal["continuous", "integer", "boolean", "text", "category"]


@dataclass(frozen=True, eq=False, slots=True)
class RawColumn:
    """A label column as given.

    Attributes
    ----------
    name : str
    source : {"continuous", "integer", "boolean", "text", "category"}
        What the values are: numbers with fractions, whole numbers, truth values, text, or
        members of a declared set of categories.
    values : ndarray of shape (n,)
        float64 for numbers and truth values, text otherwise; meaningless where missing.
    missing : ndarray of shape (n,)
        Rows without this label.
    order : tuple of str
        Declared order of the categories; empty for every other source.
    """

    name: str
    source: Source
    values: NDArray[Any]
    missing: NDArray[np.bool_]
    order: tuple[str, ...] = ()

    def spread(self, rows: NDArray[np.intp]) -> RawColumn:
        """The column on other rows: entry i is row ``rows[i]``, missing where that is −1."""
        return RawColumn(
            self.name, self.source, self.values[rows], self.missing[rows] | (rows < 0), self.order
        )


def read_columns(labels: Any, what: str = "label") -> tuple[RawColumn, ...]:
    """Split labels into columns and mark what is missing.

    Missing are None, NaN, NaT, pandas' NA, masked entries and, for text, the empty string.

    Parameters
    ----------
    labels : array-like of shape (n,) or (n, q), series, frame, Table, or mapping of name to column
        Lists may mix None with one other type.
    what : str, default "label"
        Name of a single unnamed column, and stem of several.

    Returns
    -------
    tuple of RawColumn

    Raises
    ------
    InputError
        If a column is complex, a date, of mixed types, or the shape is not one column or a table.

    Examples
    --------
    >>> [column] = read_columns(["B", None, "T"])
    >>> column.source, column.missing
    ('text', array([False,  True, False]))
    """
    if isinstance(labels, Table):
        labels = labels.values
    if isinstance(labels, Mapping):
        columns = tuple(_read_column(values, str(name)) for name, values in labels.items())
    elif is_frame(labels):
        columns = tuple(
            _read_column(labels.iloc[:, j], str(name)) for j, name in enumerate(labels.columns)
        )
    elif is_series(labels) or hasattr(labels, "categories"):
        name = getattr(labels, "name", None)
        columns = (_read_column(labels, what if name is None else str(name)),)
    else:
        columns = _read_array(labels, what)
    if not columns:
        raise InputError(f"{what}s have no columns: give at least one")
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise InputError(f"{what} columns share a name ({', '.join(names)}): rename them")
    if len({len(column.values) for column in columns}) > 1:
        sizes = ", ".join(f"{column.name} {len(column.values)}" for column in columns)
        raise InputError(f"{what} columns have unequal numbers of rows: {sizes}")
    if not len(columns[0].values):
        raise InputError(f"{what}s are empty: give at least one row")
    return columns


def _read_array(labels: Any, what: str) -> tuple[RawColumn, ...]:
    masked = isinstance(labels, np.ma.MaskedArray)
    try:
        # As objects, so that lists of text and None are not turned into text throughout.
        array = (
            np.array(labels, dtype=object)
            if isinstance(labels, list | tuple)
            else (labels if masked else np.asarray(labels))
        )
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{what}s are not a rectangular table ({reason})") from None
    if array.dtype.names:
        return tuple(_read_column(array[name], name) for name in array.dtype.names)
    if array.ndim == 1:
        return (_read_column(array, what),)
    if array.ndim != 2:
        raise InputError(f"{what}s have shape {array.shape}: give (rows,) or (rows, columns)")
    if array.shape[1] == 1:
        return (_read_column(array[:, 0], what),)
    return tuple(_read_column(array[:, j], f"{what}_{j}") for j in range(array.shape[1]))


def _read_column(values: Any, name: str) -> RawColumn:
    masked = None
    if isinstance(values, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(values)
        values = values.data
    dtype = getattr(values, "dtype", None)
    order: tuple[str, ...] = ()
    if is_series(values) or hasattr(values, "categories"):
        categories = getattr(getattr(values, "dtype", values), "categories", None)
        order = () if categories is None else tuple(str(value) for value in categories)
        plain = isinstance(dtype, np.dtype) and dtype.kind in "fiubcMm"
        array = np.asarray(values) if plain else np.asarray(values, dtype=object)
    elif isinstance(values, list | tuple):
        array = np.empty(len(values), dtype=object)
        array[:] = values
    else:
        array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"label {name!r} has shape {array.shape}: give one value for each row")
    column = _classify(array, name, order)
    if masked is not None:
        column.missing[masked] = True
    return column


def _classify(array: NDArray[Any], name: str, order: tuple[str, ...]) -> RawColumn:
    kind = array.dtype.kind
    if kind == "O":
        return _classify_objects(array, name, order)
    if kind in "UT":
        return RawColumn(name, "text", array.astype(str), np.char.strip(array.astype(str)) == "")
    if kind == "b":
        return RawColumn(name, "boolean", array.astype(np.float64), np.zeros(len(array), bool))
    if kind in "iuf":
        values = array.astype(np.float64)
        missing = np.isnan(values)
        present = values[~missing]
        # Beyond 2^53 every float64 is a whole number.
        whole = np.all(np.abs(present) < 2.0**53) and np.all(present == np.floor(present))
        return RawColumn(name, "integer" if whole else "continuous", values, missing)
    if kind == "c":
        raise InputError(f"label {name!r} is complex: give its parts as separate labels")
    if kind in "Mm":
        raise InputError(f"label {name!r} holds dates: convert it to numbers or text first")
    raise InputError(f"label {name!r} has dtype {array.dtype}: give numbers, text or booleans")


def _is_missing(value: Any) -> bool:
    if value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _classify_objects(array: NDArray[Any], name: str, order: tuple[str, ...]) -> RawColumn:
    missing = np.fromiter((_is_missing(value) for value in array), bool, count=len(array))
    present = array[~missing]
    if order:
        text = np.array(["" if m else str(v) for v, m in zip(array, missing, strict=True)])
        return RawColumn(name, "category", text, missing, order)
    if all(isinstance(value, str) for value in present):
        text = np.array(["" if m else v for v, m in zip(array, missing, strict=True)], dtype=str)
        return RawColumn(name, "text", text, missing)
    truth = [isinstance(value, bool | np.bool_) for value in present]
    number = [isinstance(value, int | float | np.integer | np.floating) for value in present]
    if all(truth) or (all(number) and not any(truth)):
        values = np.full(len(array), np.nan)
        values[~missing] = present.astype(np.float64)
        column = _classify(values, name, ())
        return RawColumn(name, "boolean" if all(truth) else column.source, values, missing)
    types = sorted({type(value).__name__ for value in present})
    raise InputError(
        f"label {name!r} holds {' and '.join(types)} values: give numbers, text or booleans, "
        "one type throughout"
    )
