"""Results that say no: an error, nothing found, a refusal, something too late. They are told as they are."""

from __future__ import annotations

import re
from typing import Any

from inference.house.conversation import ToolRun
from inference.house.text import expand, name_words, sentence_case, sentences

_STATUS_KEYS = ("error", "status", "state", "outcome", "result", "decision", "code")
_NOT_FOUND = re.compile(r"\b(not[_ -]?found|unknown|no such|does not exist|missing|404|nothing found|could not find)\b")
_DENIED = re.compile(
    r"\b(denied|refused|rejected|declined|forbidden|not[_ -]allowed|unauthori[sz]ed|not[_ "
    r"-]approved|not[_ -]permitted)\b"
)
_EXPIRED = re.compile(r"\b(expired|timed[_ -]?out|timeout|too late|deadline passed|lapsed)\b")
_FAILED = re.compile(r"\b(failed|failure|error|invalid|unavailable|exception|could not|unable)\b")
_PROSE_FAILURE = re.compile(
    r"^\W*(error|failed|failure|denied|refused|rejected|declined|expired|not found|no such|an? (internal )?error|"
    r"unable to|could not|cannot|can not|the (request|action|call) (was|has been) (denied|refused|rejected|declined)|"
    r"(it|this|that) (was|has been|is) (denied|refused|rejected|declined|expired|not approved|not allowed))\b"
)


def failure(run: ToolRun) -> str:
    """A sentence that says plainly what did not work and why; "" when the result is no failure."""
    kind, told = classify(run.result)
    if not kind:
        return ""
    about = _about(run)
    thing = _sought(run)
    if kind == "not_found" and thing and not told:
        return f"I found no {thing}{' for ' + about if about else ''}."
    reason = f" {sentence_case(told)}" if told else ""
    if kind == "not_found":
        repeated = about and about.lower() in told.lower() and len(told.split()) <= 8
        return f"I am sorry, I could not find {about or 'that'}.{'' if repeated else reason}"
    if kind == "denied":
        return f"I am sorry, that was not allowed, so it was not done.{reason}"
    if kind == "expired":
        return f"I am sorry, the time for that ran out, so it was not done.{reason}"
    return f"I am sorry, that did not work{' for ' + about if about else ''}.{reason}"


def found_none(result: Any) -> bool:
    """Whether a search merely came back empty (`found: false`), which is an answer and no error."""
    return isinstance(result, dict) and result.get("found") is False and not result.get("error")


def _sought(run: ToolRun) -> str:
    """What a look-up was for, when that is another thing than what its argument names ("find_fee" by loan)."""
    named = name_words(run.name)
    if not (isinstance(run.result, dict) and run.result.get("found") is False) or len(named) < 2:
        return ""
    thing = [word for word in named[1:] if word not in ("up", "by", "for", "of")]
    keys = {word for key in run.arguments for word in name_words(key)}
    return "" if set(thing) & keys else " ".join(thing)


def classify(result: Any) -> tuple[str, str]:
    """The kind of a failure ("not_found", "denied", "expired", "failed"; "" for none) and the reason given in prose."""
    if isinstance(result, str):
        first = sentences(result)[0] if sentences(result) else ""
        low = expand(first)
        if not _PROSE_FAILURE.match(low):
            return "", ""
        told = re.sub(r"^\W*(error|failed|failure)\W+", "", first, flags=re.IGNORECASE)
        return _kind(low) or "failed", told if " " in told else ""
    if not isinstance(result, dict):
        return "", ""
    marks = [str(result[key]) for key in _STATUS_KEYS if isinstance(result.get(key), str)]
    nested = result.get("error")
    failed = result.get("isError") is True or result.get("is_error") is True
    failed = failed or result.get("ok") is False or result.get("success") is False or bool(nested)
    if isinstance(nested, dict):
        marks += [str(value) for value in nested.values() if isinstance(value, str)]
    low = expand(" ".join(marks).replace("_", " "))
    kind = _kind(low)
    if result.get("found") is False or result.get("not_found") is True:
        kind, failed = "not_found", True
    for key, named in (("denied", "denied"), ("refused", "denied"), ("approved", ""), ("expired", "expired")):
        if named and result.get(key) is True:
            kind, failed = named, True
        if key == "approved" and result.get(key) is False:
            kind, failed = kind or "denied", True
    short = len(low.split()) <= 4 * max(1, len(marks))
    said_no = kind not in ("", "failed") and short and not _a_record(result)
    said_failed = str(result.get("status", "")).lower() in ("failed", "error", "failure")
    if not (failed or said_no or said_failed):
        return "", ""
    return kind or "failed", _reason(result)


def _a_record(result: dict[str, Any]) -> bool:
    """Whether a status belongs to the record shown (a declined booking that was looked up) and not to the call."""
    others = [
        key for key in result if key not in (*_STATUS_KEYS, "message", "reason", "detail", "details", "say", "speech")
    ]
    return len(others) > 3


def _kind(low: str) -> str:
    for kind, pattern in (("denied", _DENIED), ("expired", _EXPIRED), ("not_found", _NOT_FOUND), ("failed", _FAILED)):
        if pattern.search(low):
            return kind
    return ""


def _reason(result: dict[str, Any]) -> str:
    nested = result.get("error")
    sources = [nested, result] if isinstance(nested, dict) else [result]
    for source in sources:
        for key in ("message", "reason", "detail", "details", "explanation", "error_message", "error", "text"):
            text = source.get(key)
            if isinstance(text, str) and " " in text.strip():
                return text.strip()
    return ""


def _about(run: ToolRun) -> str:
    for key, value in run.arguments.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            continue
        words = [
            word for word in name_words(key) if word not in ("id", "number", "code", "no", "ref", "reference", "key")
        ]
        if len(str(value)) < 40:
            is_code = str(value).isdigit() or name_words(key)[-1:] in (["id"], ["number"], ["code"])
            return f"{' '.join(words)} {value}".strip() if is_code else str(value)
    return ""
