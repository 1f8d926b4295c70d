"""What a tool is, a call of it, and what came of the call."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.base import Content, Contract, Moment


class Effect(StrEnum):
    NONE = "none"
    REVERSIBLE = "reversible"
    IRREVERSIBLE = "irreversible"


DataClass = Literal["public", "internal", "personal", "payment", "health"]
CostClass = Literal["free", "cheap", "costly"]
RecordKind = Literal["id", "amount", "count", "code", "time", "flag"]
"""What a field of a system of record may hold: nothing that could carry an instruction."""
RecordField = RecordKind | Annotated[tuple[str | int | bool, ...], Field(min_length=1)]
"""A kind, or every value that is possible, such as states. A text may leave places for kinds, as in `There is no order
{id}.`, and for what was sent, as in `We do not sell {sent}.`"""


class OnInterrupt(StrEnum):
    """What becomes of work when the caller breaks off what is being said about it."""

    CONTINUE = "continue"
    SUSPEND = "suspend"
    CANCEL = "cancel_and_compensate"
    ASK = "ask"
    """It is put on hold, and the caller is asked whether it is to go on."""


class ToolDeclaration(Contract):
    """A tool as the composition declares it, beside what its server says of itself.

    `idempotency` is `key` when the server takes an idempotency key (in the request's `_meta`, and as the argument named
    by `key_argument`), or `none`: then an effect is sent at most once. `lookup` names the tool that tells whether an
    effect with unknown outcome happened, called with the arguments named in `lookup_arguments`.
    `compensation` names the tool that undoes an effect; `compensation_arguments` tells for each of its arguments which
    field of the effect's result, else of its arguments, to take. Whoever may call a tool may have it undone.
    `say` puts the action into plain words, with `{argument}` fields. `amount_argument` names the argument that is an
    amount of money, which rules may compare.
    `record` names the fields of its result that are a system of record, by path (`slots.*.slot_id`): what keeps to its
    kind there is trusted, and everything else in the result is untrusted text.
    `on_interrupt` is for a task in which this effect waits for its go-ahead; without it the composition's counts.
    """

    name: str
    server: str
    capability: str
    effect: Effect = Effect.NONE
    idempotency: str = "none"
    key_argument: str | None = None
    lookup: str | None = None
    lookup_arguments: tuple[str, ...] = ()
    compensation: str | None = None
    compensation_arguments: dict[str, str] = Field(default_factory=dict)
    timeout_seconds: float = 10.0
    say: str | None = None
    data_in: tuple[DataClass, ...] = ()
    data_out: tuple[DataClass, ...] = ()
    """Classes of data that it takes and gives. A role with a clearance is only offered tools within it."""
    cost_class: CostClass = "free"
    amount_argument: str | None = None
    record: dict[str, RecordField] = Field(default_factory=dict)
    on_interrupt: OnInterrupt | None = None


class ToolSpec(Contract):
    """A tool as a model is offered it. `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]
    declaration: ToolDeclaration


class ToolCall(Contract):
    """One call. `arguments` is JSON; `role` is who calls; the key is derived from task, step and call.

    `approval_id`, or `grant_id`, and `approved_digest` tell which decision covers a gated call. `compensates` names the
    tool whose effect this call undoes. `in_records` names arguments whose values a system of record told the step,
    `tainted` whether it had read untrusted text.
    """

    call_id: str
    tool: str
    arguments: Content
    role: str
    composition: str
    subject_id: str
    session_id: str
    task_id: str | None = None
    step_id: str | None = None
    idempotency_key: str | None = None
    approval_id: str | None = None
    grant_id: str | None = None
    approved_digest: str | None = None
    compensates: str | None = None
    in_records: tuple[str, ...] = ()
    tainted: bool = False


class ToolStatus(StrEnum):
    OK = "ok"
    REFUSED = "refused"
    """The registry or the tool's own rules said no; nothing happened."""
    FAILED = "failed"
    """Surely nothing happened."""
    UNKNOWN = "unknown"
    """It may have happened; never to be retried blindly."""


class ToolRefused(Contract):
    """A call that a live agent's model wanted and that was not made. Ids and codes, never arguments.

    `tool` is a name that the composition declares, or `undeclared`: whatever a model makes up may be content.
    """

    refusal_id: str
    session_id: str
    role: str
    epoch: int
    tool: str
    reason: str
    at: Moment


class ToolOutcome(Contract):
    """`result` is JSON or text as the tool gave it; `ours` where the words are our own, about a call."""

    call_id: str
    tool: str
    status: ToolStatus
    result: Content
    ours: bool = False
