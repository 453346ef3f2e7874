"""SciPy's sparse matrices and arrays, made dense one block of rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

from crossphase.errors import InputError
from crossphase.sources.rows import RowSource, float_dtype
from crossphase.sources.table import Table

__all__ = ["SparseRows", "dense_block", "open_object", "real_dtype"]

Ints = NDArray[np.intp]


class SparseRows(RowSource):
    """Rows of a sparse matrix that lies in memory.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array of shape (n, d)
        Of any format and of real numbers. Entries given more than once are summed.

    Examples
    --------
    >>> source = SparseRows(sp.coo_array(([1.0, 2.0, 5.0], ([0, 0, 2], [1, 1, 0])), shape=(3, 2)))
    >>> source[:2], source.resident
    (array([[0., 3.],
           [0., 0.]]), True)
    """

    resident = True

    def __init__(self, matrix: Any) -> None:
        self.shape = (int(matrix.shape[0]), int(matrix.shape[1]))
        self.dtype = float_dtype(matrix.dtype)
        # Columns (CSC) are turned into rows once, at the price of a second copy of the entries:
        # gathering the rows of every block from all the columns would read them all every time.
        self._rows = matrix.tocsr()

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` up to `stop`, dense."""
        stop = min(stop, self.shape[0])
        bounds = self._rows.indptr[start : stop + 1]
        entries = slice(bounds[0], bounds[-1])
        return dense_block(
            self._rows.data[entries], self._rows.indices[entries], bounds, self.shape[1], self.dtype
        )

    def take(self, rows: Ints) -> NDArray[Any]:
        """Rows at any positions, dense."""
        picked = self._rows[rows]
        return dense_block(picked.data, picked.indices, picked.indptr, self.shape[1], self.dtype)


def dense_block(
    data: NDArray[Any],
    indices: NDArray[Any],
    bounds: NDArray[Any],
    width: int,
    dtype: DTypeLike,
) -> NDArray[Any]:
    """Consecutive rows of a CSR matrix as a dense array.

    Parameters
    ----------
    data, indices : ndarray of shape (entries,)
        Values and columns of these rows' entries.
    bounds : ndarray of shape (rows + 1,)
        Where each row's entries start and end, counted from anywhere.
    width : int
        Columns.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    ndarray of shape (rows, width)

    Examples
    --------
    >>> dense_block(np.array([7, 8]), np.array([1, 0]), np.array([3, 4, 5]), 2, np.float32)
    array([[0., 7.],
           [8., 0.]], dtype=float32)
    """
    parts = (data.astype(dtype, copy=False), indices, bounds - bounds[0])
    block: NDArray[Any] = sp.csr_array(parts, shape=(len(bounds) - 1, width)).toarray()
    return block


def real_dtype(dtype: DTypeLike, what: str) -> np.dtype[Any]:
    """The dtype that values are read as, if they are real numbers.

    Parameters
    ----------
    dtype : dtype
        As stored.
    what : str
        Name of the values for messages.

    Raises
    ------
    InputError
        If the values are complex numbers, text or objects.

    Examples
    --------
    >>> real_dtype(np.complex64, "x")
    Traceback (most recent call last):
    crossphase.errors.InputError: x holds values of dtype complex64: give real numbers
    """
    if np.dtype(dtype).kind not in "fiub":
        raise InputError(f"{what} holds values of dtype {np.dtype(dtype)}: give real numbers")
    return float_dtype(dtype)


def open_object(table: Any, what: str) -> Table:
    """Rows of a sparse matrix or array.

    Parameters
    ----------
    table : scipy.sparse matrix or array of shape (n, d)
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If it is no sparse matrix, not two-dimensional, or does not hold real numbers.
    """
    if not sp.issparse(table):
        kind = type(table).__name__
        raise InputError(f"{what} is a {kind}: give an array or a sparse matrix of numbers")
    if len(table.shape) != 2:
        raise InputError(
            f"{what} is a sparse array of shape {table.shape}: give (rows, features), "
            ".reshape(-1, 1) for a single feature"
        )
    real_dtype(table.dtype, what)
    return Table(SparseRows(table))
