"""Stacks of small programs in place of the real ones."""

from pathlib import Path
from typing import Any

import psutil

from workers.stack.spec import StackSpec, parse_spec

CHILDREN = Path(__file__).with_name("children.py")


def small_spec(**processes: dict[str, Any]) -> StackSpec:
    """A description without servers; `run` in place of `command` names a mode of children.py."""
    for fields in processes.values():
        if "run" in fields:
            fields["command"] = f"python {CHILDREN} {fields.pop('run')}"
    return parse_spec({"processes": {name.replace("_", "-"): p for name, p in processes.items()}}, source="test")


def gone(pid: int) -> bool:
    """Whether no such process runs (one that only waits to be reaped is gone)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
