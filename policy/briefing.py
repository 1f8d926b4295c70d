"""What a reviewer reads before deciding: who, what, what was tried and promised, the risk, and what is recommended.

Short enough to be read while somebody waits. Everything is taken from what the step knows; no model writes it, since
one that was talked into something would recommend that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from contracts.base import Contract
from contracts.context import ContextKind, Trust
from contracts.handoff import HandoffContext, Message
from contracts.taint import Influence
from contracts.task import StepStatus
from contracts.tools import Effect, ToolDeclaration
from policy.authority import GateVerdict, plain_words
from policy.numbers import number_in
from policy.taint import in_words

MAX_TRIED = 3
MAX_SAID = 4
MAX_TEXT = 140
NOWHERE = "NOWHERE"
_PROMISES = re.compile(r"\b(?:I|we|you)(?:'ll| will| shall)\b|\bpromise|\bguarantee", re.IGNORECASE)
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Tried(Contract):
    """A call that the step made before. `result` is what came back, `found` whether that is an answer."""

    tool: str
    result: str
    found: bool


def risk(tool: ToolDeclaration) -> Risk:
    """How much a wrong yes would cost, by what the tool's declaration says of undoing it."""
    if tool.effect is Effect.NONE:
        return Risk.LOW
    return Risk.MEDIUM if tool.effect is Effect.REVERSIBLE or tool.compensation else Risk.HIGH


def context_pack(
    tool: ToolDeclaration,
    arguments: Mapping[str, Any],
    verdict: GateVerdict,
    context: HandoffContext,
    messages: Sequence[Message],
    influences: Sequence[Influence] = (),
) -> str:
    """One line a heading, then the last words of the call."""
    tried = tried_so_far(messages)
    records = [t.result for t in tried if t.found]
    records += [item.text.body for item in context.context if item.trust is Trust.RECORD]
    earlier = [result.answer.body for result in context.prior if result.status is StepStatus.DONE]
    said = context.conversation.body
    before = [item.text.body for item in context.context if item.kind is ContextKind.SUMMARY]
    rests = _rests_on(arguments, {"records": records, "an earlier step": earlier, "said in the call": [said, *before]})
    lines = [
        ("Who", f"{context.subject_id}, in call {context.session_id}"),
        ("Wants", context.goal.body),
        ("Action", plain_words(tool, dict(arguments))),
        ("Tried", "; ".join(_told(t) for t in tried[-MAX_TRIED:]) or "nothing was looked up"),
        ("Promised", " ".join(promises(said)) or "nothing that can be seen"),
        ("Risk", f"{risk(tool).value}: {verdict.reason}, {_undone_by(tool)}"),
        ("Rests on", "; ".join(f"{where}: {_listed(names)}" for where, names in rests.items()) or "nothing is sent"),
        ("Recommended", _recommended(rests, tainted=bool(influences))),
        ("Or", _alternatives(verdict)),
    ]
    text = "\n".join(f"{heading}: {_short(words, 2 * MAX_TEXT)}" for heading, words in lines)
    last = [_short(line, MAX_TEXT) for line in said.splitlines() if line.strip()][-MAX_SAID:]
    if influences:
        text += f"\n\nInfluenced by text of somebody else, which the caller did not say\n{in_words(influences)}"
    return text + ("\n\nLast said\n" + "\n".join(last) if last else "")


def tried_so_far(messages: Sequence[Message]) -> list[Tried]:
    """The calls of the loop so far and what came back, in order."""
    found: list[Tried] = []
    asked: dict[str, str] = {}
    for message in messages:
        if message.role == "assistant":
            asked = {call.call_id: call.tool for call in message.tool_calls}
        elif message.tool_call_id in asked and message.content is not None:
            body = message.content.body
            found.append(Tried(tool=asked[message.tool_call_id], result=body, found=not _is_error(body)))
    return found


def promises(conversation: str) -> list[str]:
    """Sentences of the agent that bind it, the latest two. They are known by English words alone."""
    spoken = [line.partition(":")[2] for line in conversation.splitlines() if line.startswith("agent:")]
    sentences = [s.strip() for line in spoken for s in re.split(r"(?<=[.!?])\s+", line)]
    return [f'"{_short(s, MAX_TEXT)}"' for s in sentences if _PROMISES.search(s)][-2:]


def _recommended(rests: Mapping[str, set[str]], *, tainted: bool) -> str:
    if tainted:
        return "read first what influenced it: does the caller want this, or that text?"
    if NOWHERE in rests:
        return f"ask or reject: nobody named {_listed(rests[NOWHERE])}, and no record has it"
    told = set[str]().union(*(names for where, names in rests.items() if where != "records"))
    return f"compare first: no record has {_listed(told)}" if told else "approve: everything in it is in the records"


def _alternatives(verdict: GateVerdict) -> str:
    editable = verdict.rule.editable
    edit = [f"edit ({', '.join(sorted(editable))})"] if editable else []
    return ", ".join(["approve", *edit, "reject with words", "delegate", "take over"])


def _rests_on(arguments: Mapping[str, Any], sources: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """Where each argument comes from: the first source that has it, by its name, or nowhere."""
    found: dict[str, set[str]] = {}
    for name, value in arguments.items():
        where = next((source for source, texts in sources.items() if _is_in(value, texts)), NOWHERE)
        found.setdefault(where, set()).add(name)
    return {where: found[where] for where in (*sources, NOWHERE) if where in found}


def _undone_by(tool: ToolDeclaration) -> str:
    if tool.compensation:
        return f"can be undone by {tool.compensation.replace('_', ' ')}"
    return "can be undone" if tool.effect is Effect.REVERSIBLE else "cannot be undone"


def _told(tried: Tried) -> str:
    return (
        f"{tried.tool.replace('_', ' ')} {'→' if tried.found else 'FAILED →'} {_short(_flat(tried.result), MAX_TEXT)}"
    )


def _is_error(body: str) -> bool:
    value = _json(body)
    return isinstance(value, dict) and ("error" in value or value.get("found") is False)


def _is_in(value: Any, texts: Sequence[str]) -> bool:
    """Whether that value stands in one of the texts: a number by its value, all parts of anything larger."""
    if isinstance(value, Mapping):
        return all(_is_in(part, texts) for part in value.values())
    if isinstance(value, list):
        return all(_is_in(part, texts) for part in value)
    if value is None or isinstance(value, bool):
        return True
    number = number_in(value)
    if number is not None and any(number in _numbers_in(text) for text in texts):
        return True
    words = str(value).casefold().strip()
    return not words or any(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text.casefold()) for text in texts)


def _numbers_in(text: str) -> set[Decimal]:
    return {Decimal(found) for found in _NUMBERS.findall(text)}


def _flat(body: str) -> str:
    """A result as a list of its plain fields, if it is an object."""
    value = _json(body)
    if not isinstance(value, dict):
        return body
    return ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in value.items() if isinstance(v, str | int | float))


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
