"""A valid instance of any JSON schema, as near to a text as its field names and types allow."""

from __future__ import annotations

import math
import re
from typing import Any

from inference.house import schema as js
from inference.house.dates import find_date
from inference.house.numbers import find_amounts, find_numbers, tokens
from inference.house.patterns import example
from inference.house.schema import Schema
from inference.house.text import content_stems, name_words, sentence_case, sentences, stem
from inference.house.values import currency_value, email_value, enum_value

_FORMATS = {
    "date": "1970-01-01", "date-time": "1970-01-01T00:00:00Z", "time": "00:00:00Z", "email": "unknown@example.com",
    "uuid": "00000000-0000-0000-0000-000000000000", "uri": "https://example.com/", "hostname": "example.com",
    "ipv4": "127.0.0.1", "ipv6": "::1", "duration": "PT0S", "regex": ".*",
}  # fmt: skip
_MAX_DEPTH = 8


def instance(schema: Schema, text: str, root: Schema | None = None, name: str = "", depth: int = 0) -> Any:
    """A value for a schema. Values come from `text` where it holds one of the right type, else they are neutral.

    Past a depth of 8 only required parts are filled, so that recursive schemas end.
    """
    root = root if root is not None else schema
    for branch in _branches(schema, root, depth):
        value = _value(branch, text, root, name, depth)
        if js.valid(value, js.rooted(branch, root)):
            return value
    return _value(js.resolve(schema, root), text, root, name, depth)


def _branches(schema: Schema, root: Schema, depth: int) -> list[Schema]:
    """The schema, and after it each branch of its union: the null branch first when the schema nests too deeply."""
    resolved = js.resolve(schema, root)
    found = [resolved]
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            rest = {k: v for k, v in schema.items() if k != key}
            found += [{**rest, **js.resolve(branch, root)} for branch in schema[key] if isinstance(branch, dict)]
    if depth > _MAX_DEPTH and js.nullable(schema, root):
        found.insert(0, {"type": "null"})
    return found


def _value(schema: Schema, text: str, root: Schema, name: str, depth: int) -> Any:
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        chosen = enum_value(text, schema)
        return chosen if chosen is not None else schema["enum"][0]
    if "default" in schema and js.valid(schema["default"], js.rooted(schema, root)):
        return schema["default"]
    match js.kind(schema):
        case "null":
            return None
        case "boolean":
            return False
        case "integer":
            return _number(schema, text, name, whole=True)
        case "number":
            return _number(schema, text, name, whole=False)
        case "array":
            return _array(schema, text, root, name, depth)
        case "object":
            return _object(schema, text, root, depth)
    return _string(schema, text, name)


def _number(schema: Schema, text: str, name: str, *, whole: bool) -> int | float:
    own = {stem(word) for word in name_words(name)}
    for amount in find_amounts(text):
        if own & {"amount", "pric", "total", "cost", "sum"} and js.valid(_plain(amount.value, whole), schema):
            return _plain(amount.value, whole)
    toks = tokens(text)
    for number in find_numbers(toks):
        near = {stem(tok) for tok in toks[max(0, number.start - 2) : number.start] + toks[number.end : number.end + 1]}
        if own & near and js.valid(_plain(number.value, whole), schema):
            return _plain(number.value, whole)
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    above, below = _bound(schema, "exclusiveMinimum"), _bound(schema, "exclusiveMaximum")
    step = _bound(schema, "multipleOf")
    start = max([bound for bound in (low, above) if bound is not None], default=min(0, high if high is not None else 0))
    candidates: list[int | float] = [0, start, math.ceil(start), math.floor(start) + 1]
    if high is not None:
        candidates += [high, math.floor(high), (start + high) / 2]
    if below is not None:
        candidates += [math.ceil(below) - 1, (start + below) / 2]
    if step is not None and step > 0:
        candidates += [math.ceil(start / step) * step, (math.floor(start / step) + 1) * step]
    for candidate in candidates:
        fitted = int(candidate) if whole and float(candidate).is_integer() else candidate
        if js.valid(fitted, schema):
            return fitted
    return 0


