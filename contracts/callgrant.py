"""A signed grant: the leave to make one call with an effect, for a short while."""

from __future__ import annotations

from contracts.base import Contract, Moment


class CallGrant(Contract):
    """Who may make which call, until when, and why. `digest` covers tool and arguments; no content.

    `rule_id` names the rule that decided; `approval_id` the person's yes that covers it, if it was gated, or `given_id`
    the reviewer's grant of further calls.
    """

    call_id: str
    composition: str
    tool: str
    capability: str
    role: str
    subject_id: str
    session_id: str
    task_id: str | None
    step_id: str | None
    digest: str
    idempotency_key: str | None
    compensates: str | None
    rule_id: str
    approval_id: str | None
    given_id: str | None
    issued_at: Moment
    expires_at: Moment


class SignedGrant:
    """A grant with the signature of the key `key_id`. Not a contract: it crosses no process boundary, and so it is in
    no history, no record and no log."""

    __slots__ = ("_signature", "grant", "key_id")

    def __init__(self, grant: CallGrant, key_id: str, signature: str) -> None:
        self.grant = grant
        self.key_id = key_id
        self._signature = signature

    @property
    def signature(self) -> str:
        return self._signature

    def __repr__(self) -> str:
        return f"SignedGrant({self.grant.call_id!r}, key {self.key_id!r})"

    def __reduce__(self) -> str:
        raise TypeError("a signed grant stays in its process")
