"""What a model is told of the call: fresh states, and after a replacement the whole conversation."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from live_samples import NOW, state, turn, words
from livekit.agents import llm

from contracts.approval import ApprovalStage, OpenApproval
from contracts.events import ContextChanged
from contracts.session import SessionSnapshot, Speaker
from contracts.task import TaskStage
from live.context import CallContext, conversation, leading_instructions, restored


def snapshot(**fields: object) -> SessionSnapshot:
    return SessionSnapshot.model_validate(
        {
            "session_id": "session-1",
            "room": "room",
            "subject_id": "subject-1",
            "composition": "support",
            "caller_identity": "caller",
            "ended": False,
            "summary": None,
            "turns": (),
            "turn_count": 0,
            "roles": (),
            "tasks": (),
            "approvals": (),
            "offers": (),
            "stream_offset": 0,
            **fields,
        }
    )


def test_nothing_known_renders_nothing() -> None:
    assert CallContext().render() is None


def test_states_are_told_as_they_are_now() -> None:
    context = CallContext()
    context.take(snapshot(summary=words("The caller moved house."), tasks=(state("t1", TaskStage.RUNNING, 1),)))
    context.task_changed(state("t1", TaskStage.WAITING_APPROVAL, 3, "A colleague is checking."))
    context.task_changed(state("t1", TaskStage.RUNNING, 2))
    text = context.render()
    assert text is not None
    assert "The caller moved house." in text
    assert "waiting for a colleague's decision. A colleague is checking." in text
    assert "being worked on" not in text, "an older state never comes back"


def test_work_is_open_until_its_final_state() -> None:
    context = CallContext()
    assert not context.work_is_open
    context.task_changed(state("t1", TaskStage.WAITING_APPROVAL, 1))
    assert context.work_is_open
    context.task_changed(state("t1", TaskStage.DONE, 2))
    assert not context.work_is_open


def test_an_approval_is_told_once() -> None:
    context = CallContext()
    pending = OpenApproval(
        approval_id="a",
        task_id="t1",
        tool="refund_order",
        stage=ApprovalStage.PENDING,
        deadline=NOW + timedelta(minutes=1),
    )
    context.take(snapshot(approvals=(pending,)))
    assert context.render() == "Waiting for a colleague's decision: refund order."
    context.task_changed(state("t1", TaskStage.WAITING_APPROVAL))
    assert (context.render() or "").count("decision") == 1


def test_of_finished_requests_only_the_last_few_are_told() -> None:
    context = CallContext()
    for number in range(20):
        context.task_changed(state(f"t{number}", TaskStage.DONE, sentence=f"Outcome {number}."))
    text = context.render() or ""
    assert "Outcome 19." in text and "Outcome 3." not in text


def test_a_replacement_continues_the_conversation_and_sees_what_nobody_answered() -> None:
    spoken = (turn(1, "remember 42"), turn(2, "I will", Speaker.AGENT), turn(3, "what was it?"))
    history, unanswered = restored(spoken)
    assert [(item.role, item.text_content) for item in history.messages()] == [
        ("user", "remember 42"),
        ("assistant", "I will"),
    ]
    assert unanswered == spoken[-1]
    history, unanswered = restored(spoken[:2])
    assert len(history.items) == 2 and unanswered is None
    assert restored(())[1] is None


def test_the_conversation_is_speech_alone_newest_last() -> None:
    context = llm.ChatContext.empty()
    context.add_message(role="system", content="secret rule")
    for number in range(4):
        context.add_message(role="user", content=f"q{number}")
        context.items.append(llm.FunctionCall(call_id=f"c{number}", name="tool", arguments="{}"))
        context.add_message(role="assistant", content=f"a{number}")
    assert conversation(context.items, 3) == "agent: a2\ncaller: q3\nagent: a3"


def test_instructions_stay_at_the_front() -> None:
    context = llm.ChatContext.empty()
    assert leading_instructions(context) == 0
    context.add_message(role="system", content="rule")
    context.add_message(role="user", content="hello")
    context.add_message(role="system", content="later")
    assert leading_instructions(context) == 1


def spoken(number: int) -> llm.ChatMessage:
    role: Literal["user", "assistant"] = "user" if number % 2 else "assistant"
    return llm.ChatMessage(id=f"turn-{number}", role=role, content=[f"words {number}"])


def test_what_went_into_the_summary_is_not_sent_a_second_time() -> None:
    context = CallContext()
    called = llm.FunctionCall(call_id="c1", name="lookup", arguments="{}")
    items: list[llm.ChatItem] = [
        llm.ChatMessage(role="system", content=["be kind"]),
        spoken(1),
        called,
        spoken(2),
        spoken(3),
    ]
    assert context.recent(items) == items
    context.context_changed(ContextChanged(summary=words("Much was said."), turn_ids=("turn-1", "turn-2")))
    assert context.recent(items) == [items[0], items[4]]
    assert context.render() == "Earlier in this call: Much was said."


def test_the_last_call_is_told_and_stays_when_the_summary_changes() -> None:
    context = CallContext()
    context.take(snapshot(last_call=words("On Monday: A call.")))
    context.context_changed(ContextChanged(summary=words("Much was said.")))
    assert context.render() == "The call before this one. On Monday: A call.\nEarlier in this call: Much was said."


def test_what_is_delegated_brings_along_what_was_said_earlier() -> None:
    context = CallContext()
    assert context.with_earlier("caller: go on") == "caller: go on"
    context.context_changed(ContextChanged(summary=words("Much was said.\nDecided: Yes.")))
    assert context.with_earlier("caller: go on") == "Earlier in this call: Much was said. Decided: Yes.\ncaller: go on"
