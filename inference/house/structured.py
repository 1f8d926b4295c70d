"""Structured output: an instance of any JSON schema, with plans and summaries recognised by their shape."""

from __future__ import annotations

import json
from typing import Any

from inference.house import schema as js
from inference.house.conversation import Conversation
from inference.house.instances import instance
from inference.house.plans import plan, steps_property
from inference.house.schema import Schema
from inference.house.summaries import is_summary, summary


def instance_text(schema: Schema, conversation: Conversation) -> str:
    """JSON text that satisfies `schema` whenever this model finds a way to; else its nearest attempt.

    A schema that nothing satisfies, or whose keywords exclude each other, yields that nearest attempt.
    """
    return json.dumps(_instance(schema, conversation), ensure_ascii=False)


def _instance(schema: Schema, conversation: Conversation) -> Any:
    root = schema
    resolved = js.resolve(schema, root)
    text = conversation.last.text or conversation.system
    attempts: list[Any] = []
    steps = steps_property(resolved, root)
    if steps:
        attempts.append(plan(resolved, root, steps, conversation))
    elif is_summary(resolved, root):
        attempts.append(summary(resolved, root, conversation))
    for attempt in attempts:
        if js.valid(attempt, schema):
            return attempt
    plain = instance(schema, text)
    if js.valid(plain, schema) or not attempts:
        return plain
    return attempts[0]
