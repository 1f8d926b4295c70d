"""How long verifying an audit trail takes: `python -m bench.audit --entries 1000000`. No server, no audio."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

import migrations
from bench.figures import percentile
from contracts.audit import AuditRecord
from contracts.audit_events import ModelCalled, ToolCalled
from contracts.base import Content
from contracts.tools import ToolStatus
from store import verify_export
from store.audit import verify
from store.audit_keys import make_key
from store.audit_tables import audit_entries, audit_heads
from store.chain import GENESIS, hash_of, line_of
from store.engine import open_engine
from store.export import ENTRIES, export
from store.sealing import seal
from store.writer import RecordWriter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A_SESSION = 500
"""Entries of one call."""


def entry(session_id: str, number: int) -> AuditRecord:
    event = (
        ToolCalled(state=ToolStatus.OK, call=f"call-{number:012x}", task="task-1f0c9a2b7d3e", step="s1", rule="reads")
        if number % 2
        else ModelCalled(
            state="answered", purpose="turn", model="house-1", prompt="1f0c9a2b7d3e", tokens_in=900, tokens_out=31,
            milliseconds=310, turn=f"item_{number:012x}", epoch=1,
        )
    )  # fmt: skip
    return AuditRecord(
        entry_id=f"{number:032x}", session_id=session_id, at=NOW, actor="role:voice", target="lookup_order", event=event
    )


def fill(engine: Engine, entries: int) -> None:
    """Whole calls, with the digests of two contents an entry; put in at once, since writing is measured apart."""
    digests = {"input": "a" * 64, "output": "b" * 64}
    for first in range(0, entries, A_SESSION):
        session_id, rows, prev = f"session-{first:012x}", [], GENESIS
        for sequence in range(1, min(A_SESSION, entries - first) + 1):
            made = entry(session_id, sequence)
            line = line_of(made, prev=prev, sequence=sequence, exhibits=digests)
            prev = hash_of(line)
            rows.append({"session_id": session_id, "sequence": sequence, "entry_id": made.entry_id, "line": line})
            rows[-1]["hash"] = prev
        head: dict[str, Any] = {"session_id": session_id, "sequence": len(rows), "hash": prev, "sealed": 0}
        with engine.begin() as connection:
            connection.execute(insert(audit_entries), rows)
            connection.execute(insert(audit_heads), head)


def written(engine: Engine, count: int) -> Iterator[float]:
    """Seconds of each single write of an entry with two contents."""
    writer = RecordWriter(engine)
    for number in range(count):
        exhibits = {name: Content(subject_id="subject-1", body="x" * 4000) for name in ("input", "output")}
        made = entry("session-written", number).model_copy(update={"exhibits": exhibits})
        began = time.perf_counter()
        writer.write([made])
        yield time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-audit-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'records.db'}"
        migrations.upgrade(url)
        engine, keys = open_engine(url), make_key(folder / "keys")
        fill(engine, given.entries)
        times = list(written(engine, 200))
        p50, p95 = (percentile(times, share) * 1000 for share in (0.5, 0.95))
        print(f"one entry with 8 kB beside it, written: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
        began = time.perf_counter()
        chains = seal(engine, keys, NOW)
        print(f"{chains} chains sealed: {time.perf_counter() - began:.2f} s")
        began, cpu = time.perf_counter(), time.process_time()
        report = verify(engine, keys=keys)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        assert report.intact and report.unsealed == 0, report
        print(f"{report.entries} entries verified: {took:.2f} s ({used:.2f} s of processor time)")
        began = time.perf_counter()
        export(engine, keys, folder / "export", NOW)
        print(f"exported: {time.perf_counter() - began:.2f} s")
        data = (folder / "export" / ENTRIES).read_bytes()
        began = time.perf_counter()
        verify_export.verify(data, keys.public)
        print(f"{len(data) // 1_000_000} MB verified by the script in the export: {time.perf_counter() - began:.2f} s")
        engine.dispose()


if __name__ == "__main__":
    main()
