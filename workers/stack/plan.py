"""From the description to launches: placeholders filled, environments put together."""

import os
import re
import shlex
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.stack import servers
from workers.stack.errors import SpecError, StackError
from workers.stack.launch import Launch
from workers.stack.selection import replica_names
from workers.stack.spec import Process, StackSpec

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)?)\}")
# Names that a process of ours gets from the description or from .env, never by accident from the caller's shell.
_NOT_INHERITED = ("LIVEKIT_", "TEMPORAL_", "OPENAI_", "DEEPGRAM_")
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """`env`: what every process of ours gets beside the caller's. `addresses`: name -> URL, or host:port."""

    launches: tuple[Launch, ...]
    env: Mapping[str, str]
    addresses: Mapping[str, str]


def make_plan(
    spec: StackSpec, *, names: Collection[str], data: Path, ports: Mapping[str, int], seed: int, env: Mapping[str, str]
) -> Plan:
    """Resolves the named entries; `env` wins over the description's shared environment.

    Raises SpecError for a placeholder that names nothing, StackError for a missing server binary.
    """
    values = _values(spec, data, ports, seed)
    shared = {n: _fill(text, values, f"environment.shared.{n}") for n, text in spec.environment.shared.items()}
    shared |= {"GREENROOM_STACK": str(data / "stack.json"), **env}
    launches = list(_servers(spec, names, values, ports, data))
    for name, process in spec.processes.items():
        if name in names:
            launches += _copies(name, process, spec, values, shared, data)
    return Plan(tuple(launches), shared, _addresses(names, launches, ports))


def _values(spec: StackSpec, data: Path, ports: Mapping[str, int], seed: int) -> dict[str, str]:
    values = {"data": str(data), "seed": str(seed)} | {key: str(port) for key, port in ports.items()}
    for name, process in spec.processes.items():
        if process.port is not None:  # of several copies the bare name means the first
            values[f"{name}.port"] = str(ports[f"{replica_names(name, process)[0]}.port"])
    if livekit := spec.servers.livekit:
        values |= {"livekit.key": livekit.key, "livekit.secret": livekit.secret}
    return values


def _servers(
    spec: StackSpec, names: Collection[str], values: Mapping[str, str], ports: Mapping[str, int], data: Path
) -> Iterator[Launch]:
    if spec.env and "temporal" in names:
        yield servers.temporal(spec.env.server, spec.servers.temporal, ports, data)
    if (livekit := spec.servers.livekit) and "livekit" in names:
        webhook = _fill(livekit.webhook, values, "servers.livekit.webhook") if livekit.webhook else None
        yield servers.livekit(livekit, webhook, ports, data)


def _copies(
    name: str,
    process: Process,
    spec: StackSpec,
    values: Mapping[str, str],
    shared: Mapping[str, str],
    data: Path,
) -> Iterator[Launch]:
    place = f"processes.{name}"
    needs = tuple(copy for need in process.needs for copy in _all_copies(need, spec))
    for number, copy in enumerate(replica_names(name, process), start=1):
        own = {**values, "replica": str(number)}
        if process.port is not None:
            own["port"] = values[f"{copy}.port"]
        words = shlex.split(_fill(process.command, own, f"{place}.command"))
        extra = dict(item.split("=", 1) for item in (_fill(e, own, f"{place}.env") for e in process.env))
        ready = _fill(process.ready, own, f"{place}.ready")
        _check_socket_path(ready, data)
        yield Launch(
            name=copy,
            argv=(sys.executable if words[0] == "python" else words[0], *words[1:]),
            env={**_inherited(), **shared, **extra, "GREENROOM_PROCESS": copy},
            cwd=servers.ROOT,
            ready=ready,
            ready_timeout=process.ready_timeout,
            restart=process.restart,
            needs=needs,
            stop_timeout=process.stop_timeout,
        )


def _all_copies(name: str, spec: StackSpec) -> list[str]:
    return replica_names(name, spec.processes[name]) if name in spec.processes else [name]


def _inherited() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    # What .env says is in the shared environment already; read again, it would win over a test's own settings.
    return kept | {"PYTHONUNBUFFERED": "1", "GREENROOM_ENV_FILE": ""}


def _check_socket_path(ready: str, data: Path) -> None:
    kind, _, rest = ready.partition(" ")
    if kind == "socket" and len(rest) > _LONGEST_SOCKET_PATH:
        raise StackError(f"{rest} is too long for a Unix socket; fix: a shorter folder for --data than {data}")


def _fill(text: str, values: Mapping[str, str], place: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise SpecError(f"{place}: no {match[0]}; there are {', '.join(sorted(values))}")
        return values[match[1]]

    return _PLACEHOLDER.sub(value, text)


def _addresses(names: Collection[str], launches: list[Launch], ports: Mapping[str, int]) -> dict[str, str]:
    host = servers.LOOPBACK
    found: dict[str, str] = {}
    if "temporal" in names:
        found |= {"temporal": f"{host}:{ports['temporal.port']}"}
        found |= {"temporal-ui": f"http://{host}:{ports['temporal.ui-port']}"}
        found |= {"temporal-http": f"http://{host}:{ports['temporal.http-port']}"}
        found |= {"temporal-metrics": f"http://{host}:{ports['temporal.metrics-port']}/metrics"}
    if "livekit" in names:
        found |= {"livekit": f"ws://{host}:{ports['livekit.port']}"}
        if "livekit.metrics-port" in ports:
            found |= {"livekit-metrics": f"http://{host}:{ports['livekit.metrics-port']}/metrics"}
    for launch in launches:
        if f"{launch.name}.port" in ports and launch.name not in ("temporal", "livekit"):
            found[launch.name] = f"http://{host}:{ports[f'{launch.name}.port']}"
    return found
