"""Summaries of a transcript: chosen sentences, each citing its turns. Extractive: nothing is made up."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from inference.house import schema as js
from inference.house.acts import Act, act_of, is_yes
from inference.house.conversation import Conversation
from inference.house.dates import find_date, stated_today
from inference.house.earlier import Earlier, earlier_parts, retold
from inference.house.instances import instance
from inference.house.items import Item, came_about, ids, unique
from inference.house.outcomes import Outcome, outcomes_of
from inference.house.promises import actions, is_promise, kept, promises
from inference.house.schema import Schema
from inference.house.shapes import CITED, DUE, OWNER, TASKS, WORDS, array_property, nothing, property_for, worded
from inference.house.text import content_stems, expand, name_words, sentence_case, sentences, without_fillers
from inference.house.transcript import Line, spoken_lines
from inference.house.wordlist import listed

_LISTS = {
    "decisions": frozenset(listed("decision decisions decided agreements agreed outcomes")),
    "actions": frozenset(listed("action actions todo todos tasks followups follow next")),
    "questions": frozenset(["question", "questions", "open", "unresolved", "unanswered"]),
    "promises": frozenset(["promise", "promises", "commitment", "commitments", "committed"]),
}
_NOT_KNOWN = re.compile(
    r"\b(do not know|can not|could not|not sure|find out|will check|look into|no idea|get back to you|unable)\b"
)
_SMALL_TALK = frozenset({Act.EMPTY, Act.GREETING, Act.THANKS, Act.GOODBYE, Act.REPEAT, Act.AFFIRM, Act.DENY})


def is_summary(schema: Schema, root: Schema) -> bool:
    """Whether a schema asks for a summary: a text named so, or several lists of decisions, actions and the like."""
    named = [name for name in js.properties(schema) if "summary" in name_words(name)]
    lists = [
        name for name in js.properties(schema) if _list_kind(name) and array_property(schema, root, name) is not None
    ]
    return bool(named) or len(lists) > 1


def _list_kind(name: str) -> str:
    words = set(name_words(name))
    return next((kind for kind in ("questions", "promises", "decisions", "actions") if words & _LISTS[kind]), "")


def summary(schema: Schema, root: Schema, conversation: Conversation) -> dict[str, Any]:
    """An instance of a summary schema for what the conversation holds: a transcript, and summaries of earlier parts."""
    text = f"{conversation.system}\n{conversation.last.text}"
    lines, outcomes = transcript(conversation), outcomes_of(text)
    parts = earlier_parts(text, schema, root, _list_kind)
    if parts and not spoken_lines(text):
        lines = []
    extracted = _carried_on(
        parts,
        lines,
        outcomes,
        {
            "decisions": _decisions(lines, outcomes),
            "actions": actions(lines, outcomes),
            "questions": _open_questions(lines),
            "promises": promises(lines),
        },
    )
    told = retold([*(part.told for part in parts), _told(lines, outcomes)]) if parts else _told(lines, outcomes)
    filled = instance(schema, told, root)
    result: dict[str, Any] = filled if isinstance(filled, dict) else {}
    today = stated_today(conversation.system)
    for name, raw in js.properties(schema).items():
        resolved = js.resolve(raw, root)
        kind = _list_kind(name)
        if js.kind(resolved) == "array" and kind:
            entries = [_shaped(array_property(schema, root, name), root, item, today) for item in extracted[kind]]
            most = resolved.get("maxItems")
            entries = entries[:most] if isinstance(most, int) else entries
            result[name] = entries if js.valid(entries, js.rooted(resolved, root)) else result.get(name, [])
        elif "summary" in name_words(name):
            result[name] = worded(raw, root, told)
        elif js.kind(resolved) == "array" and set(name_words(name)) & CITED:
            result[name] = _cited(resolved, root, tuple(line.turn_id for line in lines if line.turn_id))
    return result


def _carried_on(
    parts: list[Earlier], lines: list[Line], outcomes: list[Outcome], extracted: dict[str, list[Item]]
) -> dict[str, list[Item]]:
    """What earlier parts stated goes before what is new; what was open then stays only if nothing since settled it."""
    for kind, items in extracted.items():
        before = [item for part in parts for item in part.items.get(kind, [])]
        if kind == "actions":
            before = [item for item in before if not (is_promise(item.text) and kept(item.text, "", lines, outcomes))]
        if kind == "questions":
            before = [item for item in before if not _answered(item.text, lines)]
        extracted[kind] = unique([*before, *items])
    return extracted


def _answered(question: str, lines: list[Line]) -> bool:
    own = set(content_stems(question))
    return any(
        line.speaker == "agent"
        and not _NOT_KNOWN.search(expand(line.text))
        and len(own) > 0
        and 2 * len(own & set(content_stems(line.text))) > len(own)
        for line in lines
    )


def transcript(conversation: Conversation) -> list[Line]:
    """The speech to be summarised: transcript lines of the prompt, a JSON transcript, or the messages themselves."""
    found = spoken_lines(f"{conversation.system}\n{conversation.last.text}")
    if found:
        return found
    for value in conversation.material:
        entries = value if isinstance(value, list) else next((v for v in value.values() if isinstance(v, list)), [])
        lines = [line for entry in entries if (line := _json_line(entry))]
        if lines:
            return lines
    return [Line("", turn.speaker, turn.speaker, turn.text) for turn in conversation.turns if turn.text]


def _json_line(entry: Any) -> Line | None:
    if not isinstance(entry, dict):
        return None
    text = next((entry[k] for k in ("text", "content", "body", "utterance") if isinstance(entry.get(k), str)), "")
    who = next((entry[k] for k in ("speaker", "role", "who", "from") if isinstance(entry.get(k), str)), "")
    turn = next((str(entry[k]) for k in ("turn_id", "id", "turn") if isinstance(entry.get(k), str | int)), "")
    speaker = "agent" if who.lower() in ("agent", "assistant", "voice", "bot", "operator") else "caller"
    return Line(turn, who, speaker, text) if text and who else None


def _decisions(lines: list[Line], outcomes: list[Outcome]) -> list[Item]:
    found: list[Item] = []
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else None
        if (
            line.speaker == "caller"
            and is_yes(line.text)
            and before
            and before.speaker == "agent"
            and before.text.rstrip().endswith("?")
        ):
            found.append(Item(f"The caller agreed: {sentence_case(_question_of(before.text))}", ids(before, line)))
        elif line.speaker == "agent":
            for part in sentences(line.text):
                if came_about(part) and not is_promise(part):
                    found.append(Item(sentence_case(part), ids(line)))
    found += [
        Item(sentence_case(outcome.text), (), task=outcome.id)
        for outcome in outcomes
        if came_about(outcome.text) and not outcome.open and not _said(outcome.text, lines)
    ]
    return unique(found)


def _question_of(text: str) -> str:
    parts = sentences(text)
    return " ".join(parts[-2:]) if len(parts) > 1 and len(parts[-1].split()) < 5 else parts[-1] if parts else text


def _open_questions(lines: list[Line]) -> list[Item]:
    found: list[Item] = []
    for i, line in enumerate(lines):
        if line.speaker != "caller" or act_of(line.text) is not Act.QUESTION:
            continue
        reply = next((later for later in lines[i + 1 :] if later.speaker == "agent"), None)
        if reply is None or _NOT_KNOWN.search(expand(reply.text)):
            found.append(
                Item(sentence_case(without_fillers(line.text), "?"), ids(line) if reply is None else ids(line, reply))
            )
    return unique(found)


def _told(lines: list[Line], outcomes: list[Outcome]) -> str:
    """What the call was about and what came of it, in at most five sentences."""
    salient = [
        line
        for line in lines
        if line.speaker == "caller" and act_of(line.text) not in _SMALL_TALK and content_stems(line.text)
    ]
    wishes = [line for line in salient if act_of(line.text) in (Act.REQUEST, Act.QUESTION)] or salient
    told = []
    noted = [line for line in salient if act_of(line.text) is Act.REMEMBER and line not in wishes[:3]]
    for line in [*wishes[:3], *noted[-2:]]:
        verb = "asked" if act_of(line.text) is Act.QUESTION else "said"
        told.append(f"The caller {verb}: {sentence_case(without_fillers(line.text), '?' if verb == 'asked' else '.')}")
    decided = _decisions(lines, [])
    told += [f"The agent said: {item.text}" for item in decided[-2:] if not item.text.startswith("The caller agreed")]
    told += [sentence_case(outcome.text) for outcome in outcomes if not _said(outcome.text, lines)][:2]
    if not told:
        return "Nothing of substance was said." if not lines else f"It was said: {sentence_case(lines[0].text)}"
    return " ".join(told[:8])


def _said(text: str, lines: list[Line]) -> bool:
    own = set(content_stems(text))
    return any(own and len(own & set(content_stems(line.text))) >= 0.8 * len(own) for line in lines)


def _shaped(schema: Schema, root: Schema, item: Item, today: date | None) -> Any:
    if item.made is not None:
        return item.made
    if js.kind(schema) != "object":
        return worded(schema, root, item.text)
    known = js.properties(schema)
    filled = instance(schema, item.text, root, depth=2)
    entry: dict[str, Any] = filled if isinstance(filled, dict) else {}
    text = property_for(schema, root, WORDS) or next(
        (n for n, s in known.items() if js.kind(js.resolve(s, root)) == "string"), ""
    )
    if text:
        entry[text] = worded(known[text], root, item.text)
    for name, raw in known.items():
        value = _attribute(name, js.resolve(raw, root), item, today)
        if value is not None and name != text:
            entry[name] = (
                value if value and js.valid(value, js.rooted(js.resolve(raw, root), root)) else nothing(raw, root)
            )
    cited = property_for(schema, root, CITED)
    if cited and cited != text:
        resolved = js.resolve(known[cited], root)
        entry[cited] = (
            _cited(resolved, root, item.turns)
            if js.kind(resolved) == "array"
            else (item.turns[0] if item.turns else nothing(known[cited], root))
        )
    return entry


def _attribute(name: str, schema: Schema, item: Item, today: date | None) -> str | None:
    """What an item says about a property named so; "" when it says nothing, None when the property is none of these."""
    words = set(name_words(name))
    if words & OWNER:
        return item.owner
    if words & DUE:
        day = find_date(item.due, today) if item.due and ("date" in words or schema.get("format") == "date") else None
        return (day.isoformat() if day else "") if "date" in words or schema.get("format") == "date" else item.due
    if words & TASKS and "id" in words:
        return item.task
    return None


def _cited(schema: Schema, root: Schema, turns: tuple[str, ...]) -> list[Any]:
    entry = js.resolve(schema.get("items", {}), root)
    if js.kind(entry) in ("integer", "number"):
        return [int(re.sub(r"\D", "", turn)) for turn in turns if re.search(r"\d", turn)]
    if js.kind(entry) == "object":
        name = property_for(entry, root, CITED | {"id"})
        return [{**instance(entry, turn, root), name: turn} for turn in turns] if name else []
    return list(turns)
