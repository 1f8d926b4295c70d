"""A front door with its two servers replaced at their edge, over a real database."""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from livekit import api
from temporalio.client import Client

from console.access import Access
from console.app import create_app
from console.decisions import Decisions
from console.deps import Deps
from console.rooms import RoomCard, Rooms, RoomUnavailable
from console.sessions import BackstageUnavailable, SessionOver, Sessions
from contracts.base import Contract
from contracts.names import Signal
from contracts.people import Person, PersonRole
from contracts.session import SessionStart
from migrations import upgrade
from store import people
from store.engine import open_engine
from store.reader import RecordReader
from tools.compositions import load_compositions

KEY, SECRET = "key", "a-secret-of-at-least-thirty-two-characters"
PASSWORD = "a long enough password"
ROOT = Path(__file__).resolve().parents[2]


@cache
def _migrated() -> Path:
    """A database that every test gets a copy of: migrating takes longer than most tests."""
    file = Path(tempfile.mkdtemp(prefix="greenroom-door-")) / "records.db"
    atexit.register(shutil.rmtree, file.parent)
    upgrade(f"sqlite:///{file}")
    return file


class RecordingRooms(Rooms):
    """Tokens and signatures are the real code; the server's two calls are noted down."""

    def __init__(self) -> None:
        super().__init__("ws://rooms.test", KEY, SECRET)
        self.created: dict[str, RoomCard] = {}
        self.deleted: list[str] = []
        self.down = False

    async def create(self, session_id: str, card: RoomCard) -> str:
        if self.down:
            raise RoomUnavailable("refused")
        self.created[session_id] = card
        return f"greenroom-{session_id}"

    async def delete(self, session_id: str) -> None:
        self.deleted.append(session_id)


class RecordingSessions(Sessions):
    def __init__(self) -> None:
        async def no_client() -> Client:
            raise RuntimeError("no server here")

        super().__init__(no_client)
        self.started: dict[str, SessionStart] = {}
        self.signals: list[tuple[str, Signal, Contract]] = []
        self.down = False
        self.over: set[str] = set()

    async def start(self, start: SessionStart) -> None:
        if self.down:
            raise BackstageUnavailable("refused")
        if start.session_id in self.over:
            raise SessionOver(start.session_id)
        self.started.setdefault(start.session_id, start)

    async def signal(self, session_id: str, signal: Signal, argument: Contract) -> None:
        if self.down:
            raise BackstageUnavailable("refused")
        self.signals.append((session_id, signal, argument))


class Door:
    def __init__(self, database: Path) -> None:
        self.rooms = RecordingRooms()
        self.sessions = RecordingSessions()
        shutil.copy(_migrated(), database)
        url = f"sqlite:///{database}"
        self.engine = open_engine(url)
        self.deps = Deps(
            rooms=self.rooms,
            sessions=self.sessions,
            records=RecordReader(self.engine),
            engine=self.engine,
            access=Access(self.engine),
            decisions=Decisions(self.sessions, self.engine),
            compositions=load_compositions(ROOT / "compositions"),
        )
        self.app = create_app(self.deps)
        self.http = self.browser()

    def browser(self) -> httpx.AsyncClient:
        """One with cookies of its own."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://door.test")

    async def signed_in(self, *roles: PersonRole, name: str = "", reviewer: str | None = None) -> httpx.AsyncClient:
        """The browser of a new account that came in by its one-time link, sending the token of its page."""
        name = name or "-".join(roles)
        people.add_person(self.engine, Person(name=name, display_name=name, roles=roles, reviewer=reviewer))
        token = people.invite(self.engine, name, datetime.now(UTC))
        browser = self.browser()
        answer = await browser.post("/api/welcome", json={"token": token, "password": PASSWORD})
        assert answer.status_code == 204, answer.text
        browser.headers["X-CSRF-Token"] = (await browser.get("/api/me")).json()["csrf_token"]
        return browser

    async def ask(self, subject: str = "caller-7", composition: str = "support", **headers: str) -> httpx.Response:
        return await self.http.post("/sessions", json={"composition": composition, "subject": subject}, headers=headers)

    async def webhook(self, event: dict[str, Any], *, secret: str = SECRET, body: str | None = None) -> httpx.Response:
        sent = json.dumps(event)
        digest = base64.b64encode(hashlib.sha256(sent.encode()).digest()).decode()
        token = api.AccessToken(KEY, secret).with_sha256(digest).to_jwt()
        return await self.http.post("/webhooks/livekit", content=body or sent, headers={"Authorization": token})
