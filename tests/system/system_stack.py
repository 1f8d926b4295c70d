"""The stack of a run: everything real, the shop breakable, and compositions with other approvals."""

from __future__ import annotations

from collections.abc import Mapping
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
UNGATED = "support-ungated"
VOICES = ("voice-1", "voice-2")


def start(data: Path, *, orders: int = 24, env: Mapping[str, str] | None = None) -> AbstractAsyncContextManager[Stack]:
    """The whole stack in that (short) folder, on free ports. `env` adds to the environment of its processes."""
    shop = load_spec(DEFAULT_SPEC).processes["shop"]
    return Stack.start(
        data=data,
        auto_ports=True,
        seed=11,
        overrides={"shop": {"command": f"{shop.command} --allow-faults --orders {orders}"}},
        env={"GREENROOM_COMPOSITIONS_DIR": str(write_compositions(data / "compositions")), **(env or {})},
    )


def write_compositions(folder: Path) -> Path:
    """The shop's support as it is, one with an approval deadline of seconds, and one that gates nothing."""
    folder.mkdir(parents=True)
    original = yaml.safe_load((ROOT / "compositions" / f"{SUPPORT}.yml").read_text(encoding="utf-8"))
    changes: dict[str, dict[str, Any]] = {
        SUPPORT: {},
        HURRIED: {"deadline_seconds": HURRIED_SECONDS},
        UNGATED: {"gate": False, "harmless": True},
    }
    for name, change in changes.items():
        rules = [{**rule, **change} if rule.get("gate", True) else rule for rule in original["approvals"]]
        for rule in rules if change else ():
            rule.pop("expect", None)  # what is shipped is expected of the shipped rules
        copy: dict[str, Any] = {**original, "id": name, "approvals": rules}
        (folder / f"{name}.yml").write_text(yaml.safe_dump(copy, sort_keys=False), encoding="utf-8")
    return folder
