"""The conversation as the framework keeps it: restored after a replacement, and read as lines of speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from livekit.agents import llm

from contracts.session import Speaker, Turn


def restored(turns: tuple[Turn, ...]) -> tuple[llm.ChatContext, Turn | None]:
    """The conversation so far, and the caller's last turn when nobody answered it (then it is not in the context)."""
    unanswered = turns[-1] if turns and turns[-1].speaker is Speaker.CALLER else None
    return whole(turns[:-1] if unanswered is not None else turns), unanswered


def whole(turns: tuple[Turn, ...]) -> llm.ChatContext:
    """The turns as a conversation."""
    context = llm.ChatContext.empty()
    for turn in turns:
        context.add_message(
            role="user" if turn.speaker is Speaker.CALLER else "assistant",
            content=turn.text.body,
            id=turn.turn_id,
            interrupted=turn.interrupted,
            created_at=turn.started_at.timestamp(),
        )
    return context


def leading_instructions(context: llm.ChatContext) -> int:
    """How many items at the front are instructions."""
    count = 0
    while count < len(context.items) and instructs(context.items[count]):
        count += 1
    return count


def instructs(item: llm.ChatItem) -> bool:
    return getattr(item, "role", None) in ("system", "developer")


def lines(items: Iterable[llm.ChatItem]) -> Iterator[tuple[llm.ChatMessage, str]]:
    """What was said, each turn with its line: `caller: …` or `agent: …`."""
    for item in items:
        if isinstance(item, llm.ChatMessage) and item.role in ("user", "assistant") and item.text_content:
            yield item, f"{'caller' if item.role == 'user' else 'agent'}: {item.text_content}"
