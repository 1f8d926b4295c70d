"""What a call remembers of itself: pure changes of one serialisable state."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.approval import ApprovalStage, OpenApproval
from contracts.base import Content, Contract, Moment
from contracts.delivery import Offer
from contracts.escalation import CallEscalation, EscalationStage
from contracts.events import DeliveryOffered, DeliveryWithdrawn, EscalationNews, EscalationRequested, EventPayload
from contracts.question import Answer, AnswerAwaited
from contracts.records import SessionRecord
from contracts.session import (
    CallerChanged,
    CallerPresence,
    RoleHealth,
    RoleState,
    SessionSnapshot,
    SessionStart,
    Speaker,
    Turn,
)
from contracts.summary import Outcome, Summary
from contracts.task import TaskState
from policy import rolling

KNOWN_TURNS = 400
"""How many turn ids are kept to recognise a turn that is sent twice."""

KNOWN_ESCALATIONS = 8

KNOWN_ENDED_TASKS = 20


class SessionState(Contract):
    """`published` is the stream's offset: how many events were ever published. `seen_turns`: newest last."""

    start: SessionStart
    turns: tuple[Turn, ...] = ()
    turn_count: int = 0
    seen_turns: tuple[str, ...] = ()
    summary: Summary | None = None
    last_call: Content | None = None
    roles: tuple[RoleState, ...] = ()
    tasks: tuple[TaskState, ...] = ()
    approvals: tuple[OpenApproval, ...] = ()
    offers: tuple[Offer, ...] = ()
    escalations: tuple[CallEscalation, ...] = ()
    awaited: tuple[AnswerAwaited, ...] = ()
    """Questions that the caller has heard and not answered yet, oldest first."""
    published: int = 0
    caller: CallerPresence | None = None
    caller_since: Moment | None = None
    end_reason: str | None = None

    def role(self, name: str) -> RoleState | None:
        return next((r for r in self.roles if r.role == name), None)


def with_turn(state: SessionState, turn: Turn, keep: int) -> SessionState:
    """The state with that turn; the same state if the turn is known. `keep` turns stay in full."""
    if turn.turn_id in state.seen_turns:
        return state
    kept = turn.model_copy(update={"stages": None, "told": None})  # the records have them
    turns = sorted((*state.turns, kept), key=lambda t: t.ended_at)
    return state.model_copy(
        update={
            "turns": tuple(turns[-keep:]),
            "turn_count": state.turn_count + 1,
            "seen_turns": (*state.seen_turns, turn.turn_id)[-KNOWN_TURNS:],
        }
    )


def with_awaited(state: SessionState, news: AnswerAwaited) -> SessionState:
    known = {awaited.question.question_id for awaited in state.awaited}
    return state if news.question.question_id in known else state.model_copy(update={"awaited": (*state.awaited, news)})


def answered(state: SessionState) -> tuple[SessionState, tuple[tuple[str, Answer], ...]]:
    """The state without the questions that the caller has answered, and where each answer goes.

    The answer is the caller's first turn that ended after the question was said, whatever it says.
    """
    answers: list[tuple[str, Answer]] = []
    left: list[AnswerAwaited] = []
    for awaited in state.awaited:
        turn = next((t for t in state.turns if t.speaker is Speaker.CALLER and t.ended_at > awaited.since), None)
        if turn is None:
            left.append(awaited)
            continue
        answer = Answer(
            question_id=awaited.question.question_id,
            session_id=state.start.session_id,
            turn_id=turn.turn_id,
            text=turn.text,
            at=turn.ended_at,
        )
        answers.append((awaited.question.reply_to, answer))
    return (state.model_copy(update={"awaited": tuple(left)}) if answers else state), tuple(answers)


def with_summary(state: SessionState, summary: Summary, turns: tuple[Turn, ...]) -> SessionState:
    """The state after those turns went into its summary: they are not kept in full any more."""
    folded = {turn.turn_id for turn in turns}
    left = tuple(turn for turn in state.turns if turn.turn_id not in folded)
    return state.model_copy(update={"summary": summary, "turns": left})


def outcomes(state: SessionState) -> tuple[Outcome, ...]:
    """What the tasks of this call came to so far. One whose outcome stands to be said was not told yet."""
    waiting = {offer.task_id for offer in state.offers}
    return tuple(
        Outcome(
            task_id=task.task_id,
            goal=task.goal,
            stage=task.stage,
            speech=task.sentence,
            told=task.stage.final and task.task_id not in waiting,
        )
        for task in state.tasks
        if task.goal is not None
    )


def overdue(state: SessionState, *, return_seconds: float, arrival_seconds: float) -> tuple[datetime, str] | None:
    """When the call is over because its caller stays away, and why; None while the caller is on the line."""
    if state.caller is CallerPresence.LOST and state.caller_since is not None:
        return state.caller_since + timedelta(seconds=return_seconds), "the caller vanished"
    if state.caller is None and state.turn_count == 0:
        return state.start.opened_at + timedelta(seconds=arrival_seconds), "the caller never came"
    return None


def with_role(state: SessionState, news: RoleState) -> SessionState:
    """The state with news of a role. News of an older agent than the known one is of no interest."""
    known = state.role(news.role)
    if known is not None and known.epoch > news.epoch:
        return state
    others = tuple(r for r in state.roles if r.role != news.role)
    return state.model_copy(update={"roles": (*others, news)})


