"""Words, stems and sentences of plain English text, as typed or as speech recognition wrote it."""

from __future__ import annotations

import re
from functools import lru_cache

from inference.house.lexicon import FILLERS, IRREGULAR, NUMBER_WORDS, PARAPHRASES, STOP_WORDS

_CONTRACTIONS = (
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bcannot\b"), "can not"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(i)'m\b"), r"\1 am"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"\b(i|you|he|she|we|they)'d\b"), r"\1 would"),
    (re.compile(r"\b(what|where|who|when|how|it|that|there|here|he|she)'s\b"), r"\1 is"),
    (re.compile(r"'s\b"), ""),
)
_WORD = re.compile(r"[a-z0-9]+(?:[.,:/@-][a-z0-9]+)*", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def expand(text: str) -> str:
    """Lower case, straight apostrophes, contractions written out ("what's" -> "what is")."""
    result = text.replace("’", "'").replace("‘", "'").lower()
    for pattern, replacement in _CONTRACTIONS:
        result = pattern.sub(replacement, result)
    return result


def words(text: str) -> list[str]:
    """Lower-case words in sequence; an e-mail address, a date or an amount in figures stays one word."""
    return _WORD.findall(expand(text))


def name_words(name: str) -> list[str]:
    """The words of an identifier: snake_case, kebab-case or camelCase."""
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", _CAMEL.sub(" ", name)) if word]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A light English stemmer: plural, -ed, -ing, -er, -ation and the like; irregular verbs by a short list."""
    word = IRREGULAR.get(word, word)
    if len(word) <= 3 or not word.isalpha():
        return word
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            base = word[: len(word) - len(suffix)] + replacement
            if suffix in ("ed", "ing", "er", "ers", "est") and not _vowel(base):
                continue
            double = base[-1] == base[-2] and base[-1] not in "sz" and not (base[-1] == "l" and len(base) < 6)
            if suffix in ("ed", "ing") and double:
                base = base[:-1]
            return _final(base)
    return _final(word)


_SUFFIXES = (
    ("ations", ""),
    ("ation", ""),
    ("ments", ""),
    ("ment", ""),
    ("nesses", ""),
    ("ness", ""),
    ("ability", ""),
    ("ibility", ""),
    ("able", ""),
    ("ings", ""),
    ("ing", ""),
    ("ies", "y"),
    ("ied", "y"),
    ("sses", "ss"),
    ("shes", "sh"),
    ("ches", "ch"),
    ("xes", "x"),
    ("ers", ""),
    ("ions", ""),
    ("ion", ""),
    ("ed", ""),
    ("ly", ""),
    ("als", ""),
    ("al", ""),
    ("s", ""),
)


def _vowel(word: str) -> bool:
    return any(letter in "aeiouy" for letter in word)


def _final(word: str) -> str:
    if word.endswith("ss"):
        return word
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word.endswith("y"):
        word = word[:-1] + ("" if len(word) > 6 else "i")
    return word


_EMPTY = STOP_WORDS | NUMBER_WORDS
_GROUPS: dict[str, frozenset[str]] = {}
for _group in PARAPHRASES:
    _stems = frozenset(stem(_word) for _word in _group)
    for _stem in _stems:
        _GROUPS[_stem] = _GROUPS.get(_stem, frozenset()) | _stems


def paraphrases(stemmed: str) -> frozenset[str]:
    """Stems that mean nearly the same, itself left out."""
    return _GROUPS.get(stemmed, frozenset()) - {stemmed}


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in sequence, numbers left out."""
    return [stem(word) for word in words(text) if word not in _EMPTY and not word[0].isdigit() and len(word) > 1]


def sentences(text: str) -> list[str]:
    """Sentences and lines, trimmed, bullets removed, none empty."""
    parts = (re.sub(r"^[\s\-*•#>]+", "", part).strip() for part in _SENTENCE.split(text))
    return [part for part in parts if re.search(r"\w", part)]


_LEADING_FILLER = re.compile(
    r"(?:"
    + "|".join(re.escape(filler) for filler in sorted(FILLERS, key=len, reverse=True))
    + r")\b(?!')[ ,.!;:…-]*(?=.*\w)",
    re.IGNORECASE | re.DOTALL,
)


def without_fillers(text: str) -> str:
    """The text with greetings and filler words cut from its beginning, and politeness from its end."""
    result = text.strip()
    while (match := _LEADING_FILLER.match(result)) is not None:
        result = result[match.end() :]
    return re.sub(r"[,\s]+(please|thanks|thank you|okay|ok)[\s.!?]*$", "", result, flags=re.IGNORECASE).strip()


def sentence_case(text: str, end: str = ".") -> str:
    """First letter upper case and a full stop (or `end`) when no end mark stands there."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + end


def joined(parts: list[str]) -> str:
    """A spoken list: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def close(left: str, right: str) -> bool:
    """Whether two stems differ by one letter (insert, delete, replace, or two swapped): a small mis-hearing."""
    if left == right:
        return True
    short, long = sorted((left, right), key=len)
    if len(short) < 5 or len(long) - len(short) > 1:
        return False
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    if short[start + 1 :] == long[start + 1 :]:
        return True
    return short[start + 2 :] == long[start + 2 :] and short[start : start + 2] == long[start : start + 2][::-1]
