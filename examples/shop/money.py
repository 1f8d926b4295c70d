"""Money is held in cents and told as text with two decimals, so that nothing is lost in between."""

from __future__ import annotations

from decimal import Decimal


def to_cents(amount: str) -> int:
    """`"240"` or `"240.00"` in cents."""
    return int((Decimal(amount) * 100).to_integral_value())


def to_text(cents: int) -> str:
    """24000 as `"240.00"`."""
    return f"{cents // 100}.{cents % 100:02d}"
