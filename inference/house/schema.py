"""JSON schemas, read tolerantly: references, unions, kinds of value, validity."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
from jsonschema.validators import validator_for
from referencing.exceptions import Unresolvable

Schema = dict[str, Any]


def resolve(schema: Any, root: Schema, depth: int = 0) -> Schema:
    """A schema with its `$ref` followed, `allOf` merged, and the first non-null branch of a union taken."""
    if not isinstance(schema, dict) or depth > 12:
        return {}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = _pointer(reference, root)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return resolve({**target, **rest}, root, depth + 1) if isinstance(target, dict) else rest
    merged = dict(schema)
    parts = merged.pop("allOf", None)
    if isinstance(parts, list):
        for part in parts:
            resolved = resolve(part, root, depth + 1)
            properties = {**_dict(merged.get("properties")), **_dict(resolved.get("properties"))}
            required = [*_list(merged.get("required")), *_list(resolved.get("required"))]
            merged = {**resolved, **merged}
            if properties:
                merged["properties"] = properties
            if required:
                merged["required"] = required
    for key in ("anyOf", "oneOf"):
        branches = merged.get(key)
        if isinstance(branches, list):
            chosen = next((b for b in branches if isinstance(b, dict) and b.get("type") != "null"), None)
            if chosen is not None:
                rest = {k: v for k, v in merged.items() if k != key}
                return {**resolve(chosen, root, depth + 1), **rest}
    return merged


def _pointer(reference: str, root: Schema) -> Any:
    if not reference.startswith("#"):
        return None
    node: Any = root
    for part in reference[1:].split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def nullable(schema: Any, root: Schema) -> bool:
    """Whether null is an allowed value. Strict tool schemas write an optional parameter so."""
    if not isinstance(schema, dict):
        return False
    kind = schema.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind) or None in _list(schema.get("enum")):
        return True
    if "$ref" in schema:
        target = _pointer(schema["$ref"], root) if isinstance(schema["$ref"], str) else None
        return target is not schema and isinstance(target, dict) and "$ref" not in target and nullable(target, root)
    return any(nullable(branch, root) for key in ("anyOf", "oneOf") for branch in _list(schema.get(key)))


def kind(schema: Schema) -> str:
    """The JSON type: string, integer, number, boolean, array, object; guessed from other keywords when absent."""
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = next((entry for entry in declared if entry != "null"), None)
    if isinstance(declared, str):
        return declared
    if "properties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    if _list(schema.get("enum")) and all(isinstance(value, bool) for value in schema["enum"]):
        return "boolean"
    return "string"


def rooted(schema: Schema, root: Schema) -> Schema:
    """A part of a schema with the definitions of the whole, so that its references still lead somewhere."""
    shared: Schema = {key: root[key] for key in ("$defs", "definitions") if key in root}
    return {**shared, **schema}


def properties(schema: Schema) -> dict[str, Schema]:
    """Property schemas of an object schema; anything that is not a schema reads as {}."""
    return {str(name): _dict(value) for name, value in _dict(schema.get("properties")).items()}


def required(schema: Schema) -> list[str]:
    """Names of the required properties."""
    return [name for name in _list(schema.get("required")) if isinstance(name, str)]


def valid(value: Any, schema: Schema) -> bool:
    """Whether a value satisfies a schema; formats count. A schema that is itself broken accepts nothing but objects."""
    try:
        cls = validator_for(schema, default=jsonschema.Draft202012Validator)
        cls.check_schema(schema)
        return bool(cls(schema, format_checker=cls.FORMAT_CHECKER).is_valid(value))
    except (jsonschema.SchemaError, Unresolvable, re.error, RecursionError, TypeError, ValueError):
        return isinstance(value, dict)
