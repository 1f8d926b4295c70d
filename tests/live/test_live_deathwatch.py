"""A process that dies is noticed at once; one that leaves, or only loses the watcher, is not reported."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from live_samples import ROOT, until

from live.deathwatch import DeathWatch
from workers.deathwatch import Watched, Watcher


@pytest.fixture
def socket() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gr-", dir="/tmp"))  # a Unix socket's path must be short
    yield folder / "watch.sock"
    shutil.rmtree(folder)


class Told:
    def __init__(self, deaf: int = 0) -> None:
        self.deaths: list[tuple[str, int]] = []
        self.tries = 0
        self.deaf = deaf
        self.news = asyncio.Event()

    async def __call__(self, watched: Watched) -> bool:
        self.tries += 1
        if self.tries <= self.deaf:
            return False
        self.deaths.append((watched.role, watched.epoch))
        self.news.set()
        return True


@asynccontextmanager
async def watching(path: Path, told: Told) -> AsyncIterator[Watcher]:
    stopped = asyncio.Event()
    watcher = Watcher(path, told)
    serving = asyncio.create_task(watcher.serve(stopped))
    await until(path.exists)
    yield watcher
    stopped.set()
    await serving


def job(path: Path, epoch: int = 1) -> subprocess.Popen[str]:
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from live.deathwatch import DeathWatch
watch = DeathWatch(Path({str(path)!r}), session_id="s", role="voice", epoch={epoch})
print("open", watch.open(), flush=True)
sys.stdin.readline()
watch.goodbye()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "open True\n"
    return process


async def start_job(path: Path, epoch: int = 1) -> subprocess.Popen[str]:
    return await asyncio.to_thread(job, path, epoch)


async def test_a_killed_process_is_reported_and_one_that_says_goodbye_is_not(socket: Path) -> None:
    told = Told()
    async with watching(socket, told):
        dying, leaving = await start_job(socket, 1), await start_job(socket, 2)
        await asyncio.to_thread(leaving.communicate, "\n")
        dying.send_signal(signal.SIGSTOP)
        assert told.deaths == []
        dying.kill()
        # A newer agent took the role: nobody need hear of the older one.
        await asyncio.to_thread(dying.wait)
        newest = await start_job(socket, 3)
        newest.kill()
        await asyncio.to_thread(newest.wait)
        await until(lambda: ("voice", 3) in told.deaths)
    assert ("voice", 2) not in told.deaths


async def test_a_death_is_told_until_it_is_taken(socket: Path) -> None:
    told = Told(deaf=2)
    async with watching(socket, told):
        process = await start_job(socket)
        process.kill()
        await asyncio.to_thread(process.wait)
        await asyncio.wait_for(told.news.wait(), 5)
    assert told.deaths == [("voice", 1)] and told.tries == 3


async def test_a_restarted_watcher_watches_the_same_jobs_and_reports_no_death(
    socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.deathwatch.RECONNECT_SECONDS", 0.02)
    line = DeathWatch(socket, session_id="s", role="voice", epoch=1)
    assert not line.open(), "the call goes on without a watcher"
    line.keep()
    first, second = Told(), Told()
    async with watching(socket, first) as watcher:
        await until(lambda: watcher._newest)
    async with watching(socket, second) as watcher:
        await until(lambda: watcher._newest)
        line.goodbye()
        await until(lambda: not watcher._newest)
    assert first.deaths == [] and second.deaths == []


async def test_a_second_watcher_names_the_fix(socket: Path) -> None:
    async with watching(socket, Told()):
        with pytest.raises(OSError, match="GREENROOM_WATCH_SOCKET"):
            await Watcher(socket, Told()).serve(asyncio.Event())


async def test_nonsense_on_the_socket_is_ignored(socket: Path) -> None:
    told = Told()
    async with watching(socket, told):
        _, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(b"not json\n")
        await writer.drain()
        writer.close()
        process = await start_job(socket)
        process.kill()
        await asyncio.to_thread(process.wait)
        await asyncio.wait_for(told.news.wait(), 5)
    assert told.deaths == [("voice", 1)]
