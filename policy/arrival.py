"""What a reviewer sent, read without trust."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from pydantic import ValidationError

from contracts.approval import DecisionReceipt, Verdict
from contracts.base import Contract
from contracts.checkpoint import CheckpointVerdict
from contracts.grants import Bound, GrantScope
from contracts.ladder import GROUP

MAX_WORD = 64
MAX_NOTE = 2000
MAX_ARGUMENTS = 20_000
MAX_SECONDS = 366 * 86_400.0
_WORDS = ("note", "private", "question")


class Arrived(Contract):
    """A decision as it came, understood or not. `problem` says why it cannot count, if it cannot."""

    reviewer: str
    verdict: str
    digest: str = ""
    note: str | None = None
    private: str | None = None
    """Words for the records alone."""
    seconds: float | None = None
    to: str | None = None
    question: str | None = None
    arguments: str | None = None
    """What to change before approving, as JSON of an object."""
    scope: str | None = None
    vary: str | None = None
    """What further calls may have otherwise, as JSON of an object: `"any"` or `{"at_most": number}` by argument."""
    plan: str | None = None
    """A plan in place of what has not run, as JSON of an object."""
    channel: str = "signal"
    problem: str | None = None

    def receipt(self, number: int, reason: str, *, accepted: bool, at: datetime) -> DecisionReceipt:
        """What became of it."""
        return DecisionReceipt(
            number=number,
            reviewer=self.reviewer,
            verdict=self.verdict,
            accepted=accepted,
            reason=reason,
            at=at,
            channel=self.channel,
        )


EXPECTED = '{"reviewer": NAME, "verdict": "approve" or "reject", "digest": DIGEST}'


def read(
    raw: bytes | None, channel: str = "signal", *, verdicts: Collection[str] = tuple(Verdict), expected: str = EXPECTED
) -> Arrived:
    """What a reviewer sent, read without trust: whatever it is, it becomes an arrival that can be judged.

    `verdicts` are the words that may decide here; who sends something else is told to send what is `expected`.
    """
    if not raw or raw == b"null":
        return _unreadable("the decision is empty", channel, expected)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):  # a deep nesting is no JSON of ours, and must not stop the workflow
        return _unreadable("the decision is not JSON", channel, expected)
    if not isinstance(value, Mapping):
        return _unreadable("the decision is no object", channel, expected)
    arrived = Arrived(
        reviewer=_word(value, "reviewer"),
        verdict=_word(value, "verdict").lower(),
        digest=_word(value, "digest").lower(),
        note=_note(value.get("note")),
        private=_note(value.get("private")),
        seconds=_seconds(value.get("seconds")),
        to=_word(value, "to") or None,
        question=_note(value.get("question")),
        arguments=_arguments(value.get("arguments")),
        scope=_word(value, "scope") or None,
        vary=_vary(value.get("vary")),
        plan=_arguments(value.get("plan")),
        channel=_word(value, "channel") or channel,
    )
    problem = _problem(value, arrived, verdicts, expected)
    return arrived if problem is None else arrived.model_copy(update={"problem": problem})


def _problem(value: Mapping[str, object], arrived: Arrived, verdicts: Collection[str], expected: str) -> str | None:
    """Why it cannot count, whoever sent it. What somebody meant is never dropped to let the rest count."""
    if not arrived.reviewer:
        return f"no reviewer is named; send {expected}"
    if arrived.verdict not in verdicts:
        return f"the verdict is not one of {', '.join(verdicts)}; send {expected}"
    approves = arrived.verdict in (Verdict.APPROVE, Verdict.APPROVE_AND_GRANT)
    if value.get("arguments") is not None and not (approves and arrived.arguments):
        return 'arguments belong to the verdict approve, as an object: "arguments": {"amount": 100}'
    if value.get("plan") is not None and not (arrived.verdict == CheckpointVerdict.REDIRECT and arrived.plan):
        return 'a plan belongs to the verdict redirect, as an object: "plan": {"steps": [...]}'
    if arrived.verdict == Verdict.EXTEND and arrived.seconds is None:
        return 'to extend, say by how much: "seconds", a number above 0'
    if arrived.verdict == Verdict.DELEGATE and arrived.to is None:
        return f'to delegate, say to whom: "to", a reviewer or {GROUP}NAME'
    if arrived.verdict == Verdict.ASK and arrived.question is None:
        return 'to ask the caller, say what: "question", a text'
    if arrived.verdict != Verdict.ASK and value.get("question") is not None:
        return f"a question belongs to the verdict {Verdict.ASK.value}"
    return _grant_problem(value, arrived)


def _grant_problem(value: Mapping[str, object], arrived: Arrived) -> str | None:
    meant = [name for name in ("scope", "vary") if value.get(name) is not None]
    if arrived.verdict != Verdict.APPROVE_AND_GRANT:
        return f"{' and '.join(meant)} belong to the verdict {Verdict.APPROVE_AND_GRANT.value}" if meant else None
    if value.get("seconds") is not None and arrived.seconds is None:
        return 'say how long it is granted: "seconds", a number above 0'
    if "scope" in meant and arrived.scope not in set(GrantScope):
        return f"the scope is not one of {', '.join(GrantScope)}"
    if "vary" in meant and arrived.vary is None:
        return 'say what may vary as an object: "vary": {"order": "any", "amount": {"at_most": 50}}'
    return None


def sealable(decision: Mapping[str, object], subject_id: str) -> dict[str, object]:
    """The same decision with its words as contents about the subject, so that the codec seals them."""

    def content(body: str) -> dict[str, str]:
        return {"subject_id": subject_id, "body": body}

    words = {name: content(text) for name in _WORDS if isinstance(text := decision.get(name), str)}
    for name in ("arguments", "plan"):
        if (changes := decision.get(name)) is not None:
            words[name] = content(json.dumps(changes))
    return {**decision, **words}


def _unreadable(problem: str, channel: str, expected: str) -> Arrived:
    return Arrived(reviewer="", verdict="", channel=channel, problem=f"{problem}; send {expected}")


def _word(value: Mapping[str, object], key: str) -> str:
    """A short word of one line. One that is longer is kept recognisable, but never mistaken for its beginning."""
    word = _encodable(value.get(key)).strip()
    return word if len(word) <= MAX_WORD else word[: MAX_WORD - 1] + "…"


def _note(value: object) -> str | None:
    """Words of the reviewer: plain text, or in the shape of `Content`."""
    text = _encodable(value.get("body") if isinstance(value, Mapping) else value)[:MAX_NOTE]
    return text if text.strip() else None


def _encodable(value: object) -> str:
    """Text without lone surrogates, which JSON can name and no message or record can hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _arguments(value: object) -> str | None:
    """An object as JSON that any message can carry, else None. It may come as text in the shape of `Content`."""
    if isinstance(value, dict) and value.keys() == {"subject_id", "body"} and isinstance(value["body"], str):
        try:
            value = json.loads(value["body"])
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, dict) or not value:
        return None
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:  # a number that JSON lacks, or a lone surrogate
        return None
    return text if len(text) <= MAX_ARGUMENTS else None


def _vary(value: object) -> str | None:
    """What may vary, and within which bounds, as JSON of an object; None if any of it is something else."""
    text = _arguments(value)
    bounds = json.loads(text).values() if text else ()
    return text if all(bound == "any" or _is_bound(bound) for bound in bounds) else None


def _is_bound(value: object) -> bool:
    """Whether a `Bound` can hold it: an integer may be larger than any number of a computer."""
    if not isinstance(value, dict) or value.keys() != {"at_most"}:
        return False
    try:
        return Bound.model_validate(value, strict=True).at_most is not None
    except ValidationError:
        return False


def _seconds(value: object) -> float | None:
    """A time span above 0 that a computer can hold, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_SECONDS:
        return None
    return float(value)
