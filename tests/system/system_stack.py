"""The stack of a run: everything real, the shop breakable, and compositions whose approvals expire soon."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import yaml

from workers.settings import ROOT
from workers.stack.servers import DEFAULT_SPEC
from workers.stack.spec import load_spec
from workers.stack.stack import Stack

SUPPORT = "support"
HURRIED = "support-hurried"
HURRIED_SECONDS = 6.0
VOICES = ("voice-1", "voice-2")


def start(data: Path) -> AbstractAsyncContextManager[Stack]:
    """The whole stack in that (short) folder, on free ports."""
    shop = load_spec(DEFAULT_SPEC).processes["shop"]
    return Stack.start(
        data=data,
        auto_ports=True,
        seed=11,
        overrides={"shop": {"command": f"{shop.command} --allow-faults"}},
        env={"GREENROOM_COMPOSITIONS_DIR": str(write_compositions(data / "compositions"))},
    )


def write_compositions(folder: Path) -> Path:
    """The shop's support as it is, and one with an approval deadline of seconds."""
    folder.mkdir(parents=True)
    original = yaml.safe_load((ROOT / "compositions" / f"{SUPPORT}.yml").read_text(encoding="utf-8"))
    for name, deadline in ((SUPPORT, None), (HURRIED, HURRIED_SECONDS)):
        copy: dict[str, Any] = {**original, "id": name, "approvals": [dict(rule) for rule in original["approvals"]]}
        for rule in copy["approvals"]:
            if deadline is not None and rule.get("gate", True):
                rule["deadline_seconds"] = deadline
        (folder / f"{name}.yml").write_text(yaml.safe_dump(copy, sort_keys=False), encoding="utf-8")
    return folder
