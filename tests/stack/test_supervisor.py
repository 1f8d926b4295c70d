"""Starting in order, restarting, giving up, ending without leftovers."""

import asyncio
import signal
import stat
from pathlib import Path

import pytest
from small_stacks import gone, small_spec

from workers.stack.errors import PortTaken, StackError
from workers.stack.events import StackEvent, State
from workers.stack.stack import Stack
from workers.stack.state import read_state

SERVE = {"run": "serve {port}", "port": 18000, "ready": "http http://127.0.0.1:{port}/"}


def pids_said(stack: Stack, name: str, word: str) -> list[int]:
    return [int(line.split()[1]) for line in stack.logs(name) if line.startswith(word)]


async def test_starts_in_order_of_needs_and_tells_where_it_is(data: Path) -> None:
    events: list[StackEvent] = []
    spec = small_spec(
        second={**SERVE, "needs": "first"},
        first={"run": "wait", "ready": "log ^up"},
    )
    async with Stack.start(spec, data=data, auto_ports=True, on_event=events.append) as stack:
        order = [(event.process, event.state) for event in events]
        assert order == [
            ("first", State.STARTING),
            ("first", State.READY),
            ("second", State.STARTING),
            ("second", State.READY),
        ]
        assert stack.address("second") == f"http://127.0.0.1:{stack.ports['second.port']}"
        written = read_state(data / "stack.json")
        assert written is not None and written.pids == {"first": stack.pid("first"), "second": stack.pid("second")}
        assert stat.S_IMODE((data / "stack.json").stat().st_mode) == 0o600
        pids = list(stack.pids.values())
    assert all(map(gone, pids))
    assert not (data / "stack.json").exists()


async def test_a_killed_process_comes_back_as_another_one(data: Path) -> None:
    async with Stack.start(small_spec(web={**SERVE, "replicas": 2}), data=data, auto_ports=True) as stack:
        other = stack.pid("web-2")
        killed = await stack.kill("web-1")
        assert gone(killed)
        assert stack.state("web-1") is State.RESTARTING
        await stack.wait_ready("web-1", 10)
        assert stack.pid("web-1") != killed
        assert (stack.starts("web-1"), stack.starts("web-2")) == (2, 1)
        assert stack.pid("web-2") == other


async def test_a_stopped_process_is_not_taken_for_a_dead_one(data: Path) -> None:
    async with Stack.start(small_spec(web=SERVE), data=data, auto_ports=True) as stack:
        pid = await stack.kill("web", signal.SIGSTOP)
        await stack.kill("web", signal.SIGCONT)
        assert (stack.pid("web"), stack.starts("web")) == (pid, 1)


async def test_down_keeps_it_down_until_up(data: Path) -> None:
    async with Stack.start(small_spec(web=SERVE), data=data, auto_ports=True) as stack:
        first = stack.pid("web")
        await stack.down("web")
        assert gone(first) and stack.state("web") is State.HELD
        with pytest.raises(StackError, match="web is not running"):
            stack.pid("web")
        await stack.up("web")
        assert stack.pid("web") != first
        await stack.down("web")  # and a held process does not hinder the end


async def test_gives_up_loudly_on_what_dies_again_and_again(data: Path) -> None:
    events: list[StackEvent] = []
    with pytest.raises(StackError) as caught:
        async with Stack.start(
            small_spec(bad={"run": "crash 7", "ready": "log ^never"}), data=data, on_event=events.append
        ):
            pass
    assert "bad: ended with exit code 7, 3 times in a row: given up" in str(caught.value)
    assert "about to crash" in str(caught.value)
    assert events[-1].state is State.FAILED


async def test_a_start_that_fails_ends_what_was_started(data: Path) -> None:
    events: list[StackEvent] = []
    spec = small_spec(
        good={"run": "wait", "ready": "log ^up"}, bad={"run": "crash 1", "ready": "log ^never", "needs": "good"}
    )
    with pytest.raises(StackError, match="bad: ended"):
        async with Stack.start(spec, data=data, on_event=events.append):
            pass
    good = next(event.pid for event in events if event.process == "good" and event.state is State.READY)
    assert good is not None and gone(good)


async def test_what_never_gets_ready_is_named_with_its_rule(data: Path) -> None:
    spec = small_spec(mute={"run": "wait", "ready": "log ^never$", "ready-timeout": 0.3, "restart": "never"})
    with pytest.raises(StackError, match=r"mute: not ready within 0.3 s \(log \^never\$\)"):
        async with Stack.start(spec, data=data):
            pass


