"""The context ledger: everything that a model may be told of a call, live and backstage; and what it is told now.

Merging: of two versions of an item the one of the higher revision stands, then the one observed later; taint adds up.
An item that another one supersedes is gone for good, whichever came first. So the same items make the same ledger in
any order, however often each is put in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.context import ContextItem, ContextKind, LeftOut, Omission, RenderedContext
from contracts.tools import DataClass
from policy.context_words import SPEECH_TITLE, piece
from policy.quoting import quoted
from policy.tokens import tokens_of

_ORDER = {kind: place for place, kind in enumerate(ContextKind)}
_ROOM = {
    kind: place
    for place, kind in enumerate(
        (
            ContextKind.PERSON,
            ContextKind.APPROVAL,
            ContextKind.REQUEST,
            ContextKind.FACT,
            ContextKind.RESULT,
            ContextKind.SUMMARY,
            ContextKind.SPEECH,
            ContextKind.OBSERVATION,
            ContextKind.DOCUMENT,
            ContextKind.LAST_CALL,
        )
    )
}
"""Who gets room first when not everything fits; within a kind the newest does."""


@dataclass(frozen=True)
class Rendering:
    """`text` is everything but the speech, `speech` one line a turn; `record` tells what is in them and what is not."""

    text: str
    speech: str
    record: RenderedContext

    @property
    def whole(self) -> str:
        """Both, for a model that is told the speech as text."""
        return "\n\n".join(
            part for part in (self.text, quoted(SPEECH_TITLE, self.speech) if self.speech else "") if part
        )


class ContextLedger:
    """Never changes: `put` and `forget` give another one."""

    def __init__(
        self, items: Mapping[str, ContextItem] | None = None, superseded: frozenset[str] = frozenset()
    ) -> None:
        self._items = dict(items or {})
        self._superseded = superseded

    @property
    def items(self) -> tuple[ContextItem, ...]:
        """By id."""
        return tuple(self._items[item_id] for item_id in sorted(self._items))

    def get(self, item_id: str) -> ContextItem | None:
        return self._items.get(item_id)

    def superseded(self, item_id: str) -> bool:
        return item_id in self._superseded

    def put(self, *items: ContextItem) -> ContextLedger:
        known = dict(self._items)
        for item in items:
            before = known.get(item.item_id)
            known[item.item_id] = item if before is None else _merged(before, item)
        superseded = self._superseded.union(*(item.supersedes for item in items))
        return ContextLedger({name: item for name, item in known.items() if name not in superseded}, superseded)

    def forget(self, before: datetime) -> ContextLedger:
        """Without what had expired by then."""
        kept = {name: item for name, item in self._items.items() if not _expired(item, before)}
        return ContextLedger(kept, self._superseded)

    def render(self, *, now: datetime, budget: int, clearance: Collection[DataClass] | None) -> Rendering:
        """What a role of that clearance, None being every class of data, is told within `budget` tokens.

        What has expired is never told. Speech is told without gaps, from some turn to the latest; a document from its
        beginning.
        """
        told: list[ContextItem] = []
        left: list[LeftOut] = []
        full: set[tuple[ContextKind, str]] = set()
        room = budget
        for item in sorted(self._items.values(), key=_room_first):
            run = (item.kind, item.source if item.kind is ContextKind.DOCUMENT else "")
            cost = tokens_of(piece(item)) + 1  # the separator
            if item.kind is ContextKind.SPEECH and not any(i.kind is ContextKind.SPEECH for i in told):
                cost += tokens_of(quoted(SPEECH_TITLE, ""))
            if _expired(item, now):
                left.append(LeftOut(item_id=item.item_id, reason=Omission.STALE))
            elif clearance is not None and not set(item.clearance) <= set(clearance):
                left.append(LeftOut(item_id=item.item_id, reason=Omission.CLEARANCE))
            elif cost > room or run in full:
                left.append(LeftOut(item_id=item.item_id, reason=Omission.BUDGET))
                if item.kind in (ContextKind.SPEECH, ContextKind.DOCUMENT):
                    full.add(run)
            else:
                room -= cost
                told.append(item)
        told.sort(key=_told_first)
        return _rendering(told, left, now, budget)


def _rendering(told: list[ContextItem], left: list[LeftOut], now: datetime, budget: int) -> Rendering:
    speech = "\n".join(piece(item) for item in told if item.kind is ContextKind.SPEECH)
    text = _joined(item for item in told if item.kind is not ContextKind.SPEECH)
    record = RenderedContext(
        at=now,
        budget=budget,
        tokens=0,
        included=tuple(item.item_id for item in told),
        left_out=tuple(sorted(left, key=lambda out: out.item_id)),
        taint=tuple(sorted({source for item in told for source in item.taint})),
    )
    rendering = Rendering(text, speech, record)
    tokens = tokens_of(rendering.whole)
    return Rendering(text, speech, record.model_copy(update={"tokens": tokens}))


def _joined(items: Iterable[ContextItem]) -> str:
    """A quotation stands apart; sentences of our own stand line by line."""
    text = ""
    for item in items:
        words = piece(item)
        apart = words.endswith(">>>") or text.endswith(">>>")
        text += words if not text else ("\n\n" if apart else "\n") + words
    return text


def _expired(item: ContextItem, now: datetime) -> bool:
    return item.expires_at is not None and item.expires_at <= now


def _room_first(item: ContextItem) -> tuple[int, float, str]:
    return _ROOM[item.kind], -item.observed_at.timestamp(), item.item_id


def _told_first(item: ContextItem) -> tuple[int, float, str]:
    return _ORDER[item.kind], item.observed_at.timestamp(), item.item_id


def _merged(one: ContextItem, other: ContextItem) -> ContextItem:
    newest = max(one, other, key=lambda item: (item.revision, item.observed_at))
    if (one.revision, one.observed_at) == (other.revision, other.observed_at):
        newest = max(one, other, key=lambda item: _bare(item).model_dump_json())  # by anything that has no order
    taint = tuple(sorted({*one.taint, *other.taint}))
    supersedes = tuple(sorted({*one.supersedes, *other.supersedes}))
    return newest.model_copy(update={"taint": taint, "supersedes": supersedes})


def _bare(item: ContextItem) -> ContextItem:
    return item.model_copy(update={"taint": (), "supersedes": ()})
