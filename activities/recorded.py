"""A model call leaves its entry in the audit trail before its answer is used: no decision comes from nowhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.audit import AuditRecord
from contracts.audit_events import ModelCalled, prompt_version
from contracts.base import Content
from contracts.composition import Role
from contracts.records import Record

PATIENCE = 8.0
"""Seconds that an answer waits for a database that is away; then the call is made anew, by the activity's retry."""


class Trail(Protocol):
    """Where entries are kept. Blocks; raises an exception for a database that is away."""

    def write(self, records: Sequence[Record]) -> int: ...


@dataclass(frozen=True)
class Asked:
    """Who asks which model about what, for the audit trail."""

    purpose: str
    role: Role
    session_id: str
    subject_id: str
    target: str
    task: str | None = None
    step: str | None = None


class ModelCall:
    """One call on its way. `request` is exactly what is sent."""

    def __init__(self, trail: Trail, asked: Asked, request: dict[str, Any]) -> None:
        self._trail = trail
        self._asked = asked
        self._request = request
        self._began = time.monotonic()

    async def failed(self, error: str) -> None:
        """The service gave no answer. An entry that cannot be written is given up: nothing was decided."""
        with suppress(ApplicationError):
            await self._write("malformed" if error == "ModelMalformed" else "failed", error=error)

    async def answered(self, answer: Any) -> None:
        """Raises ApplicationError `AuditUnavailable` when the entry cannot be written."""
        message = answer.choices[0].message
        calls = [{"name": c.function.name, "arguments": c.function.arguments} for c in message.tool_calls or ()]
        output = json.dumps({"content": message.content, "tool_calls": calls}, ensure_ascii=False)
        usage = answer.usage
        await self._write(
            "answered",
            answered_by=answer.model,
            tokens_in=usage.prompt_tokens if usage else None,
            tokens_out=usage.completion_tokens if usage else None,
            output=output,
        )

    async def _write(self, state: Any, *, output: str | None = None, **known: Any) -> None:
        asked, told, now = self._asked, activity.info(), datetime.now(UTC)
        parameters = {k: v for k, v in self._request.items() if isinstance(v, str | int | float) and k != "model"}
        exhibits = {"input": json.dumps(self._request, ensure_ascii=False)} | ({"output": output} if output else {})
        entry = AuditRecord(
            entry_id=f"model/{told.workflow_id}/{told.workflow_run_id}/{told.activity_id}/{told.attempt}",
            session_id=asked.session_id,
            at=now,
            actor=f"role:{asked.role.name}",
            target=asked.target,
            event=ModelCalled(
                state=state,
                purpose=asked.purpose,
                model=asked.role.model,
                parameters=parameters,
                prompt=prompt_version(asked.role.instructions),
                prompt_characters=len(asked.role.instructions.strip()),
                milliseconds=round((time.monotonic() - self._began) * 1000),
                attempt=told.attempt,
                task=asked.task,
                step=asked.step,
                **known,
            ),
            exhibits={name: Content(subject_id=asked.subject_id, body=body) for name, body in exhibits.items()},
        )
        try:
            async with asyncio.timeout(PATIENCE):
                await self._until_written(entry)
        except TimeoutError:
            raise ApplicationError("the audit trail cannot be written", type="AuditUnavailable") from None

    async def _until_written(self, entry: AuditRecord) -> None:
        while True:
            try:
                await asyncio.to_thread(self._trail.write, [entry])
                return
            except Exception as error:  # noqa: BLE001 (whatever the database has: it is tried again, then told)
                activity.logger.warning("the audit trail is not writable: %s", type(error).__name__)
                await asyncio.sleep(0.5)
