"""Idempotency: an effect with a key happens once, however often it is asked for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from examples.shop.answers import no

AnswerT = TypeVar("AnswerT", bound=Mapping[str, object])


def once(
    db: sqlite3.Connection, key: str | None, tool: str, arguments: dict[str, str | None], do: Callable[[], AnswerT]
) -> AnswerT:
    """Do it, inside the caller's transaction; a key that was served before gives the first answer again.

    A refusal is not remembered: the next request with the key is judged anew.
    """
    if key is None:
        return do()
    spelled = json.dumps(arguments, sort_keys=True)
    row = db.execute("SELECT tool, arguments, answer FROM answers WHERE key = ?", (key,)).fetchone()
    if row is not None:
        if (row["tool"], row["arguments"]) != (tool, spelled):
            return cast(AnswerT, no("key_reused", "This idempotency key was used for something else."))
        return cast(AnswerT, {**json.loads(row["answer"]), "repeated": True})
    answer = do()
    if "error" not in answer:
        db.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, tool, spelled, json.dumps(answer)))
    return answer
