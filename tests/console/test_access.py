"""Who gets in, and how far: the table of every route and role, sign-in, links, cookies, forged requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from front_door import PASSWORD, SECRET, Door

from console.attempts import PER_NAME, WINDOW_SECONDS, Attempts
from console.cookies import CallTicket, SessionTicket, Signer
from contracts.people import Person, PersonRole
from store import people

WATCHERS = {"operator", "auditor", "admin"}
SIGNED_IN = WATCHERS | {"reviewer"}
EVERYBODY = SIGNED_IN | {"nobody", "caller"}
"""A caller is whoever opened the call in question, and nothing else."""
ROUTES: dict[str, set[str]] = {
    "POST /sessions": EVERYBODY,
    "POST /webhooks/livekit": EVERYBODY,  # by LiveKit's signature
    "GET /health": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "POST /api/sign-in": EVERYBODY,
    "GET /api/welcome/{token}": EVERYBODY,
    "POST /api/welcome": EVERYBODY,
    "POST /api/sign-out": SIGNED_IN,
    "GET /api/me": SIGNED_IN,
    "GET /api/sessions": WATCHERS,
    "GET /api/sessions/{session_id}": WATCHERS,
    "GET /api/sessions/{session_id}/turns": WATCHERS,
    "GET /api/tasks/{task_id}": WATCHERS,
    "GET /api/approvals": WATCHERS,
    "GET /api/approvals/{approval_id}": WATCHERS,
    "GET /api/deliveries": WATCHERS,
    "GET /api/tasks": WATCHERS,
    "GET /api/sessions/{session_id}/timeline": WATCHERS,
    "GET /api/operate/approvals": WATCHERS,
    "GET /api/operate/health": WATCHERS,
    "GET /api/compositions": EVERYBODY,
    "GET /api/calls/{session_id}": {"caller"},
    "GET /api/calls/{session_id}/events": {"caller"},
    "POST /api/calls/{session_id}/token": {"caller"},
    "GET /api/queue": {"reviewer"},
    "GET /api/queue/events": {"reviewer"},
    "GET /api/queue/colleagues": {"reviewer"},
    "GET /api/queue/{approval_id}": {"reviewer"},
    "POST /api/queue/{approval_id}/check": {"reviewer"},
    "POST /api/queue/{approval_id}/decide": {"reviewer"},
}
"""Who gets past the door of each route. A new route has to be entered here."""
NOT_ENTERED = {
    "POST /webhooks/livekit",  # answers 401 by signature: test_front_door.py
    "POST /api/sign-out",  # would end the visit: below
    "GET /api/calls/{session_id}/events",  # has no end either
    "GET /api/queue/events",  # has no end for whoever is let in: test_fanout.py
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    opened = Door(tmp_path / "records.db")
    async with opened.http:
        yield opened


async def test_every_route_lets_in_exactly_the_roles_of_the_table(door: Door) -> None:
    paths = door.app.openapi()["paths"]
    known = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert known == ROUTES.keys()
    browsers = {"nobody": door.browser()}
    for role in SIGNED_IN:
        browsers[role] = await door.signed_in(PersonRole(role), reviewer="ann")
    browsers["caller"] = door.browser()
    opened = await browsers["caller"].post("/sessions", json={"composition": "support", "subject": "caller-7"})
    mine = opened.json()["session_id"]
    for entry, allowed in ROUTES.items():
        if entry in NOT_ENTERED:
            continue
        method, path = entry.split()
        for who, browser in browsers.items():
            named = path.replace("/calls/{session_id}", f"/calls/{mine}").replace("{", "").replace("}", "")
            answer = await browser.request(method, named, headers={"X-CSRF-Token": "page"} if who == "caller" else {})
            refused = answer.status_code in (401, 403)
            assert refused is (who not in allowed), f"{entry} for {who}: {answer.status_code} {answer.text}"


async def test_a_link_sets_a_password_once(door: Door) -> None:
    people.add_person(door.engine, Person(name="ada", display_name="Ada", roles=(PersonRole.ADMIN,)))
    replaced = people.invite(door.engine, "ada", datetime.now(UTC))
    token = people.invite(door.engine, "ada", datetime.now(UTC))
    assert (await door.http.get(f"/api/welcome/{replaced}")).status_code == 404
    assert (await door.http.get(f"/api/welcome/{token}")).json() == {"name": "ada"}
    assert (await door.http.post("/api/welcome", json={"token": token, "password": "short"})).status_code == 422
    body = {"token": token, "password": PASSWORD}
    assert (await door.http.post("/api/welcome", json=body)).status_code == 204
    assert (await door.http.get("/api/me")).json()["roles"] == ["admin"]
    assert (await door.http.post("/api/welcome", json=body)).status_code == 404
    old = people.invite(door.engine, "ada", datetime.now(UTC) - timedelta(days=2))
    assert (await door.http.post("/api/welcome", json={**body, "token": old})).status_code == 404


async def test_sign_in_and_out(door: Door) -> None:
    await door.signed_in(PersonRole.OPERATOR, name="olga")
    browser = door.browser()
    right = {"name": "olga", "password": PASSWORD}
    assert (await browser.post("/api/sign-in", json={**right, "password": "wrong"})).status_code == 401
    answer = await browser.post("/api/sign-in", json=right)
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    me = (await browser.get("/api/me")).json()
    assert (await browser.post("/api/sign-out")).status_code == 403, "without the token of the page"
    assert (await browser.get("/api/me")).status_code == 200
    out = await browser.post("/api/sign-out", headers={"X-CSRF-Token": me["csrf_token"]})
    assert out.status_code == 204 and (await browser.get("/api/me")).status_code == 401


async def test_guessing_is_slowed_down_and_says_for_how_long(door: Door) -> None:
    await door.signed_in(PersonRole.OPERATOR, name="olga")
    browser = door.browser()
    for _ in range(PER_NAME):
        wrong = await browser.post("/api/sign-in", json={"name": "olga", "password": "guess"})
        assert wrong.status_code == 401
    answer = await browser.post("/api/sign-in", json={"name": "olga", "password": PASSWORD})
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0


def test_attempts_are_forgotten_after_their_window() -> None:
    now = 0.0
    attempts = Attempts(lambda: now)
    for _ in range(PER_NAME):
        assert attempts.wait_seconds("ann", "a") == 0
        attempts.failed("ann", "a")
    assert attempts.wait_seconds("ann", "b") == WINDOW_SECONDS + 1
    assert attempts.wait_seconds("ben", "a") == 0
    now = WINDOW_SECONDS
    assert attempts.wait_seconds("ann", "b") == 0


@pytest.mark.parametrize("change", [{"roles": (PersonRole.REVIEWER,)}, {"active": False}])
async def test_whoever_is_deactivated_or_changed_is_out_at_once(door: Door, change: dict[str, object]) -> None:
    browser = await door.signed_in(PersonRole.AUDITOR, name="otto")
    assert (await browser.get("/api/sessions")).status_code == 200
    known = people.person(door.engine, "otto")
    assert known is not None
    people.update_person(door.engine, known.model_copy(update=change))
    assert (await browser.get("/api/sessions")).status_code == 401, "signed in with rights that are gone"


def test_a_ticket_is_good_for_what_it_was_made_for_until_it_expires() -> None:
    signer = Signer(b"k" * 32)
    ticket = SessionTicket(expires=10, name="ann", generation=1, nonce="n")
    signed = signer.sign(ticket)
    assert signer.read(SessionTicket, signed, 9) == ticket
    assert signer.read(SessionTicket, signed, 10) is None
    assert signer.read(CallTicket, signed, 9) is None
    assert Signer(b"l" * 32).read(SessionTicket, signed, 9) is None
    body, _, mac = signed.partition(".")
    for forged in (None, "", ".", "x.y", f"{body}x.{mac}", f"{body}.{mac}x", f".{mac}", f"ä.{mac}"):
        assert signer.read(SessionTicket, forged, 9) is None


async def test_every_answer_carries_the_policy_of_the_page(door: Door) -> None:
    for path in ("/health", "/api/me", "/nowhere"):
        headers = (await door.http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "ws://rooms.test" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


async def test_the_key_outlives_the_process(door: Door) -> None:
    assert people.cookie_key(door.engine) == people.cookie_key(door.engine)


async def test_a_caller_sees_the_own_call_alone_and_comes_back_to_it(door: Door) -> None:
    opened = (await door.ask()).json()
    mine, other = opened["session_id"], (await door.ask(subject="other")).json()["session_id"]
    # The browser holds one call at a time: the newest.
    assert (await door.http.get(f"/api/calls/{mine}")).status_code == 403
    state = (await door.http.get(f"/api/calls/{other}")).json()
    assert state["open"] and state["tasks"] == []
    assert (await door.http.post(f"/api/calls/{other}/token")).status_code == 403, "not from a page of ours"
    again = await door.http.post(f"/api/calls/{other}/token", headers={"X-CSRF-Token": "page"})
    claims = jwt.decode(again.json()["token"], SECRET, algorithms=["HS256"])
    assert claims["video"]["room"] == f"greenroom-{other}" and "roomAdmin" not in claims["video"]
    assert (await door.browser().get(f"/api/calls/{other}")).status_code == 403
