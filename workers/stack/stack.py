"""The running stack: starts everything in order, keeps it running, ends it without leftovers."""

import asyncio
import contextlib
import fcntl
import signal
import uuid
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO

from workers.stack.errors import StackError
from workers.stack.events import OnEvent, OnLog, State
from workers.stack.plan import Plan, make_plan
from workers.stack.ports import Reservations, check_free
from workers.stack.process import ManagedProcess
from workers.stack.reaper import MARK, Reaper, sweep
from workers.stack.selection import select, wanted_ports
from workers.stack.servers import DEFAULT_DATA, DEFAULT_SPEC
from workers.stack.spec import StackSpec, load_spec
from workers.stack.state import StackState, me, read_state, write_state


class Stack:
    """Made by `Stack.start`. Process names are the description's; copies are name-1, name-2, ..."""

    def __init__(self, plan: Plan, ports: Mapping[str, int], data: Path, on_event: OnEvent, on_log: OnLog) -> None:
        self.data = data
        self.ports = MappingProxyType(dict(ports))
        self.env: Mapping[str, str] = MappingProxyType(dict(plan.env))
        self.addresses: Mapping[str, str] = MappingProxyType(dict(plan.addresses))
        logs = data / "logs"
        logs.mkdir(exist_ok=True)
        self._mark = uuid.uuid4().hex
        self._reaper = Reaper(self._mark)
        self._processes = {
            launch.name: ManagedProcess(launch, {MARK: self._mark}, logs, on_event, on_log) for launch in plan.launches
        }

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        spec: StackSpec | Path = DEFAULT_SPEC,
        *,
        data: Path = DEFAULT_DATA,
        auto_ports: bool = False,
        only: Collection[str] | None = None,
        seed: int = 1,
        overrides: Mapping[str, Mapping[str, object]] | None = None,
        env: Mapping[str, str] | None = None,
        on_event: OnEvent = lambda event: None,
        on_log: OnLog = lambda name, line: None,
    ) -> AsyncIterator["Stack"]:
        """Everything is ready inside the `async with`, and gone after it, also when starting fails or is cancelled.

        `data` holds databases, logs and stack.json. `auto_ports` takes free ports in place of the description's.
        `overrides` changes keys of processes, `env` adds to the shared environment. Start it on a thread that lives
        as long as the stack (the kernel ends the children with that thread).

        Raises SpecError, PortTaken, or StackError when a process does not get ready (with its last lines).
        """
        spec = load_spec(spec) if isinstance(spec, Path) else spec
        spec = spec.with_overrides(overrides) if overrides else spec
        data = _folder(data)
        names = select(spec, only)
        reservations = Reservations()
        with _only_one(data):
            try:
                ports = wanted_ports(spec)
                if auto_ports:
                    ports = reservations.take(ports)
                plan = make_plan(spec, names=names, data=data, ports=ports, seed=seed, env=env or {})
                if not auto_ports:
                    running = {*names, *(launch.name for launch in plan.launches)}
                    check_free({key: port for key, port in ports.items() if key.partition(".")[0] in running})
                stack = cls(plan, ports, data, on_event, on_log)
                try:
                    await stack._start_all()
                    yield stack
                finally:
                    await stack._stop_all()
            finally:
                reservations.release()

    @property
    def names(self) -> list[str]:
        return list(self._processes)

    def address(self, name: str) -> str:
        """URL or host:port of a server, its side doors (temporal-ui, temporal-http, livekit-metrics) or a process."""
        return self.addresses[name]

    def pid(self, name: str) -> int:
        """Pid of the present incarnation. Raises StackError when there is none."""
        process = self._processes[name]
        if process.pid is None or process.state not in (State.STARTING, State.READY):
            raise StackError(f"{name} is not running ({process.state})")
        return process.pid

    @property
    def pids(self) -> dict[str, int]:
        """Pids of all processes that run now."""
        return {p.name: p.pid for p in self._processes.values() if p.pid and p.state in (State.STARTING, State.READY)}

    def state(self, name: str) -> State:
        return self._processes[name].state

    def starts(self, name: str) -> int:
        """How often the process was started: 1 when it never died."""
        return self._processes[name].starts

    def logs(self, name: str) -> list[str]:
        """The last 2,000 lines that it printed, over all its incarnations."""
        return self._processes[name].output.lines

    async def wait_ready(self, name: str, within: float = 60.0) -> None:
        """Raises StackError when it was given up, TimeoutError after `within` seconds."""
        await asyncio.wait_for(self._processes[name].wait_ready(), within)

    async def kill(self, name: str, sig: signal.Signals = signal.SIGKILL, *, group: bool = False) -> int:
        """Signals a process (`group`: with its family) and returns the pid. After SIGKILL it is dead on return, and
        comes back after 0.2 s. Raises StackError when it is not running."""
        return await self._processes[name].kill(sig, group=group)

    async def down(self, name: str, sig: signal.Signals = signal.SIGKILL) -> None:
        """Ends a process and keeps it down until `up`."""
        await self._processes[name].hold(sig)

    async def up(self, name: str) -> None:
        """Brings back what `down` took away, and waits until it is ready."""
        self._processes[name].release()
        await self.wait_ready(name)

    async def _start_all(self) -> None:
        ready = {name: asyncio.Event() for name in self._processes}

        async def bring_up(process: ManagedProcess) -> None:
            for need in process.launch.needs:
                if need in ready:
                    await ready[need].wait()
            process.start()
            await process.wait_ready()
            ready[process.name].set()

        try:
            async with asyncio.TaskGroup() as group:
                for process in self._processes.values():
                    group.create_task(bring_up(process))
        except* StackError as errors:
            raise StackError("\n".join(str(error) for error in errors.exceptions)) from None
        self._write_state()

    def _write_state(self) -> None:
        state = StackState(
            name=self.data.name,
            supervisor=me(),
            pids=self.pids,
            ports=dict(self.ports),
            addresses=dict(self.addresses),
            env=dict(self.env),
        )
        write_state(self.data / "stack.json", state)

    async def _stop_all(self) -> None:
        """Users first, what they need after them; each level at once. A second cancellation ends it with SIGKILL."""
        (self.data / "stack.json").unlink(missing_ok=True)
        left = dict(self._processes)
        try:
            while left:
                needed = {need for process in left.values() for need in process.launch.needs}
                level = [process for name, process in left.items() if name not in needed]
                await asyncio.gather(*(process.stop() for process in level))
                for process in level:
                    del left[process.name]
        finally:
            sweep(self._mark)
            self._reaper.dismiss()


def _folder(data: Path) -> Path:
    data.mkdir(parents=True, exist_ok=True)
    return data.resolve()


@contextlib.contextmanager
def _only_one(data: Path) -> Iterator[IO[str]]:
    """Holds the data folder. Raises StackError when another stack does."""
    lock = (data / "stack.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        state = read_state(data / "stack.json")
        who = f" (pid {state.supervisor[0]})" if state else ""
        raise StackError(
            f"a stack runs in {data} already{who}; fix: end it with Ctrl-C in its terminal, or start a second one: "
            "greenroom dev --auto-ports --data .dev/second"
        ) from None
    try:
        yield lock
    finally:
        lock.close()
