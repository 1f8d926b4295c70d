"""What of a server's tools was reviewed: a digest of all that a model reads of each, kept beside a composition."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from contracts.composition import Composition
from tools.server import ServerTool

SUFFIX = ".pins.json"


def digest(tool: ServerTool) -> str:
    """SHA-256 (hex) over name, description and schema: a changed word anywhere changes it."""
    text = json.dumps([tool.name, tool.description, tool.parameters], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def unreviewed(composition: Composition, offered: ServerTool) -> str | None:
    """Why a tool may not be used as it is offered; None if it may. A composition without any pin trusts its servers."""
    if not composition.pins:
        return None
    known = composition.pins.get(offered.name)
    if known == digest(offered):
        return None
    what = "was never reviewed" if known is None else "is described otherwise than when it was reviewed"
    return f"tool {offered.name!r} {what}: read it and accept it with 'greenroom tools pin {composition.id}'"


def pinned(composition: Composition, offered: Iterable[ServerTool]) -> dict[str, str]:
    """The pins of a composition's tools as they are offered now. Tools that it does not declare are left out."""
    declared = {tool.name for tool in composition.tools}
    return {tool.name: digest(tool) for tool in offered if tool.name in declared}


def file_of(composition: Path) -> Path:
    """Where the pins of a composition's file are kept: `support.pins.json` beside `support.yml`."""
    return composition.with_name(composition.stem + SUFFIX)


def read(composition: Path) -> Mapping[str, str]:
    """The pins of a composition's file; none if nothing was reviewed. Raises ValueError for anything else in it."""
    try:
        found = json.loads(file_of(composition).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict) or not found or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("an object of tool names and digests is wanted")
    return found


def write(composition: Path, pins: Mapping[str, str]) -> None:
    file_of(composition).write_text(json.dumps(pins, indent=2, sort_keys=True) + "\n", encoding="utf-8")
