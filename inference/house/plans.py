"""Plans: the fewest steps that reach a goal, each given to the role whose tools fit it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inference.house import schema as js
from inference.house.choice import asks
from inference.house.conversation import Conversation
from inference.house.identifiers import mentions
from inference.house.instances import instance
from inference.house.offers import Offer
from inference.house.ranking import Index
from inference.house.roles import RoleInfo, roles_of
from inference.house.schema import Schema
from inference.house.shapes import (
    AFTER,
    COMPOSITE,
    KIND,
    ROLE,
    TASK,
    TOOLS,
    array_property,
    identity_of,
    nothing,
    property_for,
    worded,
)
from inference.house.text import content_stems, name_words, sentence_case, without_fillers
from inference.house.waiting import WAIT, Event, Wait, events_of, only_waits, stated_now, value_for, waits

_SPLIT = re.compile(
    r"(?P<stop>(?<=[.!?;])\s+)|\s*[,;]?\s+(?P<join>\band also\b|\band (?:then|afterwards|after "
    r"that)\b|\bthen\b|\bafter that\b|\bafterwards\b|"
    r"\bas well as\b|\bplus\b|\balso\b|\bbut\b|\band\b)\s+",
    re.IGNORECASE,
)
_AFTER_BEFORE = re.compile(r"^(then|after that|afterwards|once|when|if|next)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"^\W*((please )?(make|write|produce) a plan( for| to)?|plan( for| to)?( this)?( goal)?)\W*:?\s+", re.IGNORECASE
)


@dataclass(frozen=True)
class Part:
    """One independent wish of a goal; `after` says that it waits for the one before. `whole`: for several wishes."""

    text: str
    after: bool
    wait: Wait | None = None
    whole: bool = False


def steps_property(schema: Schema, root: Schema) -> str:
    """The array property whose items look like steps: a task, and a role or dependencies; "" if there is none."""
    for name in js.properties(schema):
        item = array_property(schema, root, name)
        if js.kind(item) != "object" or not property_for(item, root, TASK):
            continue
        if property_for(item, root, AFTER) or (property_for(item, root, ROLE) and identity_of(item, root)):
            return name
    return ""


def plan(schema: Schema, root: Schema, name: str, conversation: Conversation) -> dict[str, Any]:
    """An instance of a plan schema for the goal that the conversation ends with."""
    item = array_property(schema, root, name)
    role_name = property_for(item, root, ROLE)
    role_schema = js.resolve(js.properties(item).get(role_name, {}), root)
    allowed = [value for value in role_schema.get("enum", []) if isinstance(value, str)]
    goal, text = _goal(conversation), f"{conversation.system}\n{conversation.last.text}"
    roles = roles_of(text, conversation.material, allowed)
    tools = [tool for role in roles for tool in role.tools]
    parts = parts_of(goal, tools, events_of(conversation.material), stated_now(conversation.system))
    drafts = _assign(parts, roles)
    most = js.resolve(js.properties(schema)[name], root).get("maxItems")
    if isinstance(most, int) and 0 < most < len(drafts):
        kept, rest = drafts[: most - 1], drafts[most - 1 :]
        joined = "".join(
            f" {'Then' if part.after else 'Also'} {part.text[:1].lower()}{part.text[1:]}" for part, _, _ in rest[1:]
        )
        merged = replace(rest[0][0], text=rest[0][0].text + joined, whole=True)
        planner = next((value for value in allowed if value not in {role.name for role in roles}), None)
        composite = planner if planner and _kind_of(item, root, composite=True) else None
        drafts = [*kept, (merged, composite or rest[0][1], None if composite else rest[0][2])]
    ids = _identities(item, root, len(drafts))
    steps = []
    for i, (part, role, tool) in enumerate(drafts):
        after = [ids[i - 1]] if part.after and i else []
        steps.append(_step(item, root, ids[i], role, tool, part, after))
    filled = instance(schema, goal, root)
    if isinstance(filled, dict):
        goal_name = property_for(schema, root, TASK | {"summary", "rationale", "reason", "reasoning"})
        if goal_name and goal_name != name:
            filled[goal_name] = worded(js.properties(schema)[goal_name], root, goal)
        filled[name] = steps
        return filled
    return {name: steps}


def _goal(conversation: Conversation) -> str:
    text = _LEAD.sub("", conversation.last.text.strip())
    if "\n" in text:
        spoken = [
            line
            for line in text.splitlines()
            if line.strip() and not re.match(r"\s*([-*#{\[]|\w[\w ]{0,20}:\s*$)", line)
        ]
        text = spoken[0] if spoken else text
    return text


def parts_of(
    goal: str, tools: Sequence[Offer] = (), events: Sequence[Event] = (), now: datetime | None = None
) -> list[Part]:
    """The wishes of a goal. Statements join the wish that they explain; an identifier named once is carried to all.

    The verbs of `tools` count as imperatives. A wish waits for one of the `events`, or for a time counted from `now`.
    """
    pieces: list[tuple[str, str]] = []
    start, joint = 0, ""
    for match in _SPLIT.finditer(goal):
        pieces.append((goal[start : match.start()], joint))
        start, joint = match.end(), (match["join"] or "").lower()
    pieces.append((goal[start:], joint))
    pieces = [(text.strip(" ,.;!"), joint) for text, joint in pieces if content_stems(text) or mentions(text)]
    found: list[Part] = []
    waiting = ""
    pause: Wait | None = None
    for whole_text, joint in pieces:
        if (seconds := only_waits(whole_text)) is not None:
            pause = Wait(seconds=seconds)
            continue
        text, wait = waits(whole_text, events, now)
        wait, pause = wait or pause, None
        wish = asks(text, tools) and len(content_stems(text)) > 0
        if not wish:
            text = whole_text
        later = "then" in joint or "after" in joint or bool(_AFTER_BEFORE.match(whole_text))
        if re.match(r"(if|once|when)\b", text, re.IGNORECASE) and found and not wish:
            waiting = f"{waiting} {text},".strip()
            continue
        if wish and (not found or asks(found[-1].text, tools)):
            whole = f"{waiting} {'and ' if waiting and not waiting.endswith(',') else ''}{text}".strip()
            after = bool(found) and (later or bool(re.match(r"(if|once|when)\b", waiting, re.I)))
            found.append(Part(whole, after, wait))
            waiting = ""
        elif found:
            found[-1] = replace(found[-1], text=f"{found[-1].text} {joint or 'and'} {text}")
        else:
            waiting = f"{waiting} {'and ' if waiting else ''}{text}".strip()
    if not found:
        rest, wait = waits(goal.strip(), events, now)
        return [Part(sentence_case(without_fillers(rest)) or "Answer the request.", False, wait)]
    if waiting:
        found[-1] = replace(found[-1], text=f"{found[-1].text} and {waiting}")
    about = next((f"{m.word} {m.code or m.digits}" for m in mentions(goal) if m.word), "")
    return [replace(part, text=_alone(part.text, about if not mentions(part.text) else "")) for part in found]


def _alone(text: str, about: str) -> str:
    text = without_fillers(text)
    return sentence_case(f"{text}, about {about}" if about else text)


def _assign(parts: list[Part], roles: list[RoleInfo]) -> list[tuple[Part, str, Offer | None]]:
    """Each part with the name of its role and that role's best tool; parts that no role fits join their neighbour."""
    index = Index.of({role.name: role.fields for role in roles})
    by_name = {role.name: role for role in roles}
    found: list[tuple[Part, str, Offer | None]] = []
    for part in parts:
        ranked = index.rank(part.text)
        if not ranked or (ranked[0].score < 0.5 and found):
            if found:
                before, role, tool = found[-1]
                found[-1] = (replace(before, text=f"{before.text} {part.text}"), role, tool)
                continue
            found.append((part, roles[0].name if roles else "", None))
            continue
        role_info = _best_role(
            part, [by_name[match.key] for match in ranked], ranked[0].score, {m.key: m.score for m in ranked}
        )
        tool = _best_tool(part, role_info)
        if (
            found
            and part.wait is None
            and tool is not None
            and found[-1][2] is not None
            and tool.name == found[-1][2].name
            and found[-1][1] == role_info.name
        ):
            before = found[-1][0]
            if not mentions(part.text) or mentions(part.text) == mentions(before.text):
                found[-1] = (replace(before, text=f"{before.text} {part.text}"), role_info.name, tool)
                continue
        found.append((part, role_info.name, tool))
    return found


