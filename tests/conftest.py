"""What every test shares: a world of its own, and one real stack for all tests that need one."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from store.masterkey import create_key_file
from workers.stack.stack import Stack

# The same examples in every run, so that a change is judged by itself; --hypothesis-profile=default draws new ones.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

# Neither a developer's .env nor a stack that runs on this machine may change what a test sees.
os.environ["GREENROOM_ENV_FILE"] = ""
os.environ["GREENROOM_STACK"] = "/nonexistent/stack.json"
_keys = tempfile.TemporaryDirectory(prefix="greenroom-keys-")
# One master key for all that a test opens by itself; a stack brings a key of its own.
os.environ["GREENROOM_MASTER_KEY_FILE"] = str(Path(_keys.name) / "master.key")
create_key_file(Path(_keys.name) / "master.key")


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """The whole development stack on free ports, once a run. What is missing fails with its fix (make setup).

    A test that kills a process waits until it is ready again. The ends of all logs go into a failed test's report.
    """
    data = Path(tempfile.mkdtemp(prefix="greenroom-", dir="/tmp"))  # short: Unix sockets live in it
    try:
        async with Stack.start(data=data, auto_ports=True) as running:
            yield running
    finally:
        shutil.rmtree(data)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Adds the last lines of every process to the report of a failed test that uses the shared stack."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, Stack):
        for name in running.names:
            report.sections.append((f"log of {name}", "\n".join(running.logs(name)[-20:])))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real audio on a busy machine may be misheard once: a stack test may fail once, and never twice."""
    for item in items:
        if item.get_closest_marker("stack") is not None:
            item.add_marker(pytest.mark.flaky(reruns=1))
