"""Looking at a file before it is read: is it there, and is it what its ending says?"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from pathlib import Path

from crossphase.errors import InputError

__all__ = ["ENDINGS", "checked_path", "ending_of", "existing_file"]

#: Endings that can be read, and what such a file looks like inside; None where anything may be.
ENDINGS: dict[str, tuple[str, ...] | None] = {
    ".npy": ("NumPy array",),
    ".npz": ("zip archive",),
    ".csv": ("text",),
    ".tsv": ("text",),
    ".csv.gz": ("gzip file",),
    ".tsv.gz": ("gzip file",),
    ".csv.zst": ("Zstandard file",),
    ".tsv.zst": ("Zstandard file",),
    ".parquet": ("Parquet table",),
    ".feather": ("Arrow file", "Feather file of version 1"),
    ".arrow": ("Arrow file", "binary file of unknown kind"),  # streams have no mark
    ".ipc": ("Arrow file", "binary file of unknown kind"),
    ".h5ad": ("HDF5 file",),
    ".h5mu": ("HDF5 file",),
    ".h5": ("HDF5 file",),
    ".hdf5": ("HDF5 file",),
    ".zarr": None,
    ".zip": ("zip archive",),
    ".safetensors": None,
}
_PACKED = (".gz", ".zst")
_MAGIC = (
    (b"\x93NUMPY", "NumPy array"),
    (b"PK\x03\x04", "zip archive"),
    (b"PK\x05\x06", "empty zip archive"),
    (b"PAR1", "Parquet table"),
    (b"ARROW1", "Arrow file"),
    (b"FEA1", "Feather file of version 1"),
    (b"\x89HDF", "HDF5 file"),
    (b"MuData", "HDF5 file"),  # with the 512 bytes before it that MuData writes
    (b"\x1f\x8b", "gzip file"),
    (b"\x28\xb5\x2f\xfd", "Zstandard file"),
    (b"%PDF", "PDF document"),
    (b"\xd0\xcf\x11\xe0", "old Excel workbook"),
    *((bytes([0x80, protocol]), "Python pickle") for protocol in range(2, 6)),
)
_HEAD = 4096


def _looks_like(head: bytes) -> str:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return "binary file of unknown kind" if b"\0" in head else "text"


def ending_of(path: Path) -> str:
    """The ending that tells the format: two where a file is compressed.

    Examples
    --------
    >>> ending_of(Path("a.b.CSV.gz")), ending_of(Path("rna.v2.npy")), ending_of(Path("x.gz"))
    ('.csv.gz', '.npy', '.gz')
    """
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if endings and endings[-1] in _PACKED:
        return "".join(endings)
    return endings[-1] if endings else ""


def existing_file(path: str | os.PathLike[str], endings: Collection[str] = ()) -> Path:
    """A path to a file that exists and is readable.

    Parameters
    ----------
    path : str or path-like
    endings : collection of str, default ()
        Endings that are accepted; none given accepts any.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the file is missing, a folder, a pipe, a circular link, empty, unreadable, or of
        another ending.

    Examples
    --------
    >>> existing_file("captions_val2017.json")
    Traceback (most recent call last):
    crossphase.errors.InputError: captions_val2017.json does not exist: check the path
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path} is a folder: give a file inside it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path} is a pipe or a device, not a file: save the data to a file")
        ending = ending_of(path)
        if endings and ending not in endings:
            raise InputError(
                f"{path} has the ending {ending or '(none)'!r}, which cannot be read: "
                f"give one of {', '.join(endings)}"
            )
        with path.open("rb") as stream:
            head = stream.read(1)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} does not exist: check the path") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError(f"{path} is a link that leads back to itself: give a file") from None
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} cannot be opened ({reason}): check its permissions") from None
    if not head:
        raise InputError(f"{path} is empty (0 bytes): write it again")
    return path


def checked_path(path: str | os.PathLike[str]) -> Path:
    """A path to a file that exists, is readable, and is what its ending says.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the file is missing, a folder, a pipe, a circular link, empty, unreadable, of an
        unknown ending, or its first bytes contradict its ending.

    Examples
    --------
    >>> checked_path("embeddings.mat")
    Traceback (most recent call last):
    crossphase.errors.InputError: embeddings.mat does not exist: check the path
    """
    path = existing_file(path, ENDINGS)
    with path.open("rb") as stream:
        found = _looks_like(stream.read(_HEAD))
    if found == "Python pickle":
        raise InputError(
            f"{path} is a Python pickle, which is never opened because it can run code: "
            "save the array with numpy.save(..., allow_pickle=False)"
        )
    ending = ending_of(path)
    expected = ENDINGS[ending]
    if expected is not None and found not in expected:
        raise InputError(
            f"{path} ends in {ending} but looks like a {found}: "
            "rename it to what it is, or write it again"
        )
    return path
