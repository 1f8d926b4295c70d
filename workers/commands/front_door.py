"""`greenroom front-door`: sessions, room tokens, LiveKit's webhooks and the records, over HTTP."""

from __future__ import annotations

import logging
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

import typer
import uvicorn
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from console.access import Access
from console.app import create_app
from console.codec import CodecDoor
from console.decisions import Decisions
from console.deps import Check, Deps
from console.rooms import Rooms
from console.sessions import Sessions
from store.engine import verify_revision
from store.errors import StoreError
from store.reader import RecordReader
from tools.compositions import load_compositions
from workers.errors import SettingsError
from workers.settings import Settings, load_settings
from workers.stack.bootstrap.web import BUILT
from workers.temporal import connect
from workers.vault import open_codec, open_store

app = typer.Typer()


@app.command()
def front_door(
    port: Annotated[int | None, typer.Option(help="Instead of the port of GREENROOM_FRONT_DOOR_URL.")] = None,
) -> None:
    """Give callers a room and a token, and take LiveKit's webhooks. Runs until Ctrl-C."""
    settings = load_settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s")
    address = urlsplit(settings.front_door_url)
    uvicorn.run(
        create_app(build(settings)),
        host=address.hostname or "127.0.0.1",
        port=port or address.port or 80,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )


def build(settings: Settings) -> Deps:
    """The front door's dependencies. Neither Temporal nor the database need be up yet. Raises GreenroomError kinds."""
    secret = settings.livekit_api_secret.get_secret_value()
    if not settings.livekit_api_key or not secret:
        raise SettingsError("LIVEKIT_API_KEY and LIVEKIT_API_SECRET are needed: those that the LiveKit server knows")
    engine = open_store(settings, verify=False)
    sessions = Sessions(partial(connect, settings, identity="front-door", lazy=True))

    async def temporal() -> str | None:
        return None if await sessions.answers() else f"no answer at {settings.temporal_address}"

    return Deps(
        rooms=Rooms(settings.livekit_url, settings.livekit_api_key, secret),
        sessions=sessions,
        records=RecordReader(engine),
        engine=engine,
        access=Access(engine, secure=settings.front_door_url.startswith("https")),
        decisions=Decisions(sessions, engine),
        site=BUILT,
        temporal_ui=settings.temporal_ui,
        namespace=settings.temporal_namespace,
        compositions=load_compositions(settings.compositions_dir),
        codec=_codec(settings),
        checks={"database": _database(engine), "temporal": temporal},
    )


def _codec(settings: Settings) -> CodecDoor | None:
    codec = open_codec(settings)
    token, origin = settings.codec_token.get_secret_value(), settings.temporal_ui.rstrip("/")
    return None if codec is None else CodecDoor(codec, token, origin)


def _database(engine: Engine) -> Check:
    async def check() -> str | None:
        try:
            await run_in_threadpool(verify_revision, engine)
        except StoreError as error:
            return str(error)
        return None

    return check
