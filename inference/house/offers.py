"""The tools that a request offers, read for matching: words, parameters, whether they read or change something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from inference.house import schema as js
from inference.house.lexicon import ACTION_VERBS, READ_VERBS, STOP_WORDS
from inference.house.schema import Schema
from inference.house.text import content_stems, expand, name_words, sentences, stem, words
from inference.house.wordlist import listed
from inference.wire.chat import ChatRequest

_HANGING = frozenset(listed("a an the of to in on at by for and or is are whether so that with its their from as"))
_FREE_TEXT = re.compile(
    r"^(goal|reason|note|notes|question|query|message|text|comment|comments|details?|description|request|complaint|"
    r"remarks?|feedback|body|content|symptoms?|problem|task|instructions?|summary|explanation|utterance|prompt|why)$"
)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool. `needed` means required and not nullable."""

    name: str
    schema: Schema
    needed: bool
    nullable: bool

    @cached_property
    def kind(self) -> str:
        return js.kind(self.schema)

    @cached_property
    def description(self) -> str:
        text = self.schema.get("description") or self.schema.get("title")
        return text if isinstance(text, str) else ""

    @cached_property
    def label(self) -> list[str]:
        """Content stems of the name, without endings such as "id" or "number"."""
        generic = {"id", "number", "no", "code", "ref", "reference", "key", "value", "name", "string", "num", "nr"}
        return [stem(word) for word in name_words(self.name) if word not in generic]

    @cached_property
    def free_text(self) -> bool:
        """Whether it takes the caller's own words rather than a value."""
        if self.kind != "string" or any(key in self.schema for key in ("enum", "pattern", "format", "const")):
            return False
        name = name_words(self.name)
        described = re.search(
            r"\b(own words|in words|free text|sentence|what (the caller|they|is) (wants?|to)|why)\b",
            self.description,
            re.I,
        )
        return bool(name and _FREE_TEXT.match(name[-1])) or bool(described)

    @cached_property
    def identifier(self) -> bool:
        """Whether it names one thing by number or code."""
        name = name_words(self.name)
        tail = {"id", "number", "no", "code", "ref", "reference", "nr", "num", "pin", "digits", "identifier"}
        if self.kind not in ("string", "integer", "number") or "enum" in self.schema:
            return False
        if self.schema.get("format") not in (None, "uuid"):
            return False
        described = re.search(
            r"\b(number|code|id|identifier|reference) (of|on|as|printed|that)\b|\b(number|code|id|reference)\W*$",
            self.description.split(",")[0],
            re.I,
        )
        return bool(name and name[-1] in tail) or bool(self.kind == "string" and described and not self.free_text)


@dataclass(frozen=True)
class Offer:
    """One offered tool."""

    name: str
    description: str
    schema: Schema
    capability: str = ""
    """What a prompt says that it needs, if it says so."""

    @cached_property
    def parameters(self) -> list[Parameter]:
        resolved = js.resolve(self.schema, self.schema)
        needed = set(js.required(resolved))
        listed = []
        for name, raw in js.properties(resolved).items():
            nullable = js.nullable(raw, self.schema)
            listed.append(Parameter(name, js.resolve(raw, self.schema), name in needed and not nullable, nullable))
        known = {parameter.name for parameter in listed}
        listed += [Parameter(name, {}, True, False) for name in js.required(resolved) if name not in known]
        return listed

    @cached_property
    def verb(self) -> str:
        """The stem of the action: first word of the name when it is a verb, else the first verb of the description."""
        named = name_words(self.name)
        first = [stem(word) for word in words(self.description)[:1]]
        if named and (named[0] in ACTION_VERBS or named[0] in READ_VERBS or stem(named[0]) in first):
            return stem(named[0])
        return first[0] if first else (stem(named[0]) if named else "")

    @cached_property
    def reads(self) -> bool:
        """Whether it only looks something up, judged by its verb."""
        named = name_words(self.name)
        reading = {stem(verb) for verb in READ_VERBS}
        acting = {stem(verb) for verb in ACTION_VERBS}
        if named and named[0] in READ_VERBS:
            return True
        if named and named[0] in ACTION_VERBS and stem(named[0]) == self.verb:
            return False
        first = [stem(word) for word in words(self.description)[:1]]
        if first and first[0] in reading:
            return True
        return not (first and first[0] in acting) and self.verb not in acting and self._asks

    @cached_property
    def _asks(self) -> bool:
        low = expand(self.description)
        return bool(
            re.match(r"\W*(whether|what|which|when|where|how|who|the |a list|all |current|free|available)", low)
        )

    @cached_property
    def fields(self) -> list[tuple[str, float]]:
        """Texts and weights for ranking."""
        told = [(" ".join(name_words(self.name)), 1.0), (self.description, 1.0)]
        for parameter in self.parameters:
            told.append((" ".join(name_words(parameter.name)), 0.7))
            told.append((parameter.description, 0.5))
            choices = parameter.schema.get("enum")
            if isinstance(choices, list):
                told.append((" ".join(re.sub(r"[_-]", " ", c) for c in choices if isinstance(c, str)), 0.8))
        return told

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Content stems of the name, the description, and the parameters' names."""
        own = content_stems(" ".join(name_words(self.name)) + " " + self.description)
        return frozenset(own) | {stem(word) for p in self.parameters for word in name_words(p.name)}

    def ability(self) -> str:
        """What it does, as words that may follow "I can"; "" when the description does not say it so."""
        text = sentences(self.description)[0] if sentences(self.description) else " ".join(name_words(self.name))
        text = re.split(r"[.;:(\n]|, (?:e\.g|for example|such as|including|its?|by|given|with)\b", text)[0].strip()
        listed = text.split()
        if not listed:
            return ""
        first = listed[0].lower()
        third = re.sub(r"(?<=[^s])s$", "", re.sub(r"(?<=[sxzh])es$", "", first)) if len(first) > 3 else first
        verb = third if third in ACTION_VERBS or third in READ_VERBS else first
        if first in ("whether", "what", "which", "when", "where", "how", "who") or first in STOP_WORDS - ACTION_VERBS:
            return "tell you " + " ".join([first, *_few(listed[1:])])
        if verb not in ACTION_VERBS | READ_VERBS and verb not in [w.lower() for w in name_words(self.name)[:1]]:
            return "help with " + " ".join(name_words(self.name))
        return " ".join([verb, *_few(listed[1:])])


def _few(told: list[str]) -> list[str]:
    """At most ten words, none of them left hanging at the end."""
    text = re.split(r",|\b(?:and whether|so that|given)\b", " ".join(told))[0]
    kept = text.split()[:10]
    while kept and kept[-1].lower() in _HANGING:
        kept.pop()
    return kept


def offered(request: ChatRequest) -> list[Offer]:
    """The tools of a request, first of each name only."""
    offers: dict[str, Offer] = {}
    for tool in request.tools or []:
        function = tool.function
        parameters: dict[str, Any] = function.parameters or {"type": "object", "properties": {}}
        offers.setdefault(function.name, Offer(function.name, function.description or "", parameters))
    return list(offers.values())
