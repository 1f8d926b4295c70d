"""The doctor finds a real service that is asked for the house's model, and a master key that is not there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from workers.doctor.finding import Health
from workers.doctor.services import database, inference
from workers.settings import Settings


@pytest.fixture
async def service() -> AsyncIterator[str]:
    """Lists one model to whoever has the key."""

    async def models(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != "Bearer sk-good":
            return web.Response(status=401)
        return web.json_response({"data": [{"id": "gpt-4.1"}]})

    app = web.Application()
    app.add_routes([web.get("/v1/models", models)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"{site.name}/v1"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("key", "model", "health", "words"),
    [
        ("sk-good", "gpt-4.1", Health.OK, ""),
        ("sk-good", None, Health.WRONG, "GREENROOM_CHAT_MODEL"),
        ("sk-bad", "gpt-4.1", Health.WRONG, "correct OPENAI_API_KEY"),
    ],
)
async def test_key_and_model_are_tried(service: str, key: str, model: str | None, health: Health, words: str) -> None:
    found = await inference(Settings(openai_base_url=service, openai_api_key=key, chat_model=model))  # type: ignore[arg-type]
    assert found.health is health and words in found.fix
    assert key not in found.detail


async def test_a_missing_master_key_is_not_blamed_on_the_database(tmp_path: Path) -> None:
    absent = tmp_path / "master.key"
    found = await database(Settings(database_url=f"sqlite:///{tmp_path / 'records.db'}", master_key_file=absent))
    assert found.health is Health.WRONG and str(absent) in found.detail
    assert "greenroom keys init" in found.fix and "DATABASE_URL" not in found.fix
