"""Any contract, with any values: built from the fields themselves, so that a new contract is tested unasked."""

from __future__ import annotations

import importlib
import pkgutil
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

import contracts
from contracts.base import Contract
from contracts.composition import Composition, Role, RoleKind
from contracts.ladder import Fallback, Rung, RungKind
from contracts.phrases import Phrases
from contracts.rules import ApprovalRule

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    date: st.dates(),
    datetime: MOMENTS,
    type(None): st.none(),
    Any: JSON_VALUES,
}


def every_contract() -> list[type[Contract]]:
    """All contracts of the package, by name."""
    for module in pkgutil.iter_modules(contracts.__path__, "contracts."):
        importlib.import_module(module.name)
    found: set[type[Contract]] = set()
    waiting = [Contract]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child.__module__.startswith("contracts.") and child not in found:
                found.add(child)
                waiting.append(child)
    return sorted(found, key=lambda kind: kind.__name__)


@cache
def values_of(kind: type[Contract]) -> st.SearchStrategy[Contract]:
    if kind is Composition:
        return st.just(COMPOSITION)  # its parts must fit together; what a file may say is tested with the loader
    if kind is Rung:
        return _rungs().map(lambda rungs: rungs[-1])
    if kind is Phrases:
        words = st.text(max_size=12).filter(lambda text: "{" not in text and "}" not in text)  # a field must be known
        return st.fixed_dictionaries(
            {name: words for name in kind.model_fields if name != "v"}  # every one is a text
        ).map(lambda values: Phrases(**values))
    told = {"deadline_seconds"} if kind is ApprovalRule else set()  # by its ladder
    fields = {name: _of_field(field) for name, field in kind.model_fields.items() if name not in told | {"v"}}
    strategy = st.fixed_dictionaries(fields)
    return (strategy.map(_freed_if_harmless) if kind is ApprovalRule else strategy).map(lambda values: kind(**values))


def _freed_if_harmless(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "gate": values["gate"] and not values["harmless"]}


def _of_field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _told(field.annotation, field.metadata)


def _told(annotation: Any, metadata: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Values of that type which keep to what is told of them."""
    if patterns := [pattern for m in metadata if (pattern := getattr(m, "pattern", None))]:
        return st.from_regex(patterns[0], fullmatch=True)
    if annotation in (int, float):
        return _number(annotation, metadata)
    return _bounded(_of(annotation), metadata)


def _number(kind: type, metadata: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Within its bounds; open ones reach as far as JSON does."""
    least = max(
        (float(getattr(m, "ge", None) or getattr(m, "gt", None) or 0) for m in metadata if isinstance(m, Ge | Gt)),
        default=None,
    )
    most = min((float(m.le) for m in metadata if isinstance(m, Le)), default=None)
    if kind is int:
        open_end = any(isinstance(m, Gt) for m in metadata)
        return st.integers(-(2**53) if least is None else int(least) + open_end, 2**53 if most is None else int(most))
    numbers = st.floats(least, most, allow_nan=False, allow_infinity=False)
    return _bounded(numbers, metadata)


def _bounded(strategy: st.SearchStrategy[Any], metadata: Sequence[Any]) -> st.SearchStrategy[Any]:
    bounds = [m for m in metadata if isinstance(m, (Ge, Gt, MinLen))]
    if not bounds:
        return strategy
    return strategy.filter(lambda value: value is None or all(_within(value, b) for b in bounds))


def _within(value: Any, bound: Ge | Gt | MinLen) -> bool:
    if isinstance(bound, MinLen):
        return len(value) >= bound.min_length
    return bool(value >= bound.ge if isinstance(bound, Ge) else value > bound.gt)


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in PLAIN:
        return PLAIN[annotation]
    if annotation == tuple[Rung, ...]:
        return _rungs() | st.just(())
    if origin is typing.Annotated:
        told = [m for extra in inner[1:] for m in (extra.metadata if isinstance(extra, FieldInfo) else [extra])]
        return _told(inner[0], told)
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([_of(each) for each in inner])
    if origin is tuple:
        return st.lists(_of(inner[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(_of(inner[0]), _of(inner[1]), max_size=2)
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    assert issubclass(annotation, Contract), f"no strategy for {annotation}"
    return st.deferred(lambda: values_of(annotation))


def _rungs() -> st.SearchStrategy[tuple[Rung, ...]]:
    """Whole ladders: the times rise, and the fallback is the last."""
    times = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=3, unique=True).map(sorted)
    return st.builds(_ladder, times, st.sampled_from(Fallback))


def _ladder(times: list[float], how: Fallback) -> tuple[Rung, ...]:
    tool = "note" if how is Fallback.SAFE_DEFAULT else None
    last = Rung(after_seconds=times[-1], kind=RungKind.FALLBACK, fallback=how, tool=tool)
    return (*(Rung(after_seconds=when, kind=RungKind.REMIND) for when in times[:-1]), last)


COMPOSITION = Composition(
    id="desk",
    title="A desk",
    phrases=Phrases(greeting="Hello."),
    roles=(Role(name="voice", kind=RoleKind.LIVE, instructions="speak"),),
)
