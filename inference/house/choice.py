"""Which offered tool an utterance asks for, if any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from inference.house.acts import is_question, is_request
from inference.house.identifiers import mentions
from inference.house.offers import Offer
from inference.house.ranking import Index
from inference.house.text import content_stems, expand, name_words, stem, without_fillers, words
from inference.house.values import takes_moment
from inference.house.wording import clauses, noun_phrase

_THRESHOLD = 0.75
_STATEMENT_THRESHOLD = 1.5
_HAVE = re.compile(
    r"^(do you (still )?(have|sell|keep|carry|offer)|have you( got)?|is there|are there|got any|"
    r"can i (get|have|find))\b"
)
_POINTING = re.compile(r"\b(it|its|that|this|they|them|one|my|mine|the same)\b")
_ABSTRACT = frozenset(
    content_stems("news update updates problem question chance possibility reason time place progress")
)
_EVENT = re.compile(r"^(it|they|this|that|i|my|the|we|there|one|some)\b")


@dataclass(frozen=True)
class Choice:
    """A tool and the stretch of speech that asks for it.

    `score` sums the weight of the `words` (a count) that matched, `coverage` is the share of them, 0 to 1.

    `inherits` says that the call would need an identifier which this stretch neither gives nor points to.
    """

    offer: Offer
    focus: str
    score: float
    coverage: float
    wish: bool
    words: int = 2
    inherits: bool = False


@dataclass(frozen=True)
class Target:
    """A tool to be called, the stretch of speech that asks for it, and the arguments that are known already."""

    offer: Offer
    focus: str
    given: dict[str, Any] = field(default_factory=dict)


def choose(text: str, offers: Sequence[Offer]) -> Choice | None:
    """The tool that one utterance or clause asks for, or None when none matches well enough."""
    return _best(text, offers) or _by_name_of_thing(text, offers)


def _by_name_of_thing(text: str, offers: Sequence[Offer]) -> Choice | None:
    """For "do you have X": the only tool that reads by the name of a thing, if there is exactly one."""
    if not _HAVE.match(expand(without_fillers(text))):
        return None
    fitting = [
        offer
        for offer in offers
        if offer.reads
        and [p.kind for p in offer.parameters if p.needed] == ["string"]
        and _absorbed(text, offer) - _ABSTRACT
        and not any(takes_moment(p) for p in offer.parameters)
    ]
    return Choice(fitting[0], text, _THRESHOLD, 0.5, False) if len(fitting) == 1 else None


def _best(text: str, offers: Sequence[Offer]) -> Choice | None:
    ranked = ranking(text, offers)
    if not ranked:
        return None
    best = ranked[0]
    asking = asks(text, offers)
    wanted = _THRESHOLD if asking else _STATEMENT_THRESHOLD
    alone = best.words < 2 and best.coverage < 0.5
    if best.score < wanted or best.coverage < (0.2 if asking else 0.15) or alone:
        return None
    return best


def ranking(text: str, offers: Sequence[Offer]) -> list[Choice]:
    """All tools with some match, best first."""
    index = Index.of({offer.name: offer.fields for offer in offers})
    by_name = {offer.name: offer for offer in offers}
    low = expand(without_fillers(text))
    question = is_question(low)
    request = is_request(low) or (asks(text, offers) and not question)
    stems = list(dict.fromkeys(content_stems(text)))
    said = mentions(text)
    every = [stem(word) for word in words(text)]
    found: list[Choice] = []
    for match in index.rank(stems):
        offer = by_name[match.key]
        score = match.score + _pairs(every, offer)
        if question and not request:
            score += 0.25 if offer.reads else -0.4
        elif request and not offer.reads:
            score += 0.2
        if offer.verb in every:
            score += 0.3
        needed = [p for p in offer.parameters if p.needed and p.identifier]
        pointed = _POINTING.search(low) or any(set(p.label) & set(stems) for p in needed)
        inherits = bool(needed) and not said and not pointed
        score -= 0.3 if inherits else 0.0
        if said and any(p.identifier and (not p.label or set(p.label) & set(match.matched)) for p in offer.parameters):
            score += 0.25
        absorbed = _absorbed(text, offer) - set(match.matched)
        rest = [s for s in stems if s in match.matched or s not in absorbed]
        coverage = match.coverage * len(stems) / max(len(rest), 1)
        found.append(Choice(offer, text, score, min(coverage, 1.0), request, len(match.matched), inherits))
    return sorted(found, key=lambda choice: -choice.score)


def _pairs(every: list[str], offer: Offer) -> float:
    """Extra weight for two neighbouring words that the description has as neighbours too."""
    told = [stem(word) for word in words(" ".join(name_words(offer.name)) + " . " + offer.description)]
    pairs = set(pairwise(told))
    content = set(content_stems(" ".join(every)))
    hits = {pair for pair in pairwise(every) if pair in pairs and set(pair) & content}
    return 0.3 * min(len(hits), 2)


def _absorbed(text: str, offer: Offer) -> set[str]:
    """Stems that would become the value of a parameter that names a thing."""
    for parameter in offer.parameters:
        if parameter.kind == "string" and parameter.needed and not parameter.free_text and not parameter.identifier:
            return set(content_stems(noun_phrase(text, offer, parameter)))
    return set()


def asks(text: str, offers: Sequence[Offer]) -> bool:
    """Whether a clause wants something: a wish, a question, or an imperative by the verb of an offered tool."""
    first = words(without_fillers(text))[:2]
    verbs = {offer.verb for offer in offers}
    imperative = bool(first) and stem(first[0]) in verbs and first[1:] not in (["is"], ["are"], ["was"], ["has"])
    return imperative or is_request(text) or is_question(text)


def choices(text: str, offers: Sequence[Offer]) -> list[Choice]:
    """The tools that an utterance asks for: one for the whole, or one for each part with a wish of its own."""
    whole = choose(text, offers)
    parts = [part for part in clauses(text) if asks(part, offers)]
    if len(parts) < 2:
        return [whole] if whole else []
    found: list[Choice] = []
    for part in parts:
        chosen = choose(part, offers)
        if chosen and chosen.offer.name not in [choice.offer.name for choice in found]:
            found.append(chosen)
    if len(found) < 2:
        return [whole] if whole else found
    return found


def is_event(text: str, offers: Sequence[Offer]) -> bool:
    """Whether an utterance only tells what is or happened, without a wish."""
    return bool(_EVENT.match(expand(without_fillers(text)))) and not asks(text, offers)
