"""What goes wrong while a file is read, said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossphase.errors import InputError

__all__ = ["reading", "reading_failed"]


def reading_failed(path: Path, error: Exception, mend: str) -> InputError:
    """The one-line error for a file that a reader gave up on."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{path} cannot be read as {path.suffix.lower()} ({reason}): {mend}")


@contextmanager
def reading(path: Path, mend: str) -> Iterator[None]:
    """Turn what a library raises while it reads `path` into :func:`reading_failed`.

    Parameters
    ----------
    path : Path
    mend : str
        What to do about it.

    Raises
    ------
    InputError

    Examples
    --------
    >>> with reading(Path("x.npy"), "write it again"):
    ...     raise EOFError("no header")
    Traceback (most recent call last):
    crossphase.errors.InputError: x.npy cannot be read as .npy (no header): write it again
    """
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path} does not exist: check the path") from None
    # PyArrow's errors derive from one of these.
    except (ValueError, OSError, EOFError, KeyError, NotImplementedError) as error:
        raise reading_failed(path, error, mend) from None
