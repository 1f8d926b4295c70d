"""What of a tool's result is trusted, and what a step's model has read that nobody vouches for.

A model cannot be asked what moved it. So a step is tainted by all the untrusted text that it has read: in the results
of its tools, in the steps that it builds on, and in what the live agent or the planner had read before. The caller's
own words taint nothing: they are what is to be done. Trusted is only what a tool declares as record and what keeps to
its kind there: none of them has room for an instruction. Everything else, names of fields too, is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, cast

from contracts.base import Content
from contracts.context import ContextItem, Trust
from contracts.handoff import HandoffContext
from contracts.taint import Influence
from contracts.tools import RecordField, RecordKind, ToolCall, ToolDeclaration, ToolOutcome
from policy.numbers import number_in, same

MAX_TEXT = 600
MAX_INFLUENCES = 8
_ID = re.compile(r"[A-Za-z]{0,4}[-_]?[0-9][0-9-]{0,31}|[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_PLACE = re.compile(r"\{(id|amount|code|time|sent)\}")
_CODE = re.compile(r"[A-Z]{2,3}")


@dataclass(frozen=True)
class Seen:
    """What a step's model was shown: untrusted text, and values of systems of record."""

    influences: tuple[Influence, ...] = ()
    records: tuple[Any, ...] = ()


def begun(context: HandoffContext) -> Seen:
    """What a step's model has seen before its first call."""
    facts = tuple(influence(item) for item in context.context if item.trust is Trust.UNTRUSTED)
    earlier = (influence for result in context.prior for influence in result.influences)
    return Seen(influences=merged((*context.influences, *earlier, *facts)))


def influence(item: ContextItem) -> Influence:
    """Of an untrusted item of the context."""
    return Influence(source=item.source, text=_content(item.text.subject_id, item.text.body))


def told(seen: Seen, tool: ToolDeclaration, call: ToolCall, outcome: ToolOutcome) -> Seen:
    """The same after that result of that call. An argument that comes back under its own name tells nothing new."""
    if outcome.ours:
        return seen
    records, text = of_result(tool, outcome.result.body, json.loads(call.arguments.body))
    new = (Influence(source=tool.name, text=_content(outcome.result.subject_id, text)),) if text else ()
    return Seen(influences=merged((*seen.influences, *new)), records=(*seen.records, *records))


def of_result(tool: ToolDeclaration, body: str, sent: Mapping[str, Any] | None = None) -> tuple[tuple[Any, ...], str]:
    """The trusted values of a result, and the rest of it as text, one line a field; empty where all is trusted."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return (), body.strip()
    if not isinstance(value, dict):
        return (), body.strip() if value not in (None, [], "") else ""
    records, text = [], []
    for path, names, leaf in _leaves(value):
        kind = tool.record.get(path)
        if kind is not None and _keeps_to(kind, leaf, sent or {}):
            records.append(leaf)
        elif leaf not in (None, "", [], {}) and not (sent and path in sent and same(sent[path], leaf)):
            text.append(f"{'.'.join(names)}: {leaf}")
    return tuple(records), "\n".join(text)


def in_records(seen: Seen, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments whose values a system of record told."""
    return tuple(name for name, value in sorted(arguments.items()) if any(_equal(value, r) for r in seen.records))


def merged(influences: Iterable[Influence]) -> tuple[Influence, ...]:
    """Each once, the first ones if there are many: that there are any is what counts, and people read them."""
    return tuple(dict.fromkeys(influences))[:MAX_INFLUENCES]


def in_words(influences: Iterable[Influence]) -> str:
    """What a reviewer is shown: content."""
    return "\n".join(f"{influence.source}: {' / '.join(influence.text.body.splitlines())}" for influence in influences)


def sources(influences: Iterable[Influence]) -> tuple[str, ...]:
    """Where they come from, each once, without content."""
    return tuple(dict.fromkeys(influence.source for influence in influences))


def _leaves(value: Any, path: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Every plain value with its path, `*` for each element of a list, and the path with positions, for people."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name), (*names, str(name)))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value, start=1):
            yield from _leaves(inner, f"{path}.*" if path else "*", (*names, str(number)))
    else:
        yield path, names, value


def _keeps_to(kind: RecordField, value: Any, sent: Mapping[str, Any]) -> bool:
    if isinstance(kind, tuple):
        return any(same(value, known) or _fills(known, value, sent) for known in kind)
    match kind:
        case "flag":
            return isinstance(value, bool)
        case "count":
            return isinstance(value, int) and not isinstance(value, bool)
        case "amount":
            return len(str(value)) <= 20 and number_in(value) is not None
        case "code":
            return isinstance(value, str) and _CODE.fullmatch(value) is not None
        case "id":
            return isinstance(value, str | int) and _ID.fullmatch(str(value)) is not None
        case "time":
            return isinstance(value, str) and _is_time(value)


def _fills(template: object, value: object, sent: Mapping[str, Any]) -> bool:
    """Whether a text is that template with each of its places filled by its kind, or by what was sent."""
    if not isinstance(template, str) or not isinstance(value, str):
        return False
    fixed, *rest = _PLACE.split(template)
    places, texts = rest[::2], rest[1::2]
    found = re.fullmatch(re.escape(fixed) + "".join(f"(.+?){re.escape(text)}" for text in texts), value)
    return found is not None and all(
        any(same(given, str(argument)) for argument in sent.values())
        if place == "sent"
        else _keeps_to(cast(RecordKind, place), given, {})
        for place, given in zip(places, found.groups(), strict=True)
    )


def _is_time(value: str) -> bool:
    """A day, a time of day, or both, in the form of ISO 8601 and no longer."""
    day, _, hour = value.replace(" ", "T").partition("T")
    try:
        if len(value) <= 10 and "-" in day:
            date.fromisoformat(value)
        elif ":" in day and not hour:
            time.fromisoformat(value)
        else:
            date.fromisoformat(day)
            time.fromisoformat(hour)
    except ValueError:
        return False
    return True


def _equal(one: Any, other: Any) -> bool:
    if same(one, other):
        return True
    number, known = number_in(one), number_in(other)
    return number is not None and number == known


def _content(subject_id: str, text: str) -> Content:
    return Content(subject_id=subject_id, body=text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…")
