"""What of a speech that was broken off still has to be said."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def remainder(text: str, spoken: str) -> str:
    """The text from the first sentence on that was not said to its end; its last sentence if all of them were.

    `spoken` may hold more than the text (words of welcome before it) and end in the middle of a sentence.
    """
    sentences = _SENTENCE.split(text.strip())
    said, at, done = _words(spoken), 0, 0
    for sentence in sentences:
        wanted = _words(sentence)
        begins = (n for n in range(at, len(said) - len(wanted) + 1) if said[n : n + len(wanted)] == wanted)
        start = next(begins, None)
        if start is None:
            break
        at, done = start + len(wanted), done + 1
    return " ".join(sentences[min(done, len(sentences) - 1) :])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
