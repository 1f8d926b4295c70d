"""Tool results put into one or two spoken sentences, whatever their shape."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from inference.house.conversation import ToolRun
from inference.house.failures import failure
from inference.house.lexicon import READ_VERBS
from inference.house.record_words import HIDDEN, ID_TAIL, is_id, list_words, phrases, record_words
from inference.house.speaking import money_pairs, scalar
from inference.house.text import joined, name_words, sentence_case, sentences, stem
from inference.house.wordlist import listed

_IRREGULAR_DONE = dict(
    pair.split(":")
    for pair in listed(
        """set:set put:put cut:cut let:let send:sent make:made give:given take:taken buy:bought sell:sold hold:held
    keep:kept leave:left write:written run:run begin:begun bring:brought draw:drawn build:built feed:fed tell:told
    lend:lent pay:paid withdraw:withdrawn do:done ring:rung speak:spoken find:found wake:woken"""
    )
)


def spoken_override(result: Any) -> str:
    """The text that a result itself wants said (`say` or `speech`), or ""."""
    if isinstance(result, dict):
        for key in ("say", "speech"):
            if isinstance(result.get(key), str) and result[key].strip():
                return str(result[key]).strip()
    return ""


def outcome(run: ToolRun, asked: str, today: date | None = None, *, effect: bool = False) -> str:
    """What a call came to, as speech. `asked` is the caller's question or wish: its fields are said first.

    `effect` says that the tool changed something and that its name begins with the verb for it ("renew_loan").
    """
    override = spoken_override(run.result)
    if override:
        return override
    failed = failure(run)
    if failed:
        return failed
    if effect and isinstance(run.result, dict):
        return _done(run, today)
    return describe(run.result, asked, run, today)


def _done(run: ToolRun, today: date | None) -> str:
    named = name_words(run.name)
    thing = " ".join(named[1:])
    both = {**run.arguments, **run.result} if isinstance(run.result, dict) else dict(run.arguments)
    text = f"I have {participle(named[0])}"
    if thing:
        text += f" the {thing}"
    money = money_pairs(both)
    paid = next(iter(money.values()), "")
    if paid:
        text += f" of {paid}" if thing else f" {paid}"
    for key, value in run.arguments.items():
        words = name_words(key)
        if words[-1:] and words[-1] in ID_TAIL and isinstance(value, str | int):
            noun = " ".join(word for word in words if word not in ID_TAIL)
            if noun and noun == thing:
                text = f"I have {participle(named[0])} {noun} {value}" + (f". The amount is {paid}" if paid else "")
            elif noun:
                text += f" for {noun} {value}"
            break
    else:
        for key, value in list(run.arguments.items())[:2]:
            if isinstance(value, str) and len(value.split()) < 4 and "@" not in value and key not in money:
                text += f", {' '.join(name_words(key))} {scalar(value, today)}"
    rest = {k: v for k, v in run.result.items() if k not in run.arguments and k not in money and not is_id(k)}
    rest = {k: v for k, v in rest.items() if name_words(k) != ["currency"] and not isinstance(v, bool)}
    rest = {k: v for k, v in rest.items() if not _plain_success(k, v) and stem(str(v)) != stem(participle(named[0]))}
    detail = phrases(rest, "", today)[:3]
    return f"{text}." + (f" {sentence_case(joined(detail))}" if detail else "")


def _plain_success(key: str, value: Any) -> bool:
    return key in ("status", "state", "result", "outcome") and str(value).lower() in (
        "ok", "done", "success", "succeeded", "completed", "complete", "executed",
    )  # fmt: skip


def participle(verb: str) -> str:
    """The past participle of a regular or common irregular verb."""
    if verb in _IRREGULAR_DONE:
        return _IRREGULAR_DONE[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", verb):
        return verb + verb[-1] + "ed"
    return verb + "ed"


def describe(value: Any, asked: str = "", run: ToolRun | None = None, today: date | None = None) -> str:
    """Any JSON value or text, as one or two sentences."""
    if isinstance(value, str):
        return _prose(value)
    if value is None:
        return "I found nothing."
    if isinstance(value, bool):
        return "Yes." if value else "No."
    if isinstance(value, int | float):
        return f"It is {scalar(value, today)}."
    if isinstance(value, list):
        return list_words("results", value, today)
    if not isinstance(value, dict) or not value:
        return "That is done." if run is not None and not _reading(run) else "I found nothing."
    inner = _single_record(value)
    return record_words(inner, asked, run, today)


def _reading(run: ToolRun) -> bool:
    named = name_words(run.name)
    return bool(named) and named[0] in READ_VERBS


def _single_record(value: dict[str, Any]) -> dict[str, Any]:
    shown = {k: v for k, v in value.items() if k not in HIDDEN}
    if len(shown) == 1:
        inner = next(iter(shown.values()))
        if isinstance(inner, dict) and inner:
            return inner
    return value


def _prose(text: str) -> str:
    plain = re.sub(r"[*_`#]+", "", text).strip()
    if not plain:
        return "That is done."
    kept = sentences(plain)[:2]
    return " ".join(sentence_case(part) for part in kept) or "That is done."
