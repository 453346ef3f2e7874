"""Which module reads which object: found by the name of its type's package, nothing imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from crossphase.sources.table import Table

__all__ = ["ObjectReader", "reader_of"]

#: Package that an object's type comes from, and the module here that reads it.
_READERS = {
    "anndata": "crossphase.sources.annotated",
    "cupy": "crossphase.sources.tensors",
    "cupyx": "crossphase.sources.tensors",
    "dask": "crossphase.sources.dask_tables",
    "dask_expr": "crossphase.sources.dask_tables",
    "datasets": "crossphase.sources.hugging_face",
    "h5py": "crossphase.sources.hdf5",
    "mudata": "crossphase.sources.annotated",
    "pandas": "crossphase.sources.frames",
    "polars": "crossphase.sources.frames",
    "pyarrow": "crossphase.sources.frames",
    "scipy": "crossphase.sources.sparse",
    "torch": "crossphase.sources.tensors",
    "xarray": "crossphase.sources.labelled_arrays",
    "zarr": "crossphase.sources.zarr_store",
}


class ObjectReader(Protocol):
    """A module that reads objects of one package."""

    def open_object(self, table: Any, what: str) -> Table:
        """The rows of `table`, called `what` in messages; raises InputError where unusable."""


def reader_of(table: Any) -> ObjectReader | None:
    """The module that reads an object; None for arrays, lists and whatever NumPy takes.

    Subclasses are read as what they derive from.

    Examples
    --------
    >>> reader_of([[1.0, 2.0]]) is None
    True
    """
    for kind in type(table).__mro__:
        module = _READERS.get(kind.__module__.partition(".")[0])
        if module is not None:
            return cast(ObjectReader, import_module(module))
    return None
