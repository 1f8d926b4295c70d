"""Statements of a summary, each with the turns that it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from inference.house.text import expand
from inference.house.transcript import Line

DONE = re.compile(
    r"\b(approved|approve|rejected|declined|denied|refused|decided|agreed|confirmed|granted|settled|expired|cancelled|"
    r"(i|we) have (?!passed|noted|asked|checked|started)[a-z]+(ed|en|t) |has been [a-z]+(ed|en|"
    r"t)\b|was [a-z]+(ed|en|t) by)\b"
)
"""Words of something that came about."""


@dataclass(frozen=True)
class Item:
    """One statement with the turn ids that it rests on. `made`: the entry as an earlier summary had it."""

    text: str
    turns: tuple[str, ...]
    owner: str = ""
    due: str = ""
    task: str = ""
    made: dict[str, Any] | None = None


def ids(*lines: Line) -> tuple[str, ...]:
    return tuple(line.turn_id for line in lines if line.turn_id)


def unique(items: list[Item]) -> list[Item]:
    """Of items with the same text the latest, at the place of the first."""
    return list({item.text: item for item in items}.values())


def came_about(text: str) -> bool:
    return bool(DONE.search(expand(text))) and not text.endswith("?")
