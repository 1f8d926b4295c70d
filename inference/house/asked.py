"""The caller answers a question that the model asked: the value goes to the tool that lacked it."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Any

from inference.house import schema as js
from inference.house.acts import is_no, is_yes
from inference.house.arguments import Situation, fill, question_for
from inference.house.choice import Target, ranking
from inference.house.conversation import Conversation
from inference.house.offers import Offer, Parameter
from inference.house.phrases import DID_NOT_CATCH
from inference.house.text import content_stems
from inference.house.values import boolean_value, takes_moment
from inference.house.wording import short_answer


def asked_for(conversation: Conversation, offers: list[Offer], today: date | None) -> list[Target]:
    """The call for which the model's last words asked a missing value, when the caller's turn now gives that value."""
    reply = conversation.previous_reply
    text = conversation.last.text
    if not reply.endswith("?") or not text.strip():
        return []
    pairs = [(o, p) for o in offers for p in o.parameters if reply.endswith(question_for(p))]
    if not pairs:
        return []
    earlier = " ".join(conversation.said[1:4])
    ranked = [choice.offer.name for choice in ranking(earlier, [offer for offer, _ in pairs])]
    pairs.sort(key=lambda pair: ranked.index(pair[0].name) if pair[0].name in ranked else len(ranked))
    offer, parameter = pairs[0]
    if is_no(text) and parameter.kind != "boolean":
        return []
    value = _direct(parameter, offer, conversation, offers, today)
    if value is None:
        return []
    focus = _origin(offer, conversation)
    return [Target(offer, focus, {**_gathered(offer, conversation, today), parameter.name: value})]


def _gathered(offer: Offer, conversation: Conversation, today: date | None) -> dict[str, Any]:
    """Values that the caller gave to earlier questions about the same tool."""
    found: dict[str, Any] = {}
    turns = list(conversation.turns)
    for before, now in pairwise(turns):
        if before.speaker != "agent" or now.speaker != "caller" or now is turns[-1]:
            continue
        for parameter in offer.parameters:
            if before.text.endswith(question_for(parameter)):
                asked = Conversation(conversation.system, (before, now))
                value = _direct(parameter, offer, asked, [offer], today)
                if value is not None:
                    found[parameter.name] = value
    return found


def _origin(offer: Offer, conversation: Conversation) -> str:
    """The caller's earlier words that asked for the tool."""
    for said in conversation.said[1:6]:
        if ranking(said, [offer]):
            return said
    return conversation.said[1] if len(conversation.said) > 1 else conversation.last.text


def _direct(
    parameter: Parameter, offer: Offer, conversation: Conversation, offers: list[Offer], today: date | None
) -> Any:
    text = conversation.last.text
    alone = Offer(
        offer.name,
        offer.description,
        {"type": "object", "properties": {parameter.name: parameter.schema}, "required": [parameter.name]},
    )
    alone = Offer(
        alone.name,
        alone.description,
        {**{k: v for k, v in offer.schema.items() if k in ("$defs", "definitions")}, **alone.schema},
    )
    only = Conversation("", (conversation.last,))
    if parameter.kind == "boolean":
        return True if is_yes(text) else False if is_no(text) else boolean_value(parameter, text)
    if parameter.kind == "string" and not parameter.identifier and not parameter.free_text:
        found = fill(alone, Situation(only, [alone], today, text)).arguments.get(parameter.name)
        plain = short_answer(text)
        if found is None or (content_stems(plain) and found == plain.lower()):
            found = plain
        if (
            plain
            and not any(key in parameter.schema for key in ("format", "enum", "pattern"))
            and len(plain.split()) <= 6
        ):
            found = found if takes_moment(parameter) else (plain if not re.search(r"name is", text, re.I) else found)
        return found if found and js.valid(found, parameter.schema) else None
    return fill(alone, Situation(only, [alone], today, text)).arguments.get(parameter.name)


def reask(conversation: Conversation, offers: list[Offer]) -> str:
    """The question that was asked before, asked again; "" when the model's last words were no such question."""
    for offer in offers:
        for parameter in offer.parameters:
            question = question_for(parameter)
            if conversation.previous_reply.endswith(question):
                return f"{DID_NOT_CATCH} {question}"
    return ""
