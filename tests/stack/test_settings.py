"""Settings: where they come from, how a mistake is told, and that they are documented."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from workers.commands.settings import app
from workers.errors import SettingsError
from workers.settings import ROOT, Settings, load_settings, variable
from workers.settings_example import example
from workers.stack.state import StackState, me, write_state


@pytest.fixture(autouse=True)
def own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable of ours, no .env and no running stack but those of the test."""
    for name in list(os.environ):
        if name in {variable(field, info) for field, info in Settings.model_fields.items()}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("GREENROOM_STACK", str(tmp_path / "stack.json"))
    monkeypatch.setenv("GREENROOM_ENV_FILE", str(tmp_path / ".env"))
    return tmp_path


def running_stack(folder: Path, supervisor: tuple[int, float], **env: str) -> None:
    state = StackState(name="s", supervisor=supervisor, pids={}, ports={}, addresses={}, env=env)
    write_state(folder / "stack.json", state)


def test_environment_wins_over_env_file_over_running_stack_over_default(
    own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().livekit_url == "ws://127.0.0.1:7880"
    running_stack(own_world, me(), LIVEKIT_URL="ws://stack:1", GREENROOM_TOOL_SERVERS='{"shop": "http://s/mcp"}')
    assert load_settings().livekit_url == "ws://stack:1"
    assert load_settings().tool_servers == {"shop": "http://s/mcp"}
    (own_world / ".env").write_text("LIVEKIT_URL=wss://file:2\n")
    assert load_settings().livekit_url == "wss://file:2"
    monkeypatch.setenv("LIVEKIT_URL", "wss://env:3")
    assert load_settings().livekit_url == "wss://env:3"
    assert load_settings(livekit_url="ws://argument:4").livekit_url == "ws://argument:4"


def test_the_state_of_a_dead_supervisor_counts_for_nothing(own_world: Path) -> None:
    pid, started = me()
    running_stack(own_world, (pid, started - 100), LIVEKIT_URL="ws://stale:1")
    assert load_settings().livekit_url == "ws://127.0.0.1:7880"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GREENROOM_LOG_LEVEL", "loud", "GREENROOM_LOG_LEVEL='loud' is not allowed; allowed: one of 'debug', 'info'"),
        ("GREENROOM_VOICE_MAX_JOBS", "many", "GREENROOM_VOICE_MAX_JOBS='many' is not allowed; allowed: a whole number"),
        (
            "GREENROOM_AUDIT_SEAL_INTERVAL",
            "0",
            "GREENROOM_AUDIT_SEAL_INTERVAL='0' is not allowed; allowed: a number above 0",
        ),
        ("LIVEKIT_URL", "localhost", "LIVEKIT_URL='localhost' is not allowed; allowed: a URL that begins with ws://"),
        ("GREENROOM_TEMPORAL_ADDRESS", "x", "GREENROOM_TEMPORAL_ADDRESS='x' is not allowed; allowed: HOST:PORT"),
        ("GREENROOM_TOOL_SERVERS", '{"shop": "x"}', "GREENROOM_TOOL_SERVERS.shop='x' is not allowed; allowed: a URL"),
        ("GREENROOM_TOOL_SERVERS", "{shop", "GREENROOM_TOOL_SERVERS is not allowed; allowed: JSON"),
        ("GREENROOM_DATABASE_URL", "mysql://u:hush@h/d", "allowed: sqlite:///FILE or postgresql://"),
    ],
)
def test_a_bad_value_names_the_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "hush" not in str(caught.value)


def test_secrets_are_masked_wherever_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_SECRET", "hush-hush")
    monkeypatch.setenv("GREENROOM_DATABASE_URL", "postgresql://ann:hush-hush@db/greenroom")
    assert "hush" not in repr(load_settings().livekit_api_secret)
    assert load_settings().livekit_api_secret == SecretStr("hush-hush")
    for arguments in ([], ["--json"]):
        shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert shown.exit_code == 0 and "hush" not in shown.output
        assert "postgresql://ann:********@db/greenroom" in shown.output


def test_every_setting_is_documented_and_the_example_file_is_up_to_date() -> None:
    assert all(info.description for info in Settings.model_fields.values())
    assert (ROOT / ".env.example").read_text() == example(), "run: greenroom settings --example > .env.example"


def test_the_example_file_can_be_used_as_it_is_and_with_every_line_uncommented(own_world: Path) -> None:
    defaults = load_settings()
    (own_world / ".env").write_text(example())
    assert load_settings() == defaults
    lines = example().splitlines()
    (own_world / ".env").write_text(
        "\n".join(line[1:] if line[:1] == "#" and line[1:2].isupper() else "" for line in lines)
    )
    assert load_settings().log_level == defaults.log_level
