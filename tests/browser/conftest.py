"""A real Chromium before the real stack; every page that was looked at leaves pictures in .dev/screenshots."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from browser_people import Visitors
from playwright.async_api import Browser, async_playwright
from temporalio.client import Client

from workers.caller.speech import Speech
from workers.demo.run import settings_of
from workers.settings import ROOT, Settings, load_settings
from workers.stack.stack import Stack
from workers.temporal import connect
from workers.vault import open_store

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIX = f"no browser: none of {', '.join(BROWSERS)} is on PATH; fix: apt-get install chromium"
FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-dev-shm-usage",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs the stack."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail(FIX)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield started
        await started.close()


@pytest.fixture(scope="session")
def settings(stack: Stack) -> Settings:
    """What a process of the stack would read."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.env.items():
            patch.setenv(name, value)
        return load_settings()


@pytest.fixture(scope="session")
async def speech() -> Speech:
    return await Speech.load()


@pytest.fixture
async def visitors(browser: Browser, stack: Stack) -> AsyncIterator[Visitors]:
    """An error in any script of a page fails the test."""
    engine = open_store(load_settings(**settings_of(stack)))
    found = Visitors(browser, stack.address("front-door"), engine, ROOT / ".dev" / "screenshots")
    yield found
    await found.leave()
    engine.dispose()
    assert not found.errors, found.errors


@pytest.fixture(scope="session")
async def temporal(settings: Settings) -> Client:
    return await connect(settings, identity="browser tests")
