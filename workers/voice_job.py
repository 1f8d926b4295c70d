"""What runs in a job's process: one call, wired to its models, tools and the durable side."""

from __future__ import annotations

from livekit.agents import JobContext, JobProcess
from pydantic import SecretStr
from temporalio.client import Client

from live.config import LiveConfig, Seconds, Service
from live.models import Warm, make_phrases, warm_up
from live.spool import UNCOVERED
from live.voice import VoiceCall
from tools.compositions import load_compositions
from tools.mcp_server import McpToolServer
from tools.registry import ToolRegistry
from workers.settings import Settings, load_settings
from workers.temporal import connect
from workers.vault import open_envelope


def live_config(settings: Settings) -> LiveConfig:
    compositions = load_compositions(settings.compositions_dir, chat_model=settings.chat_model)
    return LiveConfig(
        compositions=compositions,
        default_composition="support" if "support" in compositions else min(compositions),
        openai_base_url=settings.openai_base_url,
        openai_api_key=settings.openai_api_key.get_secret_value() or "keyless",
        deepgram_base_url=settings.deepgram_base_url,
        deepgram_api_key=settings.deepgram_api_key.get_secret_value() or "keyless",
        spool_dir=settings.spool_dir,
        cover=open_envelope(settings) or UNCOVERED,
        phrases_dir=settings.phrases_dir,
        second=_seconds(settings),
        watch_socket=settings.watch_socket,
    )


def _seconds(settings: Settings) -> Seconds:
    def service(url: str | None, key: SecretStr, model: str, voice: str = "") -> Service | None:
        return None if url is None else Service(url, key.get_secret_value() or "keyless", model, voice)

    return Seconds(
        chat=service(settings.second_chat_url, settings.second_chat_api_key, settings.second_chat_model),
        listening=service(settings.second_listen_url, settings.second_listen_api_key, settings.second_listen_model),
        voice=service(
            settings.second_voice_url,
            settings.second_voice_api_key,
            settings.second_voice_model,
            settings.second_voice,
        ),
    )


def prewarm(proc: JobProcess) -> None:
    settings = load_settings()
    config = live_config(settings)
    servers = {name: McpToolServer(name, url) for name, url in settings.tool_servers.items()}
    registries = {c.id: ToolRegistry(c, servers) for c in config.compositions.values()}
    make_phrases(config)
    proc.userdata.update(settings=settings, config=config, warm=warm_up(config), registries=registries)


def begin(ctx: JobContext) -> VoiceCall:
    settings: Settings = ctx.proc.userdata["settings"]
    config: LiveConfig = ctx.proc.userdata["config"]
    warm: Warm = ctx.proc.userdata["warm"]
    registries: dict[str, ToolRegistry] = ctx.proc.userdata["registries"]

    async def client() -> Client:
        # Here and not earlier: a client does not survive a fork.
        return await connect(settings, identity=f"voice {ctx.job.id}", lazy=True)

    return VoiceCall(ctx, config, client, registries, warm)
