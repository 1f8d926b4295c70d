"""How many tokens a text is, estimated: four characters each, as English has in common tokenizers, rounded up.

No tokenizer is asked: which one counts depends on the model, and a budget only has to be of the right size.
"""

from __future__ import annotations

CHARACTERS_PER_TOKEN = 4


def tokens_of(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)