def _best_role(part: Part, ranked: list[RoleInfo], top: float, scores: dict[str, float]) -> RoleInfo:
    """The best role; of nearly equals the one with a tool that does what the part asks rather than only reads."""
    close = [role for role in ranked if scores[role.name] >= top - 0.35]
    for role in close:
        tool = _best_tool(part, role)
        if tool is not None and not tool.reads:
            return role
    return ranked[0]


def _best_tool(part: Part, role: RoleInfo) -> Offer | None:
    tools = {tool.name: tool for tool in role.tools if tool.name}
    ranked = Index.of({name: tool.fields for name, tool in tools.items()}).rank(part.text)
    return tools[ranked[0].key] if ranked else None


def _identities(item: Schema, root: Schema, count: int) -> list[Any]:
    name = identity_of(item, root)
    schema = js.resolve(js.properties(item).get(name, {}), root)
    if js.kind(schema) in ("integer", "number"):
        return (
            [value for value in range(0, count + 2) if js.valid(value, schema)][-count - 1 :][:count]
            if js.valid(0, schema) is False
            else list(range(1, count + 1))
        )
    for form in ("s{}", "step-{}", "step_{}", "step{}", "S{}", "{}", "step {}"):
        made = [form.format(i + 1) for i in range(count)]
        if all(js.valid(value, schema) for value in made):
            return list(made)
    return [instance(schema, "", root)] * count


