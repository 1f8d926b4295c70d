"""The base of every contract, and the one type that may hold what people said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone: give an aware datetime, e.g. 2026-01-01T00:00:00Z")
    return moment.astimezone(UTC)


def _encodable(text: object) -> object:
    """A model's JSON may hold lone surrogates, which no encoding takes."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text


Moment = Annotated[datetime, AfterValidator(_utc)]
"""An aware time, held in UTC."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""What a composition calls a thing of its own: a role, a rule, a group."""


class Contract(BaseModel):
    """Frozen, and lenient towards fields of a later version: an older reader ignores what it does not know.

    `v` rises when a field changes its meaning; adding a field with a default does not raise it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = 1


class Content(Contract):
    """What a person said or showed, or a tool returned. The only place for it in any contract.

    The data converter seals `body` with the subject's key; ids, search attributes, memos and summaries never hold
    content. `repr` shows the length alone, so that a log line cannot leak it.
    """

    subject_id: str
    body: Annotated[str, BeforeValidator(_encodable)]

    def __repr__(self) -> str:
        return f"Content(subject_id={self.subject_id!r}, {len(self.body)} characters)"

    __str__ = __repr__
