"""How much memory there is, and a refusal before it runs out."""

from __future__ import annotations

import os
from pathlib import Path

from crossphase.errors import InputError

__all__ = ["available_memory", "require_memory"]

#: Share of what is free that one piece of work may take.
_SHARE = 0.9
_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def available_memory() -> int | None:
    """Bytes that may still be taken, by the machine and by the container; None if not known."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except OSError:
        pass
    for limit, used in _LIMITS:
        try:
            found.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    if not found and hasattr(os, "sysconf"):
        try:
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        except (ValueError, OSError):
            return None
    return min(found, default=None)


def require_memory(needed: int, what: str, mend: str = "give fewer features or rows") -> None:
    """Refuse work that would not fit, before it is begun.

    Parameters
    ----------
    needed : int
        Bytes.
    what : str
        What takes them.
    mend : str
        What to do instead.

    Raises
    ------
    InputError

    Examples
    --------
    >>> require_memory(2**60, "a covariance", "reduce the features")
    Traceback (most recent call last):
    crossphase.errors.InputError: a covariance takes ... GB are free: reduce the features
    """
    free = available_memory()
    if free is not None and needed > _SHARE * free:
        raise InputError(
            f"{what} takes {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free: "
            f"{mend}"
        )