def _step(
    item: Schema, root: Schema, identity: Any, role: str, tool: Offer | None, part: Part, after: list[Any]
) -> dict[str, Any]:
    known, text = js.properties(item), part.text
    filled = instance(
        {**item, "properties": {n: s for n, s in known.items() if n in js.required(item)}}, text, root, depth=2
    )
    step: dict[str, Any] = filled if isinstance(filled, dict) else {}
    id_name, role_name = identity_of(item, root), property_for(item, root, ROLE)
    after_name, task_name = property_for(item, root, AFTER), property_for(item, root, TASK)
    tools_name = property_for(item, root, TOOLS)
    if tools_name and tools_name not in (role_name, task_name):
        step[tools_name] = _tools(known[tools_name], root, tool, step.get(tools_name))
    if kind_name := _kind_of(item, root, composite=False):
        step[kind_name[0]] = ((part.whole and _kind_of(item, root, composite=True)) or kind_name)[1]
    if wait_name := property_for(item, root, WAIT):
        with contextlib.suppress(LookupError):
            step[wait_name] = value_for(known[wait_name], root, part.wait)
    for name in [
        name for name in known if set(name_words(name)) & TASK and name not in (role_name, id_name, after_name)
    ]:
        if name == task_name or name in js.required(item):
            step[name] = worded(known[name], root, text)
    if role_name:
        step[role_name] = role if js.valid(role, js.resolve(known[role_name], root)) else step.get(role_name, role)
    if id_name:
        step[id_name] = identity
    if after_name:
        schema = js.resolve(known[after_name], root)
        if js.kind(schema) == "array":
            step[after_name] = after
        else:
            step[after_name] = after[0] if after else nothing(known[after_name], root)
    return step


def _kind_of(item: Schema, root: Schema, *, composite: bool) -> tuple[str, Any] | None:
    """The property that says what kind of step it is, and the value for one that is planned on its own, or is not."""
    name = property_for(item, root, KIND, kinds=("string",))
    values = js.resolve(js.properties(item).get(name, {}), root).get("enum", [])
    found = next((value for value in values if (str(value).lower() in COMPOSITE) is composite), None)
    return (name, found) if found is not None else None


def _tools(schema: Schema, root: Schema, tool: Offer | None, otherwise: Any) -> Any:
    """The tool that a step needs, by its name or by its capability, as the schema wants it."""
    resolved = js.resolve(schema, root)
    several = js.kind(resolved) == "array"
    for name in (tool.name, tool.capability) if tool is not None else ():
        if name and js.valid([name] if several else name, resolved):
            return [name] if several else name
    none = [] if several else nothing(schema, root)
    return none if js.valid(none, resolved) or none is None else otherwise
