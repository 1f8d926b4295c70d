"""Word lists written as running text."""

from __future__ import annotations


def listed(text: str) -> list[str]:
    """The words of a text, so that a long list can be read and changed as prose."""
    return text.split()
