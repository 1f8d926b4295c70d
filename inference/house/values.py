"""Values of one declared type found in one text. Each finder returns None when the text holds none: never a guess."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from typing import Any

from inference.house.dates import DAYS, MONTHS, find_date, find_time
from inference.house.lexicon import STOP_WORDS
from inference.house.numbers import find_amounts, find_numbers, repair_digits, tokens
from inference.house.offers import Parameter
from inference.house.schema import Schema, kind, valid
from inference.house.text import close, expand, name_words, paraphrases, stem, words
from inference.house.wordlist import listed

_MONEY = frozenset(listed("amount price cost sum total money fee budget value payment"))
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_EMAIL = re.compile(
    r"((?:[a-z0-9]+(?: (?:dot|point|underscore|dash|hyphen|plus) )?)+) at ((?:[a-z0-9]+ (?:dot|point) )+[a-z]{2,})\b"
)
_NAME = re.compile(
    r"\b(?:my (?:full |first |last )?name(?: is|'s)|name is|i am called|call me|(?:this is|i am|"
    r"it is|it's|i'm)(?= [A-Z])|"
    r"(?:under|for|in) the name(?: of)?)\s+(?P<name>[A-Za-z][\w'-]*(?:\s+[A-Z][\w'-]*|"
    r"\s+(?!and\b|i\b|speaking\b)[a-z]+(?=\W*$))*)",
    re.IGNORECASE,
)
_FOR_NAME = re.compile(r"\b(?:for|with|to) (?:(?:Mr|Mrs|Ms|Dr)\.? )?(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)*)")
_NEGATION = frozenset(listed("no not without never neither nor"))


def number_value(parameter: Parameter, text: str, others: set[str], *, labelled: bool) -> Any:
    """A number for an integer or number parameter; `labelled` accepts only one beside a word of the parameter."""
    own = {stem(word) for word in name_words(parameter.name)} | set(parameter.label)
    if own & {stem(word) for word in _MONEY}:
        amounts = find_amounts(text)
        if amounts:
            return _fit(amounts[-1].value, parameter.schema)
    toks = repair_digits(tokens(text))
    money = [(a.start, a.end) for a in find_amounts(text)]
    described = {stem(word) for word in words(parameter.description) if word not in STOP_WORDS}
    best: tuple[int, Any] | None = None
    for number in find_numbers(toks):
        if any(start <= number.start < end for start, end in money):
            continue
        before = {stem(tok) for tok in toks[max(0, number.start - 3) : number.start]}
        after = {stem(tok) for tok in toks[number.end : number.end + 2]}
        near = before | after
        if near & own:
            rank = 0
        elif after & described:
            rank = 1
        elif near & (others - own) or labelled:
            continue
        else:
            rank = 2
        value = _fit(number.value, parameter.schema)
        if value is not None and (best is None or rank < best[0]):
            best = (rank, value)
    return best[1] if best else None


def _fit(value: Decimal, schema: Schema) -> Any:
    fitted: Any = int(value) if value == value.to_integral_value() else float(value)
    if kind(schema) == "integer" and not isinstance(fitted, int):
        return None
    forms = [str(value), f"{value:.2f}"] if kind(schema) == "string" else [fitted]
    return next((form for form in forms if valid(form, schema)), None)


def takes_money(parameter: Parameter) -> bool:
    """Whether the parameter is an amount of money, as a number or as text."""
    return parameter.kind in ("number", "integer", "string") and bool(set(name_words(parameter.name)) & _MONEY)


def currency_value(text: str, schema: Schema) -> str | None:
    """The ISO 4217 code of an amount in the text."""
    for amount in reversed(find_amounts(text)):
        if valid(amount.currency, schema):
            return amount.currency
    return None


def enum_value(text: str, schema: Schema) -> Any:
    """The choice of an enum that the text names by stems; the first named of equals; None when none is."""
    choices = schema.get("enum")
    if not isinstance(choices, list):
        return None
    toks = words(text)
    stems = [stem(tok) for tok in toks]
    numbers = [n.value for n in find_numbers(tokens(text))]
    best: tuple[float, int, Any] | None = None
    for choice in choices:
        if isinstance(choice, bool) or choice is None:
            continue
        if isinstance(choice, int | float):
            if Decimal(str(choice)) in numbers:
                return choice
            continue
        if not isinstance(choice, str):
            continue
        parts = [stem(word) for word in name_words(choice)]
        if parts and all(part.isdigit() for part in parts) and Decimal("".join(parts)) in numbers:
            return choice
        parts = [part for part in parts if part not in STOP_WORDS] or parts
        hits = [(q, at) for q, at in (_locate(part, stems) for part in parts) if q]
        if len(hits) * 2 < len(parts) or not hits:
            continue
        rank = (sum(q for q, _ in hits) / len(parts), -min(at for _, at in hits))
        if best is None or rank > best[:2]:
            best = (*rank, choice)
    return best[2] if best else None


def _locate(part: str, stems: list[str]) -> tuple[float, int]:
    if part in stems:
        return 1.0, stems.index(part)
    for i, other in enumerate(stems):
        if other in paraphrases(part):
            return 0.8, i
    for i, other in enumerate(stems):
        if close(part, other):
            return 0.7, i
    return 0.0, 0


def boolean_value(parameter: Parameter, text: str) -> bool | None:
    """True when the text mentions what the parameter is about, False when it does so with a negation, else None."""
    toks = words(text)
    own = [label for label in parameter.label if label not in STOP_WORDS]
    for i, tok in enumerate(toks):
        if stem(tok) in own:
            return not (set(toks[max(0, i - 3) : i]) & _NEGATION)
    return None


def email_value(text: str) -> str | None:
    """An e-mail address, written or spoken ("maria dot lopez at example dot com")."""
    written = _EMAIL.search(text)
    if written:
        return written.group(0).rstrip(".")
    low = " ".join(re.findall(r"[\w'-]+", expand(text)))
    spoken = _SPOKEN_EMAIL.search(low)
    if not spoken:
        return None
    signs = {"dot": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-", "plus": "+"}
    local = spoken[1].split()
    kept: list[str] = []
    for i in range(len(local) - 1, -1, -1):
        following_sign = bool(kept) and kept[0] in signs
        if local[i] in signs or not kept or following_sign:
            kept.insert(0, local[i])
        else:
            break
    name = "".join(signs.get(part, part) for part in kept)
    return f"{name}@" + "".join(signs.get(part, part) for part in spoken[2].split())


def person_name(text: str) -> str | None:
    """A person's name introduced by words such as "my name is"; capitalised."""
    match = _NAME.search(text.replace("’", "'")) or _FOR_NAME.search(text)
    if not match or match["name"].split()[0].lower() in (*DAYS, *MONTHS):
        return None
    parts = [part for part in match["name"].split() if part.lower() not in ("speaking", "here", "and", "please")]
    if not parts or parts[0].lower() in STOP_WORDS | {"calling", "looking", "trying"}:
        return None
    return " ".join(part[0].upper() + part[1:] for part in parts[:3])


