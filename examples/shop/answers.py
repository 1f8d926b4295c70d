"""What the tools answer: JSON objects with plain names. A tool that says no answers with `error` and `message`."""

from __future__ import annotations

# The one of typing_extensions: pydantic reads nested ones of the standard library only from Python 3.12 on.
from typing_extensions import TypedDict


class Answer(TypedDict, total=False):
    """`error` is a word for programs, `message` a sentence for people; both only where the shop says no."""

    error: str
    message: str


class Order(Answer, total=False):
    """`note` is whatever somebody wrote on the order."""

    order_id: str
    item: str
    amount: str
    currency: str
    status: str
    delivered_on: str
    expected_on: str
    note: str


class Stock(Answer, total=False):
    item: str
    in_stock: int
    price: str
    currency: str


class Refund(Answer, total=False):
    """`repeated` is true where the same idempotency key had been served before: nothing was done a second time."""

    refund_id: str
    order_id: str
    item: str
    amount: str
    currency: str
    status: str
    repeated: bool


class FoundRefund(Answer, total=False):
    found: bool
    refund_id: str
    order_id: str
    amount: str
    currency: str
    refunded_at: str


class Slot(TypedDict):
    slot_id: str
    day: str
    date: str
    time: str


class Slots(Answer, total=False):
    slots: list[Slot]


class Booking(Answer, total=False):
    booking_id: str
    slot_id: str
    day: str
    date: str
    time: str
    name: str
    status: str
    repeated: bool


class Email(Answer, total=False):
    email_id: str
    order_id: str
    status: str


class FoundEmail(Answer, total=False):
    found: bool
    order_id: str
    count: int
    sent_at: str


def no(error: str, message: str) -> Answer:
    """A refusal, or something that does not exist."""
    return {"error": error, "message": message}
