"""Values that earlier tool results, earlier calls and JSON in the prompt already hold, found by field name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from inference.house.conversation import ToolRun
from inference.house.offers import Parameter
from inference.house.schema import valid
from inference.house.text import name_words, stem

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


def known_value(parameter: Parameter, runs: Sequence[ToolRun], material: Sequence[Any]) -> Any:
    """The newest value under the parameter's name, or None: from results, then arguments of calls, then `material`."""
    for run in reversed(runs):
        for source in (run.result, run.arguments):
            value = _named(parameter, source)
            if value is not None:
                return value
    for source in reversed(material):
        value = _named(parameter, source)
        if value is not None:
            return value
    return None


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
