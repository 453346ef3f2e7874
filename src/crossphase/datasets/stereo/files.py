"""The published files, read row by row: dSprites (.npz) and Shapes3D (.h5)."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from crossphase.datasets.stereo.factors import FactorGrid
from crossphase.errors import Finding, InputError, import_extra
from crossphase.sources.numpy_files import read_npz
from crossphase.sources.reading import reading_failed

__all__ = ["DSPRITES_FILE", "SHAPES3D_FILE", "PublishedFile", "read_dsprites", "read_shapes3d"]

_DAMAGED = "download it again"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """What the authors published.

    Attributes
    ----------
    name : str
        File name.
    algorithm, digest : str
        Checksum: the name of the hash in :mod:`hashlib`, and its value in hexadecimal.
    address : str
        Where the file can be had.
    """

    name: str
    algorithm: str
    digest: str
    address: str

    def find(self, folder: Path) -> Path:
        """The file in a folder.

        Raises
        ------
        InputError
            If it is not there.
        """
        path = folder / self.name
        if not path.is_file():
            raise InputError(
                f"{folder} holds no {self.name}: put the file of {self.address} there, or leave "
                "the folder out and take the images that crossphase draws"
            )
        return path

    def check(self, path: Path) -> tuple[Finding, ...]:
        """Compare the checksum; one finding if it differs, none if it agrees.

        Raises
        ------
        InputError
            If the file cannot be opened.
        """
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, self.algorithm).hexdigest()
        except OSError as error:
            raise reading_failed(path, error, "check its permissions") from None
        if digest == self.digest:
            return ()
        return (
            Finding(
                "unknown-checksum",
                "warning",
                f"{path.name} has {self.algorithm} {digest}, the published file {self.digest}.",
                "It has the published shapes and factor grid, but may hold other images.",
                f"Download it again from {self.address} if you did not convert it yourself.",
            ),
        )


# The authors list no checksums: the first is used by many public readers of the file, the second
# by TensorFlow Datasets and others.
DSPRITES_FILE = PublishedFile(
    "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
    "md5",
    "7da33b31b13a06f4b04a70402ce90c2e",
    "https://github.com/google-deepmind/dsprites-dataset",
)
SHAPES3D_FILE = PublishedFile(
    "3dshapes.h5",
    "sha256",
    "0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785",
    "https://github.com/google-deepmind/3d-shapes",
)


def _check_grid(path: Path, table: NDArray[Any], grid: FactorGrid) -> None:
    """Raise unless row i of the label table is the i-th combination of the grid."""
    if table.shape != (grid.size, len(grid.sizes)):
        raise InputError(
            f"{path} has labels of shape {table.shape}, not {(grid.size, len(grid.sizes))}: "
            f"{_DAMAGED}"
        )
    wanted = np.indices(grid.sizes, dtype=np.uint8).reshape(len(grid.sizes), -1)
    for name, column, codes in zip(grid.names, table.T, wanted, strict=True):
        if not np.array_equal(np.unique(column, return_inverse=True)[1], codes):
            raise InputError(
                f"{path} does not list the values of {name} in the published order: {_DAMAGED}"
            )


def _check_images(
    path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], wanted: tuple[int, ...]
) -> None:
    if shape != wanted or dtype != np.uint8:
        raise InputError(
            f"{path} has images of shape {shape} and type {dtype}, not {wanted} and uint8: "
            f"{_DAMAGED}"
        )


def _image_header(stream: IO[bytes], path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise InputError(f"{path} has images in the unknown .npy format {version}: {_DAMAGED}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if fortran:
        raise InputError(f"{path} has its images in column order: {_DAMAGED}")
    return shape, dtype


def _each_row_once(
    path: Path,
    indices: NDArray[np.intp],
    shape: tuple[int, ...],
    fill: Callable[[NDArray[np.intp], NDArray[np.uint8]], None],
) -> NDArray[np.uint8]:
    """Images in the order of `indices`; `fill` reads ascending rows, and damage names the file."""
    wanted, places = np.unique(indices, return_inverse=True)
    found = np.empty((len(wanted), *shape), dtype=np.uint8)
    try:
        fill(wanted, found)
    except InputError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise reading_failed(path, error, _DAMAGED) from None
    return found[places]


def read_dsprites(
    path: Path, indices: NDArray[np.intp], grid: FactorGrid, *, side: int = 64
) -> NDArray[np.uint8]:
    """Read some images of a dSprites file.

    Only the members ``imgs``, ``latents_classes`` and ``latents_values`` are opened; the
    pickled ``metadata`` is not. The images are inflated as a stream up to the last one wanted
    and never held together.

    Parameters
    ----------
    path : Path
    indices : ndarray of int of shape (m,)
        Rows, in any order.
    grid : FactorGrid
        Factors the file must have.
    side : int, default 64
        Height and width of the images.

    Returns
    -------
    ndarray of shape (m, side, side)
        uint8, 0 and 1.

    Raises
    ------
    InputError
        If the file is damaged, or its shapes, types or factors are not the published ones.
    """
    classes, aside = read_npz(path, key="latents_classes", aside=("latents_values",))
    if classes is None or "latents_values" not in aside:
        raise InputError(f"{path} has no array 'latents_values': {_DAMAGED}")
    for table in (classes, aside["latents_values"]):
        _check_grid(path, table, grid)

    def fill(wanted: NDArray[np.intp], found: NDArray[np.uint8]) -> None:
        with zipfile.ZipFile(path) as archive:
            if "imgs.npy" not in archive.namelist():
                raise InputError(f"{path} has no array 'imgs': {_DAMAGED}")
            with archive.open("imgs.npy") as stream:
                shape, dtype = _image_header(stream, path)
                _check_images(path, shape, dtype, (grid.size, side, side))
                start = stream.tell()
                for image, row in zip(found, wanted, strict=True):
                    stream.seek(start + int(row) * image.size)
                    pixels = stream.read(image.size)
                    image[...] = np.frombuffer(pixels, dtype=np.uint8).reshape(side, side)

    return _each_row_once(path, indices, (side, side), fill)


def read_shapes3d(
    path: Path, indices: NDArray[np.intp], grid: FactorGrid, *, side: int = 64
) -> NDArray[np.uint8]:
    """Read some images of a Shapes3D file.

    Rows are read in ascending order, runs of neighbours at once; the 6 GB are never held
    together.

    Parameters
    ----------
    path : Path
    indices : ndarray of int of shape (m,)
        Rows, in any order.
    grid : FactorGrid
        Factors the file must have.
    side : int, default 64
        Height and width of the images.

    Returns
    -------
    ndarray of shape (m, side, side, 3)
        uint8, 0 to 255.

    Raises
    ------
    InputError
        If the file is damaged, or its shapes, types or factors are not the published ones.
    MissingExtraError
        Without h5py.
    """
    h5py = import_extra("h5py", "hdf5", "reading Shapes3D")

    def fill(wanted: NDArray[np.intp], found: NDArray[np.uint8]) -> None:
        with h5py.File(path, "r") as archive:
            for name in ("images", "labels"):
                if name not in archive:
                    raise InputError(f"{path} has no data set {name!r}: {_DAMAGED}")
            images = archive["images"]
            _check_images(path, images.shape, images.dtype, (grid.size, side, side, 3))
            _check_grid(path, archive["labels"][...], grid)
            for run in np.split(np.arange(len(wanted)), np.flatnonzero(np.diff(wanted) > 1) + 1):
                if len(run):
                    found[run] = images[int(wanted[run[0]]) : int(wanted[run[-1]]) + 1]

    return _each_row_once(path, indices, (side, side, 3), fill)