def _plain(value: Any, whole: bool) -> int | float:
    return int(value) if whole or value == int(value) else float(value)


def _bound(schema: Schema, keyword: str) -> int | float | None:
    value = schema.get(keyword)
    real = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if real else None


def _string(schema: Schema, text: str, name: str) -> str:
    form = schema.get("format")
    if form == "email":
        found = email_value(text)
        if found and js.valid(found, schema):
            return found
    if form == "date":
        day = find_date(text, None)
        if day and js.valid(day.isoformat(), schema):
            return day.isoformat()
    if isinstance(form, str) and form in _FORMATS and js.valid(_FORMATS[form], schema):
        return _FORMATS[form]
    if name_words(name)[-1:] == ["currency"]:
        code = currency_value(text, schema)
        if code:
            return code
    if isinstance(schema.get("pattern"), str):
        for word in re.findall(r"[\w@.#-]+", text):
            for candidate in (word.strip("."), *((word.upper(), word.lower()) if any(map(str.isdigit, word)) else ())):
                if js.valid(candidate, schema):
                    return str(candidate)
        made = example(schema["pattern"]) or ""
        return _sized(made, schema) if not js.valid(made, schema) else made
    return _sized(_relevant(text, name), schema)


def _relevant(text: str, name: str) -> str:
    """The sentence of the text that the field's name fits best; the first one when none does."""
    parts = sentences(text)
    own = set(content_stems(" ".join(name_words(name))))
    best = max(parts, key=lambda part: len(own & set(content_stems(part))), default="")
    return sentence_case(best[:400])


def _sized(text: str, schema: Schema) -> str:
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(most, int) and len(text) > most >= 0:
        text = text[:most]
    if isinstance(least, int) and len(text) < least <= 100_000:
        text += "." * (least - len(text))
    return text


def _array(schema: Schema, text: str, root: Schema, name: str, depth: int) -> list[Any]:
    least = schema.get("minItems", 0)
    least = least if isinstance(least, int) and 0 <= least <= 1000 else 0
    leading = schema.get("prefixItems") if isinstance(schema.get("prefixItems"), list) else []
    items = [instance(entry, text, root, name, depth + 1) for entry in (leading or []) if isinstance(entry, dict)]
    entry = schema.get("items")
    if isinstance(schema.get("contains"), dict) and not items:
        items.append(instance(schema["contains"], text, root, name, depth + 1))
    entry_schema = entry if isinstance(entry, dict) else {}
    while len(items) < least:
        items.append(instance(entry_schema, text, root, name, depth + 1))
    return _distinct(items, entry_schema) if schema.get("uniqueItems") is True else items


def _distinct(items: list[Any], schema: Schema) -> list[Any]:
    spare = (
        [value for value in schema.get("enum", []) if value not in items]
        if isinstance(schema.get("enum"), list)
        else []
    )
    found: list[Any] = []
    for i, item in enumerate(items):
        if item in found:
            options = [spare.pop(0)] if spare else []
            if isinstance(item, int | float) and not isinstance(item, bool):
                options += [item + i, item - i]
            if isinstance(item, str):
                options.append(f"{item}{i}")
            item = next((option for option in options if option not in found and js.valid(option, schema)), item)
        found.append(item)
    return found


def _object(schema: Schema, text: str, root: Schema, depth: int) -> dict[str, Any]:
    needed = js.required(schema)
    known = js.properties(schema)
    filled: dict[str, Any] = {}
    for name, inner in known.items():
        if name in needed or depth < 2:
            if depth > _MAX_DEPTH * 3:
                continue
            value = instance(inner, text, root, name, depth + 1)
            if name in needed or js.valid(value, js.rooted(inner, root)):
                filled[name] = value
    extra = schema.get("additionalProperties")
    for name in needed:
        if name not in filled:
            filled[name] = instance(extra if isinstance(extra, dict) else {}, text, root, name, depth + 1)
    return filled
