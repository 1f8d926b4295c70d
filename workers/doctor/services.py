"""The services that the settings point to: reachable, with these keys, and set up as we need them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx

from contracts.composition import HOUSE_MODEL
from workers.doctor.finding import Finding, Health, NotConfiguredError, ok, wrong
from workers.settings import Settings
from workers.stack.servers import DEFAULT_SPEC
from workers.stack.spec import load_spec

Examination = Callable[[Settings], Awaitable[Finding]]


async def database(settings: Settings) -> Finding:
    """Reachable, migrated, and not locked by a writer that does not end."""
    from store.engine import writing
    from store.errors import StoreBusy, StoreError, StoreNotMigrated
    from store.masterkey import MasterKeyError
    from workers.vault import opened_store

    def examine() -> str:
        with opened_store(settings, lock_timeout=2.0) as engine, writing(engine):
            return engine.url.render_as_string(hide_password=True)

    try:
        return ok("database", await asyncio.to_thread(examine))
    except StoreNotMigrated as error:
        return wrong("database", str(error), "make migrate")
    except MasterKeyError as error:
        return wrong("database", str(error), "correct GREENROOM_MASTER_KEY_FILE, or: greenroom keys init")
    except StoreBusy as error:
        return wrong("database", str(error), "end the program that holds it: fuser -v FILE")
    except StoreError as error:
        return wrong("database", str(error), "correct GREENROOM_DATABASE_URL")


async def temporal(settings: Settings) -> Finding:
    """Reachable, and it knows the search attributes of the description."""
    from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

    from workers.temporal import connect

    client = await connect(settings, identity="doctor")
    request = ListSearchAttributesRequest(namespace=settings.temporal_namespace)
    known = (await client.operator_service.list_search_attributes(request)).custom_attributes
    wanted = [entry.partition("=")[0] for entry in load_spec(DEFAULT_SPEC).servers.temporal.search_attributes]
    if missing := [name for name in wanted if name not in known]:
        commands = [f"temporal operator search-attribute create --name {name} --type Keyword" for name in missing]
        return wrong("temporal", f"does not know the search attributes {', '.join(missing)}", " && ".join(commands))
    return ok("temporal", f"{settings.temporal_address}, namespace {settings.temporal_namespace}")


async def livekit(settings: Settings) -> Finding:
    """Reachable, and it takes the key."""
    from livekit import api

    secret = settings.livekit_api_secret.get_secret_value()
    if not settings.livekit_api_key or not secret:
        raise NotConfiguredError("LIVEKIT_API_KEY and LIVEKIT_API_SECRET are not set")
    url = re.sub("^ws", "http", settings.livekit_url)
    async with api.LiveKitAPI(url, settings.livekit_api_key, secret) as client:
        try:
            rooms = await client.room.list_rooms(api.ListRoomsRequest())
        except api.ServerError as error:
            return wrong("livekit", f"{settings.livekit_url} refuses the key ({error.code})", "correct LIVEKIT_API_KEY")
    return ok("livekit", f"{settings.livekit_url}, {len(rooms.rooms)} rooms")


async def inference(settings: Settings) -> Finding:
    """The chat and speech service lists its models with our key."""
    url = f"{settings.openai_base_url.rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {settings.openai_api_key.get_secret_value()}"}
    found = await _get("chat and speech", url, headers, "OPENAI_API_KEY", "OPENAI_BASE_URL")
    if found.health is not Health.OK or settings.chat_model is not None:
        return found
    async with httpx.AsyncClient(timeout=4.0) as client:
        offered = [model["id"] for model in (await client.get(url, headers=headers)).json()["data"]]
    if HOUSE_MODEL in offered:
        return found
    return wrong(
        "chat and speech",
        f"{url} has no {HOUSE_MODEL}, which a composition means when it names no model",
        "set GREENROOM_CHAT_MODEL to one that it has, such as gpt-4.1",
    )


async def recognition(settings: Settings) -> Finding:
    """The recognition service answers; of a real one the key is tried, the house server takes any."""
    parts = urlsplit(settings.deepgram_base_url)
    house = parts.netloc == urlsplit(settings.openai_base_url).netloc
    url = f"{parts.scheme}://{parts.netloc}{'/health' if house else '/v1/projects'}"
    headers = {"Authorization": f"Token {settings.deepgram_api_key.get_secret_value()}"}
    return await _get("recognition", url, headers, "DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL")


async def front_door(settings: Settings) -> Finding:
    """The front door is healthy."""
    return await _get("front door", f"{settings.front_door_url}/health", {}, "", "GREENROOM_FRONT_DOOR_URL")


async def _get(subject: str, url: str, headers: dict[str, str], key: str, base: str) -> Finding:
    if key and headers["Authorization"].split()[1:] == []:
        raise NotConfiguredError(f"{key} is not set")
    async with httpx.AsyncClient(timeout=4.0) as client:
        answer = await client.get(url, headers=headers)
    if answer.status_code in (401, 403):
        return wrong(subject, f"{url} refuses the key", f"correct {key}")
    if answer.status_code != 200:
        return wrong(subject, f"{url} answers {answer.status_code}", f"correct {base}, or look at its log")
    return ok(subject, url)


def tool_server(server_id: str, url: str) -> Examination:
    """The MCP server answers and has tools."""

    async def examine(settings: Settings) -> Finding:
        from tools.mcp_server import McpToolServer

        server = McpToolServer(server_id, url, list_timeout=4.0)
        try:
            tools = await server.list_tools()
        finally:
            await server.aclose()
        names = ", ".join(tool.name for tool in tools)
        subject = f"tools {server_id}"
        return ok(subject, f"{url}: {names}") if tools else wrong(subject, f"{url} offers none", "look at its log")

    return examine


async def compositions(settings: Settings) -> Finding:
    """Every composition can be used, and the tool servers that they name are configured."""
    from tools.compositions import load_compositions

    found = load_compositions(settings.compositions_dir)
    wanted = {tool.server for composition in found.values() for tool in composition.tools}
    if missing := sorted(wanted - set(settings.tool_servers)):
        raise NotConfiguredError(f"{', '.join(found)}; GREENROOM_TOOL_SERVERS has no {', '.join(missing)}")
    return ok("compositions", ", ".join(found))
