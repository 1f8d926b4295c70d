"""What an escalation tells the call, and what the caller hears of it."""

from __future__ import annotations

import pytest
from policy_samples import REVIEWERS, at

from contracts.composition import Composition, Role, RoleKind
from contracts.escalation import (
    CallEscalation,
    EscalationCause,
    EscalationRequest,
    EscalationRules,
    EscalationStage,
    EscalationVerdict,
)
from contracts.events import EscalationNews, EscalationRequested
from contracts.ladder import Fallback, Rung, RungKind
from contracts.phrases import Phrases
from contracts.session import SessionStart
from policy import arrival, escalation, review, session
from policy.session import SessionState

PHRASES = Phrases(
    greeting="Hello.",
    person_called="Called.",
    on_hold="Waiting.",
    passed_on="Another.",
    person_helped="Helped.",
    person_here="Here.",
    nobody_came="Nobody.",
)
DESK = Composition(
    id="desk",
    title="A desk",
    phrases=PHRASES,
    roles=(Role(name="voice", kind=RoleKind.LIVE, instructions="speak"),),
    escalation=EscalationRules(reviewers=("leads",), grace_seconds=5),
)
REMIND = Rung(after_seconds=1, kind=RungKind.REMIND)
PASS_ON = Rung(after_seconds=2, kind=RungKind.PASS_ON, to="ben")
GO_ON = Rung(after_seconds=3, kind=RungKind.FALLBACK, fallback=Fallback.GO_ON)


def asked(occasion: str = "turn-1", composition: Composition = DESK) -> EscalationRequest:
    return escalation.request(
        composition,
        EscalationCause.CALLER,
        at(0),
        session_id="session-1",
        subject_id="subject-1",
        occasion=occasion,
        reason="wants a person",
        summary="caller: a person, please",
    )


def news(revision: int, stage: EscalationStage, rung: Rung | None = None) -> CallEscalation:
    state = escalation.opened(asked(), at(0)).model_copy(update={"stage": stage.value})
    return escalation.of_call(asked(), state, revision, rung)


def test_a_request_is_what_the_composition_says_and_one_for_one_occasion() -> None:
    assert asked().rules == DESK.escalation and asked() == asked() != asked("turn-2")
    assert asked(composition=DESK.model_copy(update={"escalation": None})).rules == EscalationRules()


@pytest.mark.parametrize("verdict", list(EscalationVerdict))
def test_every_verdict_has_its_ending(verdict: EscalationVerdict) -> None:
    state = escalation.opened(asked(), at(0))
    arrived = arrival.Arrived(reviewer="ann", verdict=verdict.value, note="He is right.")
    state, _ = review.judge(state, arrived, REVIEWERS["ann"], at(1))
    told = escalation.of_call(asked(), state, 2)
    assert told.stage is verdict.stage and told.note is not None and told.note.body == "He is right."


@pytest.mark.parametrize(
    ("stage", "rung", "told"),
    [
        (EscalationStage.OPEN, None, "Called."),
        (EscalationStage.OPEN, REMIND, "Waiting."),
        (EscalationStage.OPEN, REMIND.model_copy(update={"say": "Soon."}), "Soon."),
        (EscalationStage.OPEN, PASS_ON, "Another."),
        (EscalationStage.OPEN, PASS_ON.model_copy(update={"say": ""}), None),
        (EscalationStage.RESUMED, None, "Helped."),
        (EscalationStage.TAKEN_OVER, PASS_ON, "Here."),
        (EscalationStage.EXPIRED, GO_ON, "Nobody."),
        (EscalationStage.EXPIRED, GO_ON.model_copy(update={"say": "Alone."}), "Alone."),
    ],
)
def test_what_the_caller_hears(stage: EscalationStage, rung: Rung | None, told: str | None) -> None:
    assert escalation.words(news(1, stage, rung), PHRASES) == told


def test_the_call_keeps_the_newest_of_each_and_its_snapshot_tells_it() -> None:
    start = SessionStart(
        session_id="session-1",
        room="room",
        subject_id="subject-1",
        composition="desk",
        caller_identity="caller",
        opened_at=at(0),
    )
    state = SessionState(start=start)
    state = session.with_payload(state, EscalationRequested(escalation=news(1, EscalationStage.OPEN)))
    assert "open until 12:02:00 UTC" in session.in_words(state)
    state = session.with_payload(state, EscalationNews(escalation=news(3, EscalationStage.TAKEN_OVER)))
    state = session.with_payload(state, EscalationNews(escalation=news(2, EscalationStage.OPEN, REMIND)))
    [kept] = session.snapshot(state).escalations
    assert kept.stage is EscalationStage.TAKEN_OVER and state.published == 3
    assert "taken over" in session.in_words(state) and "wants a person" not in session.in_words(state)
