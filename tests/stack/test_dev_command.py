"""`greenroom dev` from outside: whatever ends it, no process stays behind."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from small_stacks import CHILDREN, gone

ROOT = Path(__file__).parents[2]


def write_spec(path: Path, *, ready: str) -> None:
    """A family (with a child apart), then one process whose readiness is as given."""
    processes = {
        "family": {"command": f"python {CHILDREN} family", "ready": "log family complete"},
        "last": {"command": f"python {CHILDREN} stubborn", "ready": ready, "needs": "family", "stop-timeout": 0.5},
    }
    path.write_text(yaml.safe_dump({"processes": processes}))


@pytest.fixture
def dev(data: Path, request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str]"]:
    """A running `greenroom dev`; the parameter is the last process's readiness rule."""
    write_spec(data / "spec.yml", ready=request.param)
    command = [sys.executable, "-m", "workers", "dev", "--spec", str(data / "spec.yml"), "--data", str(data / "d")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as running:
        yield running
        running.kill()


def read_until(running: "subprocess.Popen[str]", word: str) -> list[str]:
    """The output up to a line that holds the word; fails with all of it when the output ends before."""
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line)
        if word in line:
            return lines
    pytest.fail(f"no {word!r} in:\n{''.join(lines)}")


def everyone(running: "subprocess.Popen[str]") -> list[int]:
    pids = [child.pid for child in psutil.Process(running.pid).children(recursive=True)]
    assert len(pids) == 5  # the reaper, family, its two children, the last one
    return pids


@pytest.mark.parametrize("dev", ["log ^never"], indirect=True, ids=["starting"])
@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_start_leaves_nothing(dev: "subprocess.Popen[str]", sig: signal.Signals) -> None:
    read_until(dev, "last         up")
    pids = everyone(dev)
    dev.send_signal(sig)
    assert dev.wait(15) == 0
    assert all(map(gone, pids))


@pytest.mark.parametrize("dev", ["log ^up"], indirect=True, ids=["ready"])
def test_ctrl_c_ends_all_and_the_state_file(dev: "subprocess.Popen[str]", data: Path) -> None:
    read_until(dev, "The stack is ready")
    assert (data / "d" / "stack.json").exists()
    pids = everyone(dev)
    dev.send_signal(signal.SIGINT)
    assert dev.wait(15) == 0
    assert all(map(gone, pids))
    assert not (data / "d" / "stack.json").exists()


@pytest.mark.parametrize("dev", ["log ^up"], indirect=True, ids=["ready"])
def test_impatient_ctrl_c_kills(dev: "subprocess.Popen[str]") -> None:
    read_until(dev, "The stack is ready")
    pids = everyone(dev)
    dev.send_signal(signal.SIGINT)
    read_until(dev, "stopping")
    dev.send_signal(signal.SIGINT)
    dev.wait(15)
    assert all(map(gone, pids))


@pytest.mark.parametrize("dev", ["log ^up"], indirect=True, ids=["ready"])
def test_even_sigkill_leaves_nothing(dev: "subprocess.Popen[str]") -> None:
    read_until(dev, "The stack is ready")
    pids = everyone(dev)
    dev.kill()
    dev.wait(15)
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=5)
    assert not alive
