"""One call in this process: the caller speaks, and waits to hear what it hopes for, as a person would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from contracts.phrases import Phrases
from workers.caller.caller import Caller
from workers.caller.events import (
    AgentJoined,
    AgentLeft,
    AgentSpeechStarted,
    Event,
    Heard,
    NothingHeard,
    Said,
)
from workers.caller.front_door import Invitation
from workers.caller.microphone import MicrophoneMode
from workers.caller.speech import Speech
from workers.demo.hearing import hears_amount, hears_any, hears_digits, hears_phrase
from workers.demo.script import spelled
from workers.demo.shop import Order

T = TypeVar("T")
Hope = Callable[[str], bool]
"""Whether what was heard is what was hoped for."""
PATIENCE = 20.0


class Call:
    """`events` grows as things happen; marks into it (`mark`) say what counts as later."""

    def __init__(self, invitation: Invitation, speech: Speech, phrases: Phrases, *, microphone: MicrophoneMode) -> None:
        self.session_id = invitation.session_id
        self.invitation = invitation
        self.phrases = phrases
        self.caller = Caller(invitation, speech, microphone=microphone, on_event=lambda event: self._tell())
        self._news = asyncio.Event()

    @property
    def events(self) -> list[Event]:
        return self.caller.events

    @property
    def mark(self) -> int:
        return len(self.events)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def until(self, look: Callable[[], T | None], within: float, hope: str) -> T:
        """What `look` finds, asked after every event. Raises AssertionError with what the caller went through."""
        try:
            async with asyncio.timeout(within):
                while not (found := look()):
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{hope}: not within {within:g} s\n{self.story()}") from None
        return found

    def text(self, since: int = 0) -> str:
        """All that was heard from that mark on."""
        return " ".join(event.text for event in self.events[since:] if isinstance(event, Heard))

    async def hear(self, hope: Hope, what: str, *, since: int = 0, within: float = PATIENCE) -> str:
        """Listens until what was heard since that mark is what was hoped for."""
        await self.until(lambda: hope(self.text(since)), within, f"{what} was to be heard")
        return self.text(since)

    async def hear_phrase(self, phrase: str, *, since: int = 0, within: float = PATIENCE) -> str:
        return await self.hear(lambda text: hears_phrase(text, phrase), repr(phrase), since=since, within=within)

    async def say(self, text: str) -> Said:
        return await self.caller.say(text)

    async def ask(self, text: str, hope: Hope, what: str, *, within: float = PATIENCE, times: int = 2) -> str:
        """Says it and listens; says it again when nothing of the kind came, as one not understood would."""
        since = self.mark
        for time in range(times):
            await self.say(text)
            try:
                return await self.hear(hope, what, since=since, within=within)
            except AssertionError:
                if time == times - 1:
                    raise
        raise AssertionError("times must be at least 1")

    async def greeted(self) -> None:
        await self.hear_phrase(self.phrases.greeting, within=30)

    async def want_refund(self, order: Order) -> str:
        """Wish, read-back, yes. What was heard after the yes begins at the answer's mark; until acknowledged."""
        return await self.want(refund_wish(order))

    async def want(self, wish: str) -> str:
        """The same with any wish. One sentence: a pause inside it would be taken for its end on a busy machine."""
        await self.ask(wish, self.reads_back, "the read-back")
        return await self.confirm()

    async def confirm(self) -> str:
        """Yes, until acknowledged."""
        taken = (self.phrases.acknowledge, self.phrases.backstage_away)
        return await self.ask(
            "Yes, please.",
            lambda text: any(hears_phrase(text, phrase) for phrase in taken),
            "the acknowledgement",
        )

    def reads_back(self, text: str) -> bool:
        return hears_phrase(text, self.phrases.confirm.replace("{goal}", ""))

    async def hear_refunded(self, order: Order, *, since: int = 0, within: float = PATIENCE * 2) -> str:
        """The outcome: the money is on its way."""
        return await self.hear(
            lambda text: hears_refunded(text, order), f"a refund of {order.amount}", since=since, within=within
        )

    async def agent_speaks(self, *, since: int, within: float, but: str | None = None) -> AgentSpeechStarted:
        """The first sound of an agent (other than `but`) from that mark on."""
        return await self.until(
            lambda: next(
                (e for e in self.events[since:] if isinstance(e, AgentSpeechStarted) and e.identity != but), None
            ),
            within,
            "an agent was to speak",
        )

    async def another_agent(self, *, since: int, within: float) -> AgentJoined:
        return await self.until(
            lambda: next((e for e in self.events[since:] if isinstance(e, AgentJoined)), None),
            within,
            "another agent was to join",
        )

    async def hang_up(self) -> None:
        await self.caller.hang_up()

    def story(self) -> str:
        """What was said and heard, line by line."""
        lines = [f"call {self.session_id}:"]
        for event in self.events:
            when = f"  {event.at:%H:%M:%S.%f}"[:-3]
            match event:
                case Said():
                    lines.append(f"{when} said:  {event.text}")
                case Heard():
                    after = f" (after {event.latency_ms:.0f} ms)" if event.latency_ms is not None else ""
                    lines.append(f"{when} heard: {event.text}{after}")
                case AgentJoined() | AgentLeft():
                    lines.append(f"{when} {event.name}: {event.identity}")
                case AgentSpeechStarted() | NothingHeard():
                    lines.append(f"{when} {event.name}")
        return "\n".join(lines)


def refund_wish(order: Order) -> str:
    return f"I want a refund for order {spelled(order.order_id)} because it arrived broken."


def hears_refunded(text: str, order: Order) -> bool:
    """ "I have refunded order 149, 99 euros", which a recogniser may write as "order 14999 euros"."""
    whole = order.amount.partition(".")[0]
    amount = hears_amount(text, Decimal(order.amount)) or hears_digits(text, order.order_id + whole)
    return hears_any(text, ("refund", "refunded")) and amount
