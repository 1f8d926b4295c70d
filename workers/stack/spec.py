"""The stack's description: temporal-dev.yml as types.

The file's outer shape (map -> map -> scalar at every level) is what the Temporal CLI accepts of an env file.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from workers.stack.errors import SpecError
from workers.validation import explain

Port = Annotated[int, Field(ge=1, le=65535)]
PortOrOff = Annotated[int, Field(ge=0, le=65535)]
LogLevel = Literal["debug", "info", "warn", "error"]
CommaList = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda v: tuple(p.strip() for p in v.split(",") if p.strip()) if isinstance(v, str) else v),
]
READY_KINDS = ("http", "tcp", "log", "socket", "exit", "none")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda n: n.replace("_", "-"))


class TemporalFlags(_Entry):
    """`env.server`: flags of `temporal server start-dev`, as the CLI itself reads them."""

    ip: str = "127.0.0.1"
    port: Port = 7233
    ui_port: Port = 8233
    http_port: Port = 7243
    metrics_port: Port = 7253
    db_filename: str = ".dev/temporal.db"
    sqlite_pragma: str | None = None
    search_attribute: str | None = None
    dynamic_config_value: str | None = None
    namespace: str | None = None
    ui_codec_endpoint: str | None = None
    log_level: Literal["debug", "info", "warn", "error", "never"] = "warn"
    log_format: Literal["text", "json"] = "text"


class ClientFlags(_Entry):
    """`env.client`: where the Temporal CLI finds the server."""

    address: str
    namespace: str = "default"


class CliEnvironments(_Entry):
    server: TemporalFlags
    client: ClientFlags


class TemporalExtras(_Entry):
    """Repeatable flags of the Temporal server, as comma lists."""

    sqlite_pragmas: CommaList = ()
    search_attributes: CommaList = ()
    dynamic_config: CommaList = ()
    ready_timeout: float = Field(30, gt=0)

    @field_validator("search_attributes", mode="after")
    @classmethod
    def _known_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        kinds = ("Text", "Keyword", "Int", "Double", "Bool", "Datetime", "KeywordList")
        for item in value:
            if item.partition("=")[2] not in kinds:
                raise ValueError(f"{item!r}: write NAME=TYPE with a type of {', '.join(kinds)}")
        return value

    @field_validator("sqlite_pragmas", "dynamic_config", mode="after")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            if not item.partition("=")[2]:
                raise ValueError(f"{item!r}: write KEY=VALUE")
        return value


class LiveKitServer(_Entry):
    """What goes into LiveKit's generated configuration. Ports of 0 are off."""

    port: Port = 7880
    rtc_udp_port: Port = 7882
    rtc_tcp_port: PortOrOff = 0
    metrics_port: PortOrOff = 0
    key: str = Field(min_length=1)
    secret: str = Field(min_length=32)
    webhook: str | None = None
    log_level: LogLevel = "warn"
    ready_timeout: float = Field(20, gt=0)


class Servers(_Entry):
    temporal: TemporalExtras = TemporalExtras()
    livekit: LiveKitServer | None = None


class Process(_Entry):
    """One supervised command, run `replicas` times; each replica gets the next port."""

    command: str = Field(min_length=1)
    port: Port | None = None
    ready: str = "none"
    ready_timeout: float = Field(20, gt=0)
    restart: Literal["always", "on-failure", "never"] = "always"
    replicas: int = Field(1, ge=1, le=64)
    needs: CommaList = ()
    env: CommaList = ()
    stop_timeout: float = Field(3, gt=0)

    @field_validator("ready", mode="after")
    @classmethod
    def _known_check(cls, value: str) -> str:
        kind, _, rest = value.partition(" ")
        bare = kind in ("exit", "none")
        if kind not in READY_KINDS or bool(rest.strip()) == bare:
            raise ValueError("write http URL, tcp HOST:PORT, log EXPRESSION, socket PATH, exit or none")
        if kind == "log":
            re.compile(rest)
        return value

    @field_validator("env", mode="after")
    @classmethod
    def _assignments(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            if not re.match(r"[A-Za-z_][A-Za-z0-9_]*=", item):
                raise ValueError(f"{item!r}: write NAME=VALUE")
        return value


class Environment(_Entry):
    shared: dict[str, str] = {}


class StackSpec(_Entry):
    """The whole description. Without `env` or `servers.livekit` that server is not started."""

    env: CliEnvironments | None = None
    servers: Servers = Servers()
    environment: Environment = Environment()
    processes: dict[str, Process] = {}

    @model_validator(mode="after")
    def _needs_exist(self) -> "StackSpec":
        known = set(self.processes) | self.server_names
        for name, process in self.processes.items():
            if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or name in self.server_names:
                raise ValueError(f"processes.{name}: names are lower-case words joined by '-', and not a server's name")
            if unknown := [n for n in process.needs if n not in known]:
                raise ValueError(
                    f"processes.{name}.needs: no {', '.join(unknown)}; there are {', '.join(sorted(known))}"
                )
        self._refuse_circles()
        return self

    def _refuse_circles(self) -> None:
        done: set[str] = set(self.server_names)
        waiting = dict(self.processes)
        while waiting:
            free = [n for n, p in waiting.items() if set(p.needs) <= done]
            if not free:
                raise ValueError(f"processes: {', '.join(waiting)} wait for each other (needs)")
            done.update(free)
            for name in free:
                del waiting[name]

    @property
    def server_names(self) -> set[str]:
        names = {"temporal"} if self.env else set()
        return names | ({"livekit"} if self.servers.livekit else set())

    def with_overrides(self, overrides: Mapping[str, Mapping[str, object]]) -> "StackSpec":
        """A copy in which each named process has the given keys changed (spelled as in the file).

        Raises SpecError when a process or a value is not allowed.
        """
        data = self.model_dump(by_alias=True)
        for name, changes in overrides.items():
            if name not in data["processes"]:
                raise SpecError(f"overrides: no process {name!r}; there are {', '.join(data['processes'])}")
            data["processes"][name].update(changes)
        return parse_spec(data, source="overrides")


def parse_spec(data: Mapping[str, Any], *, source: str) -> StackSpec:
    """Raises SpecError with one line for each fault."""
    try:
        return StackSpec.model_validate(data)
    except ValidationError as error:
        lines = explain(error, name=lambda place: ".".join(str(part) for part in place))
        raise SpecError("\n".join(f"{source}: {line}" for line in lines)) from error


def load_spec(path: Path) -> StackSpec:
    """Raises SpecError when the file is absent, no YAML, or wrong."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SpecError(
            f"{path} does not exist; run from the repository's root, or name the file with --spec"
        ) from error
    except yaml.YAMLError as error:
        raise SpecError(f"{path} is no YAML: {error}") from error
    if not isinstance(data, dict):
        raise SpecError(f"{path}: a mapping with env, servers, environment and processes is expected")
    return parse_spec(data, source=path.name)
