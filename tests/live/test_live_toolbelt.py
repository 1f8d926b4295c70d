"""Tools in the turn are bounded, and whatever is refused leaves a line that holds no content."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
from live_samples import FACTS, support

from contracts.audit import AuditRecord
from contracts.base import Content
from contracts.composition import Role
from contracts.tools import ToolCall, ToolOutcome, ToolRefused, ToolSpec, ToolStatus
from live.auditing import Auditing
from live.toolbelt import DROPPED, NOT_ANSWERED, Refusals, offered, registry_tools

SUPPORT = support()
VOICE = SUPPORT.role("voice").model_copy(update={"turn_tool_seconds": 0.05})
PATIENT = VOICE.model_copy(update={"turn_tool_seconds": 60.0})


class Registry:
    """Offers `lookup_order`, and answers with `status` or never."""

    def __init__(self, status: ToolStatus | None = ToolStatus.OK, *, timeout_seconds: float = 10.0) -> None:
        self.status = status
        self.timeout_seconds = timeout_seconds
        self.away: set[str] = set()
        self.asked, self.dropped = asyncio.Event(), asyncio.Event()

    async def specs(self, role: str) -> tuple[ToolSpec, ...]:
        if role in self.away:
            await asyncio.Event().wait()
        declared = SUPPORT.tool("lookup_order").model_copy(update={"timeout_seconds": self.timeout_seconds})
        return (ToolSpec(name=declared.name, description="", parameters={"type": "object"}, declaration=declared),)

    async def call(self, call: ToolCall) -> ToolOutcome:
        self.asked.set()
        if self.status is None:
            try:
                await asyncio.Event().wait()
            finally:
                self.dropped.set()
        assert self.status is not None
        result = Content(subject_id="s", body='{"order": 417}' if self.status is ToolStatus.OK else "no")
        return ToolOutcome(call_id=call.call_id, tool=call.tool, status=self.status, result=result)


NOTED: list[AuditRecord] = []
READ: list[tuple[str, str]] = []


class Speech:
    """The speech in which a tool is called, as much of it as a tool needs."""

    def __init__(self, interrupted: asyncio.Event) -> None:
        self.speech_handle = self
        self._interrupted = interrupted

    async def wait_if_not_interrupted(self, work: list[asyncio.Future[Any]]) -> None:
        broken_off = asyncio.ensure_future(self._interrupted.wait())
        await asyncio.wait([*work, broken_off], return_when=asyncio.FIRST_COMPLETED)
        broken_off.cancel()


async def lookup(
    registry: Registry, lines: list[ToolRefused], *, role: Role = VOICE, interrupted: asyncio.Event | None = None
) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    """The only tool of the registry, called by the model."""
    [tool] = registry_tools(
        registry,
        await registry.specs("voice"),
        facts=FACTS,
        composition="support",
        role=role,
        refusals=Refusals(FACTS, SUPPORT, VOICE, lines.append),
        auditing=Auditing(FACTS, VOICE, NOTED.append),
        read=lambda declared, call, outcome: READ.append((declared.name, outcome.result.body)),
    )

    async def called() -> dict[str, Any]:
        ctx = Speech(interrupted or asyncio.Event())
        answer: dict[str, Any] = json.loads(await cast("Any", tool)({"order_id": "417"}, ctx=ctx))
        return answer

    return called


async def asked(status: ToolStatus | None) -> tuple[dict[str, Any], list[ToolRefused]]:
    lines: list[ToolRefused] = []
    called = await lookup(Registry(status), lines)
    return await called(), lines


async def test_every_call_leaves_an_entry_with_what_was_asked_and_answered() -> None:
    NOTED.clear()
    for status in (ToolStatus.OK, None):
        await asked(status)
    assert [(e.action, e.target, e.actor) for e in NOTED] == [
        ("tool.ok", "lookup_order", "role:voice"),
        ("tool.unknown", "lookup_order", "role:voice"),
    ]
    assert NOTED[0].exhibits["arguments"].body == '{"order_id": "417"}'
    assert NOTED[0].exhibits["result"].body == '{"order": 417}'


async def test_what_the_model_reads_is_known() -> None:
    READ.clear()
    for status in (ToolStatus.OK, ToolStatus.FAILED, None):
        await asked(status)
    assert READ == [("lookup_order", '{"order": 417}'), ("lookup_order", "no")]


async def test_an_answer_is_passed_on_and_a_failure_is_told_in_time() -> None:
    assert await asked(ToolStatus.OK) == ({"order": 417}, [])
    assert await asked(ToolStatus.FAILED) == ({"error": "no"}, [])
    assert await asked(None) == ({"error": NOT_ANSWERED}, [])


async def test_a_look_up_of_which_the_caller_does_not_wait_for_the_end_is_dropped() -> None:
    registry, interrupted = Registry(None), asyncio.Event()
    called = await lookup(registry, [], role=PATIENT, interrupted=interrupted)
    running = asyncio.create_task(called())
    await registry.asked.wait()
    interrupted.set()
    async with asyncio.timeout(5):
        assert await running == {"error": DROPPED}
        await registry.dropped.wait()


async def test_a_tool_that_is_too_slow_by_its_own_bound_is_soon_not_waited_for() -> None:
    registry = Registry(None, timeout_seconds=0.05)
    called = await lookup(registry, [], role=PATIENT)
    async with asyncio.timeout(5):
        for _ in range(2):
            assert await called() == {"error": NOT_ANSWERED}
        registry.asked.clear()
        assert await called() == {"error": NOT_ANSWERED}
    assert not registry.asked.is_set(), "its server rests"
    assert [entry.action for entry in NOTED[-3:]] == ["tool.unknown", "tool.unknown", "degraded.no_look_up"]


async def test_a_refusal_of_the_registry_leaves_a_line() -> None:
    answer, [line] = await asked(ToolStatus.REFUSED)
    assert answer == {"error": "no"}
    assert (line.tool, line.role, line.session_id, line.epoch) == ("lookup_order", "voice", "session-1", 1)


@pytest.mark.parametrize(
    ("wanted", "written", "reason"),
    [
        ("refund_order", "refund_order", "role voice does not hold billing.refund, which refund_order needs"),
        ("lookup_order", "lookup_order", "not offered to a live role"),
        ("my name is Ada", "undeclared", "no such tool is declared"),
    ],
)
async def test_what_was_not_offered_leaves_a_line_without_content(wanted: str, written: str, reason: str) -> None:
    lines: list[ToolRefused] = []
    Refusals(FACTS, SUPPORT, VOICE, lines.append).not_offered(wanted)
    [line] = lines
    assert (line.tool, line.reason) == (written, reason)


async def test_a_tool_server_that_is_away_leaves_the_others() -> None:
    registry = Registry()
    registry.away.add("operator")
    assert [spec.name for spec in await offered(registry, ["operator", "planner"], 0.05)] == ["lookup_order"]


class Together(Registry):
    """Tells what a role may use once two are asked about."""

    def __init__(self) -> None:
        super().__init__()
        self._both = asyncio.Barrier(2)

    async def specs(self, role: str) -> tuple[ToolSpec, ...]:
        await self._both.wait()
        return await super().specs(role)


async def test_all_roles_are_waited_for_at_once() -> None:
    assert len(await offered(Together(), ["operator", "planner"], 1.0)) == 2
