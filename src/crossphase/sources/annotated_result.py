"""Writing a result beside the data: into the uns of an AnnData or MuData, or of their files."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from crossphase.errors import InputError, import_extra
from crossphase.sources.stored_file import close_all

__all__ = ["ENTRY", "plain", "write_result"]

#: Name of the entry of uns.
ENTRY = "crossphase"


def write_result(table: Any, result: Mapping[str, Any]) -> None:
    """Write a result into ``uns["crossphase"]``; what was there is replaced.

    Parameters
    ----------
    table : AnnData, MuData, or path to an .h5ad or .h5mu
        A file is changed in this one entry and nowhere else.
    result : mapping of str to str, number, bool, array, list or mapping
        None is left out. Lists of one kind become arrays, other lists mappings that count from
        0. A slash in a key, which would open a group in the file, becomes ``|``.

    Raises
    ------
    InputError
        If the file cannot be written to.
    TypeError
        If the result holds something else.
    MissingExtraError
        For a path, without h5py.

    Examples
    --------
    >>> import anndata
    >>> cells = anndata.AnnData(np.ones((2, 3)))
    >>> write_result(cells, {"regime": "Both", "delta": 1.5, "reason": None})
    >>> cells.uns["crossphase"]
    {'regime': 'Both', 'delta': 1.5}
    """
    values = plain(result)
    if not isinstance(table, str | os.PathLike):
        table.uns[ENTRY] = values
        return
    path = Path(table)
    h5py = import_extra("h5py", "hdf5", f"writing to {path.suffix} files")
    if not path.is_file():
        raise InputError(f"{path} does not exist: check the path")
    close_all(path)
    try:
        with h5py.File(path, "r+") as file:
            _replace(h5py, file, values)
    except OSError as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path} cannot be written to ({reason}): close it elsewhere and check its permissions"
        ) from None


def _replace(h5py: Any, file: Any, values: Mapping[str, Any]) -> None:
    """Write the entry under a name of its own, then give it its name in one step."""
    uns = file.require_group("uns")
    if "encoding-type" not in uns.attrs:
        _mark(uns, "dict", "0.1.0")
    draft = f".{ENTRY}-{secrets.token_hex(6)}"
    try:
        _write(h5py, uns, draft, values)
        if ENTRY in uns:
            del uns[ENTRY]
        uns.move(draft, ENTRY)
    finally:
        if draft in uns:
            del uns[draft]


def _write(h5py: Any, group: Any, name: str, value: Any) -> None:
    """One value, in the encodings of AnnData's file format."""
    if isinstance(value, dict):
        child = group.create_group(name)
        _mark(child, "dict", "0.1.0")
        for key, item in value.items():
            _write(h5py, child, key, item)
        return
    text = {"dtype": h5py.string_dtype()}
    if isinstance(value, str):
        _mark(group.create_dataset(name, data=value, **text), "string", "0.2.0")
    elif isinstance(value, np.ndarray):
        of_text = value.dtype.kind == "U"
        stored = value.astype(object) if of_text else value
        dataset = group.create_dataset(name, data=stored, **(text if of_text else {}))
        _mark(dataset, "string-array" if of_text else "array", "0.2.0")
    else:
        _mark(group.create_dataset(name, data=value), "numeric-scalar", "0.2.0")


def _mark(item: Any, encoding: str, version: str) -> None:
    item.attrs["encoding-type"], item.attrs["encoding-version"] = encoding, version


def plain(value: Any) -> Any:
    """A result as AnnData can write it: text, numbers, arrays, and mappings of them.

    Parameters
    ----------
    value : object
        See :func:`write_result`.

    Raises
    ------
    TypeError

    Examples
    --------
    >>> plain({"rna/X_pca": (1, 2), "views": [{"kind": "align"}, None], "none": None})
    {'rna|X_pca': array([1, 2]), 'views': {'0': {'kind': 'align'}}}
    """
    if isinstance(value, Mapping):
        return {
            str(key).replace("/", "|"): plain(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.generic):
        return value.item()
    array = value if isinstance(value, np.ndarray) else _array(value)
    if array is not None and array.dtype.kind in "fiubU":
        return array
    if array is not None and array.dtype.kind == "O" and isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return plain({str(i): item for i, item in enumerate(value)})
    raise TypeError(f"{type(value).__name__} cannot be written to uns")


def _array(value: Any) -> np.ndarray[Any, Any] | None:
    """A list of text or of numbers as an array; numbers may be missing."""
    if not isinstance(value, list | tuple):
        return None
    if all(isinstance(item, str) for item in value):
        return np.array(value, dtype=str)
    numbers = [math.nan if item is None else item for item in value]
    if all(isinstance(item, bool | int | float | np.number | np.bool_) for item in numbers):
        return np.array(numbers)
    return None
