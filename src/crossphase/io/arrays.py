"""Reading .npy and .npz files, never unpickling."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.io.paths import reading_failed

__all__ = ["read_npy", "read_npz", "tables_in"]

_MEND = "write it again with numpy.save or numpy.savez"
#: What scipy.sparse.save_npz writes beside the indices.
_SPARSE = frozenset({"format", "shape", "data"})


def _refuse_objects(path: Path, dtype: np.dtype[Any], key: str = "") -> None:
    if dtype.hasobject:
        where = f"array {key!r} of {path}" if key else str(path)
        raise InputError(
            f"{where} holds pickled Python objects, which are never opened because they can run "
            "code: save it as numbers or fixed-width text, array.astype(float) or .astype(str)"
        )


def _header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(stream)
    return shape, dtype


def read_npy(path: Path) -> NDArray[Any]:
    """Read one array.

    Raises
    ------
    InputError
        If the array is pickled or the file damaged.
    """
    try:
        with path.open("rb") as stream:
            _, dtype = _header(stream)
        _refuse_objects(path, dtype)
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except InputError:
        raise
    except (ValueError, OSError, EOFError) as error:
        raise reading_failed(path, error, _MEND) from None
    return array


def _headers(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith(".npy"):
                    with archive.open(member) as stream:
                        found[member.removesuffix(".npy")] = _header(stream)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise reading_failed(path, error, _MEND) from None
    if found.keys() >= _SPARSE:
        raise InputError(
            f"{path} holds a sparse matrix: save it as an array, numpy.save(…, matrix.toarray()), "
            "or diagnose it in Python, which takes what scipy.sparse.load_npz gives"
        )
    return found


def _listed(headers: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]) -> str:
    return ", ".join(f"{name} {shape}" for name, (shape, _) in headers.items())


def _is_table(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    return len(shape) == 2 and dtype.kind not in "US"


def tables_in(path: Path, *, aside: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the two-dimensional numeric arrays of an archive, in its order.

    Parameters
    ----------
    path : Path
    aside : collection of str, default ()
        Arrays that are no features.

    Raises
    ------
    InputError
        If there is none, or the file is damaged.
    """
    headers = _headers(path)
    found = tuple(
        name for name, header in headers.items() if name not in aside and _is_table(*header)
    )
    if not found:
        raise InputError(
            f"{path} holds {_listed(headers) or 'no arrays'}: give arrays of (rows, features)"
        )
    return found


def read_npz(
    path: Path, *, key: str | None = None, aside: Collection[str] = (), tables_only: bool = True
) -> tuple[NDArray[Any] | None, dict[str, NDArray[Any]]]:
    """Read one array of an archive as the table, and others by name.

    Parameters
    ----------
    path : Path
    key : str, default None
        Name of the table; None takes the only candidate.
    aside : collection of str, default ()
        Names of arrays to read beside it, those that exist.
    tables_only : bool, default True
        Whether only two-dimensional numeric arrays are candidates for the table.

    Returns
    -------
    table : ndarray or None
        None when no candidate is left beside `aside`.
    arrays : dict of str to ndarray
        The arrays set aside.

    Raises
    ------
    InputError
        If the key is unknown, the choice is ambiguous, an array is pickled, or the file damaged.
    """
    headers = _headers(path)
    listed = _listed(headers)
    if not headers:
        raise InputError(f"{path} is a zip archive without NumPy arrays: {_MEND}")
    if key is not None and key not in headers:
        raise InputError(f"{path} has no array {key!r}: choose among {listed}")
    if key is None:
        candidates = [
            name
            for name, (shape, dtype) in headers.items()
            if name not in aside and (not tables_only or _is_table(shape, dtype))
        ]
        if len(candidates) > 1 or (tables_only and not candidates):
            raise InputError(f"{path} holds {listed}: say which array is meant by its key")
        key = candidates[0] if candidates else None
    chosen = [name for name in headers if name == key or name in aside]
    for name in chosen:
        _refuse_objects(path, headers[name][1], name)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in chosen}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise reading_failed(path, error, _MEND) from None
    return None if key is None else arrays[key], {n: arrays[n] for n in chosen if n in aside}
