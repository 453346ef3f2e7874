"""Features kept on disk under a hash of the items and of what made them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError
from crossphase.io.writing import write_file
from crossphase.sources.numpy_files import read_npy

__all__ = ["fingerprint", "kept_or_made"]

Array = NDArray[np.float32]

#: Part of every name: features made by other rules are not taken for these.
_RULES = "crossphase-features/1"


def fingerprint(items: Sequence[Any], identity: str) -> str:
    """A hash of the contents of items and of what is made of them.

    Parameters
    ----------
    items : sequence of str, ndarray or path
        Of a path the file's contents count, not its name.
    identity : str

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        If an item is none of these, or a file cannot be read.

    Examples
    --------
    >>> fingerprint(["ab", "c"], "e") == fingerprint(["a", "bc"], "e")
    False
    """
    found = hashlib.sha256()
    for part in (_RULES, identity):
        _add(found, b"name", [part.encode()])
    for item in items:
        if isinstance(item, str):
            _add(found, b"text", [item.encode("utf-8", "surrogatepass")])
        elif isinstance(item, np.ndarray) and not item.dtype.hasobject:
            about = f"{item.dtype.str}{item.shape}".encode()
            _add(found, b"array", [about, np.ascontiguousarray(item).tobytes()])
        elif isinstance(item, os.PathLike):
            _add(found, b"file", [_contents(Path(item))])
        else:
            raise InputError(
                f"an item is a {type(item).__name__}: give texts, arrays of numbers, or paths "
                "(pathlib.Path) to files"
            )
    return found.hexdigest()


def _add(found: Any, kind: bytes, parts: Iterable[bytes]) -> None:
    """Add parts with their lengths, so that no other items give the same bytes."""
    for part in (kind, *parts):
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} cannot be opened ({reason}): check the path") from None


def kept_or_made(
    folder: Path | None, items: Sequence[Any], identity: str, make: Callable[[], Array]
) -> Array:
    """Features that are kept in a folder, or made now and kept there.

    Parameters
    ----------
    folder : Path or None
        Made if it does not exist; None keeps nothing.
    items : sequence
    identity : str
    make : callable
        Of shape (len(items), d).

    Returns
    -------
    ndarray of float32 of shape (len(items), d)

    Raises
    ------
    InputError
        If the folder cannot be made, or a kept file is damaged.
    """
    if folder is None:
        return make()
    path = folder / f"{fingerprint(items, identity)}.npy"
    if path.is_file():
        kept = read_npy(path)
        if kept.ndim != 2 or len(kept) != len(items):
            raise InputError(f"{path} holds other features than its name says: delete it")
        return kept.astype(np.float32, copy=False)
    made = make()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}") from error
    write_file(path, lambda draft: np.save(draft, made, allow_pickle=False))
    return made
