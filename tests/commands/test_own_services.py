"""A user's own services are used when asked for, in `dev` as in `demo`, and never by accident."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from workers.commands import dev
from workers.demo import run as demo
from workers.own_services import own_services
from workers.stack.errors import StackError
from workers.stack.stack import Stack

KEY = "sk-secret-1"
REAL = {"OPENAI_BASE_URL": "https://api.openai.com/v1", "OPENAI_API_KEY": KEY}


def test_the_environment_wins_over_the_file_and_each_service_is_chosen_on_its_own() -> None:
    own = own_services({**REAL, "GREENROOM_CHAT_MODEL": "gpt-4.1"}, {"OPENAI_API_KEY": "sk-secret-2", "OTHER": "x"})
    assert own.env == {**REAL, "OPENAI_API_KEY": "sk-secret-2", "GREENROOM_CHAT_MODEL": "gpt-4.1"}
    [line] = own.lines
    assert "https://api.openai.com/v1" in line and "sk-secret" not in line


def test_a_key_alone_changes_nothing_and_says_what_is_missing() -> None:
    own = own_services({"DEEPGRAM_API_KEY": KEY}, {"OPENAI_API_KEY": KEY})
    assert own.env == {}
    assert len(own.lines) == 2 and KEY not in "".join(own.lines)
    assert "set OPENAI_BASE_URL=https://api.openai.com/v1 too" in own.lines[0]


def test_a_service_without_a_key_is_not_given_the_house_key() -> None:
    own = own_services({}, {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert own.env == {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": ""}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, str]]:
    """The environments with which stacks were to be started; none is."""
    environments: list[dict[str, str]] = []

    @asynccontextmanager
    async def start(*_: object, env: dict[str, str], **__: Any) -> AsyncIterator[None]:
        environments.append(env)
        raise StackError("enough")
        yield

    monkeypatch.setattr(Stack, "start", start)
    file = tmp_path / "env"
    file.write_text(
        f"OPENAI_BASE_URL=https://api.openai.com/v1\nOPENAI_API_KEY={KEY}\nDEEPGRAM_API_KEY={KEY}\n"
        "GREENROOM_LOG_LEVEL=debug\n"
    )
    monkeypatch.setenv("GREENROOM_ENV_FILE", str(file))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "DEEPGRAM_BASE_URL", "DEEPGRAM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return environments


def test_dev_takes_the_file_and_prints_no_key(started: list[dict[str, str]], tmp_path: Path) -> None:
    done = CliRunner().invoke(dev.app, ["--data", str(tmp_path / "d")])
    assert started == [{**REAL, "GREENROOM_LOG_LEVEL": "debug"}]
    assert "DEEPGRAM_API_KEY is set and not used" in done.output.replace("\n", " ") and KEY not in done.output


async def test_demo_takes_the_services_of_file_and_environment_and_nothing_else(
    started: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPGRAM_BASE_URL", "https://api.deepgram.com/v1/listen")
    console = Console(record=True, width=200)
    with pytest.raises(StackError, match="enough"):
        await demo.run(console, hold=False, chaos=False, seed=1, data=tmp_path / "demo")
    compositions = {"GREENROOM_COMPOSITIONS_DIR": str(tmp_path / "demo" / "compositions")}
    deepgram = {"DEEPGRAM_BASE_URL": "https://api.deepgram.com/v1/listen", "DEEPGRAM_API_KEY": KEY}
    assert started == [{**REAL, **deepgram, **compositions}]
    assert KEY not in console.export_text()
