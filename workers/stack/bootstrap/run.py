"""Set-up from start to end: what is there already is left alone, what is missing is installed, two things at a time."""

import argparse
import fcntl
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

from workers.stack.bootstrap import audit_key, binaries, commands, database, environment, web
from workers.stack.bootstrap.clean import clean
from workers.stack.bootstrap.errors import SetupError
from workers.stack.bootstrap.places import DEV
from workers.stack.bootstrap.progress import Progress


def main(arguments: list[str]) -> int:
    """Exit code 0 when all is there, 1 when something cannot be had (said in one line), 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="make setup", description=__doc__)
    parser.add_argument("--clean", action="store_true", help="remove databases and logs instead")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        if given.clean:
            clean()
        elif not is_ready():
            set_up()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        commands.end_all()
        print("setup: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def is_ready() -> bool:
    """Whether there is nothing to do; takes a few milliseconds."""
    return all(part.is_ready() for part in (environment, binaries, web, database, audit_key))


def set_up() -> None:
    """Raises SetupError."""
    DEV.mkdir(exist_ok=True)
    with _one_at_a_time(), Progress() as progress, ThreadPoolExecutor(2) as pool:
        try:
            jobs = [pool.submit(part.make, progress) for part in (environment, binaries, web) if not part.is_ready()]
            for job in jobs:
                job.result()
            for part in (database, audit_key):
                if not part.is_ready():
                    pool.submit(part.make, progress).result()
        except BaseException:
            commands.end_all()
            raise


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (DEV / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: another set-up runs here; waiting for it ...", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
