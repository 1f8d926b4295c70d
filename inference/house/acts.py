"""Dialogue acts: what kind of thing the caller just did, before what it is about."""

from __future__ import annotations

import re
from enum import StrEnum

from inference.house.lexicon import ACTION_VERBS
from inference.house.text import expand, sentences, without_fillers, words


class Act(StrEnum):
    EMPTY = "empty"
    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    AFFIRM = "affirm"
    DENY = "deny"
    REPEAT = "repeat"
    REMEMBER = "remember"
    QUESTION = "question"
    REQUEST = "request"
    STATEMENT = "statement"


_AFFIRM = (
    r"(yes|yeah|yep|yup|sure|ok|okay|correct|right|exactly|absolutely|definitely|certainly|fine|agreed|affirmative)"
)
_AFFIRM_PHRASE = (
    r"(go ahead|please do|do it|do that|do so|that is (right|correct|fine|ok|okay|good|it)|"
    r"sounds good|of course|by all "
    r"means|why not|i do|i am sure|i confirm|confirmed|confirm|i agree|it is|you can|you may|let "
    r"us do (it|that)|carry on|"
    r"proceed|that would be (great|good|nice|fine|perfect|lovely)|perfect|great|please)"
)
_DENY = (
    r"(no|nope|nah|never mind|nevermind|forget it|leave it|leave it (as it is|alone)|no thanks?|no thank you|"
    r"do not|do not do (it|that)|please do not|not now|not really|not yet|"
    r"not today|i do not|i would rather not|cancel that|stop that|absolutely not|that is (not right|wrong|all)|"
    r"nothing else|nothing|incorrect|wrong|rather not|better not|no wait|no stop|no hold on)"
)
_TAIL = r"(please|thanks|thank you|then|now|that|it|for me|very much|indeed|so|i think|for now|just|the|a)"
_GREETING = (
    r"(hi|hello|hey|good (morning|afternoon|evening|day)|greetings|hiya|howdy|there|how are you( doing)?( today)?|"
    r"(are you (still )?there|can you hear me|is anybody there|anyone there))"
)
_THANKS = (
    r"(thanks?( you)?|many thanks|cheers|much appreciated|i appreciate (it|that)|very kind|great|perfect|lovely|super|"
    r"so much|very much|a lot|again|that (is|was) (great|helpful|very helpful|very kind|all|everything|perfect|lovely)|"
    r"for (your|the|all your|all the) help|for that|that helps|you|have been|are|very helpful|ok|"
    r"okay|alright|all right|wonderful)"
)
_GOODBYE = (
    r"(goodbye|good bye|bye|bye bye|see you( later| soon| then)?|farewell|take care|have a (nice|good|great|lovely)"
    r" (day|one|evening|weekend|afternoon|night)|talk to you (later|soon)|good night|that (is|"
    r"will be) all( for (now|today))?)"
)
_REPEAT = re.compile(
    r"\b((can|could|would|will) you (please )?(repeat|say) (that|it|this|the last (part|bit|thing)|yourself)( again)?"
    r"|say (that|it) again|repeat (that|it|please|the last (part|bit|thing))|come again|(i "
    r")?(did|do) not (hear|catch|get|understand) "
    r"(you|that|it|what you said)|(what|pardon|sorry) (what )?did you say$|what was that$|one "
    r"more time|say again|what did you just say)"
)
_REPEAT_ALONE = re.compile(r"(pardon( me)?|sorry|excuse me|what|huh|come again|repeat|again|please repeat)( please)?")
_REMEMBER = re.compile(
    r"\b(remember|keep in mind|bear in mind|do not forget|memorise|memorize|make a note|take a note|note down|"
    r"(please )?note)\b(?P<fact>.*)",
    re.DOTALL,
)
_RECALL_QUESTION = re.compile(
    r"\b(do|did|can|could|would|will) you (still )?(remember|recall)|i (asked|told) you|^(what|which|who|where|when)\b"
)
_WH = re.compile(r"^(and |but |so |then )*(what|which|who|whom|whose|when|where|why|how)\b")
_AUX = re.compile(
    r"^(and |but |so |then )*(is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|shall|may|might) "
    r"(i|you|it|there|that|this|these|those|we|they|he|she|the|a|an|my|your|any|anyone|someone|somebody|anything|\w+)\b"
)
_ASK_FOR = re.compile(
    r"\b((do|would) you know|tell me|let me know|i (would like|want|need) to know|i wonder|i was wondering|any idea)\b"
)
_WISH = re.compile(
    r"\b(i|we) (really |just |also |would |do )*(want|need|like|wish|would like|have to|love|prefer)\b|"
    r"\b(can|could|would|will) you\b|\b(can|could|may) (i|we)\b|\bplease\b|\b(i am|we are) "
    r"(calling|ringing|here) (to|about|for|because)\b|"
    r"\b(i am|we are) (trying|looking|hoping) (to|for)\b|\blet us\b|\bi demand\b|\bgive me\b"
)


_PART = re.compile(r"(?<=[.!?;])\s+|\n+|,\s+(?:and |but |so )?|\s+(?:and|but|so|then)\s+")


_TOLD = re.compile(r"\b(tell me|let me know)(?:\s*,\s*please)?\s*,\s*")
"""What is to be told follows after a comma: "tell me" alone is no wish."""


