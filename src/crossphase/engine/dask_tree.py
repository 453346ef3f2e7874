"""The same pass on Dask: partitions looked at where they are, what is found merged as a tree.

A partition's rows stay on the worker that has them; moments travel, and are merged in pairs. A tree
of moments holds a few of them at a time, where a product of Dask arrays holds one a chunk. Merging
is the update of Chan, Golub and LeVeque, in float64, so that the result is the same to rounding
however rows are partitioned; a worker that is lost has its partitions looked at again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from crossphase.data.scan import block_bounds
from crossphase.engine.looking import Found, Wanted
from crossphase.errors import InputError, import_extra

__all__ = ["look_everywhere"]

Progress = Callable[[str, float], None]

#: Bytes of a partition of what is no Dask collection, and what is merged at a time.
_PARTITION_BYTES = 64 * 2**20
_FAN_IN = 4


def look_everywhere(
    x: Any,
    y: Any,
    wanted: Wanted,
    scheduler: Any = None,
    progress: Progress | None = None,
    stage: str = "reading rows",
) -> list[Found]:
    """What is found in all rows, merged.

    Parameters
    ----------
    x, y : DaskRows, RowSource or ndarray of shape (n, dx), (n, dy)
        Dask collections keep their partitions; others are cut into runs of rows, which every
        worker reads by itself where it can reopen the source.
    wanted : Wanted
    scheduler : distributed.Client, str or None, default None
        A client, the address of a scheduler, or the name of a scheduler on this machine
        (``"threads"``, ``"synchronous"``). None leaves it to Dask: the client that is active, or
        threads.
    progress : callable or None, default None
        Told the stage and the share of the work done.
    stage : str

    Returns
    -------
    list of one Found

    Raises
    ------
    InputError
        If values cannot be used, or no scheduler answers at the address.
    MissingExtraError
        Without Dask.
    """
    dask = import_extra("dask", "dask", "Dask")
    look = dask.delayed(_look, pure=False)
    merge = dask.delayed(_merge, pure=False)
    with _client(scheduler) as (client, local), _told(client, stage, progress):
        level = [
            look(wanted.between(start, stop), start, x_block, y_block)
            for start, stop, x_block, y_block in _partitions(x, y, dask, client)
        ]
        while len(level) > 1:
            level = [merge(level[i : i + _FAN_IN]) for i in range(0, len(level), _FAN_IN)]
        if client is not None:
            return [client.compute(level[0], sync=True)]
        (found,) = dask.compute(level[0], scheduler=local)
        return [found]


def _look(wanted: Wanted, start: int, x: NDArray[Any], y: NDArray[Any]) -> Found:
    """One partition, block by block."""
    found: Found | None = None
    itemsize = max(x.dtype.itemsize, y.dtype.itemsize)
    # A worker's threads share the work already.
    with threadpool_limits(limits=1, user_api="blas"):
        for first, last in block_bounds(len(x), x.shape[1] + y.shape[1], itemsize):
            part = wanted.look(start + first, [x[first:last], y[first:last]])
            found = part if found is None else found + part
    assert found is not None
    return found.merged()


def _merge(found: Sequence[Found]) -> Found:
    total = found[0]
    for part in found[1:]:
        total = total + part
    return total


def _partitions(x: Any, y: Any, dask: Any, client: Any) -> Iterator[tuple[int, int, Any, Any]]:
    """Bounds of rows with the delayed blocks of both modalities."""
    cuts = {0, len(x)}
    for of in (x, y):
        if hasattr(of, "partitions"):
            cuts |= set(np.cumsum(of.lengths).tolist())
    if len(cuts) == 2:
        width = x.shape[1] * x.dtype.itemsize + y.shape[1] * y.dtype.itemsize
        cuts |= set(range(0, len(x), max(1, _PARTITION_BYTES // width)))
    bounds = sorted(cuts)
    blocks = [_blocks(of, bounds, dask, client) for of in (x, y)]
    for i, (start, stop) in enumerate(pairwise(bounds)):
        if stop > start:
            yield start, stop, blocks[0][i], blocks[1][i]


def _blocks(of: Any, bounds: Sequence[int], dask: Any, client: Any) -> list[Any]:
    """Delayed blocks of one modality between the bounds."""
    runs = list(pairwise(bounds))
    if not hasattr(of, "partitions"):
        if isinstance(of, np.ndarray) and not isinstance(of, np.memmap):
            rows = [of[start:stop] for start, stop in runs]
            if client is not None:
                # Sent once, and not as part of the graph.
                return list(client.scatter(rows, hash=False))
            return [dask.delayed(block, pure=False, traverse=False) for block in rows]
        source = dask.delayed(of, pure=False, traverse=False)
        return [dask.delayed(_read, pure=False)(source, start, stop) for start, stop in runs]
    starts = np.cumsum([0, *of.lengths])
    partitions = of.partitions()
    found = []
    for start, stop in runs:
        index = int(np.searchsorted(starts, start, side="right")) - 1
        first = int(starts[index])
        found.append(dask.delayed(_cut, pure=False)(partitions[index], start - first, stop - first))
    return found


def _read(source: Any, start: int, stop: int) -> NDArray[Any]:
    return np.asarray(source[start:stop])


def _cut(block: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    return block[start:stop]


@contextmanager
def _client(scheduler: Any) -> Iterator[tuple[Any, str | None]]:
    """A client, or the name of a scheduler on this machine."""
    if scheduler is None or not isinstance(scheduler, str):
        if scheduler is not None and not hasattr(scheduler, "compute"):
            raise InputError(
                f"scheduler={scheduler!r}: give a distributed.Client, an address such as "
                "tcp://host:8786, or threads"
            )
        yield scheduler, None
        return
    if "://" not in scheduler and ":" not in scheduler:
        if scheduler not in ("threads", "processes", "synchronous"):
            raise InputError(
                f"scheduler={scheduler!r}: give an address such as tcp://host:8786, or threads"
            )
        yield None, scheduler
        return
    distributed = import_extra("distributed", "dask", "Dask clusters")
    try:
        client = distributed.Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"no Dask scheduler answers at {scheduler} ({reason}): check the address"
        ) from None
    try:
        yield client, None
    finally:
        client.close()


@contextmanager
def _told(client: Any, stage: str, progress: Progress | None) -> Iterator[None]:
    """Tell of tasks as they end; a cluster tells for itself, on its dashboard."""
    if progress is None or client is not None:
        yield
        return
    from dask.callbacks import Callback

    began, done = time.monotonic(), 0

    def ended(key: Any, result: Any, dsk: Any, state: Any, worker: Any) -> None:
        nonlocal done
        done += 1
        total = sum(len(state[of]) for of in ("ready", "waiting", "running", "finished"))
        share = min(1.0, done / max(total, 1))
        left = (time.monotonic() - began) * (1 - share) / max(share, 1e-9)
        progress(f"{stage}: {done:,} of {total:,} tasks, {left:.0f} s left", share)

    with Callback(posttask=ended):  # type: ignore[no-untyped-call]
        yield
