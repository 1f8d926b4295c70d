"""The voice worker: a LiveKit agent server with warm processes, one job a call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from livekit.agents import AgentServer, JobContext, JobExecutorType, JobProcess, JobRequest
from temporalio.client import Client

from contracts import names
from contracts.attendance import DispatchMetadata
from live.outbox import resend
from live.sending import send
from live.spool import UNCOVERED, Cover, Spool
from tools.compositions import load_compositions
from workers.settings import Settings
from workers.temporal import connect
from workers.vault import open_envelope

if TYPE_CHECKING:
    from live.voice import VoiceCall

logger = logging.getLogger("greenroom.voice")

ROLE = "voice"
STOP_SECONDS = 5.0
ORPHAN_SECONDS = 5.0
_CALL = "call"


def prewarm(proc: JobProcess) -> None:
    """Everything slow, before there is a call."""
    from workers import voice_job  # the worker itself needs none of it: plugins, models and tool clients

    voice_job.prewarm(proc)


async def attend(ctx: JobContext) -> None:
    from workers import voice_job

    ctx.proc.userdata[_CALL] = call = voice_job.begin(ctx)
    await call.start()


async def session_ended(ctx: JobContext) -> None:
    call: VoiceCall | None = ctx.proc.userdata.get(_CALL)
    if call is not None:
        await call.stopped()


class Admission:
    """Takes jobs, never more than `most`: LiveKit knows the load of a moment ago, and may send one too many.

    Role and epoch are in the participant's attributes from its first moment: they confirm the join.
    """

    def __init__(self, most: int, running: Callable[[], int]) -> None:
        self._most = most
        self._running = running
        self._accepting = 0

    async def __call__(self, request: JobRequest) -> None:
        if self._running() + self._accepting >= self._most:
            logger.warning("full: a call goes to another worker")
            await request.reject(terminate=False)
            return
        dispatch = DispatchMetadata.model_validate_json(request.job.metadata)
        self._accepting += 1
        try:
            await request.accept(
                attributes={names.ATTRIBUTE_ROLE: dispatch.role, names.ATTRIBUTE_EPOCH: str(dispatch.epoch)}
            )
        finally:
            self._accepting -= 1


def build_server(settings: Settings, pool: str = ROLE) -> AgentServer:
    """Load counts jobs: the CPU average, which is the default, silently loses dispatches on a busy machine."""
    server = AgentServer(
        job_executor_type=JobExecutorType.PROCESS,
        load_fnc=lambda running: len(running.active_jobs) / settings.voice_max_jobs,
        load_threshold=0.999,
        num_idle_processes=settings.voice_idle_processes,
        initialize_process_timeout=30.0,
        shutdown_process_timeout=STOP_SECONDS,
        session_end_timeout=STOP_SECONDS,
        setup_fnc=prewarm,
        preload_modules=["workers.voice", "workers.voice_job"],
        ws_url=settings.livekit_url,
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        host="127.0.0.1",
        port=0,
        max_retry=1_000_000,
        log_level="INFO",
    )
    admission = Admission(settings.voice_max_jobs, lambda: len(server.active_jobs))
    server.rtc_session(attend, agent_name=names.agent_name(pool), on_request=admission, on_session_end=session_ended)
    return server


async def serve(settings: Settings, health_port: int | None, drain_seconds: int = 0, pool: str = ROLE) -> None:
    """Until SIGTERM or SIGINT. `/` answers 200 once this worker takes calls of its pool at once.

    With `drain_seconds` running calls may end by themselves for that long before they are handed to another worker.
    """
    load_compositions(settings.compositions_dir)  # a wrong one is told here, not in every job
    stop, ready = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client, cover = await connect(settings, identity=f"{ROLE} spool", lazy=True), open_envelope(settings) or UNCOVERED
    server = build_server(settings, pool)
    server.on("worker_registered", lambda *_: ready.set())
    running = asyncio.create_task(server.run(), name="server")
    orphans = asyncio.create_task(resend_orphans(settings.spool_dir, client, cover), name="orphans")
    async with _health(server, ready, health_port):
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
        orphans.cancel()
        if not running.done():
            if drain_seconds > 0:
                with contextlib.suppress(TimeoutError):
                    await server.drain(timeout=drain_seconds)
            await server.aclose()
        await running


async def resend_orphans(folder: Path, client: Client, cover: Cover) -> None:
    """Sends what jobs that died could not send; at the start and every few seconds."""
    while True:
        for spool in await asyncio.to_thread(Spool.orphans, folder, cover):
            async with contextlib.aclosing(spool):
                try:
                    done = await resend(spool, lambda item: send(client, item))
                    logger.info("spool of a dead job %s", "sent" if done else "kept: Temporal is away")
                except Exception:  # nobody foresaw it: that spool is kept, and the others are sent
                    logger.exception("spool of a dead job kept")
        await asyncio.sleep(ORPHAN_SECONDS)


@contextlib.asynccontextmanager
async def _health(server: AgentServer, ready: asyncio.Event, port: int | None) -> AsyncIterator[None]:
    if port is None:
        yield
        return

    async def root(_: web.Request) -> web.Response:
        return web.Response(text="OK") if ready.is_set() else web.Response(status=503, text="not registered yet")

    async def worker(_: web.Request) -> web.Response:
        jobs = [{"job": job.job.id, "room": job.job.room.name} for job in server.active_jobs]
        return web.json_response({"agent": server.id, "active_jobs": jobs, "pid": os.getpid()})

    app = web.Application()
    app.add_routes([web.get("/", root), web.get("/worker", worker)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()
