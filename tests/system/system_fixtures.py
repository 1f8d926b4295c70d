"""What a test needs to call, decide, break and look, on whichever `stack` its folder starts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from system_backstage import Backstage, Reviewer
from system_call import Call
from system_ring import Ring
from system_services import BreakableShop, InferenceFaults
from system_switches import Switches
from temporalio.client import Client

from store.reader import RecordReader
from tools.compositions import load_compositions
from workers.caller.speech import Speech
from workers.settings import Settings, load_settings
from workers.stack.stack import Stack
from workers.temporal import connect
from workers.vault import open_store

TAIL_LINES = 25


@pytest.fixture(scope="session")
def settings(stack: Stack) -> Settings:
    """What a process of the stack would read."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.env.items():
            patch.setenv(name, value)
        return load_settings()


@pytest.fixture(scope="session")
async def speech() -> Speech:
    return await Speech.load()


@pytest.fixture(scope="session")
async def temporal(settings: Settings) -> Client:
    return await connect(settings, identity="system tests")


@pytest.fixture(scope="session")
async def shop(stack: Stack) -> AsyncIterator[BreakableShop]:
    shop = BreakableShop(stack.address("shop"))
    yield shop
    await shop.aclose()


@pytest.fixture
async def faults(stack: Stack) -> AsyncIterator[InferenceFaults]:
    """Whatever a test sets is removed after it."""
    faults = InferenceFaults(stack.address("inference"))
    yield faults
    await faults.clear()
    await faults.aclose()


@pytest.fixture(scope="session")
def backstage(settings: Settings) -> Iterator[Backstage]:
    engine = open_store(settings)
    yield Backstage(RecordReader(engine))
    engine.dispose()


@pytest.fixture(scope="session")
def reviewer(settings: Settings, temporal: Client) -> Reviewer:
    return Reviewer(settings, temporal)


@pytest.fixture
async def switches(stack: Stack) -> AsyncIterator[Switches]:
    switches = Switches(stack)
    await switches.mended()
    yield switches
    await switches.mended()


@pytest.fixture
async def ring(stack: Stack, settings: Settings, speech: Speech, switches: Switches) -> AsyncIterator[Ring]:
    """Places calls; those still up are hung up after the test, and the next one begins on a whole, idle stack."""
    ring = Ring(stack, speech, load_compositions(settings.compositions_dir))
    yield ring
    await ring.hang_up_all()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Adds to a failed test what its calls went through, and the last log lines about their sessions."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    ring, stack = arguments.get("ring"), arguments.get("stack")
    if report.failed and isinstance(ring, Ring) and isinstance(stack, Stack):
        calls: list[Call] = ring.calls
        report.sections += [(f"call {c.session_id}", c.story()) for c in calls]
        ids = [c.session_id for c in calls]
        for name in stack.names:
            about = [line for line in stack.logs(name) if any(i in line for i in ids)]
            if about:
                report.sections.append((f"{name}, about these sessions", "\n".join(about[-TAIL_LINES:])))
    return report
