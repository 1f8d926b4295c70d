"""What is drawn for a run, and what the caller says. Nothing here is known to any agent."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from workers.demo.shop import Order

WORDS = Path(__file__).with_name("words.txt")


@dataclass(frozen=True)
class Drawn:
    """One order for each call, and a fact for the caller to tell."""

    main: Order
    rejected: Order
    expired: Order
    fact: str


def draw(seed: int, orders: list[Order]) -> Drawn:
    """Delivered orders of different numbers, and a code phrase. Raises ValueError with fewer than three such orders."""
    chance = random.Random(seed)
    delivered = [order for order in orders if order.status == "delivered"]
    if len(delivered) < 3:
        raise ValueError(f"the shop has {len(delivered)} delivered orders; three are needed")
    main, rejected, expired = chance.sample(delivered, 3)
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    return Drawn(main, rejected, expired, chance.choice([line for line in lines if line and not line.startswith("#")]))


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def spelled(order_id: str) -> str:
    """As a person reads a number out."""
    return " ".join(_DIGITS[int(digit)] for digit in order_id)


def ask_order(order: Order) -> str:
    return f"Where is my order number {spelled(order.order_id)}?"


WANT_MONEY = "It arrived broken and I want my money back."
YES = "Yes, please."
UNRELATED = "What are your opening hours on Saturdays?"
UNRELATED_ANSWER = (Decimal(10), Decimal(4))
AGAIN = "Can you say that again, please?"
THANKS = "Thank you very much."
INTERRUPTED_QUESTION = "And how long is the warranty?"
RECALL = "What is my code phrase?"
PLAN = "I will call you again on Friday."
PLANNED = "friday"
"""What the caller has to do after the call, and the word by which the summary shows that it knows."""
GOODBYE = "Thank you, goodbye."


def tell_fact(fact: str) -> str:
    return f"Please remember that my code phrase is {fact}."


def amount_of(order: Order) -> Decimal:
    return Decimal(order.amount)
