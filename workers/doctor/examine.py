"""All examinations: the machine's first, then the services' at once."""

import asyncio
from collections.abc import Mapping

from workers.doctor import machine, services
from workers.doctor.finding import Finding, NotConfiguredError, off, ok, wrong
from workers.errors import GreenroomError, SettingsError
from workers.settings import Settings, load_settings, stack_file
from workers.stack.state import read_state

_WITHIN = 5.0


async def examine() -> list[Finding]:
    """Every finding, in the order in which they are best mended."""
    state = read_state(stack_file())
    findings = [
        machine.python(),
        *machine.servers(),
        machine.disk(stack_file().parent),
        *machine.stack(state),
        *machine.overruled(state),
    ]
    try:
        settings = load_settings()
    except SettingsError as error:
        return [*findings, *(wrong("settings", line, "correct it in .env") for line in str(error).splitlines())]
    findings.append(ok("settings", f"{len(Settings.model_fields)} settings can be used"))
    found = await asyncio.gather(*(_bounded(n, e, settings, state is not None) for n, e in _all(settings).items()))
    return [*findings, *found]


def _all(settings: Settings) -> Mapping[str, services.Examination]:
    return {
        "compositions": services.compositions,
        "database": services.database,
        "temporal": services.temporal,
        "livekit": services.livekit,
        "chat and speech": services.inference,
        "recognition": services.recognition,
        "front door": services.front_door,
    } | {f"tools {name}": services.tool_server(name, url) for name, url in settings.tool_servers.items()}


async def _bounded(subject: str, examination: services.Examination, settings: Settings, stack_runs: bool) -> Finding:
    """An examination that fails or takes too long is a finding too: off when no stack runs, else wrong."""
    try:
        return await asyncio.wait_for(examination(settings), _WITHIN)
    except NotConfiguredError as error:
        detail = str(error)
    except GreenroomError as error:
        return wrong(subject, str(error), "correct what the message names")
    except TimeoutError:
        detail = f"no answer within {_WITHIN:g} s"
    except Exception as error:  # noqa: BLE001 (whatever a client raises means: not usable, and the finding says so)
        detail = f"cannot be reached: {type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else ''}"
    if stack_runs:
        return wrong(subject, detail, f"look at its log beside {stack_file()}, or correct its setting")
    return off(subject, detail)
