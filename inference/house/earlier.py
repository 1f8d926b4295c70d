"""Summaries that a prompt brings along: what came of earlier parts, to be carried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inference.house import schema as js
from inference.house.conversation import json_blocks
from inference.house.items import Item
from inference.house.schema import Schema
from inference.house.shapes import CITED, WORDS, array_property, property_for
from inference.house.text import name_words, sentences

SENTENCES_KEPT = 8
"""Of a told story: its first two sentences and its latest ones."""


@dataclass(frozen=True)
class Earlier:
    """One earlier summary: its prose, and its entries by the kind of list that they stand in."""

    told: str
    items: dict[str, list[Item]]


def earlier_parts(text: str, schema: Schema, root: Schema, kind_of: Callable[[str], str]) -> list[Earlier]:
    """JSON objects in a text that have the lists of `schema` itself, in sequence."""
    lists = {name: kind_of(name) for name in js.properties(schema) if kind_of(name)}
    found: list[Earlier] = []
    for value in json_blocks(text):
        if isinstance(value, dict) and lists.keys() <= value.keys():
            prose = next((v for n, v in value.items() if "summary" in name_words(n) and isinstance(v, str)), "")
            entries = {
                kind: [
                    item
                    for made in value[name]
                    if isinstance(made, dict) and (item := _item(made, array_property(schema, root, name), root))
                ]
                for name, kind in lists.items()
                if isinstance(value[name], list)
            }
            found.append(Earlier(prose, entries))
    return found


def _item(made: dict[str, Any], schema: Schema, root: Schema) -> Item | None:
    text = made.get(property_for(schema, root, WORDS))
    cited = made.get(property_for(schema, root, CITED))
    if not isinstance(text, str) or not js.valid(made, js.rooted(schema, root)):
        return None
    turns = tuple(str(turn) for turn in cited) if isinstance(cited, list) else ()
    return Item(text, turns, made=made)


def retold(parts: list[str]) -> str:
    """The parts as one story of a bounded number of sentences, none twice."""
    story = list(dict.fromkeys(sentence for part in parts for sentence in sentences(part)))
    if len(story) > SENTENCES_KEPT:
        story = [*story[:2], *story[2 - SENTENCES_KEPT :]]
    return " ".join(story)
