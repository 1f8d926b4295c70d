"""The caller's own words, cleaned, as a text that stands alone: for goals, reasons, notes, names of things."""

from __future__ import annotations

import re

from inference.house.acts import Act, act_of, is_question, is_request
from inference.house.conversation import Conversation
from inference.house.identifiers import mentions
from inference.house.lexicon import ACTION_VERBS, NUMBER_WORDS, STOP_WORDS
from inference.house.offers import Offer, Parameter
from inference.house.text import content_stems, expand, name_words, paraphrases, sentence_case, stem, without_fillers
from inference.house.wordlist import listed

_SUBSTANCE = frozenset({Act.REQUEST, Act.STATEMENT, Act.QUESTION})
_REASONS = frozenset(listed("reason why explanation problem symptom symptoms complaint"))
_PRONOUN = re.compile(r"\b(it|its|it's|that|this|they|them|those|these|one)\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?<=[.!?;])\s+|\s*[,;]?\s+\b(?:and also|and then|and after that|after that|and afterwards|"
    r"and|also|but|then|so|because)\b\s+",
    re.IGNORECASE,
)
_BECAUSE = re.compile(r"\b(?:because|since|as)\b\s+(?P<why>.+)$", re.IGNORECASE | re.DOTALL)
_SAYING = re.compile(
    r"\b(?:saying|that says|which says|with the (?:text|words|message))\b[:,]?\s+(?P<what>.+)$", re.I | re.DOTALL
)
_BREAKERS = frozenset(
    listed(
        """have has had do does did is are was were can could would will there any want need like looking look
    called name named you i we my your please about for know tell me get got buy find see check whether
    if what which who how many much still also but by way hello hi thanks thank let lets a an
    some no not yes it this that these those where when why show give us"""
    )
)


def clauses(text: str) -> list[str]:
    """Parts of an utterance at sentence ends and at "and", "but", "then"; none without a content word."""
    parts = [part.strip(" ,.!?;") for part in _CLAUSE.split(text)]
    return [part for part in parts if part and content_stems(part)]


def standalone(conversation: Conversation, offers: list[Offer], focus: str | None = None) -> str:
    """The caller's latest words made to stand alone: earlier sentence and entity added where they only point back."""
    text = without_fillers(focus if focus is not None else conversation.last.text)
    text = re.sub(r"^(yes|yeah|no)\b[, ]+(?=\w+ \w+)", "", text, flags=re.IGNORECASE)
    earlier = [said for said in conversation.said[1:6] if act_of(said) in _SUBSTANCE]
    thin = not content_stems(text) and not mentions(text)
    if thin and earlier:
        before = without_fillers(earlier[0]).rstrip(" .,!?")
        text = f"{before}. {sentence_case(text)}" if content_stems(text) else before
    about = "" if mentions(text) else entity(conversation, offers)
    stems = set(content_stems(text))
    if about and (_PRONOUN.search(text) or thin or len(stems) <= 4 or stem(about.split()[0]) in stems):
        text = f"{text.rstrip(' .,!?')}, about {about}"
    return sentence_case(re.sub(r"\s+", " ", text))


def entity(conversation: Conversation, offers: list[Offer]) -> str:
    """What the conversation was last about, as noun and identifier ("loan 2041"); "" when nothing was named."""
    vocabulary = {stemmed for offer in offers for p in offer.parameters for stemmed in p.label}
    vocabulary |= {stemmed for offer in offers for stemmed in offer.vocabulary}
    names = {p.name for offer in offers for p in offer.parameters if p.identifier}
    for turn in reversed(conversation.turns):
        for run in reversed(turn.runs):
            for name, value in run.arguments.items():
                if (
                    (name in names or name.endswith("_id"))
                    and isinstance(value, str | int)
                    and not isinstance(value, bool)
                ):
                    noun = " ".join(word for word in name_words(name) if word not in ("id", "number", "code", "no"))
                    return f"{noun} {value}".strip()
        if turn.speaker == "caller":
            for mention in reversed(mentions(turn.text)):
                if mention.label and mention.label in vocabulary:
                    return f"{mention.word} {mention.code or mention.digits}"
    return ""


