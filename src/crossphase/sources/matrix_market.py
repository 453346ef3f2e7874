"""Sparse matrices as text (Matrix Market), parsed a chunk at a time [1]_.

References
----------
.. [1] https://math.nist.gov/MatrixMarket/formats.html
"""

from __future__ import annotations

import gzip
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.rows import float_dtype

__all__ = ["read_lines", "read_matrix"]

#: Bytes of text parsed at a time.
_CHUNK = 2**23
_MEND = "write it again"


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        packed = path.suffix == ".gz"
        with cast(IO[bytes], gzip.open(path) if packed else path.open("rb")) as stream:
            yield stream
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path} does not exist: check the path") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}): {_MEND}") from None


def read_lines(path: Path) -> list[str]:
    """Lines of a text file, perhaps compressed (.gz), without those that are empty.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        If it cannot be read as UTF-8 text.
    """
    with _opened(path) as stream:
        return [line for line in stream.read().decode("utf-8-sig").splitlines() if line]


def read_matrix(path: Path, n_rows: int, n_columns: int, kept: NDArray[np.intp]) -> Any:
    """Some rows of a matrix in coordinates, turned over.

    Parameters
    ----------
    path : Path
        Perhaps compressed (.gz). Entries may come in any order; those given twice are summed.
    n_rows, n_columns : int
        What its shape must be.
    kept : ndarray of int
        Rows to keep.

    Returns
    -------
    csr_array of shape (n_columns, len(kept))
        float32 where that holds the values, else float64.

    Raises
    ------
    InputError
        If it is no such matrix, of another shape, or breaks off.
    """
    place = np.full(n_rows, -1, dtype=np.int32)
    place[kept] = np.arange(len(kept))
    rows, columns, data = [], [], []
    with _opened(path) as stream:
        pattern, shape, total = _header(stream, path)
        if shape != (n_rows, n_columns):
            raise InputError(
                f"{path} has shape {shape} for {n_rows} features and {n_columns} barcodes: "
                "give the three files of one matrix"
            )
        seen = 0
        for entries in _entries(stream, path, 2 if pattern else 3):
            seen += len(entries)
            inside = (entries[:, :2] >= 1) & (entries[:, :2] <= shape)
            if not inside.all():
                raise InputError(f"{path} has an entry outside its shape {shape}: {_MEND}")
            row = place[entries[:, 0].astype(np.intp) - 1]
            wanted = row >= 0
            rows.append(row[wanted])
            columns.append(entries[wanted, 1].astype(np.int32) - 1)
            values = np.ones(int(wanted.sum())) if pattern else entries[wanted, 2]
            narrow = values.astype(np.float32)
            data.append(narrow if np.array_equal(narrow, values, equal_nan=True) else values)
    if seen != total:
        raise InputError(f"{path} has {seen} entries, not the {total} that it says: {_MEND}")
    return _by_columns(rows, columns, data, (n_columns, len(kept)))


def _by_columns(rows: list[Any], columns: list[Any], data: list[Any], shape: Any) -> Any:
    """Entries as a matrix of one row for each of their columns."""
    if not rows:
        return sp.csr_array(shape, dtype=np.float32)
    of, at, values = np.concatenate(columns), np.concatenate(rows), np.concatenate(data)
    values = values.astype(float_dtype(values.dtype), copy=False)
    if (of[1:] >= of[:-1]).all():  # as Cell Ranger writes them: there is nothing to sort
        bounds = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=shape[0]))])
        return sp.csr_array((values, at, bounds), shape=shape)
    return sp.coo_array((values, (of, at)), shape=shape).tocsr()


def _header(stream: IO[bytes], path: Path) -> tuple[bool, tuple[int, int], int]:
    """Whether entries have no values, the shape, and the number of entries."""
    words = stream.readline().decode("latin-1").lower().split()
    if len(words) != 5 or words[0] != "%%matrixmarket":
        raise InputError(f"{path} does not start with %%MatrixMarket: {_MEND} as Matrix Market")
    kinds = ("real", "integer", "pattern")
    if words[2] != "coordinate" or words[3] not in kinds or words[4] != "general":
        raise InputError(
            f"{path} is {' '.join(words[1:])}: {_MEND} as 'matrix coordinate real general'"
        )
    line = stream.readline()
    while line.startswith(b"%") or (line and not line.strip()):
        line = stream.readline()
    try:
        n_rows, n_columns, total = (int(word) for word in line.split())
    except ValueError:
        raise InputError(f"{path} has no line of its rows, columns and entries: {_MEND}") from None
    return words[3] == "pattern", (n_rows, n_columns), total


def _entries(stream: IO[bytes], path: Path, width: int) -> Iterator[NDArray[np.float64]]:
    """Entries, `width` numbers each, as many at a time as a chunk of text holds."""
    rest = b""
    while text := stream.read(_CHUNK):
        whole, newline, rest = (rest + text).rpartition(b"\n")
        yield _numbers(whole + newline, path, width)
    yield _numbers(rest, path, width)


def _numbers(text: bytes, path: Path, width: int) -> NDArray[np.float64]:
    broken = InputError(f"{path} has entries that are not {width} numbers a line: {_MEND}")
    if not text.strip():
        return np.empty((0, width))
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # of text that is no number
        try:
            numbers = np.fromstring(text, dtype=np.float64, sep=" ")
        except (ValueError, DeprecationWarning):
            raise broken from None
    if len(numbers) % width:
        raise broken
    entries: NDArray[np.float64] = numbers.reshape(-1, width)
    return entries
