"""Reads compositions from YAML, and says of a wrong one in which file and line, what is wrong and what is allowed."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.composition import HOUSE_MODEL, Composition
from policy import rules
from tools import pins
from tools.yaml_source import YamlError, YamlSource

SUFFIXES = (".yml", ".yaml")


class CompositionError(Exception):
    """`problems` are lines of the form `FILE:LINE: KEY: what is wrong`; the message is all of them."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_composition(path: Path | str) -> Composition:
    """The composition in that file. Raises CompositionError."""
    path = Path(path)
    try:
        source = YamlSource(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CompositionError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CompositionError(f"{path}: not UTF-8 text") from error
    except YamlError as error:
        raise CompositionError(f"{path}:{error.line}: {error}") from error
    try:
        # A contract ignores what it does not know; a person who wrote a key meant something by it.
        composition = Composition.model_validate(source.data, extra="forbid")
    except ValidationError as error:
        # A default that comes from another field only follows an error that is told anyway.
        details = [detail for detail in error.errors() if detail["type"] != "default_factory_not_called"]
        raise CompositionError(*(_problem(path, source, detail) for detail in details)) from None
    if wrong := rules.check(composition):
        found = ((source.line(problem.path), source.names(problem.path), problem.words) for problem in wrong)
        raise CompositionError(*(f"{path}:{line}: {key}: {words}" for line, key, words in found))
    try:
        reviewed = pins.read(path)
    except ValueError as error:
        raise CompositionError(f"{pins.file_of(path)}:1: {error}") from error
    return composition.model_copy(update={"pins": dict(reviewed)}) if reviewed else composition


def load_compositions(folder: Path | str, *, chat_model: str | None = None) -> dict[str, Composition]:
    """Every composition of a folder, by id. `chat_model` stands in for the house's.

    Raises CompositionError, with the problems of all files.
    """
    return {name: _with_model(composition, chat_model) for name, (_, composition) in files_of(folder).items()}


def files_of(folder: Path | str) -> dict[str, tuple[Path, Composition]]:
    """Every composition of a folder with its file, by id. Raises CompositionError, with the problems of all files."""
    folder = Path(folder)
    files = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    if not files:
        raise CompositionError(f"{folder}: no composition here: a file with a name like support.yml is wanted")
    found: dict[str, tuple[Path, Composition]] = {}
    problems: list[str] = []
    for path in files:
        try:
            composition = load_composition(path)
        except CompositionError as error:
            problems += error.problems
            continue
        if composition.id in found:
            line = YamlSource(path.read_text(encoding="utf-8")).line(["id"])
            problems.append(f"{path}:{line}: id: {composition.id!r} is taken by {found[composition.id][0]}")
        found.setdefault(composition.id, (path, composition))
    if problems:
        raise CompositionError(*problems)
    return found


def _with_model(composition: Composition, chat_model: str | None) -> Composition:
    if chat_model is None:
        return composition
    roles = tuple(
        role.model_copy(update={"model": chat_model}) if role.model == HOUSE_MODEL else role
        for role in composition.roles
    )
    return composition.model_copy(update={"roles": roles})


def _problem(path: Path, source: YamlSource, detail: ErrorDetails) -> str:
    where = detail["loc"]
    words = _words(detail)
    if not where and (named := re.match(r"([\w-]+(?:\.[\w-]+)*): ", words)):
        # A rule over the whole composition begins with the path that it is about.
        return f"{path}:{source.line(named[1].split('.'))}: {words}"
    prefix = f"{source.names(where)}: " if where else ""
    return f"{path}:{source.line(where)}: {prefix}{words}"


def _words(detail: ErrorDetails) -> str:
    given, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "this key is missing"
        case "extra_forbidden":
            return _unknown_key(detail["loc"])
        case "enum" | "literal_error":
            return f"{given!r} is not allowed; allowed: {context['expected']}"
        case "string_pattern_mismatch":
            return f"{given!r} is not allowed; it must look like {context['pattern']}"
        case "value_error":
            return str(context["error"])
        case "none_required" | "model_type" | "tuple_type":
            return f"{detail['msg']}, got {_short(given)}"
        case _:
            return f"{detail['msg']}, got {_short(given)}"


def _unknown_key(where: tuple[int | str, ...]) -> str:
    model = _model_at(Composition, where[:-1])
    allowed = [name for name in model.model_fields if name != "v"]
    close = difflib.get_close_matches(str(where[-1]), allowed, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"there is no such key{meant}; allowed: {', '.join(allowed)}"


def _model_at(model: type[BaseModel], where: tuple[int | str, ...]) -> type[BaseModel]:
    for part in where:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
