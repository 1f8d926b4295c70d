"""What a call remembers of itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import T0, at, words

from contracts.approval import ApprovalStage, OpenApproval
from contracts.delivery import Offer
from contracts.events import DeliveryOffered, DeliveryWithdrawn, SessionEnding
from contracts.session import (
    CallerChanged,
    CallerPresence,
    RoleHealth,
    RoleState,
    SessionStart,
    Speaker,
    Turn,
)
from contracts.task import TaskStage, TaskState
from policy import session
from policy.session import SessionState

START = SessionStart(
    session_id="session-1",
    room="room-1",
    subject_id="subject-1",
    composition="desk",
    caller_identity="caller-1",
    opened_at=T0,
)
EMPTY = SessionState(start=START)


def turn(number: int) -> Turn:
    return Turn(
        turn_id=f"turn-{number}",
        session_id="session-1",
        epoch=1,
        role="voice",
        speaker=Speaker.CALLER,
        text=words(f"turn {number}"),
        started_at=at(number),
        ended_at=at(number + 0.5),
    )


def role(epoch: int, health: RoleHealth = RoleHealth.PRESENT) -> RoleState:
    return RoleState(role="voice", epoch=epoch, health=health)


def task(revision: int, stage: TaskStage = TaskStage.RUNNING) -> TaskState:
    return TaskState(
        task_id="task-1", session_id="s", subject_id="u", composition="desk", stage=stage, revision=revision
    )


def caller(presence: CallerPresence, identity: str = "caller-1", seconds: float = 1) -> CallerChanged:
    return CallerChanged(presence=presence, identity=identity, at=at(seconds))


@given(st.lists(st.integers(0, 30), max_size=80))
@settings(max_examples=200, deadline=None)
def test_a_turn_counts_once_in_whatever_order_it_comes(numbers: list[int]) -> None:
    state = EMPTY
    for number in numbers:
        state = session.with_turn(state, turn(number), keep=5)
    assert state.turn_count == len(set(numbers))
    assert len(state.turns) == min(5, len(set(numbers)))
    assert list(state.turns) == sorted(state.turns, key=lambda t: t.ended_at)
    assert max(numbers, default=None) == (int(state.turns[-1].turn_id.removeprefix("turn-")) if numbers else None)


def test_what_is_remembered_of_a_long_call_is_bounded() -> None:
    state = EMPTY
    for number in range(session.KNOWN_TURNS + 100):
        state = session.with_turn(state, turn(number), keep=24)
    assert state.turn_count == session.KNOWN_TURNS + 100
    assert len(state.turns) == 24 and len(state.seen_turns) == session.KNOWN_TURNS


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(RoleHealth)), min_size=1, max_size=20))
def test_news_of_an_older_agent_never_wins(news: list[tuple[int, RoleHealth]]) -> None:
    state = EMPTY
    for epoch, health in news:
        state = session.with_role(state, role(epoch, health))
    newest = max(epoch for epoch, _ in news)
    last = [health for epoch, health in news if epoch == newest][-1]
    assert state.roles == (role(newest, last),)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=20))
def test_a_task_is_known_by_its_highest_revision(revisions: list[int]) -> None:
    state = EMPTY
    for revision in revisions:
        known = state
        state = session.with_task(state, task(revision))
        assert (state is known) == (known.tasks != () and known.tasks[0].revision >= revision)
    assert [t.revision for t in state.tasks] == [max(revisions)]


def test_only_pending_approvals_are_open() -> None:
    pending = OpenApproval(
        approval_id="a1", task_id="task-1", tool="refund", stage=ApprovalStage.PENDING, deadline=at(60)
    )
    state = session.with_approval(EMPTY, pending)
    assert session.with_approval(state, pending).approvals == (pending,)
    decided = pending.model_copy(update={"stage": ApprovalStage.APPROVED})
    assert session.with_approval(state, decided).approvals == ()


def test_offers_stand_until_withdrawn_and_every_event_moves_the_stream() -> None:
    def offer(attempt: int) -> Offer:
        return Offer(
            delivery_id="d1", attempt=attempt, session_id="s", task_id="t", topic="t", speech=words("the outcome")
        )

    state = session.with_payload(EMPTY, DeliveryOffered(offer=offer(1)))
    state = session.with_payload(state, DeliveryOffered(offer=offer(2)))
    assert state.offers == (offer(2),)
    state = session.with_payload(state, DeliveryWithdrawn(delivery_id="d1"))
    state = session.with_payload(state, DeliveryWithdrawn(delivery_id="d1"))
    state = session.with_payload(state, SessionEnding(reason="over"))
    assert state.offers == () and session.snapshot(state).stream_offset == state.published == 5


def test_only_the_caller_of_this_call_counts_and_a_clean_goodbye_is_final() -> None:
    assert session.with_caller(EMPTY, caller(CallerPresence.GONE, "reviewer-9")) is EMPTY
    lost = session.with_caller(EMPTY, caller(CallerPresence.LOST, seconds=5))
    assert lost.caller_since == at(5)
    back = session.with_caller(lost, caller(CallerPresence.PRESENT, seconds=9))
    assert back.caller is CallerPresence.PRESENT
    gone = session.with_caller(back, caller(CallerPresence.GONE, seconds=12))
    assert session.with_caller(gone, caller(CallerPresence.LOST, seconds=13)) is gone


@pytest.mark.parametrize(
    ("health", "presence", "ended", "expected"),
    [
        (RoleHealth.PRESENT, None, False, True),
        (RoleHealth.PRESENT, CallerPresence.PRESENT, False, True),
        (RoleHealth.PRESENT, CallerPresence.LOST, False, False),
        (RoleHealth.PRESENT, CallerPresence.GONE, False, False),
        (RoleHealth.PRESENT, CallerPresence.PRESENT, True, False),
        (RoleHealth.SUSPECT, CallerPresence.PRESENT, False, False),
        (RoleHealth.LOST, CallerPresence.PRESENT, False, False),
        (RoleHealth.JOINING, None, False, False),
    ],
)
def test_when_something_can_be_said(
    health: RoleHealth, presence: CallerPresence | None, ended: bool, expected: bool
) -> None:
    state = session.with_role(EMPTY, role(1, health))
    if presence is not None:
        state = session.with_caller(state, caller(presence))
    if ended:
        state = state.model_copy(update={"end_reason": "over"})
    assert session.reachable(state, "voice") is expected
    assert session.reachable(EMPTY, "voice") is False


@pytest.mark.parametrize(
    ("health", "presence", "ended", "told", "expected"),
    [
        (RoleHealth.PRESENT, None, False, False, True),
        (RoleHealth.SUSPECT, CallerPresence.PRESENT, False, True, True),
        (RoleHealth.JOINING, None, False, True, True),
        (RoleHealth.JOINING, None, False, False, False),
        (RoleHealth.JOINING, CallerPresence.LOST, False, True, False),
        (RoleHealth.PRESENT, CallerPresence.LOST, False, True, False),
        (RoleHealth.LOST, CallerPresence.GONE, False, True, False),
        (RoleHealth.PRESENT, CallerPresence.PRESENT, True, True, False),
        (RoleHealth.JOINING, CallerPresence.PRESENT, True, True, False),
    ],
)
def test_what_the_inbox_is_told_outlasts_a_change_of_agents_only(
    health: RoleHealth, presence: CallerPresence | None, ended: bool, told: bool, expected: bool
) -> None:
    state = session.with_role(EMPTY, role(1, health))
    if presence is not None:
        state = session.with_caller(state, caller(presence))
    if ended:
        state = state.model_copy(update={"end_reason": "over"})
    assert session.present(state, "voice", told=told) is expected


def test_a_state_in_words_names_ids_and_states_alone() -> None:
    state = session.with_role(session.with_turn(EMPTY, turn(1), keep=5), role(2))
    state = session.with_task(state, task(1).model_copy(update={"goal": words("a private goal")}))
    text = session.in_words(state)
    assert "agent 2 present" in text and "`task-1`: running" in text and "1 turns" in text
    assert "private" not in text and "turn 1" not in text


@given(st.lists(st.integers(0, 5), max_size=10))
def test_a_state_survives_its_serialisation(numbers: list[int]) -> None:
    state = EMPTY
    for number in numbers:
        state = session.with_turn(state, turn(number), keep=5)
    assert SessionState.model_validate_json(state.model_dump_json()) == state
