"""What sealing costs: one payload to Temporal and back, and the first content of a subject. No server, no audio.

python -m bench.sealing --rounds 2000
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from temporalio.converter import DataConverter

import migrations
from bench.figures import percentile
from contracts.base import Content, Contract
from contracts.context import ContextItem, ContextKind
from contracts.session import Speaker, Turn
from contracts.task import TaskRequest
from store.engine import open_engine
from store.masterkey import KEY_BYTES, MasterKeys
from store.sealed import Envelope
from store.vault import Vault
from workers.codec import ContentCodec
from workers.temporal import data_converter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SENTENCE = "Yes, and I wanted to ask what happened to the second item that I told you about before. "


def words(characters: int) -> Content:
    return Content(subject_id="subject-1", body=(SENTENCE * (characters // len(SENTENCE) + 1))[:characters])


def turn() -> Turn:
    return Turn(
        turn_id="item_1f0c9a2b7d3e", session_id="session-1", epoch=1, role="voice", speaker=Speaker.CALLER,
        text=words(90), started_at=NOW, ended_at=NOW,
    )  # fmt: skip


def request(conversation: int, items: int) -> TaskRequest:
    """With so many characters of conversation, and so many further items of 300 characters."""
    known = (
        ContextItem(item_id=f"i{n}", kind=ContextKind.PERSON, source="voice", text=words(300), observed_at=NOW)
        for n in range(items)
    )
    return TaskRequest(
        task_id="task-1", session_id="session-1", subject_id="subject-1", composition="support", goal=words(80),
        conversation=words(conversation), requested_at=NOW, context=tuple(known),
    )  # fmt: skip


async def there_and_back(converter: DataConverter, value: Contract, rounds: int) -> tuple[list[float], int]:
    """Milliseconds of each round, and the bytes of the payload."""
    taken: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        payloads = await converter.encode([value])
        [back] = await converter.decode(payloads, [type(value)])
        taken.append((time.perf_counter() - began) * 1000)
        assert back == value
    return taken, len(payloads[0].data)


def shown(milliseconds: Sequence[float]) -> str:
    return f"{percentile(milliseconds, 0.5):5.2f} / {percentile(milliseconds, 0.95):5.2f}"


async def measure(vault: Vault, wrapper: MasterKeys, rounds: int) -> None:
    print(f"{'one payload, ms':36} {'p50 / p95 sealed':>16} {'plain':>14} {'kB sealed':>10} {'plain':>6}")
    for name, value in (("turn", turn()), ("request", request(2500, 0)), ("request with context", request(2500, 30))):
        plain, size = await there_and_back(data_converter(), value, rounds)
        sealed, grown = await there_and_back(data_converter(ContentCodec(vault, Envelope(wrapper))), value, rounds)
        print(f"{name:36} {shown(sealed):>16} {shown(plain):>14} {grown / 1000:10.1f} {size / 1000:6.1f}")
    first: list[float] = []
    for number in range(rounds // 10):
        began = time.perf_counter()
        vault.seal(f"new-{number}", SENTENCE)
        first.append((time.perf_counter() - began) * 1000)
    print(f"{'the first content of a subject, ms':36} {shown(first):>16}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-sealing-") as folder:
        url = f"sqlite:///{Path(folder) / 'records.db'}"
        migrations.upgrade(url)
        engine, wrapper = open_engine(url), MasterKeys({"bench": b"k" * KEY_BYTES})
        asyncio.run(measure(Vault(engine, wrapper), wrapper, given.rounds))
        engine.dispose()


if __name__ == "__main__":
    main()
