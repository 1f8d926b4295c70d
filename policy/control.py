"""What a running task may be told: which orders count, and why others are refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import Contract, Moment
from contracts.task import Control, ControlKind


class TaskControl(Contract):
    """How a task is steered. `deadline` is for the work: while `paused_since` is set, its time stands still.

    `held` and `stopped`: by the task that this one is a step of.
    """

    deadline: Moment
    paused_since: Moment | None = None
    suspended: bool = False
    held: bool = False
    cancelled: bool = False
    stopped: bool = False
    ended: bool = False
    corrections: int = 0
    max_corrections: int = 3

    @property
    def may_start(self) -> bool:
        """Whether a further step may start."""
        return not (self.suspended or self.held or self.cancelled or self.stopped or self.ended)


MAX_EXTENSION = timedelta(days=7)


def refusal(state: TaskControl, kind: ControlKind, order: Control) -> str | None:
    """Why that order does not count now, in words for whoever gave it; None if it does."""
    if state.ended:
        return "the task has ended: its outcome stands"
    if state.cancelled:
        return "the task is being cancelled already"
    if state.stopped:
        return "the task that it is a step of has stopped it"
    if kind is ControlKind.SUSPEND and state.suspended:
        return "the task is suspended already"
    if kind is ControlKind.RESUME and not state.suspended:
        return "the task is not suspended"
    if kind is ControlKind.CORRECT:
        if order.words is None or not order.words.body.strip():
            return "a correction needs words: say what is different"
        if state.corrections >= state.max_corrections:
            return f"the task was corrected {state.corrections} times already: ask for it anew"
    if kind is ControlKind.EXTEND and not 0 < order.seconds <= MAX_EXTENSION.total_seconds():
        return f"give the seconds to extend by: more than 0, at most {MAX_EXTENSION.total_seconds():.0f}"
    return None


def steered(state: TaskControl, kind: ControlKind, order: Control) -> TaskControl:
    """The state after an order that was not refused."""
    match kind:
        case ControlKind.SUSPEND:
            return state.model_copy(update={"suspended": True})
        case ControlKind.RESUME:
            return state.model_copy(update={"suspended": False})
        case ControlKind.CANCEL:
            return state.model_copy(update={"cancelled": True})
        case ControlKind.CORRECT:
            return state.model_copy(update={"corrections": state.corrections + 1})
        case ControlKind.EXTEND:
            return state.model_copy(update={"deadline": state.deadline + timedelta(seconds=order.seconds)})


def clocked(state: TaskControl, now: datetime, *, waiting: bool) -> TaskControl:
    """The state with its clock stopped while others are waited for (`waiting`, or suspended), else running."""
    stop = waiting or state.suspended or state.held
    if stop and state.paused_since is None:
        return state.model_copy(update={"paused_since": now})
    if not stop and state.paused_since is not None:
        shifted = state.deadline + (now - state.paused_since)
        return state.model_copy(update={"deadline": shifted, "paused_since": None})
    return state


def expired(state: TaskControl, now: datetime) -> bool:
    return state.paused_since is None and now >= state.deadline
