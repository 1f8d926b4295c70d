"""Recognise the loops that a Whisper decoder falls into when it does not find the end of the audio."""

from __future__ import annotations

import re

_NOT_WORD = re.compile(r"[^\w']+")


def is_repetition(text: str) -> bool:
    """Whether a text is one phrase said over and over: a phrase of three words or more twice, a shorter one thrice.

    The last round may be cut short. "no no" and "bye bye" are ordinary speech and no repetition.
    """
    words = [word for word in _NOT_WORD.split(text.lower()) if word]
    for length in range(1, len(words) // 2 + 1):
        needed = 2 if length >= 3 else 3
        if len(words) < length * needed:
            continue
        if all(word == words[index % length] for index, word in enumerate(words)):
            return True
    return not words and len(text) > 8
