"""What holds on any machine: how often every row is read, and that memory does not grow with n.

Called by ``run.py --scale ci`` and by the tests. No time is compared.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from children import measured
from problems import Problem

from crossphase.sources import RowSource

#: More than 2²³ values a modality: fewer are read whole, and are no test of anything.
FEW, MANY = 140_000, 280_000
PLAIN = Problem(FEW, 64, 64)
#: Times that every byte may be read: whole passes, and a first look at some rows.
LOOK = 0.1
#: Bytes that a row beyond those kept may cost: its label, its part, and keys.
BYTES_A_ROW = 64
#: What peaks of the same work differ by.
_NOISE = 12e6

_REGIME = {"outlook": False, "stability": False}
_read_so_far: dict[str, int] = {}


class CountedRows(RowSource):
    """Rows of a .npy file, read without mapping it, every byte counted."""

    def __init__(self, path: Path) -> None:
        mapped = np.load(path, mmap_mode="r")
        self.path, self.shape, self.dtype = str(path), mapped.shape, mapped.dtype
        self._offset = mapped.offset

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows from `start` up to `stop`."""
        width = self.shape[1] * self.dtype.itemsize
        with open(self.path, "rb", buffering=0) as stream:
            data = os.pread(stream.fileno(), (stop - start) * width, self._offset + start * width)
        _read_so_far[self.path] = _read_so_far.get(self.path, 0) + len(data)
        return np.frombuffer(data, self.dtype).reshape(stop - start, self.shape[1])


def counted(home: Path) -> list[CountedRows]:
    """Both modalities of a problem."""
    return [CountedRows(home / f"{side}.npy") for side in "xy"]


def share_read(paths: list[Path]) -> float:
    """Bytes read so far over the bytes of the files."""
    return sum(_read_so_far.get(str(path), 0) for path in paths) / sum(
        path.stat().st_size for path in paths
    )


def counts(folder: Path) -> Iterator[tuple[str, float, int]]:
    """What was read, how many times over, and how many passes are allowed."""
    for what, problem, settings, passes in (
        ("plain rows, whole diagnosis", PLAIN, {}, 1),
        ("nearly dependent columns", replace(PLAIN, dependent=True), _REGIME, 2),
        ("heavy tails", replace(PLAIN, tails=3.0), _REGIME, 2),
        ("more than 5 % far outside, all three", replace(PLAIN, tails=0.5), _REGIME, 4),
    ):
        yield what, _diagnosed(problem, folder, settings)["times_read"], passes


def peaks(folder: Path) -> tuple[float, float]:
    """Peak memory of the regime of few and of many rows, in bytes."""
    few, many = (
        float(_diagnosed(replace(PLAIN, n=n), folder, _REGIME)["peak"]) for n in (FEW, MANY)
    )
    return few, many


def _diagnosed(problem: Problem, folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    spec = {
        "action": "diagnose",
        "problem": problem.as_dict(),
        "mode": "counted",
        "settings": settings,
        "jobs": 1,
    }
    record = measured(spec, folder)
    if "seconds" not in record:
        raise RuntimeError(f"nothing was measured: {record['skipped']}")
    return record


def kept(times: float, passes: int) -> bool:
    """Whether rows were read as often as promised; less often means that some were left out."""
    return passes <= times <= passes + LOOK


def most_growth() -> float:
    """Bytes by which the peaks of few and of many rows may differ."""
    return (MANY - FEW) * BYTES_A_ROW + _NOISE


def check() -> int:
    """Print all; the number of promises broken."""
    broken = 0
    with tempfile.TemporaryDirectory(prefix="crossphase-scale-") as name:
        folder = Path(name)
        print(f"{FEW:,} × ({PLAIN.dx} + {PLAIN.dy}) float32, read on demand; no time is compared\n")
        print("| | times every byte was read | promised |\n|---|---|---|")
        for what, times, passes in counts(folder):
            print(f"| {what} | {times:.2f} | {passes} to {passes + LOOK:.1f} |")
            broken += not kept(times, passes)
        few, many = peaks(folder)
        print(
            f"\nPeak memory of the regime: {few / 1e6:.0f} MB for {FEW:,} rows, "
            f"{many / 1e6:.0f} MB for {MANY:,}; allowed {(few + most_growth()) / 1e6:.0f} MB"
        )
        broken += many > few + most_growth()
    return broken
