"""The caller's "stop", "wait", "go on", "actually it is …": orders to running tasks, sent beside the conversation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from contracts.base import Content
from contracts.composition import Composition
from contracts.events import ApprovalNews, Event, TaskNews
from contracts.session import SessionSnapshot
from contracts.task import Control, TaskOrder
from live.delegation import CallFacts
from live.outbox import Sent
from policy import steering
from policy.interruption import Wish, wish
from policy.readback import ReadBack

logger = logging.getLogger("greenroom.live.steering")

BY = "caller"


class Backstage(Protocol):
    @property
    def away(self) -> bool: ...
    def order(self, order: TaskOrder) -> asyncio.Future[Sent]: ...


class Steering:
    """One call's orders by voice. `turn` gives the id of the turn that is answered; `say` speaks at the next pause."""

    def __init__(
        self,
        facts: CallFacts,
        composition: Composition,
        backstage: Backstage,
        read_back: ReadBack,
        *,
        turn: Callable[[], str],
        say: Callable[[str], None],
    ) -> None:
        self._facts = facts
        self._phrases = composition.phrases
        self._backstage = backstage
        self._read_back = read_back
        self._turn = turn
        self._say = say
        self._tasks = steering.Steering(composition)

    def take(self, snapshot: SessionSnapshot) -> None:
        for state in snapshot.tasks:
            self._tasks.changed(state)
        for approval in snapshot.approvals:
            self._tasks.gated(approval)

    def on(self, event: Event) -> None:
        """News from backstage; other events are of no interest here."""
        match event.payload:
            case TaskNews(state=state):
                self._tasks.changed(state)
            case ApprovalNews(approval=approval):
                self._tasks.gated(approval)

    def delegated(self, task_id: str, goal: str) -> None:
        self._tasks.delegated(task_id, goal)

    def about(self, task_id: str) -> None:
        self._tasks.about(task_id)

    @property
    def asks(self) -> bool:
        """Whether the caller was asked if work is to go on."""
        return self._tasks.asks

    def reply(self, words: str, *, over_speech: bool, answers: bool) -> str | None:
        """What is said to the caller's words instead of asking a model; None: a model answers them.

        `answers`: a question from backstage was asked, so that only an end of the work is an order. Waits for nothing.
        """
        wanted = wish(words)
        if answers and wanted not in (Wish.STOP, Wish.CANCEL):
            return None
        if self._read_back.waiting is not None:
            return self._unstarted(wanted)
        ruling = self._tasks.heard(words, over_speech=over_speech)
        for order in ruling.orders:
            self._send(order)
        said = self._phrases.backstage_away if ruling.orders and self._backstage.away else ruling.say
        if ruling.replies or said is None:
            return said
        self._say(said)
        return None

    def _unstarted(self, wanted: Wish | None) -> str | None:
        """What was only read back has not begun: it is left, or waits for the caller."""
        if wanted in (Wish.STOP, Wish.CANCEL):
            self._read_back.done()
            return self._phrases.not_confirmed
        return self._phrases.take_your_time if wanted is Wish.WAIT else None

    def _send(self, order: steering.Order) -> None:
        words = Content(subject_id=self._facts.subject_id, body=order.words) if order.words is not None else None
        # Named by the turn: an agent that answers it again gives no second order.
        order_id = f"{order.task_id}/{self._turn()}/{order.kind.value}"
        sent = self._backstage.order(
            TaskOrder(order_id=order_id, task_id=order.task_id, kind=order.kind, order=Control(by=BY, words=words))
        )
        logger.info("order", extra={"task": order.task_id, "kind": order.kind.value})
        sent.add_done_callback(self._sent)

    def _sent(self, sent: asyncio.Future[Sent]) -> None:
        if not sent.cancelled() and sent.result() is Sent.REFUSED:
            self._say(self._phrases.too_late)
