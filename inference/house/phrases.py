"""The fixed sentences of the model. All of them are general; none belongs to one line of business."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.house.lexicon import READ_VERBS
from inference.house.offers import Offer
from inference.house.text import joined

WELCOME = "You are welcome. Is there anything else I can do for you?"
GOODBYE = "Goodbye, and thank you for calling."
ALL_RIGHT = "All right. What can I do for you?"
LEFT_AS_IT_IS = "All right, I have left it as it is."
NOT_HEARD = "Sorry, I did not catch that. Could you say it again?"
NOTHING_TO_REPEAT = "I have not said anything yet. How can I help you?"
NO_PICTURES = "I can see that there is a picture, but I cannot describe pictures."
DID_NOT_CATCH = "Sorry, I did not catch that."
NOTED = "Thank you, I have noted that. What can I do for you?"
NOT_TOLD = "I am sorry, I do not remember that you told me that."
GO_ON = "Certainly. What is it?"
OFFER_LEAD = "Would you like me to "


def greeting(system: str) -> str:
    """A greeting, with the persona's name when the prompt gives one."""
    named = re.search(r"\b(?:You are|Your name is|You're) ((?!a\b|an\b|the\b)[A-Z][\w'-]*)", system)
    who = f"Hello, this is {named[1]}." if named else "Hello."
    return f"{who} How can I help you?"


def abilities(offers: Sequence[Offer]) -> str:
    """What can be done here, in one sentence made of the tools' descriptions; "" without tools."""
    told = list(dict.fromkeys(ability for ability in (offer.ability() for offer in offers[:3]) if ability))
    return f"I can {joined(told)}." if told else ""


def unknown(offers: Sequence[Offer]) -> str:
    """Says that the answer is not known, and what can be done instead."""
    return f"I am sorry, I do not know that. {abilities(offers)}".strip()


def cannot(offers: Sequence[Offer]) -> str:
    """Says that a wish cannot be met, and what can be done instead."""
    return f"I am sorry, I cannot do that here. {abilities(offers)}".strip()


def offer_to(offer: Offer) -> str:
    """Asks whether a tool should be used for what the caller just told."""
    ability = offer.ability()
    return f"{OFFER_LEAD}{ability}?" if ability.split(" ")[0] not in READ_VERBS else f"Shall I {ability}?"
