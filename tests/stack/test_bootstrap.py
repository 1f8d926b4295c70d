"""Set-up: what is wrong is told in one line with the fix."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from workers.stack.bootstrap import binaries, commands, environment, go, web
from workers.stack.bootstrap.errors import SetupError, diagnose
from workers.stack.bootstrap.progress import Progress, Step

ROOT = Path(__file__).parents[2]


def program(path: Path, says: str, code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("write /root/.cache/go-build/x: no space left on device", "the disk is full; fix: free 3 GB"),
        ("dial tcp: lookup modules.example.org: no such host", "the network refused; fix: check HTTPS_PROXY"),
        ("error: Failed to fetch: `https://packages.example.org/simple/aiohttp/`", "the network refused"),
        ("error: Hash mismatch for `aiohttp==3.14.5`", "a package is not what requirements.lock says"),
        ("something else", "step failed: noise | something else; fix: see"),
    ],
)
def test_a_failed_program_is_diagnosed(output: str, cause: str, tmp_path: Path) -> None:
    told = str(diagnose("step", ["noise", output], tmp_path / "log"))
    assert cause in told and "\n" not in told and str(tmp_path / "log") in told


def test_a_program_that_fails_leaves_a_log_and_a_one_line_error(tmp_path: Path) -> None:
    step = Step("step", 1)
    with pytest.raises(SetupError, match="the disk is full"):
        commands.run(step, ["sh", "-c", "echo first; echo no space left on device; exit 3"], log=tmp_path / "log")
    assert (tmp_path / "log").read_text().splitlines()[1:] == ["first", "no space left on device"]


def test_an_old_go_is_passed_over_and_without_the_wheel_the_fix_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = program(tmp_path / "path" / "go", "go version go1.20.1 linux/amd64")
    program(tmp_path / "path" / "uv", "error: Failed to fetch: dns error", code=2)
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / "path" / name))
    monkeypatch.setattr(go, "_USUAL_PLACE", str(tmp_path / "none"))
    monkeypatch.setattr(go, "DEV", tmp_path / "dev")
    monkeypatch.setattr(environment, "DEV", tmp_path / "dev")
    monkeypatch.setattr(environment, "answers", lambda argv: "uv 1")
    with pytest.raises(SetupError) as caught:
        go.find_go(Step("temporal", 1), tmp_path / "log")
    told = str(caught.value)
    assert f"Go 1.26 or newer is needed ({old} is 1.20)" in told and "https://go.dev/dl" in told
    program(tmp_path / "path" / "go", "go version go1.26.0 linux/amd64")
    assert go.find_go(Step("temporal", 1), tmp_path / "log") == str(old)


def test_a_full_disk_is_told_before_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=1.5e9))
    with pytest.raises(SetupError, match=r"temporal: building needs 3 GB and .* has 1\.5 GB left; fix: free some"):
        binaries._enough_space(str(program(tmp_path / "go", str(tmp_path))), Step("temporal", 1))


def test_servers_on_path_are_used_when_new_enough_and_then_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "BIN", tmp_path / "bin")
    program(tmp_path / "path" / "livekit-server", "livekit-server version 1.13.9")
    program(tmp_path / "path" / "temporal", "temporal version 1.6.0 (Server 1.30.0, UI 2.43.0)")
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / "path" / name))
    assert not binaries.is_ready()
    with Progress() as progress:
        binaries.make(progress)
    assert binaries.is_ready()
    assert (tmp_path / "bin" / "temporal").resolve() == tmp_path / "path" / "temporal"
    program(tmp_path / "path" / "old", "livekit-server version 1.9.0")
    assert binaries.version_on_path(binaries.SERVERS[0], str(tmp_path / "path" / "old")) < binaries.SERVERS[0].least


def test_the_web_app_is_built_when_a_source_changed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = tmp_path / "web"
    (app / "src").mkdir(parents=True)
    (app / "src" / "main.tsx").write_text("one")
    for name, value in {"WEB": app, "BUILT": app / "dist", "_STAMP": app / "dist" / "stamp"}.items():
        monkeypatch.setattr(web, name, value)
    program(tmp_path / "path" / "node", "v24.1.0")
    npm = tmp_path / "path" / "npm"
    npm.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/ran; mkdir -p dist node_modules; echo built > node_modules/x\n')
    npm.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / "path" / name))
    for text in ("one", "two"):
        (app / "src" / "main.tsx").write_text(text)
        assert not web.is_ready()
        with Progress() as progress:
            web.make(progress)
        assert web.is_ready()
    assert (tmp_path / "ran").read_text().split() == ["ci", "run", "ci", "run"]


def test_an_old_python_is_turned_away_with_the_fix(tmp_path: Path) -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); "
        "runpy.run_module('workers.stack.bootstrap', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr and "make setup PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_needs_nothing_but_the_standard_library() -> None:
    """`-S` leaves site-packages away; the parts that set-up runs before there is an environment must still load."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import workers.stack.bootstrap.run, sys; print('psutil' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.stdout.strip(), done.stderr) == ("False", "")
