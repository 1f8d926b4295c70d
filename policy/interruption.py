"""What a caller's words want of the work under way, and what an interruption does to it. In English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from contracts.composition import Composition
from contracts.tools import OnInterrupt

_BACKCHANNELS = frozenset(
    {
        *("mm", "mhm", "mmhm", "mmhmm", "mmm", "hm", "hmm", "uhhuh", "uh", "huh", "um", "ah", "aha", "oh"),
        *("okay", "ok", "right", "yeah", "alright", "good", "great", "fine", "cool", "nice", "i", "see", "got", "it"),
    }
)
_BACKCHANNEL_WORDS = 3
_LEAD = re.compile(r"^(?:oh|ah|um|uh|er|well|okay|ok|no|hey|sorry|please|but|and|so|right|yes|yeah|alright|now)\b ?")
_TAIL = re.compile(r" ?\b(?:please|now|right now|then|thanks|thank you|at once|for now|for me)$")
_IT = r"(?:it|that|this|everything|(?:the|my|that|this) (?:whole )?(?:thing|request|task|work))"
_ORDERS = (
    (r"(?:stop talking|be quiet|quiet|shush|enough|that is enough)", "quiet"),
    (rf"(?:stop|halt)(?: there| {_IT})?", "stop"),
    (rf"(?:cancel|abort|drop|scrap|undo|forget)(?: about)? {_IT}|cancel|never mind|call {_IT} off", "cancel"),
    (rf"(?:i|we) do not want {_IT}(?: any ?more| after all)?|do not do {_IT}", "cancel"),
    (
        rf"(?:wait|hold on|hang on|hold {_IT}|pause(?: {_IT})?|put {_IT} on hold|not yet"
        rf"|(?:wait |hold on |hang on )?(?:just )?(?:a|one) (?:moment|second|minute|bit)|wait with {_IT})",
        "wait",
    ),
    (
        r"(?:you (?:can|may) )?(?:go on|go ahead|carry on|continue|keep going|proceed|resume)"
        rf"(?: (?:with )?{_IT})?",
        "go_on",
    ),
)
_CORRECTIONS = (
    r"actually (?:no )?(?:it|that|this|the|order|number|not|make|change|use|i meant?|it is)\b.+",
    r"(?:i meant?|i should have said|correction|i mis ?spoke)\b.+",
    r"(?:make|change) (?:it|that|this)\b.+",
    r"(?:it|that|this) (?:should (?:be|have been)|must be)\b.+",
)
_QUESTION = re.compile(r"\b(?:who|what|where|when|why|how|which|whose|can|could|would|will|do|does|did|are)\b")


class Wish(StrEnum):
    """What the caller's words want of the work under way, whatever else the conversation is about."""

    QUIET = "quiet"
    """Only what is being said is meant, not the work."""
    STOP = "stop"
    CANCEL = "cancel"
    WAIT = "wait"
    GO_ON = "go_on"
    CORRECT = "correct"


def backchannel(text: str) -> bool:
    """Whether the words only show that somebody listens."""
    words = re.sub(r"[^a-z ]", "", text.lower().replace("-", "")).split()
    return 0 < len(words) <= _BACKCHANNEL_WORDS and all(word in _BACKCHANNELS for word in words)


def wish(text: str) -> Wish | None:
    """The wish, when the words say nothing else. A sentence about something else is none: a model answers it."""
    words = _plain(text)
    for pattern, name in _ORDERS:
        if re.fullmatch(pattern, words):
            return Wish(name)
    asks = "?" in text or _QUESTION.search(words.removeprefix("actually ")) is not None
    corrects = not asks and any(re.fullmatch(pattern, words) for pattern in _CORRECTIONS)
    return Wish.CORRECT if corrects else None


def agrees(text: str) -> bool | None:
    """A plain yes or no to a question of ours; None is neither."""
    words = re.sub(r"[^a-z' ]", "", text.lower()).split()
    if not words:
        return None
    if words[0] in ("no", "nope", "nah", "don't", "stop", "cancel", "never"):
        return False
    return True if words[0] in ("yes", "yeah", "yep", "sure", "please", "okay", "ok", "go") else None


def policy_of(composition: Composition, tools: Iterable[str]) -> OnInterrupt:
    """What an interruption does to a task of which these tools' effects wait; the strictest rules."""
    named = {tool.name: tool.on_interrupt for tool in composition.tools}
    chosen = [rule for tool in tools if (rule := named.get(tool)) is not None]
    return max(chosen, key=_STRICT.index, default=composition.on_interrupt)


_STRICT = (OnInterrupt.CONTINUE, OnInterrupt.ASK, OnInterrupt.SUSPEND, OnInterrupt.CANCEL)


def _plain(text: str) -> str:
    words = text.lower().replace("’", "'")
    for short, long in (("don't", "do not"), ("it's", "it is"), ("that's", "that is"), ("anymore", "any more")):
        words = words.replace(short, long)
    words = " ".join(re.sub(r"[^a-z0-9' ]", " ", words).split())
    for edge in (_LEAD, _TAIL):
        while (shorter := edge.sub("", words, count=1).strip()) != words and shorter:
            words = shorter
    return _once(words)


def _once(words: str) -> str:
    """ "Stop stop" and "wait wait wait" are one order."""
    parts = words.split()
    return parts[0] if len(set(parts)) == 1 else words
