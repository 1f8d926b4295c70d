"""From what the caller wants to the calls that should be made next, or to the question that has to be asked first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from inference.house import schema as js
from inference.house.acts import is_no, is_yes, leading_answer
from inference.house.arguments import Filling, Situation, fill, question_for
from inference.house.asked import asked_for
from inference.house.choice import Choice, Target, choices, ranking
from inference.house.conversation import Conversation
from inference.house.offers import Offer
from inference.house.phrases import LEFT_AS_IT_IS, offer_to
from inference.house.text import content_stems, expand, name_words, paraphrases, stem, without_fillers
from inference.house.values import takes_moment
from inference.house.wording import clauses
from inference.wire.chat import HouseToolCall

_FOLLOW_UP = re.compile(
    r"^(and |or |then )*(what about|how about|same for|and for|the same for|and|or|make it|no|try|for)\b"
)


@dataclass(frozen=True)
class Decision:
    """Calls to make now; or words to say instead. `targets` are the tools that the caller asked for."""

    calls: list[HouseToolCall] = field(default_factory=list)
    words: str = ""
    targets: tuple[str, ...] = ()


def confirmation(conversation: Conversation, offers: list[Offer]) -> Decision | None:
    """What a yes or no to a result's `needs_confirmation` leads to; None when nothing waits or the reply is neither."""
    waiting = _waiting(conversation)
    if waiting is None:
        return None
    text = conversation.last.text
    asked = set(content_stems(f"{waiting.get('question', '')} {waiting['tool']}"))
    extra = [stemmed for stemmed in content_stems(text) if stemmed not in asked]
    answer = leading_answer(text)
    if is_no(text) or (answer == "deny" and not extra):
        return Decision(words=LEFT_AS_IT_IS)
    if not (is_yes(text) or (answer == "affirm" and not extra and not re.search(r"\d|\bbut\b", text))):
        return None
    offer = next((offer for offer in offers if offer.name == waiting["tool"]), None)
    arguments = waiting.get("arguments")
    if offer is None or not isinstance(arguments, dict) or not js.valid(arguments, offer.schema):
        return Decision(words="I am sorry, I cannot do that from here any more.")
    return Decision([HouseToolCall(name=offer.name, arguments=arguments)], targets=(offer.name,))


def _waiting(conversation: Conversation) -> dict[str, Any] | None:
    """The `needs_confirmation` of the newest result, when the caller's latest turn is the first one after it."""
    callers = [turn for turn in conversation.turns if turn.speaker == "caller"]
    if len(callers) < 2 or not callers[-2].runs:
        return None
    return needs_confirmation(callers[-2].runs[-1].result)


def needs_confirmation(result: Any) -> dict[str, Any] | None:
    """The `needs_confirmation` object of a result, when well formed."""
    waiting = result.get("needs_confirmation") if isinstance(result, dict) else None
    return waiting if isinstance(waiting, dict) and isinstance(waiting.get("tool"), str) else None


def decide(conversation: Conversation, offers: list[Offer], today: date | None) -> Decision:
    """What to do about the caller's latest turn, given the calls that were already made for it."""
    targets = (
        asked_for(conversation, offers, today)
        or _offered(conversation, offers)
        or [Target(choice.offer, choice.focus) for choice in _wanted(conversation, offers)]
        or _follow_up(conversation, offers, today)
    )
    return _act(targets, conversation, offers, today)


def forced(conversation: Conversation, offers: list[Offer], today: date | None, name: str | None) -> Decision:
    """The call that `tool_choice` demands: the named tool, or the best of all."""
    text = conversation.last.text
    if name is None:
        decided = decide(conversation, offers, today)
        if decided.calls or decided.targets:
            return decided
        ranked = ranking(text, offers)
        offer = ranked[0].offer if ranked else offers[0]
    else:
        named = next((offer for offer in offers if offer.name == name), None)
        if named is None:
            return Decision()
        offer = named
    pending = asked_for(conversation, [offer], today)
    return _act(pending or [Target(offer, text)], conversation, offers, today, prerequisites=False)


def _wanted(conversation: Conversation, offers: list[Offer]) -> list[Choice]:
    text = conversation.last.text
    found = choices(text, offers)
    named = [offer for offer in offers if _named(offer, text)]
    for offer in named:
        if offer.name not in [choice.offer.name for choice in found]:
            focus = next((part for part in clauses(text) if _named(offer, part)), text)
            found = (
                [*found, Choice(offer, focus, 2.0, 1.0, True)]
                if len(found) > 1 or not found
                else [Choice(offer, text, 2.0, 1.0, True)]
            )
    return found


