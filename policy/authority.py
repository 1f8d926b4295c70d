"""Who may call what, and what waits for a person."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from contracts.base import Contract
from contracts.composition import Composition, Role
from contracts.rules import ApprovalRule
from contracts.tools import Effect, ToolDeclaration

MIN_DIGEST = 8

DEFAULT_RULE = ApprovalRule(id="default", reason="an effect is gated unless a rule frees it")


class AccessVerdict(Contract):
    allowed: bool
    reason: str


class GateVerdict(Contract):
    """`rule` says how it waits if it does: the one that decided, or another one of its tool, or the safe default.

    `tainted`: untrusted text may have moved the call.
    """

    gated: bool
    rule_id: str
    reason: str
    rule: ApprovalRule = DEFAULT_RULE
    tainted: bool = False


def may_call(composition: Composition, role_name: str, tool_name: str) -> AccessVerdict:
    """Whether that role holds the capability which that tool asks for. An unknown role or tool is refused."""
    try:
        role, tool = composition.role(role_name), composition.tool(tool_name)
    except KeyError as missing:
        return AccessVerdict(allowed=False, reason=str(missing.args[0]))
    if (beyond := _beyond_clearance(role, tool)) is not None:
        return AccessVerdict(allowed=False, reason=beyond)
    if tool.capability in role.capabilities:
        return AccessVerdict(allowed=True, reason=f"role {role_name} holds {tool.capability}")
    return AccessVerdict(
        allowed=False, reason=f"role {role_name} does not hold {tool.capability}, which {tool_name} needs"
    )


def may_compensate(composition: Composition, role_name: str, tool_name: str, undone: str) -> AccessVerdict:
    """Whether that role may undo an effect of `undone` by that tool: it may call `undone`, which declares that tool."""
    access = may_call(composition, role_name, undone)
    if not access.allowed or composition.tool(undone).compensation == tool_name:
        return access
    return AccessVerdict(allowed=False, reason=f"{tool_name} is not declared as the compensation of {undone}")


def tools_of(composition: Composition, role_name: str) -> tuple[ToolDeclaration, ...]:
    """The tools that role may be offered. A live role is offered only those without effect."""
    role = composition.role(role_name)
    live = role in composition.live_roles()
    return tuple(
        tool
        for tool in composition.tools
        if may_call(composition, role_name, tool.name).allowed and not (live and tool.effect is not Effect.NONE)
    )


def _beyond_clearance(role: Role, tool: ToolDeclaration) -> str | None:
    """Why the role's clearance keeps it from that tool; None if it does not. A tool that does not say may give all."""
    if role.clearance is None:
        return None
    if not tool.data_in or not tool.data_out:
        return f"role {role.name} has a clearance, and {tool.name} does not say what data it takes and gives"
    beyond = sorted({*tool.data_in, *tool.data_out} - {*role.clearance})
    return (
        f"role {role.name} has no clearance for {', '.join(beyond)}, which {tool.name} takes or gives"
        if beyond
        else None
    )


def rules_about(composition: Composition, tool: str) -> tuple[ApprovalRule, ...]:
    """The approval rules that a call of that tool may fit, in the order in which they are asked."""
    return tuple(rule for rule in composition.approvals if rule.about(tool))


def freed(composition: Composition, tool: ToolDeclaration) -> bool:
    """Whether no call of that tool waits for a person, whatever its arguments: `policy.rules` decides on one call."""
    first = next(iter(rules_about(composition, tool.name)), None)
    return tool.effect is Effect.NONE or (first is not None and first.frees_all)


def harmless(composition: Composition, tool: ToolDeclaration) -> bool:
    """Whether the rule that frees a tool says that its effect need not be undone either."""
    first = next(iter(rules_about(composition, tool.name)), None)
    return first is not None and first.harmless


def may_be_freed(composition: Composition, tool: ToolDeclaration) -> bool:
    """Whether some call of that tool need not wait for a person."""
    return tool.effect is Effect.NONE or any(not rule.gate for rule in rules_about(composition, tool.name))


def canonical(arguments: dict[str, Any]) -> str:
    """Arguments as JSON with one spelling: sorted keys, no spaces."""
    return json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def action_digest(tool: str, arguments: dict[str, Any]) -> str:
    """SHA-256 (hex) over the exact action: what a decision covers."""
    return hashlib.sha256(f"{tool}\n{canonical(arguments)}".encode()).hexdigest()


def covers(decided: str, digest: str) -> bool:
    """Whether a decision's digest, perhaps shortened, is that of the action."""
    return len(decided) >= MIN_DIGEST and digest.startswith(decided.lower())


def plain_words(tool: ToolDeclaration, arguments: dict[str, Any]) -> str:
    """The action in one line: the tool's own sentence, else its name and arguments."""
    return sentence(tool.name, tool.say, arguments)


def sentence(tool: str, say: str | None, arguments: dict[str, Any]) -> str:
    """The action in one line, by the sentence `say` of its tool if there is one."""
    if say is not None:
        try:
            return say.format_map(arguments)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError):
            pass  # a sentence that does not fit its arguments must not hide them
    listed = ", ".join(f"{name} {value}" for name, value in sorted(arguments.items()))
    return f"{tool.replace('_', ' ')}: {listed}"
