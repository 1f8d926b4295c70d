"""Summaries of a transcript: chosen sentences, each citing its turns. Extractive: nothing is made up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from inference.house import schema as js
from inference.house.acts import Act, act_of, is_yes
from inference.house.conversation import Conversation
from inference.house.instances import instance
from inference.house.schema import Schema
from inference.house.shapes import CITED, DUE, OWNER, WORDS, array_property, nothing, property_for, worded
from inference.house.text import content_stems, expand, name_words, sentence_case, sentences, without_fillers
from inference.house.transcript import Line, lines_of, spoken_lines
from inference.house.wordlist import listed

_LISTS = {
    "decisions": frozenset(listed("decision decisions decided agreements agreed outcomes")),
    "actions": frozenset(listed("action actions todo todos tasks followups follow next")),
    "questions": frozenset(["question", "questions", "open", "unresolved", "unanswered"]),
    "promises": frozenset(["promise", "promises", "commitment", "commitments", "committed"]),
}
_PROMISE = re.compile(
    r"\b(i|we) (will|shall|am going to|are going to|promise)\b|\b(a|my|our) colleague (will|is going to)\b|\blet me\b"
)
_DECIDED = re.compile(
    r"\b(approved|approve|rejected|declined|denied|refused|decided|agreed|confirmed|granted|settled|expired|cancelled|"
    r"(i|we) have (?!passed|noted|asked|checked|started)[a-z]+(ed|en|t) |has been [a-z]+(ed|en|"
    r"t)\b|was [a-z]+(ed|en|t) by)\b"
)
_NOT_KNOWN = re.compile(
    r"\b(do not know|can not|could not|not sure|find out|will check|look into|no idea|get back to you|unable)\b"
)
_DUE = re.compile(
    r"\b(by|before|until|on|within|in|at the latest by)?\s*((the )?(day after tomorrow|today|"
    r"tonight|tomorrow|(next |this )?"
    r"(monday|tuesday|wednesday|thursday|friday|saturday|sunday|week|month)|end of the (day|week|"
    r"month)|\d{4}-\d{2}-\d{2})|"
    r"(within|in) (\w+) (minutes?|hours?|days?|weeks?|months?)|(january|february|march|april|may|"
    r"june|july|august|september|"
    r"october|november|december) \d{1,2})\b"
)
_SMALL_TALK = frozenset({Act.EMPTY, Act.GREETING, Act.THANKS, Act.GOODBYE, Act.REPEAT, Act.AFFIRM, Act.DENY})


@dataclass(frozen=True)
class Item:
    """One extracted statement with the turn ids that it rests on."""

    text: str
    turns: tuple[str, ...]
    owner: str = ""
    due: str = ""


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
    """An instance of a summary schema for the transcript that the conversation holds."""
    lines = transcript(conversation)
    outcomes = _outcomes(f"{conversation.system}\n{conversation.last.text}")
    extracted = {
        "decisions": _decisions(lines, outcomes),
        "actions": _actions(lines),
        "questions": _open_questions(lines),
        "promises": _promises(lines),
    }
    told = _told(lines, outcomes)
    filled = instance(schema, told, root)
    result: dict[str, Any] = filled if isinstance(filled, dict) else {}
    for name, raw in js.properties(schema).items():
        resolved = js.resolve(raw, root)
        kind = _list_kind(name)
        if js.kind(resolved) == "array" and kind:
            entries = [_shaped(array_property(schema, root, name), root, item) for item in extracted[kind]]
            most = resolved.get("maxItems")
            entries = entries[:most] if isinstance(most, int) else entries
            result[name] = entries if js.valid(entries, js.rooted(resolved, root)) else result.get(name, [])
        elif "summary" in name_words(name):
            result[name] = worded(raw, root, told)
        elif js.kind(resolved) == "array" and set(name_words(name)) & CITED:
            result[name] = _cited(resolved, root, tuple(line.turn_id for line in lines if line.turn_id))
    return result


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


def _outcomes(text: str) -> list[str]:
    """Lines under a heading such as "Outcomes:"."""
    found: list[str] = []
    under = False
    for line in text.splitlines():
        heading = re.match(r"\W*(outcomes?|results?|tasks?)\b[^:]*:\s*(?P<rest>.*)$", line, re.IGNORECASE)
        if heading:
            under = True
            found += [heading["rest"].strip()] if heading["rest"].strip() else []
        elif under and not line.strip():
            under = bool(found) is False
        elif under and re.match(r"\W*[\w ]{3,24}:\s*$", line):
            under = False
        elif under:
            found += [item.text for item in lines_of(line) if not item.speaker]
    return [text for text in found if content_stems(text) and text.lower() not in ("none", "nothing")]


def _promises(lines: list[Line]) -> list[Item]:
    found: list[Item] = []
    for line in lines:
        if line.speaker != "agent":
            continue
        for part in sentences(line.text):
            if (
                _PROMISE.search(expand(part))
                and not part.endswith("?")
                and not re.search(r"\blet me know\b", part, re.I)
            ):
                found.append(Item(sentence_case(part), _ids(line), "agent", due_of(part)))
    return _unique(found)


def _actions(lines: list[Line]) -> list[Item]:
    found = list(_promises(lines))
    for line in lines:
        for part in sentences(line.text):
            if (
                line.speaker == "caller"
                and re.search(r"\bi (will|shall|am going to)\b", expand(part))
                and not part.endswith("?")
            ):
                found.append(Item(sentence_case(without_fillers(part)), _ids(line), "caller", due_of(part)))
            elif line.speaker == "agent" and re.search(
                r"\b(please (send|bring|call|keep|check|fill)|you (need|have) to|you should)\b", expand(part)
            ):
                found.append(Item(sentence_case(part), _ids(line), "caller", due_of(part)))
    return _unique(found)


def _decisions(lines: list[Line], outcomes: list[str]) -> list[Item]:
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
            found.append(Item(f"The caller agreed: {sentence_case(_question_of(before.text))}", _ids(before, line)))
        elif line.speaker == "agent":
            for part in sentences(line.text):
                if _DECIDED.search(expand(part)) and not part.endswith("?") and not _PROMISE.search(expand(part)):
                    found.append(Item(sentence_case(part), _ids(line)))
    found += [
        Item(sentence_case(text), ()) for text in outcomes if _DECIDED.search(expand(text)) and not _said(text, lines)
    ]
    return _unique(found)


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
                Item(sentence_case(without_fillers(line.text), "?"), _ids(line) if reply is None else _ids(line, reply))
            )
    return _unique(found)


def _told(lines: list[Line], outcomes: list[str]) -> str:
    """What the call was about and what came of it, in at most five sentences."""
    salient = [
        line
        for line in lines
        if line.speaker == "caller" and act_of(line.text) not in _SMALL_TALK and content_stems(line.text)
    ]
    wishes = [line for line in salient if act_of(line.text) in (Act.REQUEST, Act.QUESTION)] or salient
    told = []
    for line in wishes[:3]:
        verb = "asked" if act_of(line.text) is Act.QUESTION else "said"
        told.append(f"The caller {verb}: {sentence_case(without_fillers(line.text), '?' if verb == 'asked' else '.')}")
    decided = _decisions(lines, [])
    told += [f"The agent said: {item.text}" for item in decided[-2:] if not item.text.startswith("The caller agreed")]
    told += [sentence_case(text) for text in outcomes if not _said(text, lines)][:2]
    if not told:
        return "Nothing of substance was said." if not lines else f"It was said: {sentence_case(lines[0].text)}"
    return " ".join(told[:6])


def _said(text: str, lines: list[Line]) -> bool:
    own = set(content_stems(text))
    return any(own and len(own & set(content_stems(line.text))) >= 0.8 * len(own) for line in lines)


def due_of(text: str) -> str:
    """When something is due, in the words of the text ("by friday"); "" when it is not said."""
    match = _DUE.search(expand(text))
    return match.group(0).strip() if match else ""


def _ids(*lines: Line) -> tuple[str, ...]:
    return tuple(line.turn_id for line in lines if line.turn_id)


def _unique(items: list[Item]) -> list[Item]:
    return list({item.text: item for item in items}.values())


def _shaped(schema: Schema, root: Schema, item: Item) -> Any:
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
    for names, value in ((OWNER, item.owner), (DUE, item.due)):
        name = property_for(schema, root, names)
        if name and name != text:
            fits = value and js.valid(value, js.resolve(known[name], root))
            entry[name] = value if fits else nothing(known[name], root)
    cited = property_for(schema, root, CITED)
    if cited and cited != text:
        resolved = js.resolve(known[cited], root)
        entry[cited] = (
            _cited(resolved, root, item.turns)
            if js.kind(resolved) == "array"
            else (item.turns[0] if item.turns else nothing(known[cited], root))
        )
    return entry


def _cited(schema: Schema, root: Schema, turns: tuple[str, ...]) -> list[Any]:
    entry = js.resolve(schema.get("items", {}), root)
    if js.kind(entry) in ("integer", "number"):
        return [int(re.sub(r"\D", "", turn)) for turn in turns if re.search(r"\d", turn)]
    if js.kind(entry) == "object":
        name = property_for(entry, root, CITED | {"id"})
        return [{**instance(entry, turn, root), name: turn} for turn in turns] if name else []
    return list(turns)
