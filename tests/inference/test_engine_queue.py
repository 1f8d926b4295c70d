"""The engine queue: order, depth, cancellation, errors."""

from __future__ import annotations

import asyncio
import threading

import pytest

from inference.serving.queue import EngineQueue, Priority


async def test_urgent_jobs_overtake_and_depth_is_visible() -> None:
    waits: list[float] = []
    queue = EngineQueue("test", 1, waits.append)
    gate, order = threading.Event(), list[str]()
    first = queue.submit(lambda: gate.wait(5))
    late = [
        queue.submit(lambda: order.append("interim"), Priority.INTERIM),
        queue.submit(lambda: order.append("batch"), Priority.BATCH),
        queue.submit(lambda: order.append("final"), Priority.FINAL),
    ]
    assert (queue.running, queue.waiting, queue.idle) == (1, 3, False)
    gate.set()
    await asyncio.gather(first, *late)
    assert order == ["final", "batch", "interim"]
    assert queue.idle and len(waits) == 4
    queue.close()


async def test_a_cancelled_job_never_runs_and_frees_its_place() -> None:
    queue = EngineQueue("test", 1)
    gate, ran = threading.Event(), list[int]()
    first = queue.submit(lambda: gate.wait(5))
    dropped = queue.submit(lambda: ran.append(1))
    kept = queue.submit(lambda: ran.append(2))
    dropped.cancel()
    assert queue.waiting == 1
    gate.set()
    await asyncio.gather(first, kept)
    assert ran == [2]
    queue.close()


async def test_an_error_reaches_the_caller_and_the_thread_goes_on() -> None:
    queue = EngineQueue("test", 1)

    def fail() -> None:
        raise ValueError("engine broke")

    with pytest.raises(ValueError, match="engine broke"):
        await queue.submit(fail)
    assert await queue.submit(lambda: 7) == 7
    queue.close()


async def test_cancelling_a_running_job_does_not_lose_the_thread() -> None:
    queue = EngineQueue("test", 1)
    gate, started = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        gate.wait(5)

    running = queue.submit(work)
    await asyncio.to_thread(started.wait, 5)
    running.cancel()
    assert queue.running == 1
    after = queue.submit(lambda: "next")
    gate.set()
    assert await after == "next"
    queue.close()
