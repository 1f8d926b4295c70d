"""What the properties of an object schema are for, judged by their names and types."""

from __future__ import annotations

from typing import Any

from inference.house import schema as js
from inference.house.instances import instance
from inference.house.schema import Schema
from inference.house.text import name_words
from inference.house.wordlist import listed

ROLE = frozenset(listed("role agent assignee worker specialist handler actor executor"))
OWNER = frozenset(listed("owner assignee responsible who by assigned"))
TASK = frozenset(listed("goal task instruction instructions description objective action what text work title prompt"))
AFTER = frozenset(listed("depends dependencies dependency after requires prerequisites needs blockers upstream inputs"))
TOOLS = frozenset(listed("tool tools capability capabilities function functions"))
KIND = frozenset(["kind", "type"])
COMPOSITE = frozenset(["task", "plan", "subplan", "composite", "group"])
"""Kinds of a step that is planned on its own."""
DUE = frozenset(["due", "deadline", "when", "until"])
CITED = frozenset(listed("turn turns citations citation cited cites evidence sources source references refs"))
TASKS = frozenset(listed("task work outcome"))
WORDS = frozenset(
    listed(
        """text description title item decision question promise summary body content what statement action
    task note detail"""
    )
)


def property_for(schema: Schema, root: Schema, names: frozenset[str], *, kinds: tuple[str, ...] = ()) -> str:
    """The first property one of whose name's words is in `names` and whose type is in `kinds`; "" if there is none."""
    for name, raw in js.properties(schema).items():
        words = name_words(name)
        if set(words) & names and (not kinds or js.kind(js.resolve(raw, root)) in kinds):
            return name
    return ""


def identity_of(schema: Schema, root: Schema) -> str:
    """The property that names an item: `id`, `step_id`, `key`, `number`; "" if there is none."""
    known = js.properties(schema)
    exact = next(
        (name for name in ("id", "step_id", "key", "number", "step", "name", "n", "ref", "index") if name in known), ""
    )
    if exact and js.kind(js.resolve(known[exact], root)) in ("string", "integer", "number"):
        return exact
    return next((name for name in known if name_words(name)[-1:] == ["id"]), "")


def worded(schema: Schema, root: Schema, text: str) -> Any:
    """A text put where a schema wants one: a string as long as allowed, or the text field of a wrapping object."""
    resolved = js.resolve(schema, root)
    if js.kind(resolved) == "object":
        filled = instance(resolved, text, root)
        inner = property_for(resolved, root, WORDS, kinds=("string",))
        if inner and isinstance(filled, dict):
            filled[inner] = worded(js.properties(resolved)[inner], root, text)
        return filled
    if js.kind(resolved) == "array":
        return [worded(resolved.get("items", {}), root, text)]
    most, least = resolved.get("maxLength"), resolved.get("minLength")
    if isinstance(most, int) and len(text) > most:
        text = text[:most]
    if isinstance(least, int) and len(text) < least <= 100_000:
        text += "." * (least - len(text))
    return text if js.valid(text, resolved) else instance(resolved, text, root)


def array_property(schema: Schema, root: Schema, name: str) -> Schema:
    """The resolved schema of an array property's items; {} when the property is no array."""
    resolved = js.resolve(js.properties(schema).get(name, {}), root)
    return js.resolve(resolved.get("items", {}), root) if js.kind(resolved) == "array" else {}


def nothing(schema: Schema, root: Schema) -> Any:
    """The value that says "none": null where allowed, else an empty list or text where valid."""
    resolved = js.resolve(schema, root)
    if js.nullable(schema, root):
        return None
    empty: tuple[Any, ...] = ([], "")
    for value in empty:
        if js.valid(value, resolved):
            return value
    return instance(schema, "", root)
