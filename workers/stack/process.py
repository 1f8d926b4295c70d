"""One supervised process: started, asked until ready, restarted when it dies, ended without leftovers."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from workers.stack import groups
from workers.stack.errors import StackError
from workers.stack.events import OnEvent, OnLog, StackEvent, State
from workers.stack.guard import die_with_parent
from workers.stack.launch import Launch
from workers.stack.output import Output
from workers.stack.readiness import check_for, log_pattern, until_true

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
QUICK = 5.0
"""A death within so many seconds of the start, or before it was ready, is a quick one."""
QUICK_DEATHS_AT_START, QUICK_DEATHS_LATER = 2, 6
_USABLE = (State.READY, State.ENDED)


class ManagedProcess:
    """Runs one launch until `stop`. `state` changes are announced to `on_event`, each line to `on_log`.

    `mark` is added to its environment (see reaper).
    """

    def __init__(
        self, launch: Launch, mark: Mapping[str, str], log_folder: Path, on_event: OnEvent, on_log: OnLog
    ) -> None:
        self.launch = launch
        self.name = launch.name
        self.state = State.WAITING
        self.pid: int | None = None
        self.starts = 0
        self.output = Output(log_folder / f"{launch.name}.log", lambda line: on_log(launch.name, line))
        self._mark = mark
        self._on_event = on_event
        self._changed = asyncio.Event()
        self._detail = ""
        self._child: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._log_seen: asyncio.Event | None = None
        self._exited = asyncio.Event()
        self._released = asyncio.Event()
        self._released.set()
        self._life: asyncio.Task[None] | None = None
        self._was_ready = False
        self._wanted_dead = False
        self._quick_deaths = 0

    def start(self) -> None:
        """Begins supervision; returns at once. Must run on the thread that outlives the child (see guard)."""
        self._life = asyncio.create_task(self._live(), name=f"supervise {self.name}")
        self._life.add_done_callback(self._life_ended)

    async def wait_ready(self) -> None:
        """Returns when the present incarnation can be used. Raises StackError when it was given up or stopped."""
        await self._until(*_USABLE, State.FAILED, State.STOPPED)
        if self.state not in _USABLE:
            raise StackError(self.failure())

    def failure(self) -> str:
        """Why it is not running, with the last lines that it printed."""
        tail = "\n".join(f"    {line}" for line in self.output.lines[-15:])
        return f"{self.name}: {self._detail or self.state}\n{tail}".rstrip()

    async def kill(self, sig: signal.Signals, *, group: bool = False) -> int:
        """Sends a signal and returns the pid it went to. SIGKILL returns when the process is dead; it then restarts
        as after any death, but is not counted as a fault. Raises StackError when it is not running."""
        child = self._child
        if child is None or child.returncode is not None:
            raise StackError(f"{self.name} is not running ({self.state})")
        exited = self._exited
        self._wanted_dead = self._wanted_dead or sig in (signal.SIGKILL, signal.SIGTERM)
        if group:
            groups.signal_group(child.pid, sig)
        else:
            groups.signal_one(child.pid, sig)
        if sig == signal.SIGKILL:
            await exited.wait()
        return child.pid

    async def hold(self, sig: signal.Signals) -> None:
        """Takes the process down and keeps it down until `release`."""
        self._released.clear()
        if self._child is not None and self._child.returncode is None:
            await self._end_child(sig)
        await self._until(State.HELD, State.FAILED, State.ENDED)

    def release(self) -> None:
        """Ends `hold`; the process starts at once."""
        self._released.set()

    async def stop(self) -> None:
        """Ends the process and its family: SIGTERM, after `stop_timeout` SIGKILL. May be called in any state."""
        if self._life is not None and not self._life.done():
            self._life.cancel()
            await asyncio.wait({self._life})
        if self._child is not None and self._child.returncode is None:
            self._set(State.STOPPING)
            await self._end_child(signal.SIGTERM)
        if self._pump is not None:
            await self._finish_pump()
        if self.state not in (State.ENDED, State.FAILED):
            self._set(State.STOPPED)
        self.output.close()

    # -- the life of the process ---------------------------------------------------------------------------------

    async def _live(self) -> None:
        delay = FIRST_DELAY
        while True:
            if not self._released.is_set():
                self._set(State.HELD)
                await self._released.wait()
            began = asyncio.get_running_loop().time()
            self._wanted_dead = False
            code, was_ready = await self._one_incarnation()
            if not self._released.is_set():
                continue
            lived = asyncio.get_running_loop().time() - began
            how = self._detail or f"ended with {_told(code)}"
            if self.launch.restart == "never" or (self.launch.restart == "on-failure" and code == 0):
                return self._set(State.ENDED if self._ended_well(code) else State.FAILED, how)
            quick = not self._wanted_dead and (lived < QUICK or not was_ready)
            self._quick_deaths = self._quick_deaths + 1 if quick else 0
            if self._quick_deaths > (QUICK_DEATHS_LATER if self._was_ready else QUICK_DEATHS_AT_START):
                return self._set(State.FAILED, f"{how}, {self._quick_deaths} times in a row: given up")
            delay = min(delay * 2, LONGEST_DELAY) if self._quick_deaths > 1 else FIRST_DELAY
            self._set(State.RESTARTING, f"{how} after {lived:.1f} s; again in {delay:.1f} s")
            await asyncio.sleep(delay)

    def _ended_well(self, code: int) -> bool:
        return code == 0 and (self._was_ready or self.launch.ready == "exit")

    async def _one_incarnation(self) -> tuple[int, bool]:
        """Starts the child, announces READY when it is; (exit code, whether it was ready) when it has ended."""
        child = await self._spawn()
        exited = asyncio.create_task(child.wait())
        ready = asyncio.create_task(self._until_ready())
        was_ready = False
        try:
            await asyncio.wait({exited, ready}, timeout=self.launch.ready_timeout, return_when=asyncio.FIRST_COMPLETED)
            if ready.done() and not exited.done():
                ready.result()
                was_ready = self._was_ready = True
                self._set(State.READY)
            elif not exited.done():
                await self._too_slow()
            code = await exited
        finally:
            # When cancelled, the child still runs; `stop` ends it. Its output is read on: no full pipe may block it.
            ready.cancel()
            exited.cancel()
        groups.kill_group(child.pid)
        await self._finish_pump()
        # In one step: whoever waited for the death must not find the old incarnation's READY.
        self.state = State.RESTARTING
        self._exited.set()
        return code, was_ready

    async def _finish_pump(self) -> None:
        """Reads what is left; a relative in another group may hold the pipe open for ever."""
        assert self._pump is not None
        await asyncio.wait({self._pump}, timeout=1.0)
        self._pump.cancel()

    async def _too_slow(self) -> None:
        detail = f"not ready within {self.launch.ready_timeout:g} s ({self.launch.ready})"
        self.output.add(f"[greenroom] {detail}; killed")
        self._detail = detail
        await self._end_child(signal.SIGKILL)

    async def _spawn(self) -> asyncio.subprocess.Process:
        launch = self.launch
        pattern = log_pattern(launch.ready)
        self._log_seen = self.output.watch(pattern) if pattern else None
        self._exited = asyncio.Event()
        # A pipe of our own: asyncio's would let `wait` hang for as long as any descendant holds it open.
        reading, writing = os.pipe()
        self._pump = asyncio.create_task(self.output.pump(os.fdopen(reading, "rb", buffering=0)))
        try:
            self._child = await asyncio.create_subprocess_exec(
                *launch.argv,
                env={**launch.env, **self._mark},
                cwd=launch.cwd,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        except OSError as error:
            raise StackError(f"{self.name}: cannot start {launch.argv[0]}: {error.strerror}") from error
        finally:
            os.close(writing)
        self.pid = self._child.pid
        self.starts += 1
        self._set(State.STARTING)
        return self._child

    async def _until_ready(self) -> None:
        if self._log_seen is not None:
            await self._log_seen.wait()
        elif (check := check_for(self.launch.ready)) is not None:
            await until_true(check)
        elif self.launch.ready == "exit":
            await asyncio.get_running_loop().create_future()  # its exit is its readiness

    async def _end_child(self, sig: signal.Signals) -> None:
        child = self._child
        assert child is not None
        groups.signal_one(child.pid, sig)
        if sig != signal.SIGKILL:
            try:
                await asyncio.wait_for(child.wait(), self.launch.stop_timeout)
            except TimeoutError:
                groups.signal_one(child.pid, signal.SIGKILL)
        groups.kill_group(child.pid)
        await child.wait()

    def _set(self, state: State, detail: str = "") -> None:
        self.state = state
        self._detail = detail
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._on_event(StackEvent(self.name, state, self.pid, detail))

    async def _until(self, *states: State) -> None:
        while self.state not in states:
            await self._changed.wait()

    def _life_ended(self, life: asyncio.Task[None]) -> None:
        if not life.cancelled() and (error := life.exception()) is not None:
            self._set(State.FAILED, str(error))


def _told(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
