"""What a reviewer may change in an action before approving it: what the rule names, within its bounds, and no more."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from contracts.approval import ApprovalRequest, Editable, Edited
from contracts.base import Content
from policy.authority import action_digest, canonical, sentence
from policy.numbers import number_in, same


def edited(request: ApprovalRequest, current: Content, changes: str) -> Edited | str:
    """The action with `changes` (JSON of an object) made to the `current` arguments, or why that cannot be.

    Bounds are those of what was asked for: edits one after another never lead further than one of them could. The
    reason names fields, never their values.
    """
    asked: dict[str, Any] = json.loads(request.arguments.body)
    wanted: dict[str, Any] = {**json.loads(current.body), **json.loads(changes)}
    changed = tuple(name for name, value in sorted(wanted.items()) if name not in asked or not same(asked[name], value))
    for name in changed:
        if name not in request.editable:
            may = ", ".join(sorted(request.editable)) or "nothing"
            return f"rule {request.rule_id} does not let {name} be changed; it lets be changed: {may}"
        if (refusal := _refusal(name, request.editable[name], asked.get(name), wanted[name])) is not None:
            return refusal
    subject = request.subject_id
    return Edited(
        arguments=Content(subject_id=subject, body=canonical(wanted)),
        action=Content(subject_id=subject, body=sentence(request.tool, request.say, wanted)),
        digest=action_digest(request.tool, wanted),
        fields=changed,
    )


def _refusal(name: str, rule: Editable, asked: Any, wanted: Any) -> str | None:
    if asked is not None and _kind(wanted) != _kind(asked):
        return f"{name} is {_kind(asked)}, and can only be changed to another such"
    if rule.at_most is None:
        return None
    number, original = number_in(wanted), number_in(asked)
    if number is None:
        return f"{name} must be a number"
    if rule.at_most == "original":
        if original is None:
            return f"{name} was not asked for as a number, so that it bounds nothing"
        bound, words = original, "was asked for"
    else:
        bound, words = Decimal(str(rule.at_most)), f"{rule.at_most:g}"
    if original is not None and number.is_signed() != original.is_signed():
        return f"{name} must keep its sign"
    return f"{name} may not be more than {words}" if number > bound else None


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
    return "an object"