def moment_value(parameter: Parameter, text: str, today: date | None) -> str | None:
    """A date, a time of day, or both, as the parameter's format, name or description asks, or None."""
    form = parameter.schema.get("format")
    described = set(name_words(parameter.name)) | set(words(parameter.description))
    if form is None and "month" in name_words(parameter.name):
        named = next((month.capitalize() for month in MONTHS if month in words(text)), None)
        return next((v for v in (named, named and named.lower()) if v and valid(v, parameter.schema)), None)
    wants_both = form == "date-time" or (form is None and bool(described & {"datetime", "timestamp"}))
    wants_date = wants_both or form == "date" or (form is None and bool(described & {"date", "day", "dates"}))
    wants_time = (
        wants_both
        or form == "time"
        or (form is None and not wants_date and bool(set(name_words(parameter.name)) & {"time", "hour", "clock"}))
    )
    day, at = (find_date(text, today) if wants_date else None), (find_time(text) if wants_time else None)
    if wants_both:
        if day is None:
            return None
        whole = f"{day.isoformat()}T{(at or time(0)).strftime('%H:%M:%S')}" if at else None
        return next((v for v in (whole, f"{whole}Z") if whole and valid(v, parameter.schema)), None)
    if wants_date:
        if day is not None and valid(day.isoformat(), parameter.schema):
            return day.isoformat()
        if form is None and not (described & {"iso", "yyyy-mm-dd", "yyyy"}):
            low = words(text)
            named = next((d.capitalize() for d in (*DAYS, "today", "tomorrow") if d in low), None)
            return named if named is None or valid(named, parameter.schema) else named.lower()
        return None
    if at is not None:
        forms = (at.strftime("%H:%M"), at.strftime("%H:%M:%S"), at.strftime("%H:%M:%SZ"))
        return next((value for value in forms if valid(value, parameter.schema)), None)
    return None


def takes_moment(parameter: Parameter) -> bool:
    """Whether the parameter is a date, a time of day, or both."""
    if parameter.schema.get("format") in ("date", "time", "date-time"):
        return True
    names = set(name_words(parameter.name))
    return parameter.kind == "string" and bool(names & {"date", "day", "month", "time", "datetime", "when", "hour"})
