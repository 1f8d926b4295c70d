"""What a model is told of the call: fresh states, and after a replacement the whole conversation."""

from __future__ import annotations

from datetime import timedelta

from live_samples import NOW, state, turn, words
from livekit.agents import llm

from contracts.approval import ApprovalStage, OpenApproval
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
