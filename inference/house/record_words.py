"""The fields of a record, and lists of records, as phrases: what was asked for first."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from inference.house.conversation import ToolRun
from inference.house.speaking import MONEY_KEYS, money_pairs, plain_words, scalar
from inference.house.text import content_stems, expand, joined, name_words, paraphrases, sentence_case, stem
from inference.house.wordlist import listed

ID_TAIL = frozenset({"id", "uuid", "key", "code", "reference", "ref", "number", "no"})
_TITLES = ("name", "title", "item", "label", "subject", "summary")
HIDDEN = frozenset(
    listed(
        """ok success found type kind version schema meta _meta task job request trace created updated say
    speech"""
    )
)
_MAX_FIELDS = 4


def record_words(record: dict[str, Any], asked: str, run: ToolRun | None, today: date | None) -> str:
    subject, used = _subject(record, run)
    wanted = _wanted(record, asked)
    money = money_pairs(record)
    rest = {key: value for key, value in record.items() if key not in used and key not in HIDDEN}
    if wanted and len(rest) > _MAX_FIELDS:
        first = {
            key: rest[key] for key in rest if key in wanted or (name_words(key) == ["currency"] and wanted & set(money))
        }
        rest = first or rest
    elif wanted:
        rest = {**{k: v for k, v in rest.items() if k in wanted}, **rest}
    lists = {k: v for k, v in rest.items() if isinstance(v, list)}
    plain = {k: v for k, v in rest.items() if k not in lists}
    status = next((k for k in ("status", "state") if isinstance(plain.get(k), str)), "")
    opening = ""
    if status:
        opening = f"{subject}{',' if ', ' in subject else ''}" if subject else "the status"
        opening += f" is {plain_words(str(plain.pop(status)))}"
    details = phrases(plain, subject if not status else "", today)[:_MAX_FIELDS]
    parts = []
    if opening and details:
        parts.append(sentence_case(opening) + " " + sentence_case(joined(details)))
    elif opening or details:
        if subject and details:
            details[0] = _about(subject, details[0])
        parts.append(sentence_case(opening or joined(details)))
    parts += [list_words(key, value, today) for key, value in list(lists.items())[: 2 if not parts else 1]]
    return " ".join(parts) or (f"I found {subject}." if subject else "That is done.")


def _about(subject: str, phrase: str) -> str:
    """A phrase with what it is about: in place of a leading "it", else before it."""
    article = "the " if subject[:1].islower() and not re.search(r"\d", subject) else ""
    verb = re.match(r"it (is|was|has|can|needs|requires|allows|does)\b", phrase)
    if verb:
        return f"{article}{subject}{phrase[2:]}"
    return f"for {article}{subject[0].lower() if re.search(r' [0-9]', subject) else subject[0]}{subject[1:]}, {phrase}"


def _subject(record: dict[str, Any], run: ToolRun | None) -> tuple[str, set[str]]:
    """What a record is about ("Loan 2041, the Odyssey"), and the fields that this uses up."""
    used: set[str] = {key for key in record if is_id(key)}
    parts = []
    for key in record:
        noun = " ".join(word for word in name_words(key) if word not in ID_TAIL)
        if key in used and noun and run is not None and key in run.arguments:
            parts.append(f"{noun} {record[key]}")
            break
    title = next(
        (
            key
            for key in record
            if name_words(key)[-1:] and name_words(key)[-1] in _TITLES and isinstance(record[key], str)
        ),
        "",
    )
    if title:
        used.add(title)
        parts.append(str(record[title]))
    if not parts and run is not None:
        for key, value in run.arguments.items():
            noun = " ".join(word for word in name_words(key) if word not in ID_TAIL)
            if noun and isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) < 40:
                used.add(key)
                parts.append(f"{noun} {value}" if is_id(key) or str(value).isdigit() else str(value))
                break
    text = ", ".join(parts)
    return text, used


def is_id(key: str) -> bool:
    words = name_words(key)
    return bool(words) and words[-1] in ("id", "uuid", "key", "reference", "ref")


def _wanted(record: dict[str, Any], asked: str) -> set[str]:
    low = expand(asked)
    query = set(content_stems(asked))
    hints = {
        r"\bhow much\b": MONEY_KEYS,
        r"\b(when|what time|what day|how (soon|long))\b": frozenset(
            listed("date day time at on due eta until by expected next")
        ),
        r"\bwhere\b": frozenset(listed("location place status state address position eta where")),
        r"\bhow many\b": frozenset(listed("quantity count number total left remaining units")),
        r"\bwho\b": frozenset(["name", "owner", "person", "by", "with"]),
    }
    for pattern, keys in hints.items():
        if re.search(pattern, low):
            query |= {stem(key) for key in keys}
    wanted = set()
    for key in record:
        own = {stem(word) for word in name_words(key)}
        if own & query or any(paraphrases(o) & query for o in own):
            wanted.add(key)
    return wanted


def phrases(record: dict[str, Any], subject: str, today: date | None) -> list[str]:
    money = money_pairs(record)
    said: list[str] = []
    for key, value in record.items():
        named = name_words(key)
        if value is None or not named or named[-1] == "currency" or (is_id(key) and subject):
            continue
        text = money.get(key) or scalar(value, today)
        label = " ".join(word for word in named if word != "cents")
        if isinstance(value, bool):
            said.append(_boolean(named, value))
        elif isinstance(value, int) and named[0] in ("in", "on", "at", "out"):
            count = "none" if value == 0 else str(value)
            said.append(f"there {'is' if value == 1 else 'are'} {count} {label}")
        elif isinstance(value, dict):
            said += phrases(value, subject, today)[:2]
        elif isinstance(value, list):
            said.append(f"the {label} are {joined([scalar(v, today) for v in value[:3] if not isinstance(v, dict)])}")
        elif len(named) > 1 and named[-1] in ("on", "at", "by", "until", "in", "from", "to"):
            tense = "was" if named[0].endswith("ed") else "is"
            said.append(f"it {tense} {label} {text}" if named[0] not in ("is", "was") else f"it {label} {text}")
        elif key in _TITLES and isinstance(value, str) and value.count(" ") > 5:
            said.append(text)
        elif text:
            said.append(f"the {label} is {text}")
    return said


def _boolean(named: list[str], value: bool) -> str:
    words = [word for word in named if word not in ("is", "was", "are")]
    if words[0] in ("has", "can", "needs", "requires", "allows"):
        rest = " ".join(words[1:])
        if words[0] == "can":
            return f"it can {'' if value else 'not '}{rest}"
        return (
            f"it {words[0]} {rest}"
            if value
            else f"it has no {rest}"
            if words[0] == "has"
            else f"it does not need {rest}"
        )
    return f"it is {'' if value else 'not '}{' '.join(words)}"


def list_words(key: str, items: list[Any], today: date | None) -> str:
    label = " ".join(name_words(key)) or "results"
    if not items:
        return f"I found no {label}."
    shown = [text for text in (_item(item, today) for item in items[:3]) if text]
    more = len(items) - len(shown)
    noun = label if len(items) != 1 else re.sub(r"(?<!s)s$", "", label)
    head = f"There {'is' if len(items) == 1 else 'are'} {len(items)} {noun}"
    if not shown:
        return f"{head}."
    return f"{head}: {joined(shown)}" + (f", and {more} more." if more else ".")


def _item(item: Any, today: date | None) -> str:
    if not isinstance(item, dict):
        return scalar(item, today)
    title = next(
        (str(v) for k, v in item.items() if name_words(k)[-1:] and name_words(k)[-1] in _TITLES and isinstance(v, str)),
        "",
    )
    money = next(iter(money_pairs(item).values()), "")
    rest = [
        scalar(v, today)
        for k, v in item.items()
        if isinstance(v, str | int | float)
        and not isinstance(v, bool)
        and not is_id(k)
        and name_words(k)[-1:] != ["currency"]
    ]
    return " at ".join(part for part in (title, money) if part) or " ".join(rest[:3])
