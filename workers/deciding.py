"""A reviewer's decision about an approval: how it is put, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.approval import Verdict
from contracts.names import approval_workflow_id
from contracts.records import ApprovalRecord
from workers.errors import GreenroomError
from workers.sending import CHANNEL, Addressee, Ruling, raw_command, send
from workers.settings import Settings


def current_digest(approval: ApprovalRecord) -> str:
    """Of the action that is to be decided now: as asked, or as a reviewer changed it since."""
    return approval.edited_digest or approval.digest


def arguments_of(approval: ApprovalRecord) -> dict[str, Any]:
    """The arguments of that action."""
    known: dict[str, Any] = json.loads((approval.edited_arguments or approval.arguments).body)
    return known


def assignments(changes: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """`name=value` words as arguments: a text stays a text where one was, everything else is read as JSON if it is.

    Raises GreenroomError for a word that is no assignment.
    """
    found: dict[str, Any] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name.strip():
            raise GreenroomError(f"--set {change!r}: write NAME=VALUE, e.g. --set amount=100")
        found[name.strip()] = value if isinstance(known.get(name.strip()), str) else _read(value)
    return found


def variations(anything: Sequence[str], at_most: Sequence[str]) -> dict[str, Any] | None:
    """What a grant lets vary, as a decision says it; None is nothing. Raises GreenroomError for what is no bound."""
    found: dict[str, Any] = {name.strip(): "any" for name in anything}
    for bound in at_most:
        name, _, number = bound.partition("=")
        try:
            found[name.strip()] = {"at_most": float(number)}
        except ValueError:
            raise GreenroomError(f"--at-most {bound!r}: write NAME=NUMBER, e.g. --at-most amount=50") from None
    return found or None


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def message(
    approval: ApprovalRecord,
    reviewer: str,
    verdict: Verdict,
    note: str | None,
    digest: str | None,
    more: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The one JSON object that the signal carries; `more` is what some verdicts need beside, such as `seconds`."""
    sent: dict[str, object] = {
        "reviewer": reviewer,
        "verdict": verdict.value,
        "digest": digest or current_digest(approval),
        "channel": CHANNEL,
    }
    return {**(more or {}), **sent, **({"note": note} if note else {})}


def signal_command(settings: Settings, approval: ApprovalRecord, reviewer: str, verdict: Verdict) -> str:
    """The same decision with the plain Temporal CLI."""
    decision = {"reviewer": reviewer, "verdict": verdict.value, "digest": current_digest(approval)[:12]}
    return raw_command(settings, approval_workflow_id(approval.approval_id), decision)


async def decide(
    settings: Settings,
    approval: ApprovalRecord,
    reviewer: str,
    verdict: Verdict,
    *,
    note: str | None = None,
    digest: str | None = None,
    more: Mapping[str, object] | None = None,
) -> Ruling:
    """Sends the decision by signal and waits until it was judged.

    Raises GreenroomError when Temporal does not take it, or nobody judged it in time (it still may be, later).
    """
    to = Addressee(
        workflow_id=approval_workflow_id(approval.approval_id),
        item_id=approval.approval_id,
        session_id=approval.session_id,
        subject_id=approval.subject_id,
        look="greenroom approvals show",
    )
    return await send(settings, to, message(approval, reviewer, verdict, note, digest, more))
