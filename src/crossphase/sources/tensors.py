"""Tensors of PyTorch and arrays of CuPy, on the CPU or on a GPU; neither library is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.sources.rows import RowSource, float_dtype
from crossphase.sources.sparse import SparseRows, real_dtype
from crossphase.sources.table import Table

__all__ = ["DeviceRows", "TensorRows", "open_object", "to_numpy"]

Ints = NDArray[np.intp]

#: Dtypes of 16 bits or fewer that NumPy lacks; float32 holds them exactly.
_SHORT_FLOATS = ("bfloat16", "float8_")
#: Devices that multiply in float64 too, as the moments need where float32 does not do.
_FULL_DEVICES = ("cuda",)


class TensorRows(RowSource):
    """Rows of a tensor, brought to the CPU a block at a time.

    Parameters
    ----------
    array : torch.Tensor or cupy.ndarray of shape (n, d)
        Of real numbers, dense. What it was computed from is left alone: no gradient is recorded.

    Attributes
    ----------
    array : torch.Tensor or cupy.ndarray of shape (n, d)

    Examples
    --------
    >>> import torch
    >>> source = TensorRows(torch.tensor([[0.5, 1.0], [2.0, 3.0]], dtype=torch.bfloat16))
    >>> source[1:], source.dtype
    (array([[2., 3.]], dtype=float32), dtype('float32'))
    """

    resident = True

    def __init__(self, array: Any) -> None:
        self.array = array.detach() if hasattr(array, "detach") else array
        self.shape = (int(array.shape[0]), int(array.shape[1]))
        self.dtype = _float_dtype(array.dtype)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`."""
        return self._dense(self.array[start:stop])

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions."""
        return self._dense(self.array[rows])

    def _dense(self, block: Any) -> NDArray[Any]:
        return to_numpy(block).astype(self.dtype, copy=False)


class DeviceRows(TensorRows):
    """Rows of a tensor on a GPU, where blocks of them are multiplied.

    Parameters
    ----------
    array : torch.Tensor or cupy.ndarray of shape (n, d)
        Of real numbers, dense. One on the CPU is taken too.

    Examples
    --------
    >>> import torch
    >>> DeviceRows(torch.ones(3, 2, dtype=torch.float16)).device_blocks(1, 2)
    tensor([[1., 1.]])
    """

    def device_blocks(self, start: int, stop: int) -> Any:
        """Rows from `start` up to `stop` where they lie, of the library's float32 or float64."""
        block = self.array[start:stop]
        if hasattr(block, "detach"):
            return block.float() if self.dtype == np.float32 else block.double()
        return block.astype(self.dtype, copy=False)


def open_object(table: Any, what: str) -> Table:
    """Rows of a tensor.

    Parameters
    ----------
    table : torch.Tensor, cupy.ndarray or cupyx.scipy.sparse matrix, of shape (n, d)
        Sparse tensors are COO, CSR or CSC; their entries are brought to the CPU.
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table
        Values that NumPy can share are its own array; nothing is copied.

    Raises
    ------
    InputError
        If it is no table of real numbers.

    Examples
    --------
    >>> import torch
    >>> x = torch.zeros(3, 2, requires_grad=True)
    >>> type(open_object(x, "x").values), type(open_object(x.int(), "x").values)
    (<class 'numpy.ndarray'>, <class 'crossphase.sources.tensors.TensorRows'>)
    """
    is_torch = hasattr(table, "detach") and hasattr(table, "layout")
    if not (is_torch or (hasattr(table, "get") and hasattr(table, "dtype"))):
        kind = type(table).__name__
        raise InputError(f"{what} is a {kind}: give a tensor of shape (rows, features)")
    if len(table.shape) != 2:
        mend = ".reshape(-1, 1) for a single feature" if len(table.shape) == 1 else ".flatten(1)"
        raise InputError(
            f"{what} is a tensor of shape {tuple(table.shape)}: give (rows, features), {mend}"
        )
    if not is_torch:
        real_dtype(table.dtype, what)
        if hasattr(table, "tocsr"):
            return Table(SparseRows(table.get()))
        return Table(DeviceRows(table))
    if getattr(table, "is_nested", False):
        raise InputError(f"{what} is a nested tensor: pad it to one shape, (rows, features)")
    try:
        dtype = _float_dtype(table.dtype)
    except TypeError:
        raise InputError(
            f"{what} holds values of dtype {table.dtype}: give real numbers"
            + (", .dequantize()" if table.is_quantized else "")
        ) from None
    device = table.device.type
    if device == "meta":
        raise InputError(f"{what} is a tensor on the device meta, without values: fill it first")
    layout = str(table.layout).removeprefix("torch.")
    if layout != "strided":
        return Table(SparseRows(_scipy(table.detach(), layout, what)))
    if device in _FULL_DEVICES:
        return Table(DeviceRows(table))
    rows = TensorRows(table)
    shared = device == "cpu" and table.is_contiguous() and _name(table.dtype) == dtype.name
    return Table(to_numpy(rows.array) if shared else rows)


def to_numpy(values: Any) -> NDArray[Any]:
    """A dense tensor as a NumPy array on the CPU, which shares its memory where it can.

    Parameters
    ----------
    values : torch.Tensor or cupy.ndarray
        Floats that NumPy lacks become float32.

    Examples
    --------
    >>> import torch
    >>> to_numpy(torch.tensor([1.5, 2.0], dtype=torch.bfloat16, requires_grad=True))
    array([1.5, 2. ], dtype=float32)
    """
    if not hasattr(values, "detach"):
        return np.asarray(values.get())
    values = values.detach()
    if _name(values.dtype).startswith(_SHORT_FLOATS):
        values = values.float()
    # Views of imaginary parts and the like are only marked as negative until asked.
    array: NDArray[Any] = values.cpu().resolve_conj().resolve_neg().numpy()
    return array


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _float_dtype(dtype: Any) -> np.dtype[Any]:
    """What values of a dtype of either library are read as; TypeError for no real numbers."""
    name = _name(dtype)
    if name.startswith(_SHORT_FLOATS):
        return np.dtype(np.float32)
    known = np.dtype(name)  # a TypeError for dtypes of parts of bytes, and quantized ones
    if known.kind not in "fiub":
        raise TypeError(name)
    return float_dtype(known)


def _scipy(table: Any, layout: str, what: str) -> Any:
    """A sparse tensor as SciPy's of the same layout."""
    shape = tuple(table.shape)
    if layout == "sparse_coo" and table.sparse_dim() == 2:
        table = table.coalesce()
        values, indices = to_numpy(table.values()), to_numpy(table.indices())
        return sp.coo_array((values, (indices[0], indices[1])), shape=shape)
    if layout == "sparse_csr":
        bounds, indices = table.crow_indices(), table.col_indices()
        parts = (to_numpy(table.values()), to_numpy(indices), to_numpy(bounds))
        return sp.csr_array(parts, shape=shape)
    if layout == "sparse_csc":
        bounds, indices = table.ccol_indices(), table.row_indices()
        parts = (to_numpy(table.values()), to_numpy(indices), to_numpy(bounds))
        return sp.csc_array(parts, shape=shape)
    raise InputError(f"{what} is a tensor of layout {layout}: give it .to_sparse() or .to_dense()")