def _named(offer: Offer, text: str) -> bool:
    """Whether the text calls a tool of at least two words by its name ("use renew_loan")."""
    return len(name_words(offer.name)) > 1 and re.search(rf"\b{re.escape(offer.name)}\b", text) is not None


def _act(
    targets: list[Target],
    conversation: Conversation,
    offers: list[Offer],
    today: date | None,
    *,
    prerequisites: bool = True,
) -> Decision:
    names = tuple(target.offer.name for target in targets)
    done = [run.name for run in conversation.last.runs]
    calls: list[HouseToolCall] = []
    question = ""
    for target in targets:
        if target.offer.name in done:
            continue
        situation = Situation(conversation, offers, today, target.focus, target.given)
        filling = fill(target.offer, situation)
        if filling.missing and prerequisites:
            reading = _prerequisite(target.offer, filling, situation, done)
            if reading is not None:
                calls.append(reading)
                if not target.offer.reads:
                    break
                continue
        if filling.missing:
            question = question or question_for(filling.missing[0])
            continue
        calls.append(HouseToolCall(name=target.offer.name, arguments=filling.arguments))
        if not target.offer.reads:
            break
    repeated = {(run.name, repr(sorted(run.arguments.items()))) for run in conversation.last.runs}
    calls = [call for call in calls if (call.name, repr(sorted(call.arguments.items()))) not in repeated]
    return Decision(calls, "" if calls else question, names)


def _prerequisite(target: Offer, filling: Filling, situation: Situation, done: list[str]) -> HouseToolCall | None:
    """A read, not yet made, that can be made now and whose words promise a value that the target lacks."""
    wanted = {stem(word) for p in filling.missing for word in name_words(p.name)} - {"id", "number"}
    wanted |= {label for p in filling.missing for label in p.label}
    wanted |= {other for stemmed in wanted for other in paraphrases(stemmed)}
    shared = {p.name for p in target.parameters if p.identifier}
    best: tuple[float, HouseToolCall] | None = None
    for offer in situation.offers:
        if not offer.reads or offer.name in done or offer.name == target.name:
            continue
        score = 2.0 * len(wanted & set(offer.vocabulary))
        score += len(shared & {p.name for p in offer.parameters})
        score += 0.2 * len(offer.vocabulary & target.vocabulary)
        if re.search(r"\b(whether|already)\b", offer.description):
            score *= 0.5
        if score < 1.0 or {p.name for p in filling.missing} & {p.name for p in offer.parameters if p.needed}:
            continue
        own = fill(offer, situation)
        if own.missing:
            continue
        if best is None or score > best[0]:
            best = (score, HouseToolCall(name=offer.name, arguments=own.arguments))
    return best[1] if best else None


def _offered(conversation: Conversation, offers: list[Offer]) -> list[Target]:
    """The tool that the model's last words offered to use, when the caller now says yes."""
    if not is_yes(conversation.last.text) or len(conversation.said) < 2:
        return []
    for offer in offers:
        if conversation.previous_reply.endswith(offer_to(offer)):
            return [Target(offer, conversation.said[1])]
    return []


def _follow_up(conversation: Conversation, offers: list[Offer], today: date | None) -> list[Target]:
    """The last tool again with new values, for an elliptical turn ("and on sunday", "what about two zero five")."""
    text = conversation.last.text
    earlier = [run for turn in conversation.turns if turn is not conversation.last for run in turn.runs]
    by_name = {offer.name: offer for offer in offers}
    short = len(content_stems(text)) <= 2
    if not (short and (_FOLLOW_UP.match(expand(text)) or len(without_fillers(text).split()) <= 6)):
        return []
    only = Conversation(conversation.system, (conversation.last,))
    for run in reversed(earlier):
        offer = by_name.get(run.name)
        if offer is None or not offer.reads:
            continue
        fresh = fill(offer, Situation(only, offers, today, text)).arguments
        leads = _FOLLOW_UP.match(expand(text)) is not None
        named = {p.name for p in offer.parameters if leads or p.identifier or p.kind != "string" or takes_moment(p)}
        changed = {
            name: value
            for name, value in fresh.items()
            if value is not None and run.arguments.get(name) != value and name in named
        }
        if changed:
            return [Target(offer, text, {**run.arguments, **changed})]
    return []
