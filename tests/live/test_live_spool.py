"""What could not be sent survives its job, and only its job's death hands it on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from live_samples import ROOT, files, outgoing

from live.spool import SUFFIX, Spool


def path(folder: Path, name: str = "a") -> Path:
    return folder / f"{name}{SUFFIX}"


async def test_everything_settled_leaves_no_file(tmp_path: Path) -> None:
    spool = Spool(path(tmp_path))
    await spool.put([outgoing(1), outgoing(2)])
    await spool.settle("i1")
    await spool.settle("i2")
    await spool.aclose()
    assert files(tmp_path) == []


async def test_a_living_owner_keeps_its_file_and_a_closed_one_hands_it_on_in_order(tmp_path: Path) -> None:
    spool = Spool(path(tmp_path))
    await spool.put([outgoing(3)])
    await spool.put([outgoing(1), outgoing(2)])
    await spool.settle("i2")
    assert Spool.orphans(tmp_path) == []
    await spool.aclose()
    (heir,) = Spool.orphans(tmp_path)
    assert [item.number for item in heir.unsent] == [1, 3]
    assert Spool.orphans(tmp_path) == [], "two heirs would send twice"
    for item in heir.unsent:
        await heir.settle(item.item_id)
    await heir.aclose()
    assert files(tmp_path) == []


async def test_a_process_killed_in_the_middle_of_a_line_loses_only_that_line(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal, sys
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
from pathlib import Path
from live.spool import Spool
from live_samples import outgoing
async def main():
    spool = Spool(Path({str(path(tmp_path))!r}))
    await spool.put([outgoing(1), outgoing(2)])
    await spool.settle("i1")
    os.write(spool._descriptor, b'{{"put": {{"item_id": "i3"')
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], timeout=60, check=False)
    assert ended.returncode == -9
    (heir,) = Spool.orphans(tmp_path)
    assert [item.item_id for item in heir.unsent] == ["i2"]
    await heir.put([outgoing(4)])
    await heir.aclose()
    (second,) = Spool.orphans(tmp_path)
    assert [item.item_id for item in second.unsent] == ["i2", "i4"], "a torn line must not swallow the next one"
    await second.aclose()


async def test_a_disk_that_refuses_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OSError):
        await Spool(blocked / f"a{SUFFIX}").put([outgoing(1)])


async def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path) -> None:
    spool = Spool(path(tmp_path / "new"))
    await spool.put([outgoing(1)])
    assert spool.path.stat().st_mode & 0o077 == 0
    assert spool.path.parent.stat().st_mode & 0o077 == 0
    await spool.aclose()


class Backwards:
    """A cover that can be seen through by who knows how."""

    def seal(self, text: str) -> str:
        return text[::-1]

    def open(self, text: str) -> str:
        return text[::-1]


async def test_on_the_disk_bodies_are_covered_and_an_heir_reads_them(tmp_path: Path) -> None:
    spool = Spool(path(tmp_path), Backwards())
    item = outgoing(1).model_copy(update={"body": "canary"})
    await spool.put([item])
    assert spool.unsent == [item] and "canary" not in path(tmp_path).read_text()
    await spool.aclose()
    (heir,) = Spool.orphans(tmp_path, Backwards())
    assert heir.unsent == [item]
    await heir.settle(item.item_id)
    await heir.aclose()
