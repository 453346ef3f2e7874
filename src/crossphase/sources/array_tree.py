"""Arrays in folders, as HDF5 files and Zarr stores hold them: which are tables, which columns."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from crossphase.errors import InputError
from crossphase.sources.choosing import LazyColumns

__all__ = ["columns_beside", "refuse_packed", "tables_among"]

Shape = tuple[int, ...]

#: Attributes by which climate and forecast (CF) data say what a stored number stands for.
_SCALED, _MISSING = ("scale_factor", "add_offset"), ("_FillValue", "missing_value")


def tables_among(arrays: Mapping[str, Any]) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Shapes of the two-dimensional arrays of real numbers, and of all others.

    Parameters
    ----------
    arrays : mapping of str to array
        By their paths without a leading slash; whatever has a shape and a dtype.

    Examples
    --------
    >>> import numpy as np
    >>> tables_among({"a/x": np.ones((3, 2)), "a/t": np.array(["B", "T", "T"])})
    ({'a/x': (3, 2)}, {'a/t': (3,)})
    """
    tables: dict[str, Shape] = {}
    others: dict[str, Shape] = {}
    for name, array in arrays.items():
        shape = tuple(int(size) for size in array.shape or ())
        is_table = len(shape) == 2 and array.dtype.kind in "fiub"
        (tables if is_table else others)[name] = shape
    return tables, others


def columns_beside(
    arrays: Mapping[str, Any], table: str, read: Callable[[str], NDArray[Any]]
) -> LazyColumns:
    """Arrays with one value for each row of a table: those in its folder, then those at the top.

    Parameters
    ----------
    arrays : mapping of str to array
    table : str
        Path of the table.
    read : callable
        Given a path, the values there.

    Returns
    -------
    LazyColumns
        By their names within the folder; any others of that many rows by their paths.

    Examples
    --------
    >>> import numpy as np
    >>> arrays = {"a/x": np.ones((3, 2)), "a/id": np.arange(3), "day": np.arange(3)}
    >>> list(columns_beside(arrays, "a/x", lambda path: arrays[path]))
    ['id', 'day', 'a/id']
    """
    n = arrays[table].shape[0]
    folder = table.rpartition("/")[0]
    fitting = [
        path
        for path, array in arrays.items()
        if path != table and tuple(array.shape or ()) in ((n,), (n, 1))
    ]
    places: dict[str, str] = {}
    for path in fitting:
        if path.rpartition("/")[0] == folder:
            places[path.rpartition("/")[2]] = path
    for path in sorted(fitting, key=lambda path: path.count("/")):
        places.setdefault(path, path)
    return LazyColumns(places, lambda name: read(places[name]).reshape(n))


def refuse_packed(attributes: Mapping[str, Any], dtype: DTypeLike, where: str) -> None:
    """Refuse numbers that stand for other ones, as xarray and netCDF pack them.

    Parameters
    ----------
    attributes : mapping of str to object
        Of the array.
    dtype : dtype
        As stored.
    where : str
        What the array is, for messages.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_packed({"_FillValue": np.nan}, "float32", "x of day.zarr")
    >>> refuse_packed({"scale_factor": 0.01}, "int16", "x of day.zarr")
    Traceback (most recent call last):
    crossphase.errors.InputError: x of day.zarr is packed (attribute scale_factor): open it with
    xarray, which unpacks it, and give that variable
    """
    floats = np.dtype(dtype).kind == "f"
    for name in (*_SCALED, *_MISSING):
        if name in attributes and (name in _SCALED or not (floats and _is_nan(attributes[name]))):
            raise InputError(
                f"{where} is packed (attribute {name}): open it with xarray, which unpacks it, and "
                "give that variable"
            )


def _is_nan(value: Any) -> bool:
    if isinstance(value, str):  # in Zarr 3, eight bytes as text
        try:
            value = np.frombuffer(base64.b64decode(value), dtype="<f8")
        except ValueError:
            return False
    return bool(np.isnan(np.asarray(value, dtype=np.float64)).all())
