"""The LiveKit and Temporal servers: found on PATH, else built from the Go module proxy into .dev/bin."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from workers.stack.bootstrap.commands import answers, run, version
from workers.stack.bootstrap.errors import SetupError
from workers.stack.bootstrap.go import find_go
from workers.stack.bootstrap.places import BIN, DEV, LOGS
from workers.stack.bootstrap.progress import Progress, Step

_NEEDED_BYTES = 3 * 1000**3


@dataclass(frozen=True)
class Server:
    """`built_as` is what `go install` calls it. One on PATH counts from version `least`, found by `pattern`."""

    name: str
    module: str
    built_as: str
    pattern: str
    least: tuple[int, int]
    usual: int


SERVERS = (
    Server(
        "livekit-server",
        "github.com/livekit/livekit-server/cmd/server@v1.13.5",
        "server",
        r"version (\d+)\.(\d+)",
        (1, 13),
        90,
    ),
    # A Temporal CLI is known by the server inside: dynamic configuration and search attributes depend on it.
    Server(
        "temporal",
        "github.com/temporalio/cli/cmd/temporal@v1.5.1",
        "temporal",
        r"Server (\d+)\.(\d+)",
        (1, 29),
        150,
    ),
)


def is_ready() -> bool:
    """Whether both are in .dev/bin."""
    return all(map(_is_there, SERVERS))


def _is_there(server: Server) -> bool:
    source = _source(server)
    return os.access(BIN / server.name, os.X_OK) and source.exists() and source.read_text() in (server.module, "PATH")


def _source(server: Server) -> Path:
    """Says where the binary came from, so that another version asked for above is built."""
    return BIN / f"{server.name}.from"


def make(progress: Progress) -> None:
    """One after the other: a build takes every core. Raises SetupError."""
    for server in SERVERS:
        if _is_there(server):
            continue
        with progress.step(server.name, server.usual) as step:
            _install(server, step)


def _install(server: Server, step: Step) -> None:
    BIN.mkdir(parents=True, exist_ok=True)
    target = BIN / server.name
    target.unlink(missing_ok=True)
    found = shutil.which(server.name)
    if found and version_on_path(server, found) >= server.least:
        target.symlink_to(found)
        _source(server).write_text("PATH")
        return
    log = LOGS / f"setup-{server.name}.log"
    log.unlink(missing_ok=True)
    go = find_go(step, log)
    _enough_space(go, step)
    built = DEV / "build"
    # The module's own lines matter (GOFLAGS, GOWORK of the caller do not), and no C compiler is needed.
    env = {"GOBIN": str(built), "GOFLAGS": "", "GOWORK": "off", "CGO_ENABLED": "0", "GO111MODULE": "on"}
    run(step, [go, "install", "-v", server.module], log=log, env=env, cwd=DEV)
    (built / server.built_as).replace(target)
    if not answers([str(target), "--version"]):
        raise SetupError(f"{server.name} was built but does not run; fix: remove {target}, see {log}")
    _source(server).write_text(server.module)


def version_on_path(server: Server, path: str) -> tuple[int, int]:
    """(0, 0) when it does not work or does not tell."""
    return version([path, "--version"], server.pattern)


def _enough_space(go: str, step: Step) -> None:
    caches = (answers([go, "env", "GOCACHE", "GOMODCACHE"]) or "").splitlines()
    for place in (DEV, *map(Path, caches)):
        existing = next(p for p in (place, *place.parents) if p.exists())
        free = shutil.disk_usage(existing).free
        if free < _NEEDED_BYTES:
            raise SetupError(
                f"{step.title}: building needs 3 GB and {existing} has {free / 1000**3:.1f} GB left; fix: free some, "
                "or point GOCACHE and GOMODCACHE to another disk, or put livekit-server and temporal on PATH"
            )