def act_of(text: str) -> Act:
    """The dialogue act of an utterance. Purely by its words: no knowledge of tools or facts."""
    low = re.sub(r"\s+", " ", re.sub(r"[^\w\s']", " ", expand(text))).strip()
    if not re.search(r"[a-z0-9]", low) or re.fullmatch(r"((um|uh|er|erm|hmm|mm|ah|oh|eh|mhm)\s*)+", low):
        return Act.EMPTY
    if _all(low, _GREETING):
        return Act.GREETING
    if _REPEAT.search(low) or _REPEAT_ALONE.fullmatch(low):
        return Act.REPEAT
    if re.search(rf"\b{_GOODBYE}\b", low) and _all(low, _GOODBYE, _THANKS, _AFFIRM, _DENY, _TAIL):
        return Act.GOODBYE
    if (
        re.search(r"\b(thank|thanks|cheers|appreciate[d]?)\b", low)
        and _all(low, _THANKS, _AFFIRM, _TAIL)
        and not re.match(r"(yes|yeah|yep|yup|sure|ok|okay|please|go ahead|correct|absolutely|of course)\b", low)
    ):
        return Act.THANKS
    if is_no(low):
        return Act.DENY
    if is_yes(low):
        return Act.AFFIRM
    if fact_to_remember(text):
        return Act.REMEMBER
    return _kind(text)


def _kind(text: str) -> Act:
    if is_request(text):
        return Act.REQUEST
    if text.rstrip().endswith("?") or is_question(text):
        return Act.QUESTION
    return Act.STATEMENT


def is_question(text: str) -> bool:
    """Whether any part of a text asks something, with or without a question mark."""
    return any(_asks(part) for part in _parts(text))


def is_request(text: str) -> bool:
    """Whether any part of a text asks for something to be done (a wish or an imperative), not only to be told."""
    return any(_wishes(part) for part in _parts(text))


def _parts(text: str) -> list[str]:
    parts = _PART.split(_TOLD.sub(r"\1 ", expand(text)))
    return [expand(without_fillers(part)) for part in parts if part and part.strip()]


def _asks(low: str) -> bool:
    return bool(low.endswith("?") or _WH.match(low) or _AUX.match(low) or _ASK_FOR.search(low))


def _wishes(low: str) -> bool:
    if _ASK_FOR.search(low) or _WH.match(low):
        return False
    if _WISH.search(low):
        return True
    first = words(low)[:2]
    if not first or first[0] in ("do", "does", "did") or first[1:] in (["is"], ["are"], ["was"], ["were"], ["has"]):
        return False
    return first[0] in ACTION_VERBS


def is_yes(text: str) -> bool:
    """Whether a whole utterance agrees and says nothing else."""
    low = _plain(text)
    starts = re.match(rf"({_AFFIRM}|{_AFFIRM_PHRASE})\b", low) is not None
    return starts and _all(low, _AFFIRM, _AFFIRM_PHRASE, _TAIL) and low not in ("please", "the", "it", "that")


def is_no(text: str) -> bool:
    """Whether a whole utterance declines and says nothing else."""
    low = _plain(text)
    return re.match(rf"{_DENY}\b", low) is not None and _all(low, _DENY, _TAIL, _AFFIRM)


def leading_answer(text: str) -> Act | None:
    """AFFIRM or DENY when an utterance begins with a clear yes or no, whatever follows; else None."""
    low = _plain(text)
    if re.match(r"(no|nope|nah|do not|please do not|never mind|leave it|forget it)\b", low):
        return Act.DENY
    if re.match(rf"({_AFFIRM}|go ahead|please do|of course|that is (right|correct)|do it|i confirm)\b", low):
        return Act.AFFIRM
    return None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s]", " ", expand(text))).strip()


def _all(low: str, *patterns: str) -> bool:
    """Whether an utterance consists of the given phrases only."""
    return re.fullmatch(rf"(({'|'.join(patterns)})(\s+|$))+", low + "") is not None


def fact_to_remember(text: str) -> str:
    """What the caller asks to be remembered, in the caller's words; "" when nothing is."""
    before = ""
    for part in sentences(text):
        low = expand(without_fillers(part))
        match = _REMEMBER.search(low)
        if not match or low.rstrip().endswith("?") or _RECALL_QUESTION.search(low[: match.start() + 12]):
            before = part
            continue
        if re.search(r"\b(i|we|you) (do not|can not|could not|did not|do) $", low[: match.start()]):
            continue
        fact = re.sub(r"^[\s,:]*((for me|this|please|down|of|the fact|that|to)\b[\s,:]*)*", "", match["fact"]).strip(
            " .,!"
        )
        if match[1] in ("note", "please note") and not re.match(r"(please )?note", low):
            continue
        if fact in ("", "it", "this", "that", "these", "them"):
            fact = without_fillers(before).strip(" .,!").lower()
            return _original(text, fact) if fact else ""
        return _original(part, fact)
    return ""


def _original(text: str, low: str) -> str:
    """The stretch of the original text that the lower-case stretch came from, when it stands there unchanged."""
    at = text.lower().replace("’", "'").rfind(low)
    return text[at : at + len(low)] if at >= 0 else low