def with_task(state: SessionState, news: TaskState) -> SessionState:
    known = next((t for t in state.tasks if t.task_id == news.task_id), None)
    if known is not None and known.revision >= news.revision:
        return state
    others = tuple(t for t in state.tasks if t.task_id != news.task_id)
    surplus = {t.task_id for t in [t for t in others if t.stage.final][: -KNOWN_ENDED_TASKS or None]}
    return state.model_copy(update={"tasks": (*(t for t in others if t.task_id not in surplus), news)})


def with_approval(state: SessionState, news: OpenApproval) -> SessionState:
    others = tuple(a for a in state.approvals if a.approval_id != news.approval_id)
    kept = (*others, news) if news.stage is ApprovalStage.PENDING else others
    return state.model_copy(update={"approvals": kept})


def with_payload(state: SessionState, payload: EventPayload) -> SessionState:
    """The state after an event was published: offers stay until they are withdrawn."""
    state = state.model_copy(update={"published": state.published + 1})
    if isinstance(payload, DeliveryOffered):
        others = tuple(o for o in state.offers if o.delivery_id != payload.offer.delivery_id)
        return state.model_copy(update={"offers": (*others, payload.offer)})
    if isinstance(payload, DeliveryWithdrawn):
        return state.model_copy(
            update={"offers": tuple(o for o in state.offers if o.delivery_id != payload.delivery_id)}
        )
    if isinstance(payload, EscalationRequested | EscalationNews):
        return with_escalation(state, payload.escalation)
    return state


def with_escalation(state: SessionState, news: CallEscalation) -> SessionState:
    """The state with news of an escalation. Those that have ended stay, the newest `KNOWN_ESCALATIONS` in all."""
    known = next((e for e in state.escalations if e.escalation_id == news.escalation_id), None)
    if known is not None and known.revision >= news.revision:
        return state
    others = tuple(e for e in state.escalations if e.escalation_id != news.escalation_id)
    return state.model_copy(update={"escalations": (*others, news)[-KNOWN_ESCALATIONS:]})


def with_caller(state: SessionState, news: CallerChanged) -> SessionState:
    """The state after the caller came or went. Only the caller of this session counts; `gone` outranks `lost`."""
    if news.identity != state.start.caller_identity or state.caller is CallerPresence.GONE:
        return state
    return state.model_copy(update={"caller": news.presence, "caller_since": news.at})


def reachable(state: SessionState, voice: str) -> bool:
    """Whether something can be said to the caller now: the caller is not away, and an agent is there to say it."""
    role = state.role(voice)
    away = state.caller in (CallerPresence.GONE, CallerPresence.LOST)
    return not away and state.end_reason is None and role is not None and role.health is RoleHealth.PRESENT


def present(state: SessionState, voice: str, *, told: bool) -> bool:
    """What the inbox should be told. While an agent is only being replaced, what was told last stands.

    So what an agent was asked to say stays with the call, and its successor says it.
    """
    if reachable(state, voice):
        return True
    away = state.caller in (CallerPresence.GONE, CallerPresence.LOST)
    return told and not away and state.end_reason is None


def in_words(state: SessionState) -> str:
    """The state for people, in Markdown; ids and states alone."""
    lines = [
        f"**{'ended: ' + state.end_reason if state.end_reason else 'on the line'}**, {state.turn_count} turns",
        "",
        *(f"- role `{r.role}`: agent {r.epoch} {r.health.value}" for r in state.roles),
        *(f"- task `{t.task_id}`: {t.stage.value.replace('_', ' ')}" for t in state.tasks),
        *(f"- approval `{a.approval_id}`: {a.stage.value} until {a.deadline:%H:%M:%S} UTC" for a in state.approvals),
        *(
            f"- escalation `{e.escalation_id}`: {e.stage.value.replace('_', ' ')}"
            + (f" until {e.deadline:%H:%M:%S} UTC" if e.stage is EscalationStage.OPEN else "")
            for e in state.escalations
        ),
        *(f"- to be said: `{o.delivery_id}`" for o in state.offers),
    ]
    return "\n".join(lines)


def record(state: SessionState, stage: str, revision: int, now: datetime) -> SessionRecord:
    start = state.start
    return SessionRecord(
        session_id=start.session_id,
        room=start.room,
        subject_id=start.subject_id,
        composition=start.composition,
        state=stage,
        revision=revision,
        opened_at=start.opened_at,
        ended_at=now if state.end_reason is not None else None,
        end_reason=state.end_reason,
    )


def snapshot(state: SessionState) -> SessionSnapshot:
    start = state.start
    return SessionSnapshot(
        session_id=start.session_id,
        room=start.room,
        subject_id=start.subject_id,
        composition=start.composition,
        caller_identity=start.caller_identity,
        ended=state.end_reason is not None,
        summary=rolling.in_words(state.summary) if state.summary else None,
        turns=state.turns,
        turn_count=state.turn_count,
        roles=state.roles,
        tasks=state.tasks,
        approvals=state.approvals,
        offers=state.offers,
        stream_offset=state.published,
        escalations=state.escalations,
        last_call=state.last_call,
    )
