"""How much memory there is, and a refusal before it runs out."""

from __future__ import annotations

import os
from pathlib import Path

from crossphase.errors import InputError

__all__ = ["available_memory", "require_memory"]

#: Share of what is free that one piece of work may take.
_SHARE = 0.9
#: Of containers: folder, limit, what is taken, and the part of it that is a cache of files.
_LIMITS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    (
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)
_MACHINE = "/proc/meminfo"


def available_memory() -> int | None:
    """Bytes that may still be taken, by the machine and by the container; None if not known."""
    found = []
    try:
        for line in Path(_MACHINE).read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except OSError:
        pass
    for folder, limit, used, cached in _LIMITS:
        try:
            most = int((Path(folder) / limit).read_text())
            taken = int((Path(folder) / used).read_text())
        except (OSError, ValueError):  # no such file, or "max"
            continue
        found.append(max(0, most - max(0, taken - _cached(Path(folder) / "memory.stat", cached))))
    if not found and hasattr(os, "sysconf"):
        try:
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        except (ValueError, OSError):
            return None
    return min(found, default=None)


def _cached(stat: Path, name: str) -> int:
    """Bytes of files read before, which give way: after a pass over a large file, most of all."""
    try:
        for line in stat.read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


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
