"""The delivery desk: says what is owed at a pause, and reports what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from livekit.agents import AgentSession

from contracts.base import Content
from contracts.delivery import DeliveryOutcome, DeliveryReport, Offer
from contracts.phrases import Phrases
from policy.desk import DeliveryDesk, Playout

logger = logging.getLogger("greenroom.live.deliveries")


class Reports(Protocol):
    def report(self, subject_id: str, report: DeliveryReport) -> None: ...


class Deliveries:
    """`reachable` tells whether the caller is connected and takes our audio; `failures` counts lost synthesis.

    `about` is told the task of each delivery as it begins to be said.
    """

    def __init__(
        self,
        session: AgentSession[None],
        reports: Reports,
        phrases: Phrases,
        *,
        session_id: str,
        reachable: Callable[[], bool],
        failures: Callable[[], int],
        about: Callable[[str], None],
    ) -> None:
        self._session = session
        self._reports = reports
        self._phrases = phrases
        self._session_id = session_id
        self._reachable = reachable
        self._failures = failures
        self._about = about
        self._desk = DeliveryDesk()
        self._arrived = asyncio.Event()
        self._welcomed = False
        self._stopped = False
        self._asked = self._asking = False

    def offered(self, offer: Offer) -> None:
        if self._desk.offered(offer):
            self._arrived.set()

    def withdrawn(self, delivery_id: str) -> None:
        self._desk.withdrawn(delivery_id)

    def stop(self) -> None:
        """Says nothing more: what is owed stays owed, and is offered in the next call."""
        self._stopped = True

    def sign_of_life(self) -> None:
        """The caller spoke, or left cleanly."""
        for offer in self._desk.sign_of_life():
            self._report(offer, DeliveryOutcome.HEARD)

    @property
    def asks(self) -> bool:
        """Whether a question is being said, or was said and not answered yet."""
        return self._asked or self._asking

    def reply(self) -> str | None:
        """What the caller's next words are answered with after a question was said to the end; then None again."""
        asked, self._asked = self._asked, False
        return self._phrases.answered if asked else None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._desk.next is not None and not self._stopped:
                await self._session.wait_for_idle()
                # While waiting, a newer one may have come, or this one may have been withdrawn.
                if (offer := self._desk.next) is not None and not self._stopped:
                    await self._say(offer)

    async def _say(self, offer: Offer) -> None:
        self._desk.began(offer)
        failures = self._failures()
        self._about(offer.task_id)
        self._asking = offer.asks
        handle = self._session.say(self._words(offer))
        await handle
        self._asking = False
        failed = handle.exception() is not None or self._failures() > failures
        playout = Playout(interrupted=handle.interrupted, failed=failed, reachable=self._reachable())
        outcome = self._desk.ended(playout)
        self._asked = offer.asks and outcome is DeliveryOutcome.PLAYED
        spoken = " ".join(filter(None, (getattr(item, "text_content", None) for item in handle.chat_items)))
        self._report(
            offer,
            outcome,
            spoken=spoken if outcome is DeliveryOutcome.INTERRUPTED else None,
            reason="no voice" if outcome is DeliveryOutcome.FAILED else None,
        )

    def _words(self, offer: Offer) -> str:
        if offer.carried and not self._welcomed:
            self._welcomed = True
            return self._phrases.welcome_back.format(news=offer.speech.body)
        if offer.resumed:
            return self._phrases.resumed.format(news=offer.speech.body)
        return offer.speech.body

    def _report(
        self, offer: Offer, outcome: DeliveryOutcome, *, spoken: str | None = None, reason: str | None = None
    ) -> None:
        logger.info(
            "delivery", extra={"delivery": offer.delivery_id, "attempt": offer.attempt, "outcome": outcome.value}
        )
        report = DeliveryReport(
            delivery_id=offer.delivery_id,
            attempt=offer.attempt,
            session_id=self._session_id,
            outcome=outcome,
            at=datetime.now(UTC),
            spoken=Content(subject_id=offer.speech.subject_id, body=spoken) if spoken else None,
            reason=reason,
        )
        self._reports.report(offer.speech.subject_id, report)
