"""Work for the engines: a few threads, the most urgent job first, and its depth in plain sight."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Priority(IntEnum):
    """A lower number goes first."""

    FINAL = 0
    """Somebody waits for it to speak or to be understood."""
    BATCH = 1
    INTERIM = 2
    """Nice to have."""


@dataclass(order=True)
class _Job:
    priority: int
    number: int
    run: Callable[[], Any] = field(compare=False)
    future: asyncio.Future[Any] = field(compare=False)


class EngineQueue:
    """Runs blocking calls in `workers` threads. Use it from one event loop."""

    def __init__(self, name: str, workers: int, on_wait: Callable[[float], None] | None = None) -> None:
        """`on_wait` is told the seconds that each job waited for a thread."""
        self.name = name
        self.workers = workers
        self.running = 0
        self._on_wait = on_wait
        self._heap: list[_Job] = []
        self._numbers = itertools.count()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name)

    @property
    def waiting(self) -> int:
        return sum(not job.future.done() for job in self._heap)

    @property
    def idle(self) -> bool:
        return self.running == 0 and self.waiting == 0

    def submit(self, run: Callable[[], T], priority: Priority = Priority.BATCH) -> asyncio.Future[T]:
        """Queue a blocking call. Cancelling the future drops it while it waits; a call that runs goes on to its end."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        queued = time.perf_counter()

        def timed() -> T:
            if self._on_wait is not None:
                self._on_wait(time.perf_counter() - queued)
            return run()

        heapq.heappush(self._heap, _Job(int(priority), next(self._numbers), timed, future))
        self._dispatch()
        return future

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _dispatch(self) -> None:
        loop = asyncio.get_running_loop()
        while self.running < self.workers and self._heap:
            job = heapq.heappop(self._heap)
            if job.future.done():
                continue
            self.running += 1
            work = loop.run_in_executor(self._threads, job.run)
            work.add_done_callback(lambda done, job=job: self._finished(job, done))  # type: ignore[misc]

    def _finished(self, job: _Job, work: asyncio.Future[Any]) -> None:
        self.running -= 1
        if not job.future.done():
            if work.cancelled():
                job.future.cancel()
            elif (error := work.exception()) is not None:
                job.future.set_exception(error)
            else:
                job.future.set_result(work.result())
        elif not work.cancelled():
            work.exception()  # nobody waits any more: mark it as seen
        self._dispatch()
