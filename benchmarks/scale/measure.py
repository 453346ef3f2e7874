"""One measurement, alone in its process: prints seconds and resident memory as JSON.

    python benchmarks/scale/measure.py '{"action": "gather", "problem": {...}, "home": "..."}'

Started by run.py. What is timed is the action alone: NumPy, the package and what it imports when
first used are loaded before, by a small diagnosis.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from problems import BLOCK, Problem

Spec = dict[str, Any]
Action = Callable[[], object]
#: Bytes of the float64 array of a scatter at most: of more rows it is a share, scaled up.
_SCATTER_BYTES = 2 * 2**30
_READ_BYTES = 16 * 2**20


class Skipped(Exception):
    """What is to be measured does not exist yet, and why."""


def memory(entry: str) -> int:
    """An entry of /proc/self/status in bytes; 0 where there is none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(entry + ":"):
                return int(line.split()[1]) * 1024
    return 0


def forget_peak() -> None:
    """Let the largest resident memory count from now on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def files(spec: Spec) -> list[Path]:
    """The files of both modalities."""
    return [path for path in sorted(Path(spec["home"]).iterdir()) if path.name != "labels.npy"]


def plain_read(paths: list[Path]) -> None:
    """Every byte once, in order."""
    buffer = bytearray(_READ_BYTES)
    for path in paths:
        with path.open("rb", buffering=0) as stream:
            while stream.readinto(buffer):
                pass


def drop_cached(paths: list[Path]) -> None:
    """Let the files be read from the disk again."""
    for path in paths:
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def arrays(spec: Spec) -> list[np.ndarray]:
    """Both modalities in memory, or mapped; the first `rows` of them."""
    mode = None if spec.get("mode", "memory") == "memory" else "r"
    home = Path(spec["home"])
    return [np.load(home / f"{side}.npy", mmap_mode=mode)[: spec.get("rows")] for side in "xy"]


def labels(spec: Spec) -> Any:
    told = np.load(Path(spec["home"]) / "labels.npy")[: spec.get("rows")]
    if not spec["problem"]["classes"]:
        return told
    return np.array(["" if np.isnan(value) else f"class {value:.0f}" for value in told])


def paired(spec: Spec) -> Any:
    """The pair as whoever has such data would give it."""
    from crossphase import PairedData
    from crossphase.io import load_paired, read_table
    from crossphase.sources import RowSource

    home, mode = Path(spec["home"]), spec.get("mode", "memory")
    told = home / "labels.npy"
    if mode in ("memory", "map"):
        return PairedData.from_arrays(*arrays(spec), labels(spec))
    if mode == "counted":
        from counting import counted

        return PairedData.from_arrays(*counted(home), labels(spec))
    if mode == "h5mu":
        both = home / "both.h5mu"
        return load_paired(both, both, told, x_key="rna", y_key="protein")
    if mode == "parquet":
        # Whatever reads a whole table at once is not let loose on a large one.
        by_rows = False
        with contextlib.suppress(Exception):
            by_rows = isinstance(read_table(_tiny_parquet()).values, RowSource)
        if not by_rows:
            raise Skipped("Parquet files are not read by rows yet")
        return load_paired(home / "x.parquet", home / "y.parquet", told)
    return load_paired(home / "x.h5ad", home / "y.h5ad", told)


def _tiny_parquet() -> Path:
    from problems import made

    tiny = Problem(200, 4, 3, labelled=50)
    return made(tiny, Path(tempfile.gettempdir()) / "crossphase-scale", "parquet") / "x.parquet"


def settings(spec: Spec) -> Any:
    from crossphase.config import Settings

    return Settings(**spec.get("settings", {}))


def scatter(spec: Spec) -> Action:
    """One float64 ``Z.T @ Z`` of the stacked input."""
    x, y = arrays({**spec, "mode": "map"})
    rows = scatter_rows(len(x), x.shape[1] + y.shape[1])
    stacked = np.empty((rows, x.shape[1] + y.shape[1]))
    for start in range(0, rows, BLOCK):
        here = slice(start, min(start + BLOCK, rows))
        stacked[here, : x.shape[1]], stacked[here, x.shape[1] :] = x[here], y[here]
    stacked[:2000].T @ stacked[:2000]
    return lambda: stacked.T @ stacked


def scatter_rows(n: int, width: int) -> int:
    """Rows of which a scatter is taken."""
    return min(n, _SCATTER_BYTES // (8 * width))


def read(spec: Spec) -> Action:
    return lambda: plain_read(files(spec))


def diagnose(spec: Spec) -> Action:
    import crossphase as xp

    # Opening files is part of it; arrays in memory were there before.
    given = arrays(spec) if spec.get("mode", "memory") == "memory" else None
    told = labels(spec)
    options = {"settings": settings(spec)}
    if "jobs" in spec:
        options["jobs"] = spec["jobs"]

    def action() -> object:
        if given is not None:
            return xp.diagnose(*given, told, **options)
        return xp.diagnose(paired(spec), **options)

    return action


def load(spec: Spec) -> Action:
    return lambda: paired(spec)


def one_pass(spec: Spec) -> Action:
    from crossphase.engine import gather

    data = paired(spec)
    plain_read(files(spec))
    return lambda: gather(data, jobs=spec.get("jobs"))


def dask_pass(spec: Spec) -> Action:
    """The same pass by Dask workers, processes of one thread each, that read the files."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise Skipped("Dask is not installed") from None
    from counting import counted

    from crossphase import PairedData
    from crossphase.engine import gather

    home = Path(spec["home"])
    cluster = LocalCluster(
        n_workers=spec["workers"], threads_per_worker=1, dashboard_address=None, memory_limit=0
    )
    client = Client(cluster)
    plain_read(files(spec))
    # Workers import the package before they are timed.
    client.run(lambda: __import__("crossphase.engine").engine.gather)
    data = PairedData.from_arrays(*counted(home), labels(spec))
    return lambda: gather(data, scheduler=client)


