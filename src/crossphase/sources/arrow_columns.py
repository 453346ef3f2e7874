"""Columns of Arrow tables: as features, densely; and as labels, groups and IDs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.results.names import printable
from crossphase.sources.nonnumeric import not_numeric
from crossphase.sources.rows import float_dtype

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Categories", "Layout", "column_values", "layout_of", "pandas_index", "with_width"]


class Categories:
    """Values of a column that is declared to take few of them.

    Parameters
    ----------
    values : ndarray of shape (n,)
        None where missing.
    categories : sequence
        In their declared order.
    """

    def __init__(self, values: NDArray[Any], categories: Sequence[Any]) -> None:
        self.values, self.categories = values, list(categories)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def __getitem__(self, rows: Any) -> Any:
        return self.values[rows]


@dataclass(frozen=True)
class Layout:
    """Which columns of an Arrow table are features, and how wide they are.

    Attributes
    ----------
    columns : tuple of str
        Their names.
    positions : tuple of int
        Where they stand.
    dtype : numpy.dtype
        Of the blocks.
    listed : bool
        Whether it is one column of lists, whose entries are the features.
    width : int or None
        Features; None for lists that have not been looked at, see :func:`with_width`.
    what : str
        What holds them, for messages.
    """

    columns: tuple[str, ...]
    positions: tuple[int, ...]
    dtype: np.dtype[Any]
    listed: bool
    width: int | None
    what: str

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the features; entries of lists have none."""
        return None if self.listed else tuple(printable(name) for name in self.columns)

    def alone(self) -> Layout:
        """The same for a table of these columns only."""
        return replace(self, positions=tuple(range(len(self.positions))))

    def block(self, table: Any, at: int = 0) -> NDArray[Any]:
        """Dense rows of a record batch or table, NaN where missing.

        Parameters
        ----------
        table : pyarrow.RecordBatch or pyarrow.Table
        at : int, default 0
            Its first row's number, for messages.

        Raises
        ------
        InputError
            If lists differ in length.
        """
        assert self.width is not None
        out = np.empty((table.num_rows, self.width), dtype=self.dtype)
        for j, position in enumerate(self.positions):
            row = 0
            for chunk in _chunks(table.column(position)):
                rows = slice(row, row + len(chunk))
                if self.listed:
                    out[rows] = self._lists(chunk, at + row)
                else:
                    out[rows, j] = _numbers(chunk)
                row += len(chunk)
        return out

    def _lists(self, chunk: Any, at: int) -> NDArray[Any]:
        import pyarrow as pa
        import pyarrow.compute as pc

        assert self.width is not None
        chunk = _storage(chunk)
        if not pa.types.is_fixed_size_list(chunk.type):
            lengths = pc.list_value_length(chunk)
            bounds = pc.min_max(lengths).as_py()
            if any(length not in (None, self.width) for length in bounds.values()):
                # Missing rows have no length, and are never unequal.
                odd = np.flatnonzero(
                    pc.fill_null(pc.not_equal(lengths, self.width), False).to_numpy(
                        zero_copy_only=False
                    )
                )[0]
                raise InputError(
                    f"{self.what} has {lengths[int(odd)].as_py()} values in row {at + odd} of "
                    f"{self.columns[0]!r} (counted from 0) and {self.width} before: give lists of "
                    "one length"
                )
        # flatten() leaves out missing rows and heeds slices; `values` does neither.
        present = _numbers(chunk.flatten()).reshape(-1, self.width)
        if not chunk.null_count:
            return present
        out = np.full((len(chunk), self.width), np.nan, dtype=self.dtype)
        out[chunk.is_valid().to_numpy(zero_copy_only=False)] = present
        return out


def _chunks(column: Any) -> Sequence[Any]:
    return column.chunks if hasattr(column, "chunks") else (column,)


def _storage(column: Any) -> Any:
    """The column without the meaning that an extension type gives it."""
    if hasattr(column.type, "storage_type"):
        column = column.cast(column.type.storage_type)
    return column


def _numbers(chunk: Any) -> NDArray[Any]:
    """Numbers of one array, NaN where missing."""
    import pyarrow as pa

    chunk = _storage(chunk)
    if pa.types.is_decimal(chunk.type):
        chunk = chunk.cast(pa.float64())
    elif pa.types.is_boolean(chunk.type) or pa.types.is_null(chunk.type):
        chunk = chunk.cast(pa.float32())
    numbers: NDArray[Any] = chunk.to_numpy(zero_copy_only=False)
    return numbers


def _number_dtype(of: pa.DataType) -> np.dtype[Any] | None:
    """What numbers of a type are read as; None if it holds none."""
    import pyarrow as pa

    of = getattr(of, "storage_type", of)
    if pa.types.is_boolean(of) or pa.types.is_null(of):
        return np.dtype(np.float32)
    if pa.types.is_decimal(of):
        return np.dtype(np.float64)
    if pa.types.is_integer(of) or pa.types.is_floating(of):
        return float_dtype(of.to_pandas_dtype())
    return None


def _list_dtype(of: pa.DataType) -> np.dtype[Any] | None:
    """What the entries of lists are read as; None for other types."""
    import pyarrow as pa

    of = getattr(of, "storage_type", of)
    kinds = (pa.types.is_fixed_size_list, pa.types.is_list, pa.types.is_large_list)
    return _number_dtype(of.value_type) if any(kind(of) for kind in kinds) else None


