"""Zarr stores and arrays, formats 2 and 3: chunks are unpacked when their rows are read.

A chunk that a store lacks reads as the array's fill value, as Zarr defines it: 0 where format 2
names none. Where that is NaN, checks refuse the rows; where it is a number, nothing tells such rows
from written ones.
"""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, MissingExtraError, import_extra
from crossphase.sources.array_tree import columns_beside, refuse_packed, tables_among
from crossphase.sources.choosing import as_text, choose, row_ids
from crossphase.sources.parted_rows import ChunkedRows
from crossphase.sources.rows import RowSource, float_dtype
from crossphase.sources.table import Table
from crossphase.sources.tiles import CopiedTiles, too_tall

__all__ = ["ZarrRows", "open_file", "open_object"]

#: Values of a run of rows that is worth the overhead of unpacking one.
_RUN_VALUES = 2**20
#: Files one of which describes the array or group of its folder.
_METADATA = ("zarr.json", ".zgroup", ".zarray")


class ZarrRows(ChunkedRows):
    """Rows of an array of shape (n, d), unpacked in runs of whole chunks.

    Parameters
    ----------
    array : zarr.Array of shape (n, d)
    where : str
        What it is, for messages.

    Examples
    --------
    >>> import zarr
    >>> source = ZarrRows(zarr.array(np.arange(12).reshape(6, 2), chunks=(4, 1)), "x")
    >>> source[3:5], source.random_access
    (array([[6., 7.],
           [8., 9.]]), False)
    """

    #: Chunks are unpacked whole: rows in another order would unpack each of them many times.
    random_access = False

    def __init__(self, array: Any, where: str) -> None:
        n, width = array.shape
        step = max(array.chunks[0], 1)
        step *= max(1, _RUN_VALUES // max(step * width, 1))
        lengths = [min(step, n - start) for start in range(0, n, step)]
        super().__init__(lengths, width, float_dtype(array.dtype))
        self.array, self.where = array, where

    def chunk(self, index: int) -> NDArray[Any]:
        """Rows of one run."""
        rows = slice(int(self.bounds[index]), int(self.bounds[index + 1]))
        return self.tile(rows, slice(None))

    def tile(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Values of some rows and columns."""
        with _reading(self.where):
            block: NDArray[Any] = np.asarray(self.array[rows, columns])
        return block.astype(self.dtype, copy=False)


def open_file(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    id_column: str | None = None,
    aside: Sequence[str] = (),
) -> Table:
    """Open a two-dimensional array of numbers, whose rows are read on demand.

    Consolidated metadata are not relied on: a store without them, or with ones that arrays were
    added after, is read all the same.

    Parameters
    ----------
    path : str or path-like
        Folder of a store, or a store in a ZIP file.
    key : str, default None
        Path of the array, ``"/a/x"``, or its last part where only one is called so; None takes
        the only one.
    id_column : str, default None
        Array with the IDs of the rows.
    aside : sequence of str, default ()
        Arrays are features or columns whatever is asked for.

    Returns
    -------
    Table
        Its columns are the arrays with one value for each row: those in the group of the
        features, then those at the top of the store, then any others by their paths.

    Raises
    ------
    InputError
        If there is no such array, the choice is open, the array's values were packed as integers,
        or the store is damaged, or is one of AnnData.
    MissingExtraError
        Without Zarr 3 or later.
    """
    path = Path(path)
    zarr = _zarr()
    if not path.exists():
        raise InputError(f"{path} does not exist: check the path")
    with _reading(path):
        store: Any = path
        inside = ""
        if path.is_file():
            inside = _folder_of_zip(path)
            store = zarr.storage.ZipStore(path, mode="r")
        # With metadata of its own choice, Zarr would leave out what was added since.
        node = zarr.open(store, mode="r", path=inside, use_consolidated=False)
        return _chosen(node, key, id_column, path)


def open_object(table: Any, what: str) -> Table:
    """Rows of a Zarr array, or of the only table of numbers in a group.

    Parameters
    ----------
    table : zarr.Array of shape (n, d) or zarr.Group
    what : str
        Name of the modality for messages.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If it is no table of real numbers, or the choice is open.
    """
    if not (hasattr(table, "members") or hasattr(table, "chunks")):
        kind = type(table).__name__
        raise InputError(f"{what} is a Zarr {kind}: give an array, or a group opened by zarr.open")
    with _reading(what):
        return _chosen(table, None, None, what)


def _zarr() -> Any:
    zarr = import_extra("zarr", "zarr", "reading .zarr stores")
    if int(zarr.__version__.partition(".")[0]) < 3:
        raise MissingExtraError("zarr 3 or later", "zarr", "reading .zarr stores")
    return zarr


def _folder_of_zip(path: Path) -> str:
    """Where in a ZIP file the store lies: at the top, or in the only folder there."""
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
    tops = {name.partition("/")[0] for name in names}
    if len(tops) == 1 and not tops.intersection(_METADATA):
        return tops.pop()
    return ""


@contextmanager
def _reading(where: object) -> Iterator[None]:
    """Say in one line what goes wrong while a store is read."""
    try:
        yield
    except InputError:
        raise
    # Codecs raise what they like.
    except (ValueError, OSError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{where} cannot be read as a Zarr store ({reason}): copy it again, or write it again"
        ) from None


def _chosen(node: Any, key: str | None, id_column: str | None, where: object) -> Table:
    """The array meant, and the columns beside it."""
    if node.attrs.get("encoding-type") in ("anndata", "MuData"):
        kind = node.attrs["encoding-type"]
        raise InputError(
            f"{where} is a store of {kind}: give what anndata.experimental.read_lazy or "
            "mudata.read_zarr read from it, or write it as .h5ad or .h5mu"
        )
    with warnings.catch_warnings():
        # Of dtypes that are read well, and of files that are no arrays.
        warnings.filterwarnings("ignore", module=r"zarr\..*")
        arrays = _arrays(node)
    tables, others = tables_among(arrays)
    name = choose(tables, key, where, others=others)
    whole = str(where) if hasattr(node, "chunks") else f"{name} of {where}"
    refuse_packed(_attributes(arrays[name]), arrays[name].dtype, whole)
    columns = columns_beside(arrays, name, lambda at: _column(arrays[at], f"{at} of {where}"))
    ids = row_ids(columns, id_column, where)
    return Table(
        _rows(arrays[name], whole),
        ids=ids,
        named=ids is not None,
        columns=columns,
        path=where if isinstance(where, Path) else str(node.store_path),
    )


def _arrays(node: Any) -> Mapping[str, Any]:
    """Every array below a group, by its path from there; or an array, by its own."""
    if not hasattr(node, "members"):
        return {node.path.strip("/") or "array": node}
    found: dict[str, Any] = {}
    _walk(node, "", found)
    return dict(sorted(found.items()))  # a walk comes by in any order


def _walk(group: Any, prefix: str, found: dict[str, Any]) -> None:
    zarr = _zarr()
    for name, item in group.members(max_depth=0):
        if hasattr(item, "chunks"):
            found[prefix + name] = item
        else:
            # Opened again: members come with the metadata that were consolidated in their group.
            child = zarr.open_group(item.store, mode="r", path=item.path, use_consolidated=False)
            _walk(child, f"{prefix}{name}/", found)


def _attributes(array: Any) -> dict[str, Any]:
    """Attributes; in format 2 xarray keeps what stands for missing values elsewhere."""
    found = dict(array.attrs)
    fill = array.fill_value
    if "_ARRAY_DIMENSIONS" in found and array.metadata.zarr_format == 2 and fill is not None:
        found["_FillValue"] = fill
    return found


def _rows(array: Any, where: str) -> RowSource:
    rows = ZarrRows(array, where)
    if too_tall(array.shape, array.chunks, array.dtype.itemsize):
        return CopiedTiles(rows.tile, rows.shape, array.chunks, rows.dtype)
    return rows


def _column(array: Any, where: str) -> NDArray[Any]:
    with _reading(where):
        return as_text(np.asarray(array[...]))
