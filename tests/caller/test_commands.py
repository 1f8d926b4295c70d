"""Commands and events as lines of JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from workers.caller.commands import Command
from workers.caller.events import AgentSpeechStarted, Heard


def test_commands() -> None:
    assert Command.model_validate_json('{"say": "hello", "barge_in": true}') == Command(say="hello", barge_in=True)
    assert Command.model_validate_json('{"wait_heard": 5}').wait_heard == 5
    assert Command.model_validate_json('{"hang_up": true}').hang_up


@pytest.mark.parametrize(
    "line",
    ["{}", '{"say": "a", "hang_up": true}', '{"wait_heard": 1, "barge_in": true}', '{"shout": "a"}', '{"say": ""}'],
)
def test_a_line_that_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        Command.model_validate_json(line)


def test_events_are_lines_with_times_in_iso() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    heard = json.loads(Heard(at=at, identity="agent-1", text="hi", started_at=at, ended_at=at, latency_ms=12.5).line())
    assert heard == {
        "event": "heard",
        "at": "2026-01-02T03:04:05+00:00",
        "identity": "agent-1",
        "text": "hi",
        "started_at": "2026-01-02T03:04:05+00:00",
        "ended_at": "2026-01-02T03:04:05+00:00",
        "latency_ms": 12.5,
    }
    started = json.loads(AgentSpeechStarted(at=at, identity="a", latency_ms=None, over_caller=False).line())
    assert started["event"] == "agent_speech_started"
