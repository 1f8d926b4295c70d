"""What a call came to, each line citing the turns that it rests on."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from contracts.base import Content, Contract
from contracts.session import Turn
from contracts.task import TaskStage


class SummaryStart(Contract):
    """Which call a summary is asked for: its own, or that of the subject's call before it."""

    session_id: str
    subject_id: str
    composition: str


class Cited(Contract):
    """One statement. It rests on turns of the call, or on the task `task_id`, or on both."""

    text: Content
    turn_ids: tuple[str, ...] = ()
    task_id: str | None = None


class Owner(StrEnum):
    CALLER = "caller"
    AGENT = "agent"
    COLLEAGUE = "colleague"
    """A person behind the agent."""


class ActionItem(Cited):
    """What somebody still has to do at the end of the call. `due_words`: until when, as it was said."""

    owner: Owner | None = None
    due: date | None = None
    due_words: Content | None = None


class Summary(Contract):
    session_id: str
    summary: Content
    decisions: tuple[Cited, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    open_questions: tuple[Cited, ...] = ()
    promises: tuple[Cited, ...] = ()

    def statements(self) -> tuple[Cited, ...]:
        """Every line of it."""
        return (*self.decisions, *self.action_items, *self.open_questions, *self.promises)


class Outcome(Contract):
    """What one task of the call came to: a fact of the records. `told`: the caller heard its outcome to the end."""

    task_id: str
    goal: Content
    stage: TaskStage
    speech: Content | None = None
    told: bool = False


class Span(Contract):
    """`count` turns of a call from position `first` on; positions count from 0, oldest first."""

    first: int
    count: int


class SpanRequest(Contract):
    session_id: str
    span: Span


class Outline(Contract):
    """A call that ended, in pieces that the summarizer can take, and what each of its tasks came to."""

    day: date
    spans: tuple[Span, ...]
    outcomes: tuple[Outcome, ...]


class SummaryRequest(Contract):
    """Input of the summarizing activity: what earlier parts came to, oldest first, and the turns that followed.

    `day` is the day of the call, from which "tomorrow" counts.
    """

    session_id: str
    subject_id: str
    composition: str
    day: date
    parts: tuple[Summary, ...] = ()
    turns: tuple[Turn, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
