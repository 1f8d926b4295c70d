"""Arguments of a call, filled by type from the conversation; what cannot be found is asked for, never invented."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import jsonschema
from jsonschema.validators import validator_for

from inference.house import schema as js
from inference.house.conversation import Conversation
from inference.house.fields import known_value
from inference.house.identifiers import identifier_value
from inference.house.numbers import find_numbers, tokens
from inference.house.offers import Offer, Parameter
from inference.house.text import name_words, stem
from inference.house.values import (
    boolean_value,
    currency_value,
    email_value,
    enum_value,
    moment_value,
    number_value,
    person_name,
    takes_moment,
    takes_money,
)
from inference.house.wording import free_text, noun_phrase, told_reason
from inference.house.wordlist import listed


@dataclass(frozen=True)
class Filling:
    """Arguments found, and needed parameters for which nothing was found."""

    arguments: dict[str, Any]
    missing: list[Parameter] = field(default_factory=list)


@dataclass(frozen=True)
class Situation:
    """Where values may come from. `focus` is the stretch of speech that asks for the call; `given` are sure values."""

    conversation: Conversation
    offers: list[Offer]
    today: date | None
    focus: str
    given: dict[str, Any] = field(default_factory=dict)


def fill(offer: Offer, situation: Situation) -> Filling:
    """Fills a tool's parameters. The returned arguments satisfy the tool's schema whenever `missing` is empty."""
    arguments: dict[str, Any] = {}
    missing: list[Parameter] = []
    for parameter in offer.parameters:
        value = situation.given.get(parameter.name)
        if value is None or not js.valid(value, js.rooted(parameter.schema, offer.schema)):
            value = find_value(parameter, offer, situation)
        if value is not None:
            arguments[parameter.name] = value
        elif parameter.needed:
            if "default" in parameter.schema:
                arguments[parameter.name] = parameter.schema["default"]
            else:
                missing.append(parameter)
        elif parameter.nullable and parameter.name in js.required(js.resolve(offer.schema, offer.schema)):
            arguments[parameter.name] = None
    if not missing:
        missing = _at_fault(offer, arguments)
    return Filling(arguments, missing)


def _at_fault(offer: Offer, arguments: dict[str, Any]) -> list[Parameter]:
    """Parameters whose values break the tool's schema; the first one when the fault is not of one parameter."""
    if js.valid(arguments, offer.schema):
        return []
    named: list[str] = []
    cls = validator_for(offer.schema, default=jsonschema.Draft202012Validator)
    for error in cls(offer.schema).iter_errors(arguments):
        named += [str(part) for part in list(error.absolute_path)[:1]]
    faulty = [parameter for parameter in offer.parameters if parameter.name in named]
    for parameter in faulty:
        if not parameter.needed:
            arguments.pop(parameter.name, None)
    if js.valid(arguments, offer.schema):
        return []
    return [p for p in faulty if p.needed] or offer.parameters[:1] or [Parameter("request", {}, True, False)]


def find_value(parameter: Parameter, offer: Offer, situation: Situation) -> Any:
    """A value for one parameter, latest source first, or None."""
    rooted = js.rooted(parameter.schema, offer.schema)
    if "const" in parameter.schema:
        return parameter.schema["const"] if parameter.needed else None
    others = _other_labels(parameter, offer, situation.offers)
    value = _from_text(parameter, offer, situation, situation.focus, others, fresh=True)
    if value is None and parameter.kind == "object":
        value = _object(parameter, offer, situation)
    if value is None and parameter.needed:
        turn_runs = situation.conversation.last.runs
        value = known_value(parameter, turn_runs, situation.conversation.material, situation.conversation.last.text)
        if value is None:
            for said in situation.conversation.said:
                value = _from_text(parameter, offer, situation, said, others, fresh=False)
                if value is not None:
                    break
        if value is None:
            value = known_value(parameter, tuple(situation.conversation.runs), (), situation.conversation.last.text)
        if value is None and parameter.identifier:
            value = identifier_value(
                situation.conversation.system, rooted, _own(parameter, offer), others, labelled_only=True
            )
    return value if value is not None and js.valid(value, rooted) else None


def _own(parameter: Parameter, offer: Offer) -> list[str]:
    named = [stem(word) for word in name_words(parameter.name)]
    return parameter.label or [stem(word) for word in name_words(offer.name)] + named


def _other_labels(parameter: Parameter, offer: Offer, offers: list[Offer]) -> set[str]:
    own = set(_own(parameter, offer))
    return {label for other in offers for p in other.parameters for label in p.label} - own


def _from_text(
    parameter: Parameter, offer: Offer, situation: Situation, text: str, others: set[str], *, fresh: bool
) -> Any:
    """A value from one text. `fresh` text is that which asks for the call: only it may give loose values."""
    schema = js.rooted(parameter.schema, offer.schema)
    names = set(name_words(parameter.name))
    if parameter.kind == "boolean":
        return boolean_value(parameter, text) if fresh and not names & _CONSENT else None
    if "enum" in schema:
        return enum_value(text, schema) if fresh or parameter.needed else None
    if parameter.schema.get("format") == "email" or names & {"email", "mail"}:
        return email_value(text)
    if "currency" in names:
        return currency_value(text, schema)
    if takes_moment(parameter):
        return moment_value(parameter, text, situation.today)
    if takes_money(parameter) and not parameter.free_text:
        return number_value(parameter, text, others, labelled=True)
    if parameter.identifier or _digits_wanted(parameter):
        return identifier_value(
            text, schema, _own(parameter, offer), others, labelled_only=not parameter.needed, strict=not fresh
        )
    if parameter.kind in ("integer", "number"):
        return number_value(parameter, text, others, labelled=not parameter.needed or not fresh)
    if parameter.kind == "array":
        return _array(parameter, schema, text) if fresh else None
    if parameter.kind != "string":
        return None
    if parameter.free_text and not parameter.needed:
        return told_reason(parameter, text) if fresh else None
    if parameter.free_text:
        return free_text(parameter, situation.conversation, situation.offers, text) if fresh else None
    if names & {"name", "surname"} and (not parameter.label or set(parameter.label) & _PEOPLE):
        return person_name(text)
    if "pattern" in schema:
        return _by_pattern(text, schema)
    if not fresh:
        return None
    phrase = noun_phrase(text, offer, parameter)
    return phrase if phrase and (parameter.needed or _mentioned(parameter, text)) else None