def free_text(parameter: Parameter, conversation: Conversation, offers: list[Offer], focus: str) -> str:
    """The text for a free-text parameter: the reason given, the message dictated, or the whole wish."""
    name = name_words(parameter.name)[-1]
    whole = standalone(conversation, offers, focus)
    chosen = whole
    if name in _REASONS:
        chosen = _reason([focus, *conversation.said[:4]]) or whole
    elif name in ("message", "body", "text", "content", "note", "notes", "comment"):
        said = _SAYING.search(focus)
        chosen = sentence_case(said["what"].strip()) if said else _message(focus, conversation, offers) or whole
    elif name in ("question", "query"):
        chosen = without_fillers(focus) or whole
    limit = parameter.schema.get("maxLength")
    if isinstance(limit, int) and len(chosen) > limit:
        chosen = chosen[:limit].rsplit(" ", 1)[0] if " " in chosen[:limit] else chosen[:limit]
    return chosen


def _message(focus: str, conversation: Conversation, offers: list[Offer]) -> str:
    """A message about the matter at hand when the caller dictated none: what it is about, and what the caller told."""
    own = next((f"{m.word} {m.code or m.digits}" for m in mentions(focus) if m.word), "")
    about = own or entity(conversation, offers)
    told = _reason([focus, *conversation.said[:4]])
    return " ".join(part for part in (f"This is about {about}." if about else "", told) if part)


def told_reason(parameter: Parameter, text: str) -> str | None:
    """The reason that a text gives, for an optional parameter that takes one; None when it gives none."""
    return _reason([text]) or None if name_words(parameter.name)[-1] in _REASONS else None


def _reason(texts: list[str]) -> str:
    for text in texts:
        because = _BECAUSE.search(text)
        if because and content_stems(because["why"]):
            return sentence_case(without_fillers(because["why"]))
        told = [
            part
            for part in clauses(without_fillers(text))
            if not is_request(expand(part)) and not is_question(expand(part))
        ]
        told = [part for part in told if len(part.split()) > 2 and not re.match(r"about\b", part)]
        if told:
            return sentence_case(re.sub(r", about .*$", "", told[0]))
    return ""


def noun_phrase(text: str, offer: Offer, parameter: Parameter) -> str:
    """The longest run of words that name a thing, after the words of the tool itself and of asking are taken away."""
    own = set(offer.vocabulary) | {other for stemmed in offer.vocabulary for other in paraphrases(stemmed)}
    own -= set(content_stems(parameter.description))
    toks = re.findall(r"[A-Za-z0-9][\w'’-]*", without_fillers(text))
    spans: list[list[str]] = [[]]
    for tok in toks:
        low = expand(tok)
        if low in _BREAKERS or stem(low) in own or stem(low) in parameter.label or low.split(" ")[0] in _BREAKERS:
            spans.append([])
        else:
            spans[-1].append(tok)
    best: list[str] = []
    for span in spans:
        while span and (span[0].lower() in STOP_WORDS):
            span = span[1:]
        while span and (span[-1].lower() in STOP_WORDS or span[-1].lower() in ("today", "now", "currently")):
            span = span[:-1]
        if len(span) > len(best) and any(
            tok.lower() not in STOP_WORDS | NUMBER_WORDS and not tok.isdigit() for tok in span
        ):
            best = span
    if len(best) == 1 and (best[0].lower() in ACTION_VERBS or best[0].isdigit()):
        return ""
    return " ".join(best)


def short_answer(text: str) -> str:
    """A direct answer to a question, without its lead-in ("it is the ...", "that would be ...")."""
    cut = re.sub(
        r"^(it is|it's|it would be|that is|that's|that would be|this is|they are|i think it is|my [\w ]{1,24}? is|"
        r"the [\w ]{1,24}? is|just)\s+",
        "",
        without_fillers(text).strip(" .!?,"),
        flags=re.IGNORECASE,
    )
    return re.sub(r"^(the|a|an)\s+", "", cut, flags=re.IGNORECASE)