def from_arrays(spec: Spec) -> Action:
    from crossphase.moments import Moments

    x, y = _warm(spec)
    return lambda: Moments.from_arrays(x=x, y=y)


def block_products(spec: Spec) -> Action:
    """What any loop over blocks must do: stack, cast, multiply, add up in float64."""
    x, y = _warm(spec)
    dtype = np.dtype(spec["dtype"])
    split, width = x.shape[1], x.shape[1] + y.shape[1]

    def action() -> object:
        total = np.zeros((width, width))
        for start in range(0, len(x), BLOCK):
            here = slice(start, start + BLOCK)
            block = np.empty((len(x[here]), width), dtype)
            block[:, :split], block[:, split:] = x[here], y[here]
            total += block.T @ block
        return total

    return action


def _warm(spec: Spec) -> list[np.ndarray]:
    plain_read(files(spec))
    return arrays({**spec, "mode": "map"})


def ten_components(spec: Spec) -> Action:
    """Ten canonical components of arrays of one dtype, both packages given the same."""
    given = [side.astype(spec["dtype"], copy=False) for side in arrays(spec)]
    if spec["package"] == "cca-zoo":
        from cca_zoo.linear import CCA

        CCA(n_components=2).fit([side[:500] for side in given])
        return lambda: CCA(n_components=10).fit(given)
    from crossphase.linear import CrossAlignment

    CrossAlignment(n_components=2).fit(*(side[:500] for side in given))
    return lambda: CrossAlignment(n_components=10).fit(*given)


def atlas(spec: Spec) -> Action:
    import crossphase as xp

    data = xp.datasets.load("digits-views").together(n_labelled=200)
    return lambda: xp.atlas(data)


def demo(spec: Spec) -> Action:
    """The whole command, start and all."""

    def action() -> object:
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "crossphase", "demo", "--quiet", "--out", out]
            return subprocess.run(command, check=True, capture_output=True)

    return action


ACTIONS = {
    "scatter": scatter,
    "read": read,
    "diagnose": diagnose,
    "load": load,
    "gather": one_pass,
    "dask": dask_pass,
    "from_arrays": from_arrays,
    "products": block_products,
    "components": ten_components,
    "atlas": atlas,
    "demo": demo,
}
#: What needs nothing of crossphase.
_PLAIN = ("scatter", "read", "products", "demo")


def kernels() -> list[str]:
    """Which BLAS libraries run, and on which kernels."""
    from threadpoolctl import threadpool_info

    found = {
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture') or 'unknown'} kernel)"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    return sorted(found)


def versions() -> Iterator[tuple[str, str]]:
    import importlib.metadata as metadata

    yield "python", sys.version.split()[0]
    for package in ("numpy", "scipy", "pyarrow", "anndata", "cca-zoo", "crossphase"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield package, metadata.version(package)


def main() -> None:
    spec = json.loads(sys.argv[1])
    record: dict[str, Any] = {"bare": memory("VmRSS")}
    name = spec["action"]
    try:
        if name not in _PLAIN:
            import crossphase as xp

            record["imported"] = memory("VmRSS")
            _warm_up(xp)
        record["warm"] = memory("VmRSS")
        action = ACTIONS[name](spec)
        if spec.get("cold"):
            drop_cached(files(spec))
        record["start"], record["start_anon"] = memory("VmRSS"), memory("RssAnon")
        forget_peak()
        print("begin", flush=True)
        start = time.perf_counter()
        cpu = time.process_time()
        action()
        record["seconds"] = time.perf_counter() - start
        record["cpu"] = time.process_time() - cpu
    except Skipped as reason:
        record["skipped"] = str(reason)
    except Exception as error:  # noqa: BLE001 - a measurement that fails is reported, not lost
        told = str(error).split("\n")[0]
        for folder in (spec.get("home"), Path(__file__).resolve().parents[2]):
            told = told.replace(f"{folder}/", "")
        record["skipped"] = f"{type(error).__name__}: {told}"
    if spec.get("mode") == "counted":
        from counting import share_read

        record["times_read"] = share_read(files(spec))
    if name == "scatter" and "seconds" in record:
        n = spec.get("rows") or spec["problem"]["n"]
        rows = scatter_rows(n, spec["problem"]["dx"] + spec["problem"]["dy"])
        record["seconds"] *= n / rows
        record["cpu"] *= n / rows
    record |= {"peak": memory("VmHWM"), "kernels": kernels(), "versions": dict(versions())}
    print(json.dumps(record), flush=True)


def _warm_up(xp: Any) -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(300, 2))
    sides = [np.hstack([shared, rng.normal(size=(300, 4))]) for _ in range(2)]
    xp.diagnose(*sides, shared[:60, 0], labelled=np.arange(60))


if __name__ == "__main__":
    main()