# Consent is never read out of a wish: it comes only with a result's `needs_confirmation`.
_CONSENT = frozenset(
    listed("confirmed confirm confirmation approved approval authorised authorized force forced consent")
)
_PEOPLE = {
    stem(w) for w in listed("full first last caller person owner contact member patient guest visitor your user")
}


def _digits_wanted(parameter: Parameter) -> bool:
    pattern = parameter.schema.get("pattern")
    phone = "phone" in name_words(parameter.name) or "telephone" in name_words(parameter.name)
    return parameter.kind == "string" and (
        phone or (isinstance(pattern, str) and ("\\d" in pattern or "0-9" in pattern))
    )


def _mentioned(parameter: Parameter, text: str) -> bool:
    stems = {stem(word) for word in re.findall(r"[a-z]+", text.lower())}
    return bool(stems & set(parameter.label))


def _by_pattern(text: str, schema: js.Schema) -> str | None:
    for word in re.findall(r"\S+", text):
        plain = word.strip(".,!?;:\"'()")
        for form in (plain, plain.upper(), plain.lower(), plain.capitalize()):
            if form and js.valid(form, schema):
                return str(form)
    return None


def _array(parameter: Parameter, schema: js.Schema, text: str) -> list[Any] | None:
    item = js.resolve(schema.get("items", {}), schema)
    found: list[Any] = []
    if "enum" in item:
        found = [choice for choice in item["enum"] if enum_value(text, {**item, "enum": [choice]}) is not None]
    elif js.kind(item) in ("integer", "number"):
        found = [int(n.value) for n in find_numbers(tokens(text)) if n.value == int(n.value)]
    elif js.kind(item) == "string" and _mentioned(parameter, text):
        after = re.split(rf"\b{re.escape(name_words(parameter.name)[-1])}\b", text, maxsplit=1, flags=re.I)[-1]
        found = [part.strip(" .!?") for part in re.split(r",|\band\b", after) if part.strip(" .!?")]
    return found if found and js.valid(found, schema) else None


def _object(parameter: Parameter, offer: Offer, situation: Situation) -> dict[str, Any] | None:
    inner = Offer(parameter.name, offer.description, js.rooted(parameter.schema, offer.schema))
    if inner.schema is offer.schema or not inner.parameters or len(name_words(parameter.name)) > 40:
        return None
    values = {p.name: find_value(p, inner, situation) for p in inner.parameters if p.kind != "object"}
    present = {name: value for name, value in values.items() if value is not None}
    return present if present and js.valid(present, inner.schema) else None


def question_for(parameter: Parameter) -> str:
    """One short spoken question that asks for a parameter, made of its description or name."""
    text = re.split(
        r"[.;(\n]|,|\be\.g\b|\bfor example\b|\bsuch as\b|\bas (?:spoken|digits|ISO|YYYY)\b", parameter.description
    )[0]
    text = re.sub(r"\b(ISO(?: 8601)?|YYYY-MM-DD|string|integer)\b", "", text, flags=re.IGNORECASE).strip(" :-")
    text = re.sub(r"\s+", " ", re.sub(r"\bthe (?:caller|user)'s\b", "your", text, flags=re.IGNORECASE))
    if not text or not re.search(r"[a-z]", text, re.IGNORECASE):
        text = " ".join(word for word in name_words(parameter.name) if word != "id") or parameter.name
        if name_words(parameter.name)[-1:] == ["id"]:
            text += " number"
    low = text[0].lower() + text[1:] if not text[:2].isupper() else text
    if parameter.kind == "boolean":
        return f"Yes or no: {re.sub(r'^(whether|if) (to )?', '', low)}?"
    if re.match(r"(which|what|who|whose)\b", low):
        return (
            f"{low[0].upper()}{low[1:]}?"
            if re.search(r"\b(is|are|do|does|to|should)\b", low)
            else f"{low[0].upper()}{low[1:]} is it?"
        )
    if re.match(r"(when|where|how|why)\b", low):
        return f"Can you tell me {low}?"
    if not re.match(r"(the|a|an|your|its|his|her|their|our)\b", low):
        low = f"the {low}"
    low = re.sub(r"^(a|an) ", "the ", low)
    choices = parameter.schema.get("enum")
    if isinstance(choices, list) and 0 < len(choices) <= 4 and all(isinstance(c, str) for c in choices):
        named = [re.sub(r"[_-]", " ", c) for c in choices]
        return f"What is {low}: " + (", ".join(named[:-1]) + " or " if named[:-1] else "") + f"{named[-1]}?"
    return f"What is {low}?"
