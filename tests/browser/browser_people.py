"""People with a browser: callers with a microphone that says what a test wants, and whoever signs in."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect
from sqlalchemy import Engine

from contracts.people import Person, PersonRole
from store import people
from workers.settings import ROOT

PASSWORD = "a long enough password"
AXE = ROOT / "console" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
HARMLESS = ("Room disconnected in the middle of receiving data",)
"""What LiveKit's client says when one hangs up while a caption is still coming."""
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
MICROPHONE = (Path(__file__).parent / "microphone.js").read_text(encoding="utf-8")


class Visitors:
    """`pictures` is where screenshots go."""

    def __init__(self, browser: Browser, door: str, engine: Engine, pictures: Path) -> None:
        self._browser = browser
        self._door = door
        self.engine = engine
        self._pictures = pictures
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []
        """What went wrong in the scripts of any page."""
        pictures.mkdir(parents=True, exist_ok=True)

    async def anybody(self, *, phone: bool = False) -> Page:
        """A fresh browser."""
        context = await self._browser.new_context(
            base_url=self._door, viewport=PHONE if phone else DESK, permissions=["microphone"]
        )
        self._contexts.append(context)
        context.set_default_timeout(20_000)
        await context.add_init_script(MICROPHONE)
        page = await context.new_page()
        page.on("pageerror", lambda error: self._note(page, str(error)))
        page.on("console", lambda said: self._note(page, said.text) if said.type == "error" else None)
        return page

    def _note(self, page: Page, error: str) -> None:
        if not any(known in error for known in HARMLESS):
            self.errors.append(f"{page.url}: {error}")

    async def leave(self) -> None:
        for context in self._contexts:
            await context.close()

    async def signed_in(self, name: str, *roles: PersonRole, reviewer: str | None = None, at: str = "/") -> Page:
        """In by the one-time link the first time, by password after that; then at that address."""
        page = await self.anybody()
        if people.person(self.engine, name) is None:
            person = Person(name=name, display_name=name.title(), roles=roles, reviewer=reviewer)
            people.add_person(self.engine, person)
            token = people.invite(self.engine, name, datetime.now(UTC))
            await page.goto(f"/welcome#{token}")
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_label("Once more").fill(PASSWORD)
            await page.get_by_role("button", name="Set password").click()
        else:
            await page.goto("/sign-in")
            await page.get_by_label("Name").fill(name)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        await page.goto(at)
        return page

    async def picture(self, page: Page, name: str) -> None:
        """The page in light, in dark, and as wide as a phone."""
        width = page.viewport_size
        for scheme, size in (("light", DESK), ("dark", DESK), ("phone", PHONE)):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.set_viewport_size(size)
            await page.screenshot(path=self._pictures / f"{name}-{scheme}.png")
        await page.emulate_media(color_scheme="light")
        if width is not None:
            await page.set_viewport_size(width)

    async def accessible(self, page: Page) -> None:
        """axe finds nothing serious, neither in light nor in dark."""
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        # Nothing but the colours differs in the dark.
        for scheme, wanted in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            found: dict[str, Any] = await page.evaluate("wanted => axe.run(wanted)", wanted)
            serious = [
                f"{v['id']}: {v['help']}: {[node['html'][:120] for node in v['nodes'][:3]]}"
                for v in found["violations"]
                if v["impact"] in SERIOUS
            ]
            assert not serious, f"{page.url} in {scheme}: " + json.dumps(serious, indent=1)
        await page.emulate_media(color_scheme="light")


async def say(page: Page, wav: bytes) -> None:
    """The caller says that into the page's microphone; returns when it was said."""
    await page.evaluate("sound => window.speakIntoMicrophone(sound)", base64.b64encode(wav).decode())
