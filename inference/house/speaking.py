"""Single values of tool results as they are said: money, dates, numbers, words of identifiers."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from inference.house.dates import spoken_date, spoken_time
from inference.house.text import joined, name_words
from inference.house.wordlist import listed

MONEY_KEYS = frozenset(listed("amount price total cost sum fee balance value paid charge"))


def money_pairs(record: dict[str, Any]) -> dict[str, str]:
    """Amounts of a record with their currency, as "240.00 USD", by field name."""
    currency = next(
        (v for k, v in record.items() if name_words(k)[-1:] == ["currency"] and isinstance(v, str) and len(v) == 3), ""
    )
    found: dict[str, str] = {}
    for key, value in record.items():
        words = name_words(key)
        if isinstance(value, bool) or not words:
            continue
        if (
            isinstance(value, dict)
            and isinstance(value.get("currency"), str)
            and isinstance(value.get("amount"), int | float | str)
        ):
            found[key] = _money(value["amount"], value["currency"])
        elif words[-1] == "cents" and isinstance(value, int):
            found[key] = _money(value / 100, currency)
        elif (MONEY_KEYS & set(words)) and isinstance(value, int | float | str) and currency:
            found[key] = _money(value, currency)
    return {key: text for key, text in found.items() if text}


def _money(value: int | float | str, currency: str) -> str:
    try:
        return f"{float(value):.2f} {currency.upper()}".strip()
    except (ValueError, OverflowError):
        return ""


def scalar(value: Any, today: date | None = None) -> str:
    """A scalar as it is said: dates and times in words, numbers plain."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, str):
        return _moment(value, today) or plain_words(value)
    if isinstance(value, dict):
        return joined([f"{' '.join(name_words(key))} {scalar(inner, today)}" for key, inner in list(value.items())[:2]])
    return str(value)


def _moment(text: str, today: date | None) -> str:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return spoken_date(date.fromisoformat(text), today)
        except ValueError:
            return ""
    if re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", text):
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return ""
        return f"{spoken_date(moment.date(), today)} at {spoken_time(moment.time())}"
    return ""


def plain_words(text: str) -> str:
    return re.sub(r"[_]+", " ", text).strip() if re.fullmatch(r"[a-z]+(_[a-z]+)+", text) else text.strip()
