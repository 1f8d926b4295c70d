"""Values that earlier tool results, earlier calls and JSON in the prompt already hold, found by field name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from inference.house.conversation import ToolRun
from inference.house.dates import find_time
from inference.house.lexicon import STOP_WORDS
from inference.house.numbers import find_numbers, tokens
from inference.house.offers import Parameter
from inference.house.schema import valid
from inference.house.text import name_words, stem, words

_KEY_VALUE = re.compile(
    r"\b([A-Za-z][A-Za-z_ ]{1,30}?)\s*(?:[:=]|\bis\b)\s*([A-Z]{0,4}[-#]?\d[\w.-]*|\"[^\"]+\"|[A-Z]{3}\b)"
)


def leaves(value: Any, path: tuple[str, ...] = (), depth: int = 0) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every scalar of a JSON value with the field names that lead to it."""
    if depth > 8:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)), depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner, path, depth + 1)
    elif isinstance(value, str) and not path:
        for match in _KEY_VALUE.finditer(value):
            yield (match[1].strip(),), match[2].strip('"').rstrip(".")
    elif value is not None:
        yield path, value


def known_value(parameter: Parameter, runs: Sequence[ToolRun], material: Sequence[Any], text: str = "") -> Any:
    """The newest value under the parameter's name, or None: from results, then arguments of calls, then `material`.

    Of several records in one result, only one that `text` singles out is taken: none is picked at will.
    """
    for run in reversed(runs):
        for source in (_singled_out(run.result, text), run.arguments):
            value = _named(parameter, source)
            if value is not None:
                return value
    for source in reversed(material):
        value = _named(parameter, source)
        if value is not None:
            return value
    return None


def _singled_out(result: Any, text: str) -> Any:
    """A result in which each list of several records is cut to the one record that the text names, if it names one."""
    if isinstance(result, dict):
        return {key: _singled_out(inner, text) for key, inner in result.items()}
    if not isinstance(result, list) or len(result) < 2 or not all(isinstance(entry, dict) for entry in result):
        return result
    ranked = sorted(((_named_in(entry, text), i) for i, entry in enumerate(result)), reverse=True)
    clear = ranked[0][0] > 0 and ranked[0][0] > ranked[1][0]
    return [result[ranked[0][1]]] if clear else []


def _named_in(entry: dict[str, Any], text: str) -> int:
    """How many values of a record a text names: by words, by number, as a date or as a time of day."""
    at, spoken = find_time(text), set(words(text))
    figures = {number.digits for number in find_numbers(tokens(text))}
    count = 0
    for _, value in leaves(entry):
        said = str(value).lower()
        clock = at is not None and said.startswith((at.strftime("%H:%M"), at.strftime("%-H:%M")))
        count += clock or said in figures or bool(set(words(said)) & spoken - STOP_WORDS)
    return count


def _named(parameter: Parameter, source: Any) -> Any:
    wanted = [stem(word) for word in name_words(parameter.name)]
    best: tuple[int, Any] | None = None
    for path, value in leaves(source):
        last = [stem(word) for word in name_words(path[-1])] if path else []
        whole = {stem(word) for key in path for word in name_words(key)}
        if last == wanted:
            rank = 0
        elif last and set(wanted) <= whole and last[-1] == wanted[-1]:
            rank = 1
        elif last and not parameter.identifier and (set(last) < set(wanted) or set(wanted) < set(last)):
            rank = 2
        else:
            continue
        fitted = _fit(value, parameter)
        if fitted is not None and (best is None or rank < best[0]):
            best = (rank, fitted)
    return best[1] if best else None


def _fit(value: Any, parameter: Parameter) -> Any:
    forms = [value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        forms.append(str(value))
    elif isinstance(value, str):
        plain = value.replace(",", "")
        if re.fullmatch(r"-?\d+", plain):
            forms.append(int(plain))
        if re.fullmatch(r"-?\d+\.\d+", plain):
            forms.append(float(plain))
    return next((form for form in forms if valid(form, parameter.schema)), None)
