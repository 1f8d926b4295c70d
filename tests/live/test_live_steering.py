"""The caller steers work by voice: said at once, sent beside the conversation, and never against what was asked."""

from __future__ import annotations

import asyncio

import pytest
from live_samples import FACTS, NOW, state, support
from test_live_context import snapshot

from contracts.approval import ApprovalStage, OpenApproval
from contracts.events import ApprovalNews, Event, TaskNews
from contracts.task import ControlKind, TaskOrder, TaskStage
from contracts.tools import OnInterrupt
from live.outbox import Sent
from live.steering import Steering
from policy.readback import ReadBack

PHRASES = support().phrases
GOAL = "refund order 417"


class Call:
    def __init__(self, on_interrupt: OnInterrupt = OnInterrupt.CONTINUE) -> None:
        self.away = False
        self.orders: list[TaskOrder] = []
        self.sent: list[asyncio.Future[Sent]] = []
        self.said: list[str] = []
        self.read_back = ReadBack()
        self.turn = "turn-1"
        composition = support().model_copy(update={"on_interrupt": on_interrupt})
        self.steering = Steering(FACTS, composition, self, self.read_back, turn=lambda: self.turn, say=self.said.append)

    def order(self, order: TaskOrder) -> asyncio.Future[Sent]:
        self.orders.append(order)
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[-1]

    def says(self, words: str, *, over_speech: bool = False, answers: bool = False) -> str | None:
        return self.steering.reply(words, over_speech=over_speech, answers=answers)


async def test_an_order_is_named_by_its_turn_and_a_correction_carries_the_callers_words() -> None:
    call = Call()
    call.steering.take(snapshot(tasks=(state("task-1", TaskStage.RUNNING),)))
    assert call.says("Actually it is order 418.") == PHRASES.changing
    [correction] = call.orders
    assert (correction.order_id, correction.kind) == ("task-1/turn-1/correct", ControlKind.CORRECT)
    assert correction.order.by == "caller" and correction.order.words is not None
    assert correction.order.words.body == "Actually it is order 418."
    assert correction.order.words.subject_id == FACTS.subject_id
    assert call.says("Cancel that.") == PHRASES.stopping.format(goal=GOAL)
    assert [order.kind for order in call.orders] == [ControlKind.CORRECT, ControlKind.CANCEL]


async def test_while_nobody_can_be_reached_the_caller_is_told_so_and_the_order_is_kept() -> None:
    call = Call()
    call.steering.delegated("task-1", GOAL)
    call.away = True
    assert call.says("Wait.") == PHRASES.backstage_away
    assert [order.kind for order in call.orders] == [ControlKind.SUSPEND]


async def test_an_order_that_comes_too_late_is_told() -> None:
    call = Call()
    call.steering.delegated("task-1", GOAL)
    call.says("Cancel that.")
    call.sent[0].set_result(Sent.REFUSED)
    await asyncio.sleep(0)
    assert call.said == [PHRASES.too_late]


async def test_what_was_only_read_back_is_left_or_waits_and_no_task_is_told() -> None:
    call = Call()
    call.steering.delegated("task-1", GOAL)
    call.read_back.asked("refund order 418")
    assert call.says("Wait a second.") == PHRASES.take_your_time and call.read_back.waiting
    assert call.says("Yes, go ahead.") is None, "an answer to the read-back"
    assert call.says("Cancel that.") == PHRASES.not_confirmed and call.read_back.waiting is None
    assert call.orders == []


async def test_an_answer_to_a_question_is_no_order_unless_it_ends_the_work() -> None:
    call = Call()
    call.steering.delegated("task-1", GOAL)
    assert call.says("Actually it is order 418.", answers=True) is None and call.orders == []
    assert call.says("Cancel that.", answers=True) == PHRASES.stopping.format(goal=GOAL)


@pytest.mark.parametrize("gated", [True, False])
async def test_what_breaks_off_speech_about_work_is_answered_first(gated: bool) -> None:
    call = Call(OnInterrupt.SUSPEND)
    news = TaskNews(state=state("task-1", TaskStage.WAITING_APPROVAL))
    approval = OpenApproval(
        approval_id="a", task_id="task-1", tool="refund_order", stage=ApprovalStage.PENDING, deadline=NOW
    )
    for payload in (news, *([ApprovalNews(approval=approval)] if gated else [])):
        call.steering.on(Event(event_id="e", session_id="s", role="session", sequence=1, at=NOW, payload=payload))
    call.steering.about("task-1")
    assert call.says("What are your opening hours?", over_speech=True) is None, "a model answers"
    assert call.said == [PHRASES.pausing.format(goal=GOAL)]
    assert call.says("Okay, go on.") == PHRASES.going_on.format(goal=GOAL)
    assert [order.kind for order in call.orders] == [ControlKind.SUSPEND, ControlKind.RESUME]
