"""The reviewer: a person at another terminal, here a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from workers.demo.stage import Stage
from workers.settings import ROOT


async def review(stage: Stage, verdict: str, approval_id: str, *, reviewer: str, stack_file: Path) -> bool:
    """Decides with the command line. Whether the decision counted."""
    arguments = ("approvals", verdict, approval_id, "--reviewer", reviewer)
    stage.line("reviewer", f"greenroom {' '.join(arguments)}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "GREENROOM_STACK": str(stack_file), "GREENROOM_ENV_FILE": ""},
        cwd=ROOT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    for line in said.decode(errors="replace").splitlines():
        stage.line("reviewer", line)
    return process.returncode == 0
