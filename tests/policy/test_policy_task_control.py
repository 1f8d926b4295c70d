"""How a task is steered: which orders count, what may start, when its time is up, and how a plan is made anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import BOOK, MAIL, T0, at, composition, words

from contracts.rules import ApprovalRule
from contracts.task import Control, ControlKind, Plan, PlanStep, StepResult, StepStatus, WaitFor
from policy import control, plan, schedule
from policy.control import TaskControl

FRESH = TaskControl(deadline=at(900))
GIVEN = {
    ControlKind.CORRECT: Control(words=words("make it Tuesday")),
    ControlKind.EXTEND: Control(seconds=60),
}


def step(step_id: str, *needs: str, wait: WaitFor | None = None, goal: str = "do", **more: object) -> PlanStep:
    it = PlanStep(step_id=step_id, role="operator", goal=words(goal), depends_on=needs, wait_for=wait)
    return it.model_copy(update=more)


def done(step_id: str, status: StepStatus = StepStatus.DONE) -> StepResult:
    return StepResult(step_id=step_id, role="operator", status=status, answer=words())


@pytest.mark.parametrize(
    ("state", "kind", "order", "why"),
    [
        ({"ended": True}, ControlKind.CANCEL, Control(), "has ended"),
        ({"cancelled": True}, ControlKind.CANCEL, Control(), "being cancelled already"),
        ({"cancelled": True}, ControlKind.RESUME, Control(), "being cancelled already"),
        ({"suspended": True}, ControlKind.SUSPEND, Control(), "suspended already"),
        ({}, ControlKind.RESUME, Control(), "not suspended"),
        ({}, ControlKind.CORRECT, Control(), "needs words"),
        ({}, ControlKind.CORRECT, Control(words=words("  ")), "needs words"),
        ({"corrections": 3}, ControlKind.CORRECT, GIVEN[ControlKind.CORRECT], "3 times already"),
        ({}, ControlKind.EXTEND, Control(seconds=0), "more than 0"),
        ({}, ControlKind.EXTEND, Control(seconds=float("nan")), "more than 0"),
        ({}, ControlKind.EXTEND, Control(seconds=float("inf")), "more than 0"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    state: dict[str, object], kind: ControlKind, order: Control, why: str
) -> None:
    told = control.refusal(FRESH.model_copy(update=state), kind, order)
    assert told is not None and why in told


def test_the_clock_stands_still_while_a_person_is_waited_for() -> None:
    waiting = control.clocked(FRESH, at(100), waiting=True)
    assert not control.expired(waiting, at(5000)), "a person may take their time"
    again = control.clocked(control.clocked(waiting, at(400), waiting=True), at(1100), waiting=False)
    assert again.deadline == at(1900) and not control.expired(again, at(1899)) and control.expired(again, at(1900))
    suspended = control.clocked(FRESH.model_copy(update={"suspended": True}), at(100), waiting=False)
    assert suspended.paused_since == at(100)
    assert control.steered(FRESH, ControlKind.EXTEND, Control(seconds=60)).deadline == at(960)


def test_steps_wait_for_their_event_or_their_time_and_for_room() -> None:
    graph = Plan(
        steps=(
            step("s1"),
            step("s2", wait=WaitFor(event="paid")),
            step("s3", wait=WaitFor(seconds=30)),
            step("s4", wait=WaitFor(event="paid", seconds=60)),
        )
    )
    since = {s.step_id: T0 for s in graph.steps}

    def names(seconds: float, events: set[str], parallel: int = 8, started: tuple[str, ...] = ()) -> list[str]:
        found = schedule.startable(
            graph, started, {}, control=FRESH, parallel=parallel, ready_since=since, events=events, now=at(seconds)
        )
        return [s.step_id for s in found]

    assert names(0, set()) == ["s1"] and names(0, {"paid"}) == ["s1", "s2", "s4"]
    assert names(30, set()) == ["s1", "s3"] and names(60, set()) == ["s1", "s3", "s4"]
    assert names(60, {"paid"}, parallel=2) == ["s1", "s2"]
    assert names(60, {"paid"}, parallel=2, started=("s1",)) == ["s2"], "one runs already"
    assert schedule.next_due(graph, ("s1",), {}, since) == at(30)
    assert schedule.next_due(graph, ("s1", "s3", "s4"), {}, since) is None


@given(st.lists(st.sampled_from([*ControlKind, "end", "fail"]), max_size=40), st.integers(1, 3))
@settings(max_examples=400, deadline=None)
def test_in_any_order_nothing_starts_when_suspended_or_after_a_cancel(told: list[str], parallel: int) -> None:
    graph = Plan(steps=(step("s1"), step("s2"), step("s3", "s1"), step("s4", "s2"), step("s5", "s3", "s4")))
    state, started, results, now = FRESH, set[str](), dict[str, StepResult](), T0
    stopped = suspended = False
    for word in ["", *told]:
        now += timedelta(seconds=1)
        if word in list(ControlKind):
            kind = ControlKind(word)
            order = GIVEN.get(kind, Control())
            if control.refusal(state, kind, order) is None:
                assert not stopped, "after a cancel every order is refused"
                state = control.steered(state, kind, order)
                stopped = kind is ControlKind.CANCEL
                suspended = {ControlKind.SUSPEND: True, ControlKind.RESUME: False}.get(kind, suspended)
        elif word and (running := sorted(started - set(results))):
            status = StepStatus.DONE if word == "end" else StepStatus.FAILED
            results[running[0]] = done(running[0], status)
        state = control.clocked(state, now, waiting=False)
        new = schedule.startable(
            graph, started, results, control=state, parallel=parallel, ready_since={}, events=(), now=now
        )
        assert not (new and (stopped or suspended))
        assert not started & {s.step_id for s in new}, "no step starts twice"
        started |= {s.step_id for s in new}
        assert len(started - set(results)) <= parallel
        assert state.corrections <= state.max_corrections


def test_a_plan_made_anew_keeps_what_was_done_and_repeats_nothing() -> None:
    kept = (step("s1", goal="look"), step("s2", goal="ask"))
    again = Plan(steps=(step("s1", goal="look"), step("s2", "s1", goal="book"), step("s3", "s2"), step("s4", "s1")))
    merged = plan.merged(kept, {"s3"}, again)
    assert [(s.step_id, s.depends_on) for s in merged.steps] == [
        ("s1", ()),
        ("s2", ()),
        ("s2-2", ("s1",)),
        ("s3-2", ("s2-2",)),
        ("s4", ("s1",)),
    ]
    long = "x" * 32
    renamed = plan.merged((step(long, goal="old"),), (), Plan(steps=(step(long, goal="new"), step("s2", long))))
    assert plan.errors_of(renamed, composition()) == () and renamed.steps[2].depends_on == (renamed.steps[1].step_id,)


def test_a_step_declares_only_what_its_role_holds_and_what_can_be_undone_or_is_approved() -> None:
    def errors(*capabilities: str) -> str:
        return "; ".join(plan.errors_of(Plan(steps=(step("s1", capabilities=capabilities),)), desk))

    desk = composition()
    assert errors() == errors("orders.read") == errors("billing.refund") == ""
    assert "has no capability 'slots.book'; it has: billing.refund, mail.send, orders.read" in errors("slots.book")
    assert "the effect of 'mail' can neither be undone nor waits" in errors("mail.send")
    undone = MAIL.model_copy(update={"compensation": BOOK.name})
    desk = desk.model_copy(update={"tools": tuple(undone if t == MAIL else t for t in desk.tools)})
    assert errors("mail.send") == ""
    gated = ApprovalRule(id="mails", tool="mail", reason="a person reads it first")
    desk = composition().model_copy(update={"approvals": (gated,)})
    assert errors("mail.send") == ""
    harmless = ApprovalRule(id="mails", tool="mail", gate=False, reason="binds nobody", harmless=True)
    desk = composition().model_copy(update={"approvals": (harmless,)})
    assert errors("mail.send") == ""
