"""What a cancelled task undoes, newest first, by whose authority, and what its person is told."""

from __future__ import annotations

import json

import pytest
from policy_samples import BOOK, at, composition, words
from pydantic import ValidationError

from contracts.composition import Composition
from contracts.rules import ApprovalRule
from contracts.task import Compensation, EffectRecord, StepResult, StepStatus
from contracts.tools import Effect, ToolCall, ToolDeclaration, ToolOutcome, ToolStatus
from policy import authority, compensation

UNBOOK = ToolDeclaration(
    name="unbook", server="shop", capability="slots.free", effect=Effect.REVERSIBLE, idempotency="key"
)
FREE = (
    ApprovalRule(id="bookings", tool="book", gate=False, reason="can be undone"),
    ApprovalRule(id="unbookings", tool="unbook", gate=False, reason="gives back"),
)


def desk(book: dict[str, object] | None = None, rules: tuple[ApprovalRule, ...] = FREE) -> Composition:
    undoes: dict[str, object] = {"compensation": "unbook", "compensation_arguments": {"slot": "slot", "ref": "booking"}}
    it = composition()
    tools = (*(t for t in it.tools if t.name != "book"), BOOK.model_copy(update=undoes if book is None else book))
    return Composition.model_validate(
        it.model_dump() | {"tools": [t.model_dump() for t in (*tools, UNBOOK)], "approvals": rules}
    )


def call() -> ToolCall:
    return ToolCall(
        call_id="task-1/s1/1",
        tool="book",
        arguments=words('{"slot":"4","name":"Anna"}'),
        role="operator",
        composition="desk",
        subject_id="subject-1",
        session_id="session-1",
    )


def outcome(result: str = '{"booking":"B7","slot":"04"}', status: ToolStatus = ToolStatus.OK) -> ToolOutcome:
    return ToolOutcome(call_id="task-1/s1/1", tool="book", status=status, result=words(result))


def effect(number: int, *, status: str = "ok", undo: bool = True, seconds: float | None = None) -> EffectRecord:
    return EffectRecord(
        tool="book",
        call_id=f"task-1/s1/{number}",
        idempotency_key=None,
        status=status,
        at=None if seconds is None else at(seconds),
        action=words(f"book slot {number}"),
        undo=Compensation(tool="unbook", arguments=words("{}")) if undo else None,
    )


def step(*effects: EffectRecord, step_id: str = "s1") -> StepResult:
    return StepResult(step_id=step_id, role="operator", status=StepStatus.DONE, answer=words(), effects=effects)


def test_the_result_tells_first_and_the_arguments_else_what_to_undo() -> None:
    found = compensation.undo_of(desk(), call(), outcome())
    assert found is not None and found.tool == "unbook"
    assert json.loads(found.arguments.body) == {"slot": "04", "ref": "B7"}
    assert found.arguments.subject_id == "subject-1"
    found = compensation.undo_of(desk(), call(), outcome('{"booking":"B7"}'))
    assert found is not None and json.loads(found.arguments.body)["slot"] == "4"


@pytest.mark.parametrize("result", ["{}", "no JSON", "[]", '{"booking":null}', "[" * 100_000])
def test_an_effect_whose_result_does_not_tell_what_to_undo_is_left_to_a_person(result: str) -> None:
    assert compensation.undo_of(desk(), call(), outcome(result)) is None


@pytest.mark.parametrize("status", [s for s in ToolStatus if s is not ToolStatus.OK])
def test_only_what_surely_happened_is_undone(status: ToolStatus) -> None:
    assert compensation.undo_of(desk(), call(), outcome(status=status)) is None


def test_an_undo_that_waits_for_a_person_does_not_run_by_itself() -> None:
    assert compensation.undo_of(desk(rules=FREE[:1]), call(), outcome()) is None


def test_what_may_have_happened_stands_newest_first_over_all_steps() -> None:
    first = step(effect(1, seconds=1), effect(2, seconds=4), effect(3, status="refused", seconds=5))
    second = step(
        effect(4, seconds=3), effect(5, status="unknown", seconds=2), effect(6, status="failed"), step_id="s2"
    )
    old = step(effect(7), effect(8), step_id="s3")
    found = [(s.step_id, e.call_id[-1]) for s, e in compensation.standing((first, second, old))]
    assert found == [("s1", "2"), ("s2", "4"), ("s2", "5"), ("s1", "1"), ("s3", "8"), ("s3", "7")]


def test_the_undoing_call_has_a_key_of_its_effect() -> None:
    like = {"composition": "desk", "subject_id": "subject-1", "session_id": "session-1", "task_id": "task-1"}
    made = compensation.undoing_call(step(), effect(1), like, UNBOOK)
    assert made == compensation.undoing_call(step(), effect(1), like, UNBOOK)
    assert (made.tool, made.idempotency_key, made.compensates) == ("unbook", "task-1/s1/1/undo", "book")
    keyless = UNBOOK.model_copy(update={"idempotency": "none"})
    assert compensation.undoing_call(step(), effect(1), like, keyless).idempotency_key is None
    with pytest.raises(ValueError, match="nothing undoes book"):
        compensation.undoing_call(step(), effect(1, undo=False), like, UNBOOK)


def test_only_the_declared_undo_of_a_tool_that_one_may_call_is_allowed() -> None:
    it = desk()
    holder = it.role("operator").model_copy(update={"capabilities": ("slots.book",)})
    it = it.model_copy(update={"roles": (*(r for r in it.roles if r.name != "operator"), holder)})
    assert authority.may_compensate(it, "operator", "unbook", "book").allowed
    assert not authority.may_call(it, "operator", "unbook").allowed, "not offered, and not to be called by itself"
    assert not authority.may_compensate(it, "operator", "refund", "book").allowed
    assert not authority.may_compensate(it, "operator", "unbook", "lookup").allowed
    assert not authority.may_compensate(it, "clerk", "unbook", "book").allowed
    assert not authority.may_compensate(it, "pirate", "unbook", "nothing").allowed


def test_the_person_is_told_what_was_undone_and_what_was_not() -> None:
    phrases = composition().phrases
    assert compensation.words(phrases, [], []) == phrases.cancelled
    told = compensation.words(phrases, [effect(1)], [effect(2), effect(3).model_copy(update={"action": None})])
    assert told.startswith(phrases.cancelled)
    assert "undone: book slot 1." in told and "could not be undone" in told and told.endswith("book slot 2; book.")


@pytest.mark.parametrize(
    ("declared", "hint"),
    [
        ({"compensation": "pirate"}, "unknown tool 'pirate'"),
        ({"compensation": "lookup"}, "'lookup' undoes nothing"),
        ({"compensation": "book"}, "'book' undoes nothing"),
        ({"compensation": "unbook", "effect": Effect.NONE, "idempotency": "none"}, "without effect needs none"),
        ({"compensation_arguments": {"slot": "slot"}}, "name the tool too"),
    ],
)
def test_a_wrong_declaration_is_told(declared: dict[str, object], hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        desk(declared)
