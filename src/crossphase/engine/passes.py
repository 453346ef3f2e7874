"""One pass over the rows of several modalities: read in order, worked on by threads.

Blocks have the same bounds and results are merged in the same order whatever the number of
threads, so that it changes nothing but the time taken. BLAS is held to one thread meanwhile: blocks
side by side share the work better than threads inside each product.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import joblib
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from crossphase.data.scan import block_bounds
from crossphase.errors import InputError
from crossphase.sources.rows import release

__all__ = ["Pass", "Progress", "count_jobs"]

#: Bytes read between two times that mapped pages are given back.
_RELEASED_BYTES = 64 * 2**20

T = TypeVar("T")
Progress = Callable[[str, float], None]
Block = tuple[int, list[NDArray[Any]]]


def count_jobs(jobs: int | None) -> int:
    """Threads that work on blocks of rows.

    Parameters
    ----------
    jobs : int or None
        As joblib counts: −1 takes all processors, −2 all but one. None takes as many as NumPy's
        BLAS may use now, which ``OMP_NUM_THREADS`` and :func:`threadpoolctl.threadpool_limits`
        say, or what :func:`joblib.parallel_config` asks for.

    Raises
    ------
    InputError
        For 0 or what is no whole number.

    Examples
    --------
    >>> count_jobs(3)
    3
    >>> with threadpool_limits(1):
    ...     count_jobs(None)
    1
    """
    if jobs is not None:
        if not isinstance(jobs, int | np.integer) or isinstance(jobs, bool) or jobs == 0:
            raise InputError(f"jobs={jobs!r}: give a number of threads, or -1 for one a processor")
        return max(1, int(joblib.effective_n_jobs(int(jobs))))
    asked = int(joblib.effective_n_jobs(None))
    if asked > 1:
        return asked
    allowed = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return int(max(1, min([*allowed, joblib.cpu_count()])))


@dataclass(frozen=True, eq=False)
class Pass:
    """Rows that are read once, a block at a time.

    Attributes
    ----------
    views : sequence of ndarray or RowSource of shape (n, d_i)
        The same n rows of each modality.
    jobs : int
        Threads.
    progress : callable or None
        Told a line on rows, speed and time left, and the share done.
    stage : str
        What the pass is for.
    """

    views: Sequence[Any]
    jobs: int = 1
    progress: Progress | None = None
    stage: str = "reading rows"

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.views[0])

    def blocks(self) -> Iterator[Block]:
        """Position of the first row, and the rows of each modality, block after block."""
        width = sum(view.shape[1] for view in self.views)
        itemsize = max(view.dtype.itemsize for view in self.views)
        for start, stop in block_bounds(self.n, width, itemsize):
            yield start, [block_of(view, start, stop) for view in self.views]

    def map(self, work: Callable[[int, list[NDArray[Any]]], T]) -> Iterator[T]:
        """What `work` makes of each block, in the order of the rows.

        Parameters
        ----------
        work : callable
            Takes the position of a block's first row and its rows of each modality.
        """
        began = time.monotonic()
        done = released = 0
        row_bytes = sum(view.shape[1] * view.dtype.itemsize for view in self.views)
        with threadpool_limits(limits=1, user_api="blas"):
            for rows, result in self._worked(work):
                done += rows
                if (done - released) * row_bytes > _RELEASED_BYTES or done == self.n:
                    released = done
                    for view in self.views:
                        release(view)
                if self.progress is not None:
                    self.progress(_told(self.stage, done, self.n, began), done / self.n)
                yield result

    def _worked(self, work: Callable[[int, list[NDArray[Any]]], T]) -> Iterator[tuple[int, T]]:
        if self.jobs == 1:
            for start, block in self.blocks():
                yield len(block[0]), work(start, block)
            return
        waiting: deque[tuple[int, Future[T]]] = deque()
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="crossphase") as pool:
            try:
                for start, block in self.blocks():
                    waiting.append((len(block[0]), pool.submit(work, start, block)))
                    # One block is read while each thread works on another.
                    if len(waiting) > self.jobs:
                        rows, future = waiting.popleft()
                        yield rows, future.result()
                while waiting:
                    rows, future = waiting.popleft()
                    yield rows, future.result()
            finally:
                for _, future in waiting:
                    future.cancel()


def block_of(view: Any, start: int, stop: int) -> Any:
    """Rows of one modality: on its own device where that offers them so, else as an array."""
    if hasattr(view, "device_blocks"):
        return view.device_blocks(start, stop)
    return view[start:stop]


def _told(stage: str, done: int, n: int, began: float) -> str:
    spent = max(time.monotonic() - began, 1e-9)
    if spent < 1.0:
        return stage
    left = spent * (n - done) / max(done, 1)
    return f"{stage}: {done:,} of {n:,}, {done / spent:,.0f} a second, {left:.0f} s left"
