"""Many writers at once: nothing lost, nothing twice, one chain a session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

from record_samples import MORNING, audit, decision, said, session, task, turn
from sqlalchemy import Engine

from contracts.records import EffectEntry, Record
from policy.authority import GateVerdict
from store.audit import verify
from store.audit_keys import make_key
from store.decisions import append_decision
from store.effects import EffectBook
from store.reader import RecordReader
from store.sealing import seal
from store.writer import RecordWriter

THREADS = 8
ROUNDS = 12


def at_once(jobs: list[Callable[[], int]]) -> list[int]:
    """Runs every job in a thread of its own, started together; raises what any of them raised."""
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], int]) -> int:
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def batch(thread: int, number: int) -> list[Record]:
    return [
        session(revision=thread * ROUNDS + number + 1, state=f"state of {thread}, {number}"),
        turn(f"turn-{thread}-{number}", text=said("hello", f"subject-{number}")),
        task(f"task-{number}", revision=thread + 1, speech=said(f"by {thread}")),
        audit(f"entry-{thread}-{number}"),
        audit(f"entry-of-all-{number}"),
    ]


def test_entries_that_come_twice_at_once_keep_one_content_while_others_seal(engine: Engine, tmp_path: Path) -> None:
    writer, keys = RecordWriter(engine), make_key(tmp_path / "keys")

    def write(thread: int) -> int:
        entries = [
            audit(f"entry-{number}", exhibits={"result": said(f"result {number}", f"subject-{number % 3}")})
            for number in range(ROUNDS)
        ]
        return sum(writer.write([entry]) for entry in (entries if thread % 2 else reversed(entries)))

    def sealed(_: int) -> int:
        return sum(seal(engine, keys, MORNING) for _ in range(ROUNDS)) * 0

    jobs = [partial(sealed if thread % 4 == 0 else write, thread) for thread in range(THREADS)]
    assert sum(at_once(jobs)) == ROUNDS, "each entry counts as new for one writer alone"
    seal(engine, keys, MORNING)
    report = verify(engine, keys=keys)
    assert report.intact, report.broken
    assert (report.entries, report.contents, report.unsealed) == (ROUNDS, ROUNDS, 0)
    reader = RecordReader(engine)
    for entry in reader.audit("session-1"):
        [content] = reader.exhibits(entry.exhibits.values()).values()
        assert content.body == entry.entry_id.replace("entry-", "result ")


def test_of_eight_effects_at_once_as_many_are_noted_as_may_be(engine: Engine) -> None:
    book = EffectBook(engine)

    def note(thread: int) -> int:
        def decide(earlier: Sequence[EffectEntry]) -> GateVerdict:
            return GateVerdict(gated=sum(e.amount or 0 for e in earlier) + 10 > 30, rule_id="small", reason="a sum")

        entry = EffectEntry(
            call_id=f"call-{thread}", composition="support", tool="refund", subject_id="subject-1",
            session_id=f"session-{thread}", amount=10, at=MORNING,
        )  # fmt: skip
        return not book.note(entry, since=MORNING, decide=decide).gated

    assert sum(at_once([partial(note, thread) for thread in range(THREADS)])) == 3
    where = {"composition": "support", "tool": "refund", "subject_id": "subject-1", "since": MORNING}
    noted = RecordReader(engine).effects(**where)
    assert len(noted) == 3
    book.strike(noted[0].call_id, MORNING + timedelta(seconds=1))
    book.strike(noted[1].call_id, MORNING)
    assert [e.call_id for e in RecordReader(engine).effects(**where)] == [noted[0].call_id, noted[2].call_id]


def test_eight_threads_on_one_session_make_one_chain(engine: Engine) -> None:
    writer = RecordWriter(engine)

    def work(thread: int) -> Callable[[], int]:
        return lambda: sum(writer.write(batch(thread, number)) for number in range(ROUNDS))

    at_once([work(thread) for thread in range(THREADS)])

    reader = RecordReader(engine)
    entries = [entry.entry_id for entry in reader.audit("session-1")]
    assert len(entries) == len(set(entries)) == THREADS * ROUNDS + ROUNDS
    report = verify(engine)
    assert report.intact and report.entries == len(entries)
    for thread in range(THREADS):
        # Each writer's own entries keep the order in which it wrote them.
        own = [entry for entry in entries if entry.startswith(f"entry-{thread}-")]
        assert own == [f"entry-{thread}-{number}" for number in range(ROUNDS)]
    assert len(reader.turns("session-1")) == THREADS * ROUNDS
    last = reader.session("session-1")
    assert last is not None and last.revision == THREADS * ROUNDS
    assert last.state == f"state of {THREADS - 1}, {ROUNDS - 1}"
    assert {record.revision for record in reader.tasks(session_id="session-1")} == {THREADS}


def test_the_same_batch_from_eight_processes_is_written_once(open_another: Callable[[], Engine]) -> None:
    """As when an activity timed out while it was still writing, and is retried elsewhere."""
    writers = [RecordWriter(open_another()) for _ in range(THREADS)]
    records = [record for number in range(4) for record in batch(0, number)]
    changed = at_once([partial(writer.write, records) for writer in writers])
    assert sorted(changed)[: THREADS - 1] == [0] * (THREADS - 1)
    engine = open_another()
    assert [entry.entry_id for entry in RecordReader(engine).audit("session-1")] == [
        name for number in range(4) for name in (f"entry-0-{number}", f"entry-of-all-{number}")
    ]
    assert verify(engine).intact


def test_writers_that_name_the_same_rows_in_opposite_orders_do_not_wait_in_a_circle(engine: Engine) -> None:
    writer = RecordWriter(engine)
    names = [f"session-{n}" for n in range(6)]

    def work(thread: int) -> Callable[[], int]:
        order = names if thread % 2 else names[::-1]

        def run() -> int:
            return sum(
                writer.write(
                    [record for name in order for record in (
                        session(name, revision=number + 1, subject_id=f"subject-of-{name}"),
                        audit(f"entry-{thread}-{number}", name),
                    )]
                )
                for number in range(ROUNDS)
            )  # fmt: skip

        return run

    at_once([work(thread) for thread in range(THREADS)])
    report = verify(engine)
    assert report.intact and report.entries == THREADS * ROUNDS * len(names)


def test_audit_entries_alone_follow_one_another_whichever_session_comes_first(engine: Engine) -> None:
    """With no other row in the batch that its writers might wait for."""
    writer = RecordWriter(engine)
    names = ["session-1", "session-2", "session-3"]

    def work(thread: int) -> Callable[[], int]:
        order = names if thread % 2 else names[::-1]

        def run() -> int:
            return sum(
                writer.write([audit(f"entry-{thread}-{number}", name) for name in order]) for number in range(ROUNDS)
            )

        return run

    assert at_once([work(thread) for thread in range(THREADS)]) == [ROUNDS * len(names)] * THREADS
    report = verify(engine)
    assert report.intact and report.entries == THREADS * ROUNDS * len(names)


def test_readers_see_a_batch_whole_or_not_at_all(engine: Engine) -> None:
    writer, reader = RecordWriter(engine), RecordReader(engine)
    writer.write([task("task-1", revision=1), task("task-2", revision=1)])
    done = threading.Event()
    torn: list[set[int]] = []

    def read() -> int:
        looks = 0
        while not done.is_set():
            revisions = {record.revision for record in reader.tasks()}
            looks += 1
            if len(revisions) != 1:
                torn.append(revisions)
        return looks

    def write() -> int:
        try:
            return sum(writer.write([task("task-1", number), task("task-2", number)]) for number in range(2, 40))
        finally:
            done.set()

    looks, changed = at_once([read, write])
    assert looks > 0 and changed == 76 and not torn


def test_verifying_while_entries_are_appended_finds_nothing_broken(engine: Engine) -> None:
    writer = RecordWriter(engine)
    done = threading.Event()

    def check() -> int:
        looks = 0
        while not done.is_set():
            report = verify(engine)
            assert report.intact, report
            looks += 1
        return looks

    def write() -> int:
        try:
            return sum(writer.write([audit(f"entry-{number}")]) for number in range(60))
        finally:
            done.set()

    looks, changed = at_once([check, write])
    assert looks > 0 and changed == 60


def test_decisions_that_come_too_late_at_once_are_all_kept_in_a_row(engine: Engine) -> None:
    RecordWriter(engine).write([decision(1), decision(2, approval_id="another")])

    def late(thread: int) -> Callable[[], int]:
        refused = decision(0, reviewer=f"reviewer-{thread}", accepted=False, reason="too late")
        return lambda: append_decision(engine, refused, audit(f"entry-{thread}"))

    numbers = at_once([late(thread) for thread in range(THREADS)])
    assert sorted(numbers) == list(range(2, THREADS + 2))
    kept = RecordReader(engine).decisions("approval-1")
    assert [d.number for d in kept] == list(range(1, THREADS + 2)) and kept[0] == decision(1)
    assert {d.number: d.reviewer for d in kept[1:]} == {n: f"reviewer-{t}" for t, n in enumerate(numbers)}
    assert len(RecordReader(engine).audit("session-1")) == THREADS and verify(engine).intact
