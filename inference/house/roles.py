"""Roles and their tools as a prompt describes them: JSON blocks, or bullet lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference.house.offers import Offer

_BULLET = re.compile(r"^(?P<indent>\s*)(?:[-*•]|\d+[.)]|#{1,6})\s+(?P<rest>\S.*)$")
_NAMED = re.compile(
    r"^[*_`\"]*(?:role\s+)?(?P<name>[A-Za-z][\w-]*)[*_`\"]*\s*(?P<signature>\([^)]*\))?\s*(?:[:—–]|\s-\s|\s\(|$)\s*(?P<doc>.*)$",
    re.I,
)
_HEADING = re.compile(r"\b(roles?|agents?|specialists?|workers?|team|who can)\b", re.IGNORECASE)
_TOOLS = re.compile(
    r"\b(?:tools?|capabilities|can use|can call|has|uses?)\b\W*(?P<names>[\w][\w., `*-]*)", re.IGNORECASE
)


@dataclass(frozen=True)
class RoleInfo:
    """One role: its name, what the prompt says of it, and its tools."""

    name: str
    about: str
    tools: tuple[Offer, ...] = field(default=())

    @property
    def fields(self) -> list[tuple[str, float]]:
        """Texts and weights for ranking."""
        told = [(self.name, 0.6), (self.about, 0.8)]
        for tool in self.tools:
            told += [(text, weight * 0.9) for text, weight in tool.fields]
        return told


def roles_of(text: str, material: Sequence[Any], allowed: Sequence[str]) -> list[RoleInfo]:
    """Roles in the sequence of the prompt. `allowed` (names that the schema permits, may be empty) limits them."""
    found: dict[str, RoleInfo] = {}
    for value in material:
        for role in _from_json(value):
            found.setdefault(role.name, role)
    if not found:
        for role in _from_bullets(text, allowed):
            found.setdefault(role.name, role)
    kept = [role for role in found.values() if not allowed or role.name in allowed]
    return kept or [RoleInfo(name, "") for name in allowed]


def _from_json(value: Any, depth: int = 0) -> Iterator[RoleInfo]:
    if depth > 6:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _from_json(entry, depth + 1)
        return
    if not isinstance(value, dict):
        return
    name = next((value[key] for key in ("name", "role", "id", "agent") if isinstance(value.get(key), str)), "")
    tools = next(
        (value[key] for key in ("tools", "capabilities", "functions") if isinstance(value.get(key), list)), None
    )
    if name and tools is not None:
        about = " ".join(v for k, v in value.items() if isinstance(v, str) and v != name)
        yield RoleInfo(name, about, tuple(_tool(entry) for entry in tools))
        return
    for key, inner in value.items():
        inner_tools = inner.get("tools") if isinstance(inner, dict) else None
        if isinstance(inner, dict) and isinstance(inner_tools, list) and "name" not in inner and "role" not in inner:
            about = " ".join(v for v in inner.values() if isinstance(v, str))
            yield RoleInfo(str(key), about, tuple(_tool(entry) for entry in inner_tools))
        elif (
            isinstance(inner, list)
            and inner
            and all(isinstance(v, dict) and "name" in v and "tools" not in v for v in inner)
        ):
            if key not in ("roles", "agents", "tools"):
                yield RoleInfo(str(key), "", tuple(_tool(entry) for entry in inner))
            else:
                yield from (
                    RoleInfo(v["name"], " ".join(t for t in v.values() if isinstance(t, str)))
                    for v in inner
                    if key != "tools"
                )
        else:
            yield from _from_json(inner, depth + 1)


def _tool(entry: Any) -> Offer:
    if isinstance(entry, str):
        match = _NAMED.match(entry)
        return Offer(match["name"], match["doc"], {}) if match else Offer("", entry, {})
    if not isinstance(entry, dict):
        return Offer("", str(entry), {})
    function = entry["function"] if isinstance(entry.get("function"), dict) else entry
    name, about = function.get("name"), function.get("description")
    capability = entry.get("capability")
    parameters = function.get("parameters") or function.get("input_schema") or function.get("inputSchema")
    return Offer(
        name if isinstance(name, str) else "",
        about if isinstance(about, str) else "",
        parameters if isinstance(parameters, dict) else {},
        capability if isinstance(capability, str) else "",
    )


def _from_bullets(text: str, allowed: Sequence[str]) -> Iterator[RoleInfo]:
    name, about, level = "", "", 0
    tools: list[Offer] = []
    under_heading = False
    for line in text.splitlines():
        bullet = _BULLET.match(line)
        if bullet is None:
            plain = _NAMED.match(line.strip()) if allowed else None
            if plain and plain["name"] in allowed:
                if name:
                    yield RoleInfo(name, about, tuple(tools))
                name, about, tools, level = plain["name"], plain["doc"], _inline(plain["doc"]), 0
            elif name and line.strip() and line[:1].isspace():
                about += " " + line.strip()
                tools += _inline(line)
            elif line.strip().endswith(":") or line.startswith("#"):
                under_heading = bool(_HEADING.search(line))
                if name:
                    yield RoleInfo(name, about, tuple(tools))
                    name = ""
            continue
        rest, indent = bullet["rest"], len(bullet["indent"])
        named = _NAMED.match(rest)
        if line.lstrip().startswith("#") and not (named and (named["name"] in allowed)):
            under_heading = bool(_HEADING.search(line))
            continue
        if name and indent > level:
            if named and not re.match(r"(tools?|capabilities)$", named["name"], re.I):
                tools.append(Offer(named["name"], f"{named['doc']}", {}))
            else:
                tools += _inline(rest)
            about += " " + rest
            continue
        if named and (named["name"] in allowed if allowed else under_heading or bool(_TOOLS.search(rest))):
            if name:
                yield RoleInfo(name, about, tuple(tools))
            name, about, level = named["name"], f"{named['signature'] or ''} {named['doc']}".strip(), indent
            tools = _inline(rest)
        elif name:
            yield RoleInfo(name, about, tuple(tools))
            name = ""
    if name:
        yield RoleInfo(name, about, tuple(tools))


def _inline(text: str) -> list[Offer]:
    """Tools listed within a line: "tools: look_up, renew"."""
    match = re.search(r"\b(?:tools?|capabilities)\b\s*[:=]\s*(?P<names>.+)$", text, re.IGNORECASE)
    if not match:
        return []
    parts = re.findall(r"`?([a-z]\w*(?:[._-]\w+)*)`?\s*(?:\(([^)]*)\))?\s*(?:[,;.]|$|\band\b)", match["names"])
    return [
        Offer(name, about, {}) for name, about in parts if "_" in name or "." in name or about or name.isidentifier()
    ]
