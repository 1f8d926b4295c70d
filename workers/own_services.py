"""Which services of the user's own a stack uses in place of the house's: told by the environment, then by .env.

A base URL decides. A key alone changes nothing: many shells hold one for other programs, and a keyless run must not
spend money by accident.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from dotenv import dotenv_values

from workers.settings import env_file

_PAIRS = (("OPENAI_BASE_URL", "OPENAI_API_KEY"), ("DEEPGRAM_BASE_URL", "DEEPGRAM_API_KEY"))
_MORE = ("GREENROOM_CHAT_MODEL", "GREENROOM_SECOND_")
_REAL = {"OPENAI_BASE_URL": "https://api.openai.com/v1", "DEEPGRAM_BASE_URL": "https://api.deepgram.com/v1/listen"}


@dataclass(frozen=True)
class OwnServices:
    """`env` is what a stack's processes are given; `lines` tell a person, without any key."""

    env: Mapping[str, str]
    lines: tuple[str, ...]


def dotenv() -> dict[str, str]:
    """The lines of the .env file in use; none if there is none."""
    file = env_file()
    return {name: value for name, value in dotenv_values(file).items() if value} if file else {}


def own_services(dotenv: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> OwnServices:
    """The user's choice of services; empty for the house's."""
    given = {**dotenv, **{name: value for name, value in environment.items() if value}}
    env = {name: value for name, value in given.items() if name.startswith(_MORE)}
    lines = []
    for base, key in _PAIRS:
        if base in given:
            # Without a key of its own the description's would go out, which is the house's.
            env |= {base: given[base], key: given.get(key, "")}
            lines.append(f"{base}={given[base]}, {key} {'is set' if key in given else 'is not set'}")
        elif key in given:
            lines.append(f"{key} is set and not used: for the real service set {base}={_REAL[base]} too")
    return OwnServices(env, tuple(lines))