async def test_a_command_that_is_not_there_is_named(data: Path) -> None:
    with pytest.raises(StackError, match="odd: cannot start no-such-program: No such file"):
        async with Stack.start(small_spec(odd={"command": "no-such-program --flag"}), data=data):
            pass


async def test_runs_once_before_those_that_need_it(data: Path) -> None:
    spec = small_spec(
        once={"run": "crash 0", "ready": "exit", "restart": "never"},
        after={"run": "wait", "ready": "log ^up", "needs": "once"},
    )
    async with Stack.start(spec, data=data) as stack:
        assert stack.state("once") is State.ENDED and stack.starts("once") == 1


async def test_ends_whole_families_and_the_stubborn(data: Path) -> None:
    spec = small_spec(
        family={"run": "family", "ready": "log family complete"},
        stubborn={"run": "stubborn", "ready": "log ^up", "stop-timeout": 0.3},
    )
    async with Stack.start(spec, data=data) as stack:
        children = pids_said(stack, "family", "child")
        everyone = [*children, *stack.pids.values()]
        assert len(children) == 2 and not any(map(gone, everyone))
    assert all(map(gone, everyone))


async def test_a_killed_parent_takes_its_group_with_it_before_it_is_restarted(data: Path) -> None:
    async with Stack.start(small_spec(family={"run": "family", "ready": "log family complete"}), data=data) as stack:
        in_group, _ = pids_said(stack, "family", "child")
        await stack.kill("family")
        assert gone(in_group)


async def test_a_cancelled_start_leaves_nothing(data: Path) -> None:
    up = asyncio.Event()
    pids: list[int] = []

    def on_log(name: str, line: str) -> None:
        pids.append(int(line.split()[1]))
        up.set()

    async def start() -> None:
        async with Stack.start(small_spec(slow={"run": "wait", "ready": "log ^never"}), data=data, on_log=on_log):
            pass

    task = asyncio.create_task(start())
    await asyncio.wait_for(up.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all(map(gone, pids))


async def test_a_taken_port_is_told_with_its_owner_and_the_fix(data: Path) -> None:
    async with Stack.start(small_spec(web=SERVE), data=data / "1", auto_ports=True) as stack:
        port, pid = stack.ports["web.port"], stack.pid("web")
        with pytest.raises(PortTaken) as caught:
            async with Stack.start(small_spec(web={**SERVE, "port": port}), data=data / "2"):
                pass
    told = str(caught.value)
    assert f"port {port} (web.port) is in use by pid {pid}:" in told
    assert "children.py serve" in told and "--auto-ports" in told


async def test_two_stacks_run_side_by_side_but_not_in_one_folder(data: Path) -> None:
    spec = small_spec(web=SERVE)
    async with (
        Stack.start(spec, data=data / "1", auto_ports=True) as one,
        Stack.start(spec, data=data / "2", auto_ports=True) as two,
    ):
        assert one.ports["web.port"] != two.ports["web.port"]
        with pytest.raises(StackError, match=r"a stack runs in .*/1 already \(pid \d+\)"):
            async with Stack.start(spec, data=data / "1", auto_ports=True):
                pass
        assert (data / "1" / "stack.json").exists()


async def test_overrides_and_only(data: Path) -> None:
    spec = small_spec(
        web={**SERVE, "replicas": 2}, base={"run": "wait"}, top={"run": "wait", "needs": "base"}, other={"run": "wait"}
    )
    overrides = {"web": {"replicas": 1}}
    async with Stack.start(spec, data=data, auto_ports=True, only=["web", "top"], overrides=overrides) as stack:
        assert sorted(stack.names) == ["base", "top", "web"]


async def test_environment_comes_from_the_description_not_from_the_shell(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from the shell")
    monkeypatch.setenv("LIVEKIT_URL", "ws://elsewhere")
    spec = small_spec(
        show={"run": "environment OPENAI_API_KEY LIVEKIT_URL ADDED OWN", "env": "OWN={replica}", "ready": "log OWN="}
    )
    spec = spec.model_copy(update={"environment": type(spec.environment)(shared={"OPENAI_API_KEY": "house"})})
    async with Stack.start(spec, data=data, env={"ADDED": "yes"}) as stack:
        assert stack.logs("show")[1:] == ["OPENAI_API_KEY=house", "LIVEKIT_URL=None", "ADDED=yes", "OWN=1"]
        assert stack.env["OPENAI_API_KEY"] == "house" and stack.env["ADDED"] == "yes"
