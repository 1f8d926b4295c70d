"""What a call came to, each line citing the turns that it rests on."""

from __future__ import annotations

from contracts.base import Content, Contract


class SummaryStart(Contract):
    session_id: str
    subject_id: str
    composition: str


class Cited(Contract):
    text: Content
    turn_ids: tuple[str, ...] = ()


class ActionItem(Contract):
    text: Content
    owner: str | None = None
    due: str | None = None
    turn_ids: tuple[str, ...] = ()


class Summary(Contract):
    session_id: str
    summary: Content
    decisions: tuple[Cited, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    open_questions: tuple[Cited, ...] = ()
    promises: tuple[Cited, ...] = ()


class SummaryRequest(Contract):
    """Input of the summarizing activity: the transcript, one line a turn as `[turn_id] speaker: text`."""

    session_id: str
    subject_id: str
    composition: str
    transcript: Content
    outcomes: Content
