"""Starting measurements in processes of their own, and keeping what they found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

from problems import Problem, made

Record = dict[str, Any]
_HERE = Path(__file__).resolve().parent
#: These choose kernels and cache sizes of OpenBLAS; what is measured is NumPy as it comes.
_UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONPATH")
_LOOKS_EVERY = 0.02


def environment(threads: int, source: Path | None) -> dict[str, str]:
    """Of a measurement with so many BLAS threads; `source` is the package's, if another."""
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        kept[name] = str(threads)
    if source is not None:
        kept["PYTHONPATH"] = str(source)
    return kept


def measured(spec: Record, folder: Path, *, threads: int = 1, source: Path | None = None) -> Record:
    """One measurement: seconds, and resident memory of the process that made it.

    Parameters
    ----------
    spec : dict
        See measure.py. A "problem" is made first if it is not in `folder`; its "form" is its
        format.
    folder : Path
    threads : int, default 1
    source : Path or None, default None
        Another ``src`` folder to take crossphase from.
    """
    if "problem" in spec:
        problem = Problem(**spec["problem"])
        spec = {**spec, "home": str(made(problem, folder, spec.get("form", "npy")))}
    process = subprocess.Popen(
        [sys.executable, str(_HERE / "measure.py"), json.dumps(spec)],
        env=environment(threads, source),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    own = _OwnMemory(process.pid)
    assert process.stdout is not None
    line = process.stdout.readline()
    if line.strip() == "begin":
        own.start()
        line = process.stdout.readline()
    _, errors = process.communicate()
    own.stop()
    if process.returncode or not line:
        last = (errors.strip().splitlines() or ["no reason given"])[-1]
        return {"skipped": f"ended with {process.returncode}: {last}"}
    return {**json.loads(line), "anon": own.largest}


class _OwnMemory(Thread):
    """Largest memory of a process that is its own, without pages of mapped files.

    The kernel keeps no peak of it, so it is looked at again and again.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.path = Path(f"/proc/{pid}/status")
        self.largest = 0
        self._over = Event()

    def run(self) -> None:
        while not self._over.wait(_LOOKS_EVERY):
            try:
                text = self.path.read_text()
            except OSError:
                return
            found = text.partition("RssAnon:")[2].split()
            if found:
                self.largest = max(self.largest, int(found[0]) * 1024)

    def stop(self) -> None:
        self._over.set()


def machine() -> Record:
    """Where this runs: processors, memory, how busy it is, and the commit."""
    described: Record = {"processors": os.cpu_count(), "when": time.strftime("%Y-%m-%d")}
    try:
        described["load"] = round(os.getloadavg()[0], 2)
        described["memory"] = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                described["processor"] = line.partition(":")[2].strip()
                break
    except (OSError, ValueError):
        pass
    for name, command in (
        ("commit", ["git", "rev-parse", "--short", "HEAD"]),
        ("changed", ["git", "status", "--porcelain", "--untracked-files=no", "src"]),
    ):
        done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
        described[name] = done.stdout.strip()
    described["changed"] = bool(described["changed"])
    return described
