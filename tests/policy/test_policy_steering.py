"""Which task the caller's words are about, and what it is told: by order, or by the composition's rule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_samples import support

from contracts.approval import ApprovalStage, OpenApproval
from contracts.base import Content
from contracts.task import ControlKind, TaskStage, TaskState
from contracts.tools import OnInterrupt
from policy.steering import Order, Ruling, Steering

SHOP = support()
PHRASES = SHOP.phrases
GOAL = "Refund order 417."
SAID = "Refund order 417"


def steering(on_interrupt: OnInterrupt = OnInterrupt.CONTINUE, *tasks: str) -> Steering:
    made = Steering(SHOP.model_copy(update={"on_interrupt": on_interrupt}))
    for name in tasks or ("t1",):
        made.delegated(name, GOAL)
    return made


def state(task_id: str, stage: TaskStage, revision: int) -> TaskState:
    goal = Content(subject_id="s", body=GOAL)
    return TaskState(
        task_id=task_id, session_id="s", subject_id="s", composition="c", stage=stage, revision=revision, goal=goal
    )


def test_what_the_caller_orders_is_what_the_task_is_told() -> None:
    tasks = steering()
    held = tasks.heard("Wait.", over_speech=True)
    assert held == Ruling(PHRASES.pausing.format(goal=SAID), (Order("t1", ControlKind.SUSPEND),))
    on = tasks.heard("Okay, go on with that.", over_speech=False)
    assert on == Ruling(PHRASES.going_on.format(goal=SAID), (Order("t1", ControlKind.RESUME),))
    words = "Actually it is order 418."
    assert tasks.heard(words, over_speech=False).orders == (Order("t1", ControlKind.CORRECT, words),)
    over = tasks.heard("Cancel that.", over_speech=False)
    assert over == Ruling(PHRASES.stopping.format(goal=SAID), (Order("t1", ControlKind.CANCEL),))
    assert tasks.heard("Cancel that.", over_speech=False).nothing, "a model answers: there is nothing to cancel"


def test_without_work_the_words_mean_the_speech_or_nothing() -> None:
    tasks = Steering(SHOP)
    assert tasks.heard("Stop.", over_speech=True) == Ruling(PHRASES.quiet)
    assert tasks.heard("Wait a moment.", over_speech=False) == Ruling(PHRASES.take_your_time)
    assert tasks.heard("Go on.", over_speech=False).nothing
    assert tasks.heard("Actually it is order 418.", over_speech=False).nothing


def test_stop_over_other_speech_is_for_the_speech_and_the_caller_is_told_what_goes_on() -> None:
    tasks = steering()
    tasks.heard("What are your opening hours?", over_speech=False)
    assert tasks.heard("Stop.", over_speech=True) == Ruling(PHRASES.still_going.format(goal=SAID))
    tasks.about("t1")
    assert tasks.heard("Stop.", over_speech=True).orders == (Order("t1", ControlKind.CANCEL),)


def test_the_newest_work_is_meant_or_what_was_just_spoken_of() -> None:
    tasks = steering(OnInterrupt.CONTINUE, "t1", "t2")
    tasks.heard("Thank you.", over_speech=False)
    assert tasks.heard("Wait.", over_speech=False).orders == (Order("t2", ControlKind.SUSPEND),)
    tasks.about("t1")
    assert tasks.heard("Cancel that.", over_speech=True).orders == (Order("t1", ControlKind.CANCEL),)
    assert tasks.heard("Cancel that.", over_speech=False).orders == (Order("t2", ControlKind.CANCEL),)


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        (OnInterrupt.CONTINUE, []),
        (OnInterrupt.SUSPEND, [ControlKind.SUSPEND]),
        (OnInterrupt.CANCEL, [ControlKind.CANCEL]),
        (OnInterrupt.ASK, [ControlKind.SUSPEND]),
    ],
)
def test_breaking_off_what_is_said_of_work_does_to_it_what_the_composition_says(
    rule: OnInterrupt, kinds: list[ControlKind]
) -> None:
    tasks = steering(rule)
    ruled = tasks.heard("What are your opening hours?", over_speech=True)
    assert [order.kind for order in ruled.orders] == kinds
    assert ruled.nothing == (not kinds) and (ruled.nothing or not ruled.replies), "the question is answered first"
    other = steering(rule)
    assert other.heard("What are your opening hours?", over_speech=False).nothing, "nothing was broken off"
    assert other.heard("And on Sundays?", over_speech=True).nothing, "that was not about the work"


@pytest.mark.parametrize(("answer", "kind"), [("Yes, please.", ControlKind.RESUME), ("No.", ControlKind.CANCEL)])
def test_who_is_asked_decides(answer: str, kind: ControlKind) -> None:
    tasks = steering(OnInterrupt.ASK)
    asked = tasks.heard("Stop.", over_speech=False)
    assert asked.orders == (Order("t1", ControlKind.CANCEL),), "said in silence it is an order, not an interruption"
    tasks = steering(OnInterrupt.ASK)
    question = tasks.heard("What about Sundays?", over_speech=True)
    assert question.say == PHRASES.shall_go_on.format(goal=SAID) and tasks.asks
    assert tasks.heard(answer, over_speech=False).orders == (Order("t1", kind),)


def test_the_tool_whose_effect_waits_says_otherwise_than_the_composition() -> None:
    tools = tuple(
        t.model_copy(update={"on_interrupt": OnInterrupt.CANCEL if t.name == "refund_order" else None})
        for t in SHOP.tools
    )
    tasks = Steering(SHOP.model_copy(update={"tools": tools}))

    def gate(stage: ApprovalStage) -> OpenApproval:
        return OpenApproval(
            approval_id="a", task_id="t1", tool="refund_order", stage=stage, deadline=datetime(2026, 1, 1, tzinfo=UTC)
        )

    tasks.delegated("t1", GOAL)
    tasks.gated(gate(ApprovalStage.PENDING))
    tasks.gated(gate(ApprovalStage.APPROVED))
    assert tasks.heard("And Sundays?", over_speech=True).nothing, "it has its go-ahead: the effect may have begun"
    tasks.gated(gate(ApprovalStage.PENDING))
    tasks.about("t1")
    assert tasks.heard("And Sundays?", over_speech=True).orders == (Order("t1", ControlKind.CANCEL),)


def test_older_news_changes_nothing_and_work_that_has_ended_is_told_nothing() -> None:
    tasks = steering()
    tasks.changed(state("t1", TaskStage.SUSPENDED, 3))
    tasks.changed(state("t1", TaskStage.RUNNING, 2))
    assert tasks.heard("Go on.", over_speech=False).orders == (Order("t1", ControlKind.RESUME),)
    tasks.changed(state("t1", TaskStage.DONE, 4))
    tasks.changed(state("t1", TaskStage.RUNNING, 3))
    assert tasks.heard("Cancel that.", over_speech=False).nothing


WORDS = (
    "Stop.",
    "Wait.",
    "Go on.",
    "Cancel that.",
    "Actually it is order 418.",
    "Yes.",
    "No.",
    "And Sundays?",
    "Okay.",
)


@given(
    st.sampled_from(OnInterrupt),
    st.lists(st.tuples(st.sampled_from(WORDS), st.booleans(), st.sampled_from(["t1", "t2", None])), max_size=12),
)
def test_no_task_is_told_anything_after_its_end_nor_twice_the_same(
    rule: OnInterrupt, course: list[tuple[str, bool, str | None]]
) -> None:
    tasks = steering(rule, "t1", "t2")
    told: dict[str, list[ControlKind]] = {"t1": [], "t2": []}
    for words, over, about in course:
        if about is not None:
            tasks.about(about)
        for order in tasks.heard(words, over_speech=over).orders:
            told[order.task_id].append(order.kind)
    for kinds in told.values():
        assert ControlKind.CANCEL not in kinds[:-1]
        held = [kind for kind in kinds if kind in (ControlKind.SUSPEND, ControlKind.RESUME)]
        assert held == [ControlKind.SUSPEND, ControlKind.RESUME] * (len(held) // 2) + held[len(held) // 2 * 2 :]
        assert held[len(held) // 2 * 2 :] in ([], [ControlKind.SUSPEND])
