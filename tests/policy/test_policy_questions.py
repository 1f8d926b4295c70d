"""A question is said to the end, then what the caller says next is its answer: once, in whichever call that is."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from policy_samples import DIGEST, REVIEWERS, approval_request, at, delivery, words

from contracts.approval import ApprovalStage, DecisionReceipt
from contracts.delivery import DeliveryOutcome, DeliveryReport, DeliveryState, Presence
from contracts.question import Answer, AnswerAwaited, Question
from contracts.session import SessionStart, Speaker, Turn
from policy import approval, arrival, inbox, session
from policy.approval_state import ApprovalState

QUESTION = Question(question_id="q1", reply_to="approval/a")
ASKING = delivery(1).model_copy(update={"question": QUESTION, "topic": "a.question"})


def report(outcome: DeliveryOutcome, attempt: int = 1, session_id: str = "A") -> DeliveryReport:
    return DeliveryReport(delivery_id="d1", attempt=attempt, session_id=session_id, outcome=outcome, at=at(9))


def offered(session_id: str = "A") -> inbox.InboxState:
    state = inbox.delivered(inbox.InboxState(subject_id="subject-1"), ASKING, at(0)).state
    there = Presence(session_id=session_id, subject_id="subject-1", present=True, epoch=1)
    step = inbox.presence(state, there, at(1))
    assert [offer.asks for offer in step.offers] == [True]
    return step.state


def test_an_answer_is_awaited_where_the_question_was_said_to_the_end_and_once() -> None:
    state = offered()
    assert inbox.reported(state, report(DeliveryOutcome.INTERRUPTED), at(9)).asked == ()
    played = inbox.reported(state, report(DeliveryOutcome.PLAYED), at(9))
    expected = AnswerAwaited(question=QUESTION, since=at(9))
    assert played.asked == (inbox.AwaitIn(session_id="A", awaited=expected),)
    heard = inbox.reported(played.state, report(DeliveryOutcome.HEARD), at(9))
    assert heard.asked == (), "it was awaited from the end of the question on"
    assert inbox.reported(heard.state, report(DeliveryOutcome.HEARD), at(9)).asked == ()
    late = inbox.reported(state, report(DeliveryOutcome.HEARD), at(9))
    assert len(late.asked) == 1, "although the word that it was played is lost"


def test_a_question_to_one_who_vanished_is_asked_again_in_the_next_call() -> None:
    state = inbox.reported(offered(), report(DeliveryOutcome.PLAYED), at(9)).state
    gone = Presence(session_id="A", subject_id="subject-1", present=False, epoch=1, vanished=True)
    state = inbox.presence(state, gone, at(10)).state
    state = inbox.presence(state, Presence(session_id="B", subject_id="subject-1", present=True, epoch=1), at(11)).state
    again = inbox.reported(state, report(DeliveryOutcome.PLAYED, 2, "B"), at(9))
    assert [a.session_id for a in again.asked] == ["B"]


def test_a_retracted_question_is_not_said_any_more_but_what_was_said_stays() -> None:
    step = inbox.retracted(offered(), "a.question", at(9))
    assert [w.session_id for w in step.withdrawals] == ["A"]
    [entry] = step.state.entries
    assert entry.state is DeliveryState.DROPPED and step.changed == (entry,)
    played = inbox.reported(offered(), report(DeliveryOutcome.PLAYED), at(9)).state
    assert inbox.retracted(played, "a.question", at(9)) == inbox.Step(state=played)
    assert inbox.retracted(offered(), "another", at(9)).changed == ()


START = SessionStart(
    session_id="A", room="r", subject_id="subject-1", composition="desk", caller_identity="c", opened_at=at(0)
)


def turn(number: int, ended: datetime, speaker: Speaker = Speaker.CALLER) -> Turn:
    return Turn(
        turn_id=f"t{number}", session_id="A", epoch=1, role="voice", speaker=speaker, text=words(f"said {number}"),
        started_at=ended, ended_at=ended,
    )  # fmt: skip


def test_the_answer_is_what_the_caller_says_next_however_the_news_come() -> None:
    awaited = AnswerAwaited(question=QUESTION, since=at(10))
    turns = (turn(1, at(9)), turn(2, at(10.5), Speaker.AGENT), turn(3, at(12)), turn(4, at(14)))
    first = session.SessionState(start=START)
    for state in (first.model_copy(update={"awaited": (awaited,)}), first):
        for each in turns:
            state = session.with_turn(state, each, 24)
        state = session.with_awaited(state, awaited)
        assert session.with_awaited(state, awaited) is state
        state, [(reply_to, answer)] = session.answered(state)
        assert reply_to == "approval/a"
        assert answer == Answer(question_id="q1", session_id="A", turn_id="t3", text=words("said 3"), at=at(12))
        assert session.answered(state) == (state, ()), "an answer is passed on once"


def test_nothing_is_taken_for_an_answer_before_the_question_was_said() -> None:
    state = session.with_turn(session.SessionState(start=START), turn(1, at(10)), 24)
    waiting = session.with_awaited(state, AnswerAwaited(question=QUESTION, since=at(10)))
    assert session.answered(waiting) == (waiting, ())


def ask(state: ApprovalState, when: float = 1, **more: Any) -> tuple[ApprovalState, DecisionReceipt]:
    sent = {"reviewer": "ann", "verdict": "ask", "digest": DIGEST, "question": "Was it opened?", **more}
    return approval.judge(state, arrival.read(json.dumps(sent).encode()), REVIEWERS["ann"], at(when))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "the caller is asked"),
        ({"question": " "}, "to ask the caller, say what"),
        ({"question": None}, "to ask the caller, say what"),
        ({"question": 7}, "to ask the caller, say what"),
        ({"verdict": "approve"}, "a question belongs to the verdict ask"),
        ({"verdict": "reject", "question": ["?"]}, "a question belongs to the verdict ask"),
        ({"digest": "0" * 64}, "another action"),
        ({"when": 60}, "too late"),
    ],
)
def test_what_becomes_of_a_question(more: dict[str, Any], reason: str) -> None:
    state, receipt = ask(approval.opened(approval_request(60), at(0)), **more)
    assert reason in receipt.reason and state.stage is ApprovalStage.PENDING
    assert receipt.accepted == (reason == "the caller is asked") == bool(state.asked)


def test_questions_are_few_and_each_keeps_its_first_answer() -> None:
    state = approval.opened(approval_request(60), at(0))
    for _ in range(5):
        state, receipt = ask(state)
        assert receipt.accepted
    state, receipt = ask(state)
    assert not receipt.accepted and "5 questions already" in receipt.reason
    second = state.asked[1].question_id
    answer = Answer(question_id=second, session_id="A", turn_id="t", text=words("No."), at=at(5))
    state = approval.answered(state, answer)
    later = answer.model_copy(update={"text": words("Yes.")})
    assert approval.answered(state, later) is state
    assert approval.answered(state, answer.model_copy(update={"question_id": "of nobody"})) is state
    assert [a.answer.body if a.answer else None for a in state.asked] == [None, "No.", None, None, None]
    assert approval.view(state, at(6)).asked == state.asked
