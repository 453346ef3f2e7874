"""Tensors of .safetensors files, mapped: a header of names, types and places, then the values.

The header is not trusted: its size, and every tensor's place, are compared with the file. The
layout is that of the published format (https://huggingface.co/docs/safetensors): eight bytes with
the header's length, the header as JSON, and the values, little-endian and row by row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.choosing import LazyColumns, as_text, choose, row_ids
from crossphase.sources.rows import RowSource, float_dtype, release
from crossphase.sources.table import Table

__all__ = ["TensorFileRows", "open_file"]

#: Longest header read: the reference implementation refuses longer ones as well.
_LONGEST_HEADER = 100_000_000
_DTYPES = {
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "BF16": "<u2",
    "F32": "<f4",
    "F64": "<f8",
}
_MEND = "write it again with safetensors"


class TensorFileRows(RowSource):
    """A two-dimensional tensor of a file, mapped when it is first read.

    Parameters
    ----------
    path : Path
    offset : int
        Bytes before its values.
    shape : tuple of (int, int)
    kind : str
        Type as the format names it; ``"BF16"`` becomes float32 by shifting its bits.
    """

    def __init__(self, path: Path, offset: int, shape: tuple[int, int], kind: str) -> None:
        self.path, self.offset, self.shape, self.kind = path, offset, shape, kind
        stored = np.dtype(_DTYPES[kind])
        self.dtype = np.dtype(np.float32) if kind == "BF16" else float_dtype(stored)
        self._map: Any = None

    def _mapped(self) -> Any:
        if self._map is None:
            stored = np.dtype(_DTYPES[self.kind])
            self._map = np.memmap(self.path, stored, "r", self.offset, self.shape)
        return self._map

    def __getstate__(self) -> dict[str, Any]:
        # A pickled map would hold all its values: whoever gets this maps the file again.
        return self.__dict__ | {"_map": None}

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        return self._floats(self._mapped()[start:stop])

    def take(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Rows at any positions."""
        return self._floats(self._mapped()[rows])

    def release(self) -> None:
        """Give back the pages that reading has left."""
        release(self._map)

    def _floats(self, block: NDArray[Any]) -> NDArray[Any]:
        if self.kind == "BF16":
            # The upper half of a float32.
            return (np.asarray(block, np.uint32) << np.uint32(16)).view(np.float32)
        return np.asarray(block, self.dtype)


def open_file(
    path: Path, *, key: str | None = None, id_column: str | None = None, aside: Sequence[str] = ()
) -> Table:
    """One tensor of a file.

    Parameters
    ----------
    path : Path
    key : str or None, default None
        Its name; None takes the only one of two dimensions.
    id_column : str or None, default None
        Tensor of n numbers that are row IDs.
    aside : sequence of str, default ()
        Tensors that are no features.

    Returns
    -------
    Table
        Its `columns` are the tensors of n numbers.

    Raises
    ------
    InputError
        If there is no such tensor, the choice is open, or the file is damaged.
    """
    path = Path(path)
    tensors = _header(path)
    tables = {name: shape for name, (_, shape, _) in tensors.items() if len(shape) == 2}
    tables = {name: shape for name, shape in tables.items() if name not in aside}
    others = {name: shape for name, (_, shape, _) in tensors.items() if name not in tables}
    name = choose(tables, key, path, others=others)
    offset, shape, kind = tensors[name]
    n = shape[0]
    beside = [other for other, (_, of, _) in tensors.items() if of == (n,) and other != name]
    columns = LazyColumns(beside, lambda column: _column(path, *tensors[column]))
    ids = row_ids(columns, id_column, path)
    values = TensorFileRows(path, offset, (n, shape[1]), kind)
    return Table(values, ids=ids, named=ids is not None, columns=columns, path=path)


def _column(path: Path, offset: int, shape: tuple[int, ...], kind: str) -> NDArray[Any]:
    rows = TensorFileRows(path, offset, (shape[0], 1), kind)
    stored = np.memmap(path, np.dtype(_DTYPES[kind]), "r", offset, shape)
    values: NDArray[Any] = rows[:].ravel() if kind == "BF16" else np.array(stored)
    return as_text(values) if values.dtype.kind in "SO" else values


def _header(path: Path) -> dict[str, tuple[int, tuple[int, ...], str]]:
    """Place, shape and type of every tensor of a known type, by name."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(_LONGEST_HEADER, size - 8):
            raise InputError(
                f"{path} cannot be read as .safetensors (its header would be {length:,} bytes, "
                f"the file has {size:,}): {_MEND}"
            )
        text = stream.read(length)
    try:
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ValueError("its header is no object")
        found = {
            name: _place(name, entry, 8 + length, size)
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path} cannot be read as .safetensors ({reason}): {_MEND}") from None
    taken = 8 + length
    for name, (offset, shape, kind) in sorted(found.items(), key=lambda item: item[1][0]):
        if offset < taken:
            raise InputError(
                f"{path} cannot be read as .safetensors (tensor {name!r} overlaps another): {_MEND}"
            )
        taken = offset + math.prod(shape) * (np.dtype(_DTYPES[kind]).itemsize if kind else 0)
    return {name: of for name, of in found.items() if of[2]}


def _place(name: str, entry: Any, start: int, size: int) -> tuple[int, tuple[int, ...], str]:
    """Checked place, shape and type of one tensor; a type that is not known is empty."""
    shape, kind = tuple(entry["shape"]), entry["dtype"]
    first, last = entry["data_offsets"]
    numbers = (*shape, first, last)
    if not all(isinstance(of, int) and not isinstance(of, bool) and of >= 0 for of in numbers):
        raise ValueError(f"tensor {name!r} has a shape or place that is no whole number")
    if kind not in _DTYPES:
        kind = ""
    elif last - first != math.prod(shape) * np.dtype(_DTYPES[kind]).itemsize:
        raise ValueError(f"tensor {name!r} of shape {shape} does not fill its place")
    if last < first or start + last > size:
        raise ValueError(f"tensor {name!r} lies beyond the end of the file")
    return start + first, shape, kind
