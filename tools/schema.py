"""Checks arguments against the schema that a tool's server declares."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry


def without(schema: dict[str, Any], argument: str | None) -> dict[str, Any]:
    """The schema without one argument: what a model is shown and may fill."""
    if argument is None or argument not in schema.get("properties", {}):
        return schema
    properties = {name: value for name, value in schema["properties"].items() if name != argument}
    shown = {**schema, "properties": properties}
    if "required" in schema:
        shown["required"] = [name for name in schema["required"] if name != argument]
    return shown


def problem(schema: dict[str, Any], arguments: dict[str, Any]) -> str | None:
    """What is wrong with the arguments, in words; None when nothing is.

    Raises jsonschema's SchemaError when the schema itself is invalid.
    """
    wrong = best_match(_validator(json.dumps(schema, sort_keys=True)).iter_errors(arguments))
    if wrong is None:
        return None
    where = ".".join(str(part) for part in wrong.absolute_path)
    return f"{where}: {wrong.message}" if where else str(wrong.message)


def fault(schema: dict[str, Any], arguments: dict[str, Any]) -> str | None:
    """The same without any value of an argument, for where no content may stand."""
    wrong = best_match(_validator(json.dumps(schema, sort_keys=True)).iter_errors(arguments))
    if wrong is None:
        return None
    where = ".".join(str(part) for part in wrong.absolute_path) or "the arguments"
    return f"{where} must keep to the schema's {wrong.validator!r}"


@lru_cache(maxsize=256)
def _validator(schema: str) -> Validator:
    parsed = json.loads(schema)
    kind = validator_for(parsed, default=Draft202012Validator)
    kind.check_schema(parsed)
    # An empty registry: a schema that a server sends must not make us fetch anything.
    return kind(parsed, registry=Registry())


__all__ = ["SchemaError", "fault", "problem", "without"]
