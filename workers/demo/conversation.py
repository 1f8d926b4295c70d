"""One call of the demo: the caller speaks, and waits to hear what it hopes for, as a person would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from workers.demo.caller_process import CallerProcess, Happened
from workers.demo.stage import Stage

Hope = Callable[[str], bool]
"""Whether what was heard is what was hoped for."""


@dataclass(frozen=True)
class Exchange:
    """All that was heard, and whether that was hoped for. `last` is the utterance that settled it."""

    text: str
    fulfilled: bool
    latency_ms: float | None
    last: Happened | None


class Conversation:
    """Use with `async with`: the caller's process ends with it."""

    def __init__(self, caller: CallerProcess) -> None:
        self.caller = caller
        self.session_id = ""

    @classmethod
    async def begin(cls, stage: Stage, *, front_door: str, composition: str, subject: str, log: Path) -> Conversation:
        """Rings, and is in the room. Raises CallerDied."""
        caller = await CallerProcess.start(
            front_door=front_door,
            composition=composition,
            subject=subject,
            log=log,
            on_event=lambda event: tell(stage, event),
        )
        conversation = cls(caller)
        joined = await caller.until(lambda e: e.event == "joined", since=0, within=60)
        conversation.session_id = joined.session_id
        return conversation

    async def __aenter__(self) -> Conversation:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.caller.kill()
        await asyncio.shield(self.caller.hang_up())

    async def hear(self, hope: Hope, *, since: int, within: float, said: Happened | None = None) -> Exchange:
        """Listens until what came since that event is what was hoped for, or patience ends. Raises CallerDied.

        With `said` only what the agent began to say after that counts: the rest was no answer to it.
        """

        def heard() -> list[Happened]:
            found = [e for e in self.caller.events[since:] if e.event == "heard"]
            begun = said.started_at if said else None
            return [e for e in found if begun is None or (e.started_at is not None and e.started_at >= begun)]

        def text() -> str:
            return " ".join(e.text for e in heard())

        try:
            async with asyncio.timeout(within):
                await self.caller.changed(lambda: hope(text()))
            fulfilled = True
        except TimeoutError:
            fulfilled = False
        latencies = [e.latency_ms for e in heard() if e.latency_ms is not None]
        last = heard()[-1] if heard() else None
        return Exchange(text(), fulfilled, latencies[0] if latencies else None, last)

    async def ask(self, text: str, hope: Hope, *, within: float = 20.0, times: int = 2) -> Exchange:
        """Says it and listens; says it again when nothing of the kind came, as one not understood would."""
        since = len(self.caller.events)
        first = await self.caller.say(text)
        exchange = await self.hear(hope, since=since, within=within, said=first)
        for _ in range(times - 1):
            if not exchange.fulfilled:
                await self.caller.say(text)
                exchange = await self.hear(hope, since=since, within=within, said=first)
        return exchange


def tell(stage: Stage, event: Happened) -> None:
    match event.event:
        case "joined":
            stage.line("caller", "rings, and is in the room", event.session_id)
        case "said":
            stage.line("caller", f"says: {event.text}", at=event.started_at)
        case "heard":
            note = f"first sound after {event.latency_ms:.0f} ms" if event.latency_ms is not None else ""
            stage.line("agent", f"heard: {event.text or '(no words)'}", note, at=event.started_at)
        case "agent_joined":
            stage.line("agent", f"{event.identity} is in the room")
        case "agent_left":
            stage.line("agent", f"{event.identity} left", event.reason)
        case "left":
            stage.line("caller", "hangs up")
        case "trouble":
            stage.line("caller", f"trouble: {event.message}")