def layout_of(
    schema: pa.Schema,
    what: str,
    *,
    key: str | None = None,
    aside: Collection[str] = (),
    peek: Callable[[int], Iterable[Any]] | None = None,
) -> Layout:
    """Which columns are features.

    Parameters
    ----------
    schema : pyarrow.Schema
    what : str
        What holds the columns, for messages.
    key : str, default None
        The column that alone is meant; None takes all but those set aside.
    aside : collection of str, default ()
    peek : callable, default None
        Given the position of a column, its values: the first that is no number is shown.

    Returns
    -------
    Layout
        Many numeric columns, or one of lists.

    Raises
    ------
    InputError
        If columns are not numeric, there are none, or several of lists.

    Examples
    --------
    >>> import pyarrow as pa
    >>> schema = pa.schema({"a": pa.int8(), "emb": pa.list_(pa.float64(), 3), "b": pa.bool_()})
    >>> layout_of(schema, "x", aside=["emb"]).names, layout_of(schema, "x", key="emb").width
    (('a', 'b'), 3)
    """
    every = list(schema.names)
    if key is not None and key not in every:
        there = ", ".join(every[:_LISTED]) + (", …" if len(every) > _LISTED else "")
        raise InputError(f"{what} has no column {key!r}: choose its key among {there}")
    positions = [
        j for j, name in enumerate(every) if (name not in aside if key is None else name == key)
    ]
    if not positions:
        raise InputError(f"{what} has no columns left for features: give at least one")
    names = tuple(every[j] for j in positions)
    types = [schema.types[j] for j in positions]
    listed = [_list_dtype(of) for of in types]
    if len(positions) == 1 and listed[0] is not None:
        of = getattr(types[0], "storage_type", types[0])
        width = getattr(of, "list_size", None)
        return Layout(names, tuple(positions), listed[0], True, width, what)
    dtypes = [_number_dtype(of) for of in types]
    wrong = [j for j, dtype in enumerate(dtypes) if dtype is None]
    if wrong:
        shown = [(names[j], str(types[j])) for j in wrong]
        matrices = [name for name, dtype in zip(names, listed, strict=True) if dtype is not None]
        if matrices:
            one = f"say which is meant by its key, {' or '.join(matrices)}"
            raise not_numeric(what, shown, mend=f"{one}, or name the others as IDs or labels")
        raise not_numeric(what, shown, () if peek is None else peek(positions[wrong[0]]))
    dtype = np.result_type(np.float32, *(of for of in dtypes if of is not None))
    return Layout(names, tuple(positions), dtype, False, len(positions), what)


_LISTED = 12


def with_width(layout: Layout, tables: Iterable[Any]) -> Layout:
    """The layout with the length of its lists.

    Parameters
    ----------
    layout : Layout
    tables : iterable of pyarrow.Table or pyarrow.RecordBatch
        Of the features only, in order; the first row that is not missing tells.

    Raises
    ------
    InputError
        If every row is missing or empty.
    """
    if layout.width is None:
        import pyarrow.compute as pc

        for table in tables:
            column = _storage(table.column(0)).drop_null()
            if len(column):
                layout = replace(layout, width=int(pc.list_value_length(column[:1])[0].as_py()))
                break
    if not layout.width:
        raise InputError(f"{layout.what} has empty lists in {layout.columns[0]!r}: give numbers")
    return layout


def column_values(column: Any) -> Any:
    """A column of labels, groups or IDs as an array.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray of shape (n,)

    Returns
    -------
    ndarray or Categories of shape (n,)
        Numbers with NaN and everything else with None where missing; whole numbers without any
        missing stay whole.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column_values(pa.array([1, None])), column_values(pa.array(["a", None]))
    (array([ 1., nan]), array(['a', None], dtype=object))
    """
    import pyarrow as pa

    column = _storage(column)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.unify_dictionaries() if hasattr(column, "chunks") else column
        chunks = [chunk for chunk in _chunks(column) if len(chunk)]
        categories = chunks[0].dictionary.to_pylist() if chunks else []
        return Categories(_objects(column), categories)
    if pa.types.is_decimal(kind):
        column, kind = column.cast(pa.float64()), pa.float64()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind):
        return _plain(column)
    if pa.types.is_boolean(kind) and not column.null_count:
        return _plain(column)
    return _objects(column)


def _plain(column: Any) -> NDArray[Any]:
    options = {} if hasattr(column, "chunks") else {"zero_copy_only": False}
    plain: NDArray[Any] = column.to_numpy(**options)
    return plain


def _objects(column: Any) -> NDArray[Any]:
    out = np.empty(len(column), dtype=object)
    out[:] = column.to_pylist()
    return out


def pandas_index(schema: pa.Schema) -> tuple[list[str], range | None]:
    """What pandas wrote as the index: its columns, or the range that it was.

    Parameters
    ----------
    schema : pyarrow.Schema

    Returns
    -------
    columns : list of str
        Empty for a range, and where pandas did not write the table.
    counted : range or None
    """
    found = (schema.pandas_metadata or {}).get("index_columns", [])
    columns = [one for one in found if isinstance(one, str) and one in schema.names]
    ranges = [one for one in found if isinstance(one, dict) and one.get("kind") == "range"]
    if columns or not ranges:
        return columns, None
    return [], range(ranges[0]["start"], ranges[0]["stop"], ranges[0]["step"])
