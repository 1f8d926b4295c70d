"""A chat request read as a conversation: what the system says, what was said, which tools ran."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from typing import Any

from inference.wire.chat import ChatRequest, ImagePart, Message

_GOAL_LABEL = re.compile(
    r"^\W*(?:your |the )?(?:goal|task|objective|instruction|request|job)\W*:\s*(?P<goal>\S.*)$", re.IGNORECASE
)
_PICTURE_TEXT = re.compile(r"\b(text|words?|writing) (in|on|of|from|read in) the (picture|image|screen|photo)", re.I)


@dataclass(frozen=True)
class ToolRun:
    """One finished call: its name, its arguments, and its result as JSON value or text."""

    name: str
    arguments: dict[str, Any]
    result: Any


@dataclass(frozen=True)
class Turn:
    """One thing said. `runs` are the tool calls that the assistant made while it answered this caller's turn."""

    speaker: str
    text: str
    picture: bool = False
    runs: tuple[ToolRun, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """The request, read. `turns` end with what has to be answered; `directive` is a system text after the last turn."""

    system: str
    turns: tuple[Turn, ...]
    directive: str = ""
    after_tools: bool = False
    material: tuple[Any, ...] = field(default=())
    """JSON values that stand in the system text or the last caller's message: results of earlier work, facts."""

    @property
    def last(self) -> Turn:
        """The caller's latest turn; an empty one when the caller said nothing yet."""
        return next((turn for turn in reversed(self.turns) if turn.speaker == "caller"), Turn("caller", ""))

    @property
    def said(self) -> list[str]:
        """What the caller said, latest first."""
        return [turn.text for turn in reversed(self.turns) if turn.speaker == "caller" and turn.text.strip()]

    @property
    def previous_reply(self) -> str:
        """The assistant's text just before the caller's latest turn, or ""."""
        seen_caller = False
        for turn in reversed(self.turns):
            if turn.speaker == "caller":
                if seen_caller:
                    return ""
                seen_caller = True
            elif turn.text.strip() and seen_caller:
                return turn.text
        return ""

    @property
    def runs(self) -> list[ToolRun]:
        """All finished calls, oldest first."""
        return [run for turn in self.turns for run in turn.runs]


def read(request: ChatRequest) -> Conversation:
    """The conversation of a request. Never raises: what cannot be understood is text."""
    system: list[str] = []
    turns: list[Turn] = []
    pending: dict[str, tuple[str, dict[str, Any]]] = {}
    directive: list[str] = []
    for message in request.messages:
        if message.role in ("system", "developer"):
            (directive if turns else system).append(message.text)
            continue
        if message.role == "tool":
            call = pending.get(message.tool_call_id or "", (message.name or "", {}))
            _add_run(turns, ToolRun(call[0], call[1], parse_result(message.text)))
            continue
        if message.role == "assistant":
            for tool_call in message.tool_calls or []:
                arguments = parse_json(tool_call.function.arguments)
                pending[tool_call.id] = (tool_call.function.name, arguments if isinstance(arguments, dict) else {})
            if message.text.strip():
                turns.append(Turn("agent", message.text.strip()))
            continue
        system += directive
        directive = []
        turns.append(Turn("caller", message.text.strip(), picture=_has_picture(message)))
    goal, rest = split_goal(turns[-1].text) if turns and turns[-1].speaker == "caller" else ("", "")
    if goal:
        turns[-1] = Turn("caller", goal, turns[-1].picture, turns[-1].runs)
        system.append(rest)
    after_tools = request.messages[-1].role == "tool" or (
        bool(directive) and _last_spoken_role(request.messages) == "tool"
    )
    text = "\n".join(part for part in system if part.strip())
    return Conversation(
        text, tuple(turns), "\n".join(directive).strip(), after_tools, tuple(json_blocks(text + "\n" + goal))
    )


def _last_spoken_role(messages: list[Message]) -> str:
    return next((m.role for m in reversed(messages) if m.role not in ("system", "developer")), "")


def _add_run(turns: list[Turn], run: ToolRun) -> None:
    if not turns:
        turns.append(Turn("caller", ""))
    index = max((i for i, turn in enumerate(turns) if turn.speaker == "caller"), default=len(turns) - 1)
    turn = turns[index]
    turns[index] = Turn(turn.speaker, turn.text, turn.picture, (*turn.runs, run))


def _has_picture(message: Message) -> bool:
    return isinstance(message.content, list) and any(isinstance(part, ImagePart) for part in message.content)


def describes_picture(text: str) -> bool:
    """Whether a text beside a picture says what is written in the picture."""
    return bool(_PICTURE_TEXT.search(text))


def split_goal(text: str) -> tuple[str, str]:
    """A goal that a caller's text names by a label ("Goal: ...") or as a JSON field, and the rest of the text.

    ("", "") when no goal is labelled.
    """
    value = parse_json(text)
    if isinstance(value, dict):
        for key in ("goal", "task", "objective", "instruction"):
            if isinstance(value.get(key), str):
                return value[key], text
        return "", ""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        match = _GOAL_LABEL.match(line)
        if match:
            return match["goal"].strip(), "\n".join(lines[:i] + lines[i + 1 :])
    return "", ""


def parse_json(text: str) -> Any:
    """The JSON value of a text, or None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def parse_result(text: str) -> Any:
    """A tool's result: JSON, a Python literal (some clients write `str(dict)`), MCP content, or the text itself."""
    stripped = text.strip()
    value = parse_json(stripped)
    if value is None and stripped[:1] in ("{", "[", "("):
        try:
            value = ast.literal_eval(stripped)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            value = None
    if value is None:
        return stripped
    return _unwrap(value)


def _unwrap(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") == "text" and isinstance(value.get("text"), str):
        return parse_result(value["text"])
    if isinstance(value, dict) and isinstance(value.get("structuredContent"), dict):
        return value["structuredContent"]
    if isinstance(value, dict) and isinstance(value.get("content"), list) and value["content"]:
        inner = _unwrap(value["content"])
        failed = value.get("isError") is True
        return {"error": inner} if failed and not isinstance(inner, dict) else inner
    if isinstance(value, list) and value and all(isinstance(v, dict) and v.get("type") == "text" for v in value):
        parts = [_unwrap(v) for v in value]
        return parts[0] if len(parts) == 1 else parts
    return value


def json_blocks(text: str) -> list[Any]:
    """JSON objects and arrays that stand in a text, outermost only, in sequence."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    index = 0
    while (match := re.compile(r"[{\[]").search(text, index)) is not None:
        try:
            value, end = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            index = match.end()
            continue
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value)):
            found.append(value)
        index = end
    return found
