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
