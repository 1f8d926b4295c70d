"""What the model is told beside the transcript: restored turns, the rolling summary, open requests and approvals."""

from __future__ import annotations

from livekit.agents import llm

from contracts.approval import ApprovalStage, OpenApproval
from contracts.escalation import CallEscalation, EscalationStage
from contracts.events import ContextChanged
from contracts.session import SessionSnapshot, Speaker, Turn
from contracts.task import TaskStage, TaskState

_STAGES = {
    TaskStage.PLANNING: "being prepared",
    TaskStage.RUNNING: "being worked on",
    TaskStage.WAITING_APPROVAL: "waiting for a colleague's decision",
    TaskStage.WAITING: "waiting for its time",
    TaskStage.SUSPENDED: "on hold",
    TaskStage.NEEDS_PERSON: "with a colleague",
    TaskStage.DONE: "done",
    TaskStage.DECLINED: "declined",
    TaskStage.FAILED: "failed",
    TaskStage.CANCELLED: "cancelled",
}
_FINISHED_KEPT = 4


class CallContext:
    """States of this call as they change; rendered anew for every model call, so nothing stale is sent."""

    def __init__(self) -> None:
        self._summary: str | None = None
        self._last_call: str | None = None
        self._summarized: set[str] = set()
        self._tasks: dict[str, TaskState] = {}
        self._approvals: tuple[OpenApproval, ...] = ()
        self._escalations: dict[str, CallEscalation] = {}

    def take(self, snapshot: SessionSnapshot) -> None:
        self.context_changed(ContextChanged(summary=snapshot.summary, last_call=snapshot.last_call))
        self._approvals = snapshot.approvals
        for state in snapshot.tasks:
            self.task_changed(state)
        for escalation in snapshot.escalations:
            self.escalation_changed(escalation)

    def escalation_changed(self, escalation: CallEscalation) -> None:
        """A state that is older than the known one is ignored."""
        known = self._escalations.get(escalation.escalation_id)
        if known is None or escalation.revision > known.revision:
            self._escalations[escalation.escalation_id] = escalation

    def context_changed(self, news: ContextChanged) -> None:
        self._summary = news.summary.body if news.summary is not None else self._summary
        self._last_call = news.last_call.body if news.last_call is not None else self._last_call
        self._summarized.update(news.turn_ids)

    def recent(self, items: list[llm.ChatItem]) -> list[llm.ChatItem]:
        """The conversation without what the summary tells: what a model is sent stays small however long a call is."""
        last = max((n for n, item in enumerate(items) if item.id in self._summarized), default=-1)
        return [item for n, item in enumerate(items) if n > last or _instructs(item)]

    def with_earlier(self, speech: str) -> str:
        """Recent speech after what was said before it, one line a turn."""
        return f"Earlier in this call: {' '.join(self._summary.split())}\n{speech}" if self._summary else speech

    def task_changed(self, state: TaskState) -> None:
        """A state that is older than the known one is ignored."""
        known = self._tasks.get(state.task_id)
        if known is None or state.revision > known.revision:
            self._tasks[state.task_id] = state

    @property
    def work_is_open(self) -> bool:
        """Whether the caller waits for what was delegated."""
        return any(not state.stage.final for state in self._tasks.values())

    def render(self) -> str | None:
        """One block of text; None when there is nothing to tell."""
        lines = []
        if self._last_call:
            lines.append(f"The call before this one. {self._last_call}")
        if self._summary:
            lines.append(f"Earlier in this call: {self._summary}")
        open_tasks = [state for state in self._tasks.values() if not state.stage.final]
        finished = [state for state in self._tasks.values() if state.stage.final][-_FINISHED_KEPT:]
        lines += [_line(state) for state in (*finished, *open_tasks)]
        known = {state.task_id for state in open_tasks}
        pending = [a for a in self._approvals if a.stage is ApprovalStage.PENDING and a.task_id not in known]
        lines += [f"Waiting for a colleague's decision: {approval.tool.replace('_', ' ')}." for approval in pending]
        lines += [line for escalation in self._escalations.values() if (line := _of_person(escalation))]
        return "\n".join(lines) or None


def _of_person(escalation: CallEscalation) -> str | None:
    """What came of asking a person into the call."""
    if escalation.stage is EscalationStage.RESUMED and escalation.note is not None:
        return f'A colleague looked at this call and tells you: "{escalation.note.body}"'
    if escalation.stage is EscalationStage.EXPIRED:
        return "A colleague was asked into this call, but none was free."
    return None


def _line(state: TaskState) -> str:
    goal = f'"{state.goal.body}"' if state.goal is not None else "a request"
    sentence = f" {state.sentence.body}" if state.sentence is not None else ""
    return f"Request {goal} is {_STAGES[state.stage]}.{sentence}"


def restored(turns: tuple[Turn, ...]) -> tuple[llm.ChatContext, Turn | None]:
    """The conversation so far, and the caller's last turn when nobody answered it (then it is not in the context)."""
    unanswered = turns[-1] if turns and turns[-1].speaker is Speaker.CALLER else None
    return whole(turns[:-1] if unanswered is not None else turns), unanswered


def whole(turns: tuple[Turn, ...]) -> llm.ChatContext:
    """The turns as a conversation."""
    context = llm.ChatContext.empty()
    for turn in turns:
        context.add_message(
            role="user" if turn.speaker is Speaker.CALLER else "assistant",
            content=turn.text.body,
            id=turn.turn_id,
            interrupted=turn.interrupted,
            created_at=turn.started_at.timestamp(),
        )
    return context


def leading_instructions(context: llm.ChatContext) -> int:
    """How many items at the front are instructions."""
    count = 0
    while count < len(context.items) and _instructs(context.items[count]):
        count += 1
    return count


def _instructs(item: llm.ChatItem) -> bool:
    return getattr(item, "role", None) in ("system", "developer")


def conversation(items: list[llm.ChatItem], limit: int) -> str:
    """The speech alone, one line a turn, newest last."""
    lines = [
        f"{'caller' if item.role == 'user' else 'agent'}: {item.text_content}"
        for item in items
        if isinstance(item, llm.ChatMessage) and item.role in ("user", "assistant") and item.text_content
    ]
    return "\n".join(lines[-limit:])
