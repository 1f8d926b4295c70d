"""A real Chromium before the real stack; every page that was looked at leaves pictures in .dev/screenshots."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from browser_people import Visitors
from playwright.async_api import Browser, async_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from system_fixtures import settings, speech, temporal  # noqa: F401 (fixtures)

from workers.settings import ROOT, Settings
from workers.stack.stack import Stack
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


@pytest.fixture
async def visitors(
    browser: Browser,
    stack: Stack,
    settings: Settings,  # noqa: F811
) -> AsyncIterator[Visitors]:
    """An error in any script of a page fails the test."""
    engine = open_store(settings)
    found = Visitors(browser, stack.address("front-door"), engine, ROOT / ".dev" / "screenshots")
    yield found
    await found.leave()
    engine.dispose()
    assert not found.errors, found.errors
