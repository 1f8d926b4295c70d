"""Questions answered from what the prompt and the conversation already say. Extractive: no word is made up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inference.house.acts import Act, act_of, fact_to_remember, is_question, is_request
from inference.house.conversation import Conversation
from inference.house.fields import leaves
from inference.house.identifiers import mentions
from inference.house.lexicon import IMPERATIVE_TO_AGENT
from inference.house.numbers import find_numbers, tokens
from inference.house.offers import Offer
from inference.house.phrases import NOT_TOLD
from inference.house.ranking import Index
from inference.house.text import content_stems, expand, name_words, sentence_case, sentences, without_fillers, words
from inference.house.transcript import lines_of

_RECALL = re.compile(
    r"\b(i|we) (just |once |had )?(asked|told|said|mentioned|gave|give|wanted)\b|\b(do|did|can|"
    r"could) you (still )?(remember|recall)\b|"
    r"\b(remind me|did i (say|tell|mention|ask|give|want))\b"
)
_YOU_SAID = re.compile(r"\b(you|did you) (just )?(said|say|told|tell|mention|mentioned|promise|promised)\b")
_OWN = re.compile(r"\b(my|mine|i|me|our|we)\b")
_STATE_QUESTION = re.compile(
    r"\b(happening|happened|news|status|progress|update|updates|how far|going on|heard anything|decided|decision|"
    r"done yet|ready yet|how long (will|does) (it|that) take|what about my)\b"
)
_STATE = re.compile(
    r"\b(is|are|was|were|has been|:) (still )?(being|waiting|done|declined|approved|refused|"
    r"cancelled|failed|pending|expired|with a colleague|in progress|under review)\b|: "
    r".*\b(waiting|pending|approved|declined|running)\b|^waiting\b"
)
_STATE_WORDS = frozenset(
    content_stems(
        "happening happened news status progress update updates far going heard decided decision ready request done"
    )
)
_TOLD_YOU = re.compile(r"\b(did i|have i|i (once |just |had )?(told|gave|said|mentioned))\b")
_PERSONA = re.compile(
    r"\b(who are you|what is your name|what are you called|who am i (speaking|talking) (to|with)|who is (this|there))\b"
)
_ROBOT = re.compile(r"\bare you (a |an |really |even )*(robot|human|person|real|machine|bot|computer|ai)\b")
_ABILITY = re.compile(
    r"\b(what (can|could|do) you do|what else can you|how can you help|what are you able|can you help)\b"
)


@dataclass(frozen=True)
class Fact:
    """One statement that an answer may rest on. `source` is "prompt", "result" (of a tool, so maybe stale),
    "caller", "asked" (to be remembered) or "agent"."""

    text: str
    source: str


@dataclass(frozen=True)
class Answer:
    """A spoken answer and how much of the question it covers (0 to 1)."""

    text: str
    coverage: float
    source: str


def facts(conversation: Conversation) -> list[Fact]:
    """Every statement that the prompt, its context block, earlier turns and earlier results hold; oldest first."""
    found: list[Fact] = []
    for line in lines_of(conversation.system):
        if line.speaker:
            found += list(_said(line.text, line.speaker))
        else:
            # A summary of the call repeats what was asked: a question is no answer to itself.
            told = (text for text in sentences(line.text) if not text.rstrip().endswith("?"))
            found += [Fact(text, "prompt") for text in told if not _instruction(text)]
    for value in conversation.material:
        found += [Fact(text, "prompt") for text in _fields(value)]
    turns = conversation.turns
    last = max((i for i, turn in enumerate(turns) if turn.speaker == "caller"), default=len(turns))
    for turn in turns[:last]:
        found += list(_said(turn.text, turn.speaker))
        for run in turn.runs:
            found += [Fact(text, "result") for text in _fields(run.result)]
    return found


def _said(text: str, speaker: str) -> Iterator[Fact]:
    if speaker != "caller":
        yield from (Fact(part, "agent") for part in sentences(text) if not part.endswith("?"))
        return
    remembered = fact_to_remember(text)
    if remembered:
        yield Fact(remembered, "asked")
        return
    for part in sentences(text):
        low = expand(without_fillers(part))
        if content_stems(part) and not is_question(low) and not is_request(low):
            yield Fact(without_fillers(part), "caller")


def _fields(value: Any) -> list[str]:
    return [
        f"The {' '.join(name_words(path[-1]))} is {leaf}."
        for path, leaf in list(leaves(value))[:60]
        if path and isinstance(leaf, str | int | float) and not isinstance(leaf, bool) and len(str(leaf)) < 120
    ]


def _instruction(text: str) -> bool:
    """Whether a sentence of the prompt tells the model how to behave rather than how things are."""
    low = words(text)
    if not low or text.rstrip().endswith(":"):
        return True
    if low[0] == "you" and low[1:2] != ["are"]:
        return True
    if low[0] in ("if", "when") and re.search(r"\b(say|ask|tell|use|call|answer|delegate|you)\b", " ".join(low)):
        return bool(
            re.search(
                r",\s*(say|ask|tell|use|call|answer|delegate|you|please|first|do|never|always)\b", text, re.IGNORECASE
            )
        )
    return low[0] in IMPERATIVE_TO_AGENT and not (
        low[0] in ("return", "plan", "help", "note") and low[1:2] in (["is"], ["are"])
    )


def answer(conversation: Conversation, offers: Sequence[Offer] = ()) -> Answer | None:
    """The best answer to the caller's latest question, or None when nothing known covers it.

    `offers` help to see that a question about the state of a request and the request speak of the same thing.
    """
    asked = conversation.last.text
    low = expand(without_fillers(asked))
    persona = _persona(conversation.system, low)
    if persona:
        return Answer(persona, 1.0, "prompt")
    known = facts(conversation)
    state = _state(low, [fact for fact in known if fact.source == "prompt"], offers)
    if state:
        return state
    query = [s for s in content_stems(low) if s not in _ASKING]
    query = [s for s in query if s not in ("word", "sentence")] or query
    if _YOU_SAID.search(low) and not re.search(r"\bi (told|asked|said)\b", low):
        return _best(query, [fact for fact in known if fact.source == "agent"], low)
    if _RECALL.search(low):
        pool = [fact for fact in known if fact.source in ("asked", "caller")]
        best = _best(query, pool, low)
        if best:
            return best
        requested = [fact for fact in pool if fact.source == "asked"]
        if requested and set(query) <= {"word", "sentence"}:
            return Answer(_told(requested[-1]), 0.9, "asked")
        return Answer(NOT_TOLD, 0.5, "asked") if query and _TOLD_YOU.search(low) else None
    if _OWN.search(low):
        own = _best(query, [fact for fact in known if fact.source in ("asked", "caller")], low)
        if own:
            return own
    return _best(query, [fact for fact in known if fact.source != "agent"], low)


def _state(low: str, pool: list[Fact], offers: Sequence[Offer]) -> Answer | None:
    """For "is there any news?": the newest statement of the prompt that tells how something stands.

    When the question names something, the statement must be about it: by a shared word, or because both speak of what
    the same tool does and no look-up tool does.
    """
    if not _STATE_QUESTION.search(low):
        return None
    reading = {stemmed for offer in offers if offer.reads for stemmed in offer.vocabulary}
    query = {s for s in content_stems(low)} - _STATE_WORDS
    for fact in reversed(pool):
        if not _STATE.search(expand(fact.text)):
            continue
        own = set(content_stems(fact.text))
        linked = any((query - reading) & o.vocabulary and own & o.vocabulary for o in offers if not o.reads)
        if not query or (query - reading) & own or linked:
            return Answer(_told(fact), 1.0, "prompt")
    return None


_ASKING = frozenset(
    content_stems("asked remember recall told said mention mentioned gave earlier before please remind wanted")
)


def _best(query: list[str], pool: list[Fact], low: str) -> Answer | None:
    if not query or not pool:
        return None
    figures = {mention.digits for mention in mentions(low)}
    index = Index.of({str(i): [(fact.text, 1.0)] for i, fact in enumerate(pool)})
    best: tuple[float, int, float] | None = None
    for match in index.rank(query):
        fact = pool[int(match.key)]
        if (
            figures
            and fact.source in ("caller", "asked")
            and not figures & {n.digits for n in find_numbers(tokens(fact.text))}
        ):
            continue
        plain = len(match.matched) / len(set(query))
        coverage = min(match.coverage, 1.0) * 0.5 + plain * 0.5
        bonus = 0.15 if _fits(low, fact.text) else 0.0
        bonus += 0.1 if fact.source == "asked" else 0.0
        rank = (coverage + bonus, int(match.key), coverage)
        if coverage >= 0.45 and (best is None or rank[:2] > best[:2]):
            best = rank
    if best is None:
        return None
    fact = pool[best[1]]
    return Answer(_told(fact), best[2], fact.source)


def _fits(low: str, text: str) -> bool:
    """Whether a fact holds the kind of thing that a question word asks for."""
    if re.search(r"\b(when|what time|how (many|much|long|far)|hours|what day|until)\b", low):
        return bool(find_numbers(tokens(text))) or bool(re.search(r"(day|noon|midnight|free)\b", text))
    if re.match(r"(where)\b", low):
        return bool(re.search(r"\b(at|in|on|near|behind|opposite|street|road)\b", text))
    return bool(re.search(r"\bis\b|\bare\b", text)) and low.startswith("what")


def _told(fact: Fact) -> str:
    if fact.source in ("prompt", "result"):
        labelled = re.match(r"[A-Z][\w' ]{2,24}:\s+(?=[A-Z])", fact.text)
        if labelled:
            return _told(Fact(fact.text[labelled.end() :], fact.source))
        text = re.sub(
            r"\bthe (caller|user|guest)('s)?\b",
            lambda m: "your" if m[2] else "you",
            fact.text,
            flags=re.IGNORECASE,
        )
        text = re.sub(r"\byou is\b", "you are", re.sub(r"\byou has\b", "you have", text))
        return sentence_case(re.sub(r"^You are (?=[A-Z])", "I am ", text) if text == fact.text else text)
    flipped = flip(fact.text.strip(" .!"))
    if fact.source == "agent":
        return sentence_case(fact.text)
    if fact.source == "asked" and not re.search(r"\b(is|are|was|were|am|has|have|at|on)\b|'s\b", fact.text):
        return f"You asked me to remember {flipped}."
    return f"You told me {flipped}."


_FLIPS = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "i'm": "you are", "i've": "you have",
    "i'll": "you will", "i'd": "you would", "we": "you", "us": "you", "our": "your", "ours": "yours", "you": "I",
    "your": "my", "yours": "mine",
}  # fmt: skip


def flip(text: str) -> str:
    """First person becomes second and the other way round: "my code is with me" -> "your code is with you"."""
    flipped = re.sub(r"[A-Za-z']+", lambda m: _FLIPS.get(m[0].lower().replace("’", "'"), m[0]), text.replace("’", "'"))
    flipped = re.sub(r"\byou am\b", "you are", flipped)
    flipped = re.sub(r"\byou was\b", "you were", flipped)
    flipped = re.sub(r"\bI are\b", "I am", flipped)
    first = flipped.split(" ", 1)[0]
    return (
        flipped[0].lower() + flipped[1:]
        if first in ("You", "Your", "The", "It", "This", "That", "A", "An") or text[:3] in ("My ", "I a")
        else flipped
    )


def _persona(system: str, low: str) -> str:
    named = re.search(r"\b(?:You are|Your name is|You're) ((?!a\b|an\b|the\b)[A-Z][^.\n]{0,80})", system)
    if _PERSONA.search(low):
        return f"I am {named[1].strip()}." if named else "I am an automated assistant."
    if _ROBOT.search(low):
        return "I am an automated assistant, not a person."
    return ""


def asks_for_abilities(text: str) -> bool:
    """Whether the caller only wants to know what can be done here."""
    low = expand(without_fillers(text))
    return bool(_ABILITY.search(low)) and len(content_stems(low)) <= 2 and act_of(text) is not Act.EMPTY
