"""Whisper hyphenates spoken digits as it pleases (0-8-35, 471-926): a number that was spelled is one number."""

from __future__ import annotations

import re

_GROUPS = re.compile(r"(?<![\w-])\d+(?:-\d+)+(?![\w-])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def join_digit_groups(text: str) -> str:
    """Write hyphenated digits as one number, if they are three groups or more, or four digits or more.

    "24-7" and "5-10" stay: they are two numbers. So do ISO dates.
    """
    return _GROUPS.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    text = match.group()
    digits = text.replace("-", "")
    if _DATE.fullmatch(text) or (text.count("-") < 2 and len(digits) < 4):
        return text
    return digits
