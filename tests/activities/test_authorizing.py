"""The authority believes nobody: it looks up what people decided, and asks the rules again."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import migrations
from activities.authorizing import CallAuthority
from activities.tools import ToolActivities
from contracts.approval import ApprovalStage
from contracts.base import Content
from contracts.composition import Composition, Role, RoleKind
from contracts.grants import GrantScope, GrantTerms
from contracts.phrases import Phrases
from contracts.records import ApprovalRecord, EffectEntry, GrantRecord, ReviewerRecord
from contracts.rules import ApprovalRule
from contracts.tools import Effect, ToolCall, ToolDeclaration, ToolOutcome, ToolStatus
from policy.authority import GateVerdict, action_digest
from policy.callgrant import SignedGrant
from store.audit_keys import AuditKeys, make_key
from store.effects import EffectBook
from store.engine import open_engine
from store.reader import RecordReader
from store.writer import RecordWriter
from workers.durable import Records as KeptRecords

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
EFFECTS = {"effect": Effect.REVERSIBLE, "idempotency": "key"}
DESK = Composition(
    id="desk",
    title="A desk",
    phrases=Phrases(greeting="Hello."),
    roles=(
        Role(name="voice", kind=RoleKind.LIVE, instructions=""),
        Role(name="operator", kind=RoleKind.BACKSTAGE, instructions="", capabilities=("read", "pay", "book")),
    ),
    tools=(
        ToolDeclaration(name="look", server="s", capability="read"),
        ToolDeclaration(name="pay", server="s", capability="pay", amount_argument="amount", **EFFECTS),
        ToolDeclaration(name="book", server="s", capability="book", compensation="unbook", **EFFECTS),
        ToolDeclaration(name="unbook", server="s", capability="unbook", **EFFECTS),
    ),
    approvals=(
        ApprovalRule(
            id="small",
            tool="pay",
            when="amount <= 5.0 && 'order' in in_records && done.day < 2.0",
            gate=False,
            reason="little",
        ),
        ApprovalRule(id="big", tool="pay", reason="much", grant_seconds=600),
        ApprovalRule(id="free", tool="book", gate=False, reason="harmless"),
        ApprovalRule(id="back", tool="unbook", gate=False, reason="harmless"),
    ),
)
ARGUMENTS = {"order": "7", "amount": "90"}
ANN = ReviewerRecord(name="ann", display_name="Ann")


def call(tool: str = "pay", arguments: object = ARGUMENTS, **changes: Any) -> ToolCall:
    fields: dict[str, Any] = {"call_id": "t/s/1", "task_id": "t", "step_id": "s", "role": "operator"} | changes
    fields.setdefault("idempotency_key", fields["call_id"])
    return ToolCall(
        tool=tool,
        arguments=Content(subject_id="ada", body=json.dumps(arguments)),
        composition="desk",
        subject_id="ada",
        session_id="session",
        **fields,
    )


def approval(**changes: Any) -> ApprovalRecord:
    fields: dict[str, Any] = {
        "approval_id": "t.s.1", "task_id": "t", "step_id": "s", "session_id": "session", "subject_id": "ada",
        "composition": "desk", "tool": "pay", "capability": "pay", "action": Content(subject_id="ada", body="Pay"),
        "arguments": Content(subject_id="ada", body=json.dumps(ARGUMENTS)), "digest": action_digest("pay", ARGUMENTS),
        "rule_id": "big", "why": "much", "stage": ApprovalStage.APPROVED, "revision": 2, "opened_at": NOW,
        "deadline": NOW,
    }  # fmt: skip
    return ApprovalRecord(**fields | changes)


def given(**changes: Any) -> GrantRecord:
    terms = GrantTerms(arguments=ARGUMENTS)
    fields: dict[str, Any] = {
        "grant_id": "g", "composition": "desk", "tool": "pay", "capability": "pay", "subject_id": "ada",
        "session_id": "session", "scope": GrantScope.SESSION, "rule_id": "big", "approval_id": "t.s.0", "digest": "0",
        "terms": Content(subject_id="ada", body=terms.model_dump_json()), "granted_by": "ann", "granted_at": NOW,
        "expires_at": NOW + timedelta(minutes=5), "revision": 1,
    }  # fmt: skip
    return GrantRecord(**fields | changes)


class Records:
    def __init__(self, *found: ApprovalRecord | GrantRecord | ReviewerRecord | EffectEntry) -> None:
        self._found = found
        self.away = False

    def approval(self, approval_id: str) -> ApprovalRecord | None:
        if self.away:
            raise ConnectionError("the database is away")
        return next((r for r in self._found if isinstance(r, ApprovalRecord) and r.approval_id == approval_id), None)

    def grant(self, grant_id: str) -> GrantRecord | None:
        return next((r for r in self._found if isinstance(r, GrantRecord) and r.grant_id == grant_id), None)

    def reviewer(self, name: str) -> ReviewerRecord | None:
        return next((r for r in self._found if isinstance(r, ReviewerRecord) and r.name == name), None)

    def note_effect(
        self, entry: EffectEntry, *, since: datetime, decide: Callable[[Sequence[EffectEntry]], GateVerdict]
    ) -> GateVerdict:
        return decide([r for r in self._found if isinstance(r, EffectEntry) and r.at >= since])

    def strike_effect(self, call_id: str, at: datetime) -> None:
        raise ConnectionError("the database is away")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> AuditKeys:
    return make_key(tmp_path_factory.mktemp("keys"))


def authority(keys: AuditKeys, *found: Any) -> CallAuthority:
    return CallAuthority({"desk": DESK}, Records(*found), keys, clock=lambda: NOW)


DONE = [
    EffectEntry(call_id=f"e{n}", composition="desk", tool="pay", subject_id="ada", session_id="s", at=NOW)
    for n in range(2)
]
SMALL = {"arguments": {"order": "7", "amount": "5"}, "in_records": ("order",)}
YES = {"approval_id": "t.s.1"}


@pytest.mark.parametrize(
    ("wanted", "found", "refusal"),
    [
        (call(), (), "may not be called: much"),
        (call(**YES), (), "there is no approval t.s.1"),
        (call(**YES), (approval(),), None),
        (call(**YES), (approval(stage=ApprovalStage.PENDING),), "is pending"),
        (call(**YES), (approval(stage=ApprovalStage.REJECTED),), "is rejected"),
        (call(**YES), (approval(digest="0" * 64),), "covers another action"),
        (call(**YES), (approval(edited_digest="0" * 64),), "covers another action"),
        (call(arguments={"order": "8"}, **YES), (approval(),), "covers another action"),
        (call(call_id="t/s/2", **YES), (approval(),), "of another call"),
        (call(call_id="again/1", **YES), (approval(),), "of another call"),
        (call(idempotency_key="again", **YES), (approval(),), "another key would be another effect"),
        (call(**YES), (approval(subject_id="eve"),), "of another call"),
        (call(**YES), (approval(session_id="other"),), "of another call"),
        (call("book", **YES), (approval(),), "of another call"),
        (call(role="voice", **YES), (approval(),), "does not hold pay"),
        (call(tainted=True, **YES), (approval(),), None),
        (call(**SMALL), (), None),
        (call(**SMALL, tainted=True), (), "text of somebody else"),
        (call(arguments={"order": "7", "amount": "5"}), (), "much"),
        (call(**SMALL), DONE, "much"),
        (call(**SMALL, call_id="e1"), DONE, None),
        (call(grant_id="g"), (given(), ANN), None),
        (call(grant_id="g"), (given(),), "may not decide about it any more"),
        (call(grant_id="g"), (given(), ANN.model_copy(update={"active": False})), "any more"),
        (call(grant_id="g"), (given(expires_at=NOW), ANN), "does not cover"),
        (call(grant_id="g"), (given(revoked_at=NOW), ANN), "does not cover"),
        (call(grant_id="g", arguments={"order": "8", "amount": "90"}), (given(), ANN), "does not cover"),
        (call(grant_id="g", tainted=True), (given(), ANN), "asked about each time"),
        (call("book", {"slot": 1}), (), None),
        (call("unbook", {"slot": 1}), (), "does not hold unbook"),
        (call("unbook", {"slot": 1}, compensates="book"), (), None),
        (call("unbook", {"slot": 1}, compensates="pay"), (), "not declared as the compensation"),
        (call("pay", compensates="book"), (), "not declared as the compensation"),
        (call("steal"), (), "no tool 'steal'"),
        (call().model_copy(update={"composition": "other"}), (), "no composition 'other'"),
        (call("book", [1]), (), "no object"),
    ],
)
async def test_what_is_granted(keys: AuditKeys, wanted: ToolCall, found: Any, refusal: str | None) -> None:
    issued = await authority(keys, *found).issue(wanted)
    if refusal is not None:
        assert isinstance(issued, str) and refusal in issued
    else:
        assert isinstance(issued, SignedGrant) and issued.grant.call_id == wanted.call_id
        assert issued.grant.expires_at - NOW < timedelta(minutes=1)


async def test_a_read_needs_no_grant(keys: AuditKeys) -> None:
    assert await authority(keys).issue(call("look", {}, idempotency_key=None)) is None


class Registry:
    """Answers OK, or what it is told to, and keeps the grants."""

    def __init__(self) -> None:
        self.grants: list[SignedGrant | None] = []
        self.answers = ToolStatus.OK

    async def call(self, call: ToolCall, grant: SignedGrant | None = None) -> ToolOutcome:
        self.grants.append(grant)
        return ToolOutcome(call_id=call.call_id, tool=call.tool, status=self.answers, result=call.arguments)

    async def specs(self, role: str) -> tuple[()]:
        return ()

    async def resolve(self, call: ToolCall) -> ToolOutcome:
        raise NotImplementedError

    async def objection(self, call: ToolCall) -> str | None:
        return None


async def test_what_is_not_granted_never_reaches_the_registry_and_records_away_send_nothing(keys: AuditKeys) -> None:
    records, registry = Records(approval()), Registry()
    tools = ToolActivities({"desk": registry}, CallAuthority({"desk": DESK}, records, keys, clock=lambda: NOW))
    assert (await tools.call(call())).status is ToolStatus.REFUSED and registry.grants == []
    assert (await tools.call(call(**YES))).status is ToolStatus.OK and len(registry.grants) == 1
    records.away = True
    assert (await tools.call(call(**YES))).status is ToolStatus.FAILED and len(registry.grants) == 1
    with pytest.raises(Exception, match="cannot be told: ConnectionError"):
        await tools.call_repeatable(call(**YES))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptRecords]:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    migrations.upgrade(url)
    engine = open_engine(url)
    yield KeptRecords(RecordWriter(engine), RecordReader(engine), EffectBook(engine))
    engine.dispose()


async def test_calls_at_the_same_moment_do_not_exceed_together_what_each_may(
    keys: AuditKeys, kept: KeptRecords
) -> None:
    """Two of these may go free a day; none of them has happened yet when the last is asked about."""
    desk = CallAuthority({"desk": DESK}, kept, keys, clock=lambda: NOW)
    calls = [call(**SMALL, call_id=f"t/s/{n}") for n in range(6)]
    issued = await asyncio.gather(*(desk.issue(one) for one in calls))
    free = [one for one, leave in zip(calls, issued, strict=True) if isinstance(leave, SignedGrant)]
    assert len(free) == 2
    assert isinstance(await desk.issue(free[0]), SignedGrant), "one that is sent again does not count itself"


async def test_a_call_that_had_no_effect_counts_no_more(keys: AuditKeys, kept: KeptRecords) -> None:
    registry, ticks = Registry(), itertools.count()
    desk = CallAuthority({"desk": DESK}, kept, keys, clock=lambda: NOW + timedelta(seconds=next(ticks)))
    tools = ToolActivities({"desk": registry}, desk)
    for number, (answer, granted) in enumerate(
        [("failed", True), ("refused", True), ("unknown", True), ("ok", True), ("ok", False)]
    ):
        registry.answers, before = ToolStatus(answer), len(registry.grants)
        await tools.call(call(**SMALL, call_id=f"t/s/{number}"))
        assert len(registry.grants) - before == granted, number
    registry.answers = ToolStatus.FAILED
    await tools.call(call(**SMALL, call_id="t/s/3"))  # that one happened: to fail when sent again changes nothing
    assert isinstance(await desk.issue(call(**SMALL, call_id="t/s/9")), str)


def test_the_key_of_the_grants_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = make_key(tmp_path / "grants").folder
    assert [file.stat().st_mode & 0o077 for file in folder.glob("*.pem")] == [0]
