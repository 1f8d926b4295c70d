"""Structured output: an instance of any JSON schema, filled from the prompt."""

from __future__ import annotations

import json
from typing import Any

from inference.house.conversation import Conversation


def instance_text(schema: dict[str, Any], conversation: Conversation) -> str:
    return json.dumps({})
