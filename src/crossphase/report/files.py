"""Writing a text so that readers never see half of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from crossphase.errors import InputError

__all__ = ["write_text"]


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, completely or not at all.

    The text goes to a new file beside the target, which then takes the target's name; an
    existing target keeps its old content if anything fails. A target that is not a regular
    file (``/dev/null``, a pipe) is written to directly.

    Parameters
    ----------
    path : str or Path
    text : str

    Raises
    ------
    InputError
        If there is no such folder.
    OSError
        If the folder is not writable or the disk is full; it names `path`.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> write_text(target, "x→y")
    >>> target.read_text(encoding="utf-8")
    'x→y'
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a file")
    if not target.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no folder {target.parent}; make it first")
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(target)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None
    finally:
        draft.unlink(missing_ok=True)
