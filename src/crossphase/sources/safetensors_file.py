"""Files of safetensors: a header of JSON, then the bytes of every tensor, which are mapped.

The package of that name is not needed. Whatever a header says is checked before it is believed.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from crossphase.sources.array_tree import columns_beside, tables_among
from crossphase.sources.choosing import choose, row_ids
from crossphase.sources.reading import reading, reading_failed
from crossphase.sources.rows import RowSource, float_dtype
from crossphase.sources.table import Table

__all__ = ["SafetensorsRows", "open_file"]

Ints = NDArray[np.intp]

_MEND = "copy it again, or write it again with safetensors' save_file"
#: Largest header in bytes, as the format's own reader has it.
_LARGEST_HEADER = 100_000_000
_BF16 = "BF16"
#: What the format calls the dtypes that can be read, and what their bytes are.
_STORED = {
    "BOOL": "|b1",
    **{
        f"{letter}{8 * size}": f"<{letter.lower()}{size}"
        for letter in "IU"
        for size in (1, 2, 4, 8)
    },
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    _BF16: "<u2",
}


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in a file.

    Attributes
    ----------
    path : Path
    kind : str
        Its dtype, as the format calls it.
    shape : tuple of int
    offset : int
        Of its first byte in the file.
    """

    path: Path
    kind: str
    shape: tuple[int, ...]
    offset: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its values; of no numbers where NumPy has no such dtype."""
        return np.dtype("<f4" if self.kind == _BF16 else _STORED.get(self.kind, "V1"))

    def values(self, rows: Any = ...) -> NDArray[Any]:
        """Values of some rows, in memory."""
        if 0 in self.shape:
            nothing: NDArray[Any] = np.empty(self.shape, self.dtype)[rows]
            return nothing
        with reading(self.path, _MEND):
            # Mapped for each read alone: no page of the file stays behind.
            mapped = np.memmap(self.path, _STORED[self.kind], "r", self.offset, self.shape)
            found: NDArray[Any] = np.array(mapped[rows])
        if self.kind == _BF16:  # the upper half of a float32
            found = (found.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return found


class SafetensorsRows(RowSource):
    """Rows of a tensor of shape (n, d), of the file where they are looked at.

    Parameters
    ----------
    tensor : object
        Where it lies.
    """

    def __init__(self, tensor: _Tensor) -> None:
        self.tensor = tensor
        self.shape = (tensor.shape[0], tensor.shape[1])
        self.dtype = float_dtype(tensor.dtype)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        return self.tensor.values(slice(start, stop)).astype(self.dtype, copy=False)

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions."""
        return self.tensor.values(rows).astype(self.dtype, copy=False)


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open a two-dimensional tensor of numbers, whose rows are read on demand.

    Parameters
    ----------
    path : str or path-like
    key : str, default None
        Name of the tensor, or its part after the last "/"; None takes the only one.
    id_column : str, default None
        Tensor with the IDs of the rows.
    aside : sequence of str, default ()
        Tensors are features or columns whatever is asked for.

    Returns
    -------
    Table
        Its columns are the tensors with one value for each row. bfloat16 is read as float32,
        exactly.

    Raises
    ------
    InputError
        If there is no such tensor, the choice is open, the file is damaged, or its header says of
        it what cannot be.
    """
    path = Path(path)
    tensors = _tensors(path)
    tables, others = tables_among(tensors)
    name = choose(tables, key, path, others=others)
    readable = {one: tensor for one, tensor in tensors.items() if tensor.kind in _STORED}
    columns = columns_beside(readable, name, lambda at: readable[at].values())
    ids = row_ids(columns, id_column, path)
    return Table(
        SafetensorsRows(tensors[name]),
        ids=ids,
        named=ids is not None,
        columns=columns,
        path=path,
    )


def _tensors(path: Path) -> dict[str, _Tensor]:
    """Every tensor of a file, by its name."""
    with reading(path, _MEND), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size - 8
        if size < 0:
            raise ValueError("shorter than 8 bytes")
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(size, _LARGEST_HEADER):
            most = min(size, _LARGEST_HEADER)
            raise ValueError(f"a header of {length:,} bytes, of which there can be {most:,}")
        try:
            header = json.loads(file.read(length), object_pairs_hook=_once)
        except RecursionError as error:
            raise reading_failed(path, error, _MEND) from None
        if not isinstance(header, dict):
            raise ValueError("the header is no JSON object")
        header.pop("__metadata__", None)
        spans = {name: _span(name, entry) for name, entry in header.items()}
        _check_spans(spans, size - length)
    return {
        name: _Tensor(path, header[name]["dtype"], tuple(header[name]["shape"]), 8 + length + start)
        for name, (start, _) in sorted(spans.items())
    }


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the header has a name twice")
    return found


def _span(name: str, entry: Any) -> tuple[int, int]:
    """First and last byte of a tensor, if that fits what is said of it."""
    if not isinstance(entry, dict):
        raise ValueError(f"nothing is said of tensor {name!r}")
    kind, shape, span = (entry.get(part) for part in ("dtype", "shape", "data_offsets"))
    if not (isinstance(kind, str) and _are_sizes(shape) and _are_sizes(span) and len(span) == 2):
        raise ValueError(f"tensor {name!r} has no dtype, shape or offsets")
    start, stop = span
    if kind in _STORED and stop - start != math.prod(shape) * np.dtype(_STORED[kind]).itemsize:
        raise ValueError(
            f"tensor {name!r} of {kind}, shape {tuple(shape)}, has {stop - start} bytes"
        )
    return start, stop


def _are_sizes(values: Any) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(type(one) is int and one >= 0 for one in values)


def _check_spans(spans: Mapping[str, tuple[int, int]], size: int) -> None:
    """Tensors follow each other from the first byte to the last, as the format wants them."""
    at = 0
    for name, (start, stop) in sorted(spans.items(), key=lambda item: item[1]):
        if start != at or stop < start:
            raise ValueError(f"tensor {name!r} does not start where the one before it ends")
        at = stop
    if at > size:
        raise ValueError(f"cut short by {at - size:,} bytes")
    if at < size:
        raise ValueError(f"{size - at:,} bytes that belong to no tensor")
