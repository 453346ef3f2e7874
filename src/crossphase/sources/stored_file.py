"""HDF5 files that are opened when they are read, and again by whoever they are sent to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from crossphase.errors import InputError, import_extra

__all__ = ["StoredFile", "close_all"]

#: Most that the chunks which one run of rows crosses may take up.
_CACHE_BYTES = 256 * 2**20
#: What HDF5 sets aside for them by itself.
_DEFAULT_BYTES = 2**20

_open: WeakSet[StoredFile] = WeakSet()


class StoredFile:
    """An HDF5 file, opened at its first use.

    Parameters
    ----------
    path : Path
    mend : str
        What to do about a damaged file.
    handle : h5py.File, default None
        The file, where somebody else has opened it already.
    """

    def __init__(self, path: Path, mend: str, handle: Any = None) -> None:
        self.path, self.mend = path, mend
        self._handle, self._lent = handle, handle is not None

    @property
    def file(self) -> Any:
        """The open file.

        Raises
        ------
        InputError
            If it does not exist or is no HDF5 file.
        MissingExtraError
            Without h5py.
        """
        if not self._handle:  # never opened, or closed by whoever lent it
            if self.path.suffix == ".gz":
                name = self.path.name
                raise InputError(f"{self.path} is compressed: unpack it first, gunzip {name}")
            h5py = import_extra("h5py", "hdf5", f"reading {self.path.suffix} files")
            with self.reading():
                self._handle, self._lent = h5py.File(self.path, "r"), False
            _open.add(self)
        return self._handle

    def dataset(self, name: str) -> Any:
        """A dataset of the file, whose chunks are unpacked once when rows are read in order."""
        dataset = self.file[name]
        if not hasattr(dataset, "shape"):
            raise KeyError(f"{name} is a group, not a dataset")
        chunks = dataset.chunks
        if chunks is None:
            return dataset
        across = math.prod(
            -(-size // chunk) for size, chunk in zip(dataset.shape[1:], chunks[1:], strict=True)
        )
        one = math.prod(chunks) * dataset.dtype.itemsize
        wanted = min((across + 1) * one, _CACHE_BYTES)
        if wanted <= _DEFAULT_BYTES:
            return dataset
        h5py = import_extra("h5py", "hdf5", f"reading {self.path.suffix} files")
        access = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
        access.set_chunk_cache(100 * (across + 1) + 1, wanted, 0.75)
        del dataset  # HDF5 heeds the new cache only once nothing holds the old one
        return h5py.Dataset(h5py.h5d.open(self.file.id, name.encode(), access))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say in one line what goes wrong while the file is read.

        Raises
        ------
        InputError
        """
        try:
            yield
        except InputError:
            raise
        except FileNotFoundError:
            raise InputError(f"{self.path} does not exist: check the path") from None
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"{self.path} cannot be read as {self.path.suffix.lower()} ({reason}): {self.mend}"
            ) from None

    def close(self) -> None:
        """Close the file, if it was opened here; it opens again at its next use."""
        if self._handle and not self._lent:
            self._handle.close()
        self._handle = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None, "_lent": False}


def close_all(path: Path) -> None:
    """Close a file wherever it is open here, so that it can be written to.

    Parameters
    ----------
    path : Path
    """
    for stored in list(_open):
        if stored.path.resolve() == path.resolve():
            stored.close()
