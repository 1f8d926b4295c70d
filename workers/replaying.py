"""The recorded decisions of a task, made again by the model, the prompts and the rules of today. Nothing is done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import openai
from pydantic import BaseModel

from contracts.audit import AuditLine
from contracts.audit_events import ModelCalled, PolicyRuled, prompt_version
from contracts.composition import Composition
from policy import rules
from policy.difference import difference, readable


class Again(BaseModel):
    """One decision made again. `changed`: what differs in how it is made; `differs`: where it comes out otherwise;
    `left_out`: why it could not be made again."""

    entry_id: str
    what: str
    changed: list[str] = []
    differs: str | None = None
    left_out: str | None = None


async def again(
    entry: AuditLine, contents: Mapping[str, str], composition: Composition, chat: openai.AsyncOpenAI
) -> Again | None:
    """None for an entry that is no decision of a model or a rule. Raises openai.APIError."""
    if isinstance(entry.event, ModelCalled) and entry.event.state == "answered":
        return await _model(entry, entry.event, contents, composition, chat)
    if isinstance(entry.event, PolicyRuled):
        return _rule(entry, entry.event, contents, composition)
    return None


async def _model(
    entry: AuditLine,
    event: ModelCalled,
    contents: Mapping[str, str],
    composition: Composition,
    chat: openai.AsyncOpenAI,
) -> Again:
    name = entry.actor.removeprefix("role:")
    made = Again(entry_id=entry.entry_id, what=f"{name}: {event.purpose} for {entry.target}")
    if "input" not in contents or "output" not in contents:
        return made.model_copy(update={"left_out": "what the model was told was erased"})
    try:
        role = composition.role(name)
    except KeyError:
        return made.model_copy(update={"left_out": f"the composition has no role {name} any more"})
    request = json.loads(contents["input"])
    changed = []
    if role.model != event.model:
        changed.append(f"model: was {event.model}, is {role.model}")
        request["model"] = role.model
    if (version := prompt_version(role.instructions)) != event.prompt:
        changed.append(f"prompt: was version {event.prompt}, is {version}")
        request["messages"] = _told_anew(request["messages"], role.instructions.strip(), event.prompt_characters)
    answer = await chat.chat.completions.create(**request)
    message = answer.choices[0].message
    calls = [
        {"name": call.function.name, "arguments": call.function.arguments}
        for call in message.tool_calls or ()
        if call.type == "function"
    ]
    now = readable({"content": message.content, "tool_calls": calls})
    differs = difference(readable(json.loads(contents["output"])), now)
    return made.model_copy(update={"changed": changed, "differs": differs})


def _told_anew(messages: Sequence[dict[str, Any]], instructions: str, characters: int | None) -> list[dict[str, Any]]:
    """The messages with the instructions of today in the place of those of then."""
    first, *rest = messages
    text = str(first["content"])
    return [first | {"content": instructions + text[len(text) if characters is None else characters :]}, *rest]


def _rule(entry: AuditLine, event: PolicyRuled, contents: Mapping[str, str], composition: Composition) -> Again:
    made = Again(entry_id=entry.entry_id, what=f"rules: {entry.target} ({event.call})")
    if "circumstances" not in contents:
        return made.model_copy(update={"left_out": "what the ruling depended on was erased"})
    try:
        tool = composition.tool(entry.target)
    except KeyError:
        return made.model_copy(update={"left_out": f"the composition has no tool {entry.target} any more"})
    asked = rules.Circumstances.model_validate_json(contents["circumstances"])
    verdict = rules.decide(composition, tool, asked)
    before = {"state": event.state, "rule": event.rule}
    now = {"state": "gated" if verdict.gated else "free", "rule": verdict.rule_id}
    return made.model_copy(update={"differs": difference(before, now)})
