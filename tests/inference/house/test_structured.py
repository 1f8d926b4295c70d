"""Structured output: any schema, and the shapes of plans and summaries under other names."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from inference.house import respond
from inference.house.patterns import example
from inference.wire.chat import ChatRequest

STEP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["step_id", "role", "goal", "depends_on"],
    "properties": {
        "step_id": {"type": "string", "pattern": "^[a-z][a-z0-9_-]*$"},
        "role": {"type": "string"},
        "goal": {"type": "string"},
        "depends_on": {"type": "array", "items": {"type": "string"}},
    },
}
PLAN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["steps"],
    "properties": {"steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Step"}}},
    "$defs": {"Step": STEP},
}
BULLETS = """You plan work for a greenhouse. Give the fewest steps.
Roles:
- gardener: waters and prunes
  - water_bed: Water a bed for some minutes
  - open_vents: Open or close the roof vents
- clerk: keeps the books
  - lookup_bed: Look up what grows in a bed
  - send_note: Send a note to the owner by e-mail
"""
BLOCKS = (
    'Roles: [{"name": "gardener", "tools": [{"name": "water_bed", "description": "Water a bed"}, '
    '{"name": "open_vents", "description": "Open the roof vents"}]}, '
    '{"name": "clerk", "tools": [{"name": "send_note", "description": "Send a note to the owner"}]}]'
)
INLINE = "Roles:\n- gardener (tools: water_bed, open_vents)\n- clerk (tools: send_note)"


def ask(schema: dict[str, Any], system: str, user: str) -> Any:
    body = {
        "model": "house-1",
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "out", "schema": schema}},
    }
    reply = respond(ChatRequest.model_validate(body))
    assert reply.content is not None and not reply.tool_calls
    value = json.loads(reply.content)
    jsonschema.validate(value, schema)
    return value


@pytest.mark.parametrize("system", [BULLETS, BLOCKS, INLINE])
def test_independent_wishes_become_independent_steps(system: str) -> None:
    steps = ask(PLAN, system, "Goal: Water bed seven for ten minutes and also send the owner a note about bed seven.")[
        "steps"
    ]
    assert [step["role"] for step in steps] == ["gardener", "clerk"]
    assert [step["depends_on"] for step in steps] == [[], []]
    assert "ten minutes" in steps[0]["goal"] and "note" in steps[1]["goal"]


def test_then_makes_a_dependency_and_the_identifier_is_carried() -> None:
    steps = ask(
        PLAN, BULLETS, "Goal: the tomatoes in bed 7 look dry and I want them watered, then send the owner a note"
    )["steps"]
    assert [step["role"] for step in steps] == ["gardener", "clerk"]
    assert steps[1]["depends_on"] == [steps[0]["step_id"]]
    assert "look dry" in steps[0]["goal"]
    assert "bed 7" in steps[1]["goal"]


def test_one_wish_is_one_step() -> None:
    steps = ask(PLAN, BULLETS, "Goal: It is hot and I want the vents opened because the tomatoes suffer.")["steps"]
    assert [step["role"] for step in steps] == ["gardener"]


def test_a_plan_under_other_names() -> None:
    schema = {
        "type": "object",
        "required": ["rationale", "tasks"],
        "additionalProperties": False,
        "properties": {
            "rationale": {"type": "string"},
            "tasks": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["id", "assignee", "instruction", "after", "tools", "priority"],
                    "properties": {
                        "id": {"type": "integer", "minimum": 1},
                        "assignee": {"type": "string", "enum": ["gardener", "clerk"]},
                        "instruction": {"type": "string", "maxLength": 80},
                        "after": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                        "tools": {"type": "array", "items": {"type": "string"}},
                        "priority": {"enum": ["low", "high"]},
                    },
                },
            },
        },
    }
    tasks = ask(schema, BULLETS, "Goal: Water bed 7, then send a note to the owner.")["tasks"]
    assert [(task["id"], task["assignee"], task["after"]) for task in tasks] == [(1, "gardener", None), (2, "clerk", 1)]
    assert [task["tools"] for task in tasks] == [["water_bed"], ["send_note"]]


CITED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text", "turn_ids"],
    "properties": {"text": {"type": "string"}, "turn_ids": {"type": "array", "items": {"type": "string"}}},
}
SUMMARY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["summary", "decisions", "action_items", "open_questions", "promises"],
    "properties": {
        "summary": {"type": "string"},
        "decisions": {"type": "array", "items": {"$ref": "#/$defs/Cited"}},
        "open_questions": {"type": "array", "items": {"$ref": "#/$defs/Cited"}},
        "promises": {"type": "array", "items": {"$ref": "#/$defs/Cited"}},
        "action_items": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "owner", "due", "turn_ids"],
                "properties": {
                    **CITED["properties"],  # type: ignore[dict-item]
                    "owner": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "due": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
            },
        },
    },
    "$defs": {"Cited": CITED},
}
CALL = """[t1] caller: hi, when can I see jupiter
[t2] agent: Jupiter is up from nine.
[t3] caller: please book the telescope for friday
[t4] agent: Shall I book Friday at nine for two people?
[t5] caller: yes please
[t6] agent: I will send you the confirmation by tomorrow.
[t7] caller: is there a place to park?
[t8] agent: I am sorry, I do not know that.
[t9] caller: I will bring my own eyepiece
[t10] agent: The booking was approved by the keeper.
[t11] caller: thanks bye"""


def test_a_summary_cites_its_turns() -> None:
    told = ask(SUMMARY, "Summarise the call and cite turn ids.", CALL)
    assert "book the telescope for friday" in told["summary"].lower()
    assert "approved" in told["summary"]
    assert {"text": "The booking was approved by the keeper.", "turn_ids": ["t10"]} in told["decisions"]
    assert any("t5" in decision["turn_ids"] for decision in told["decisions"])
    assert told["promises"] == [{"text": "I will send you the confirmation by tomorrow.", "turn_ids": ["t6"]}]
    assert told["open_questions"] == [{"text": "Is there a place to park?", "turn_ids": ["t7", "t8"]}]
    owners = {item["owner"]: item for item in told["action_items"]}
    assert owners["agent"]["due"] == "by tomorrow"
    assert "eyepiece" in owners["caller"]["text"]


def test_a_summary_of_an_empty_call_is_empty() -> None:
    told = ask(SUMMARY, "Summarise the call.", "[t1] caller: hi\n[t2] caller: bye")
    assert not any(told[name] for name in ("decisions", "action_items", "open_questions", "promises"))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"},
        {"type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 4},
        {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 2},
        {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
        {
            "$ref": "#/$defs/N",
            "$defs": {
                "N": {
                    "type": "object",
                    "properties": {"next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}},
                    "required": ["next"],
                }
            },
        },
        {
            "type": "object",
            "required": ["when", "who"],
            "properties": {"when": {"type": "string", "format": "date"}, "who": {"type": "string", "format": "email"}},
        },
        {"oneOf": [{"type": "object", "properties": {"k": {"const": "x"}}, "required": ["k"]}, {"type": "null"}]},
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]},
                {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
            ]
        },
        {"type": ["null", "string"], "minLength": 2},
        {"type": "object", "additionalProperties": {"type": "integer"}, "required": ["x", "y"]},
    ],
)
def test_any_schema_is_satisfied(schema: dict[str, Any]) -> None:
    ask(schema, "You fill forms.", "My address is a@b.co, see you on 2026-05-01.")


def test_values_come_from_the_text_where_it_holds_them() -> None:
    schema = {
        "type": "object",
        "required": ["amount", "currency", "date", "mood", "email"],
        "properties": {
            "amount": {"type": "number"},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "date": {"type": "string", "format": "date"},
            "mood": {"enum": ["calm", "angry"]},
            "email": {"type": "string", "format": "email"},
        },
    }
    filled = ask(schema, "Fill the form.", "An angry man paid two hundred euros on 2026-05-01, write to a@b.co")
    assert filled == {"amount": 200, "currency": "EUR", "date": "2026-05-01", "mood": "angry", "email": "a@b.co"}


@pytest.mark.parametrize(
    "pattern", ["^a{3}$", "[0-9a-f]{8}-[0-9]{2}", "^(yes|no)$", "\\w+@\\w+", "^[^a-z]x?$", "(ab)\\1"]
)
def test_examples_of_patterns(pattern: str) -> None:
    made = example(pattern)
    assert made is not None
