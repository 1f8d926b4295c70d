"""What a live agent tells the audit trail: its model calls, its tool calls, and what it does without."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from livekit.agents import FlushSentinel, llm

from contracts import names
from contracts.audit import AuditRecord
from contracts.audit_events import AuditEvent, Degraded, ModelCalled, ToolCalled, prompt_version
from contracts.base import Content
from contracts.composition import Role
from contracts.tools import ToolCall, ToolOutcome
from live.delegation import CallFacts


class Auditing:
    """`note` takes each entry and does not wait."""

    def __init__(self, facts: CallFacts, role: Role, note: Callable[[AuditRecord], None]) -> None:
        self._facts = facts
        self._role = role
        self._note = note
        self._prompt = prompt_version(role.instructions)

    def tool(self, call: ToolCall, outcome: ToolOutcome, turn: str | None = None) -> None:
        event = ToolCalled(state=outcome.status, call=call.call_id, epoch=self._facts.epoch, turn=turn)
        exhibits = {"arguments": call.arguments, "result": outcome.result}
        self._entry(call.call_id, call.tool, event, exhibits)

    def degraded(self, state: str, reason: str) -> None:
        """`state` is done instead: second_try, apology, no_voice, no_look_up, or a `policy.degradation.Step`."""
        event = Degraded(state=state, reason=reason, epoch=self._facts.epoch)
        self._entry(names.new_id("degraded"), self._facts.role, event, {})

    def asking(
        self, model: llm.LLM[Any] | None, request: llm.ChatContext, tools: Sequence[llm.Tool], attempt: int
    ) -> ModelCall:
        """The role's own model is asked (None), or another one."""
        return ModelCall(self, self._role.model if model is None else model.model, request, tools, attempt)

    def model(self, known: ModelCall, state: Any, error: str | None) -> None:
        """One answer of the model, whole or not; built when it is over, not while the caller waits for it."""
        facts = self._facts
        turn = next((item.id for item in reversed(known.request.items) if getattr(item, "role", None) == "user"), None)
        event = ModelCalled(
            state=state,
            purpose="turn",
            model=known.model,
            prompt=self._prompt,
            tokens_in=known.tokens_in,
            tokens_out=known.tokens_out,
            milliseconds=known.milliseconds,
            attempt=known.attempt,
            error=error,
            turn=turn,
            epoch=facts.epoch,
        )
        messages, _ = known.request.to_provider_format("openai")
        offered = llm.ToolContext(list(known.tools)).parse_function_tools("openai", strict=True)
        said = {"content": known.said, "tool_calls": known.calls}
        shown = {"input": {"model": known.model, "messages": messages, "tools": offered}, "output": said}
        exhibits = {
            name: Content(subject_id=facts.subject_id, body=json.dumps(value, ensure_ascii=False, default=str))
            for name, value in shown.items()
        }
        self._entry(names.new_id("model"), turn or facts.session_id, event, exhibits)

    def _entry(self, entry_id: str, target: str, event: AuditEvent, exhibits: dict[str, Content]) -> None:
        self._note(
            AuditRecord(
                entry_id=entry_id,
                session_id=self._facts.session_id,
                at=datetime.now(UTC),
                actor=f"role:{self._facts.role}",
                target=target,
                event=event,
                exhibits=exhibits,
            )
        )


class ModelCall:
    """One call of the model, as its answer comes."""

    def __init__(
        self, to: Auditing, model: str, request: llm.ChatContext, tools: Sequence[llm.Tool], attempt: int
    ) -> None:
        self.model = model
        self.request = request
        self.tools = tools
        self.attempt = attempt + 1
        self.said = ""
        self.calls: list[dict[str, str]] = []
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self._to = to
        self._began = time.monotonic()
        self._over = False

    @property
    def milliseconds(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def take(self, chunk: llm.ChatChunk | str | FlushSentinel) -> None:
        if isinstance(chunk, str):
            self.said += chunk
        elif isinstance(chunk, llm.ChatChunk):
            if chunk.delta is not None:
                self.said += chunk.delta.content or ""
                self.calls += [{"name": call.name, "arguments": call.arguments} for call in chunk.delta.tool_calls]
            if chunk.usage is not None:
                self.tokens_in, self.tokens_out = chunk.usage.prompt_tokens, chunk.usage.completion_tokens

    def over(self, state: Literal["answered", "failed", "interrupted"], error: str | None = None) -> None:
        """Only the first time counts."""
        if not self._over:
            self._over = True
            self._to.model(self, state, error)
