"""One call: its turns, its roles, its tasks, and the stream that tells the room what happens backstage."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from temporalio import workflow
from temporalio.contrib.workflow_streams import WorkflowStream, WorkflowStreamState

with workflow.unsafe.imports_passed_through():
    from contracts.approval import OpenApproval
    from contracts.audit_events import CallerMoved, RoleMoved, SessionMoved, SummaryMade
    from contracts.composition import Attendance, Composition, Limits
    from contracts.events import (
        ApprovalNews,
        ContextChanged,
        EventPayload,
        RoleSuperseded,
        SessionEnding,
        TaskNews,
    )
    from contracts.names import (
        SNAPSHOT_QUERY,
        Signal,
        attendance_workflow_id,
        session_workflow_id,
    )
    from contracts.question import AnswerAwaited
    from contracts.records import Record, TurnRecord
    from contracts.session import (
        CallerChanged,
        CallerPresence,
        RoleHealth,
        RoleState,
        SessionEnd,
        SessionSnapshot,
        SessionStart,
        Turn,
    )
    from contracts.summary import Summary
    from contracts.task import TaskState
    from contracts.tools import ToolRefused
    from policy import rolling
    from policy import session as policy
    from workflows import beside, escalating, leaving, recording, remembering
    from workflows.stage import Stage

VOICE = "voice"


class Carried(BaseModel):
    """What a session takes along when it continues as new."""

    state: policy.SessionState
    stream: WorkflowStreamState | None
    spoken_to: bool
    unwritten: tuple[Record, ...] = ()


class SessionInput(SessionStart):
    """What a session starts with: told by whoever opened it, and by itself when it continues as new.

    One argument, since the SDK reads typed arguments only when all of them are given.
    """

    carried: Carried | None = None


@workflow.defn(name="Session")
class SessionWorkflow:
    @workflow.init
    def __init__(self, start: SessionInput) -> None:
        carried = start.carried
        self._state = (
            carried.state if carried else policy.SessionState(start=SessionStart.model_validate(start.model_dump()))
        )
        self._stream = WorkflowStream(prior_state=carried.stream if carried else None)
        self._stage = Stage(self._stream)
        self._journal = recording.Journal(carried.unwritten if carried else ())
        self._reachable = carried.spoken_to if carried else False
        self._unattended: RoleState | None = None
        self._times = Attendance()
        self._keep = Limits().recent_turns

    @workflow.run
    async def run(self, start: SessionInput) -> None:
        composition = await recording.load_composition(start.composition)
        self._times, self._keep = composition.attendance, rolling.most_turns(composition)
        # Beside the call: neither the database nor a model is ever waited for by what happens in it.
        beside_it = [asyncio.create_task(self._journal.run()), asyncio.create_task(self._keep_summary(composition))]
        if start.carried is None:
            beside_it.append(asyncio.create_task(self._recall()))
            await self._open(composition)
        while self._state.end_reason is None:
            self._describe()
            await self._wait_for_work()
            unattended, self._unattended = self._unattended, None
            await escalating.for_want_of_an_agent(composition, self._state, unattended)
            await self._tell_presence()
            while await self._pass_answers():
                await self._tell_presence()
            if workflow.info().is_continue_as_new_suggested() and self._state.end_reason is None:
                await self._continue()
        for task in beside_it[1:]:
            task.cancel()
        await self._close(composition)

    # What the outside tells

    @workflow.signal(name=Signal.TURN_ENDED.value)
    def turn_ended(self, turn: Turn) -> None:
        known = self._state
        self._state = policy.with_turn(known, turn, self._keep)
        if self._state is not known:
            self._journal.add(TurnRecord(turn=turn))

    @workflow.signal(name=Signal.ROLE_CHANGED.value)
    def role_changed(self, news: RoleState) -> None:
        before = self._state.role(news.role)
        self._state = policy.with_role(self._state, news)
        if news.health is RoleHealth.PRESENT and (before is None or before.epoch < news.epoch or news != before):
            self._publish(RoleSuperseded(role=news.role, epoch=news.epoch))
        self._journal.add(
            recording.audit(
                self._state.start.session_id,
                actor="workflow",
                target=attendance_workflow_id(self._state.start.session_id, news.role),
                event=RoleMoved(state=news.health, epoch=news.epoch, reason=news.reason, identity=news.identity),
            )
        )
        if news.health is RoleHealth.FAILED:
            self._unattended = news
        if news.health is RoleHealth.LEFT and news.reason == "caller_left" and self._state.caller is None:
            self._end("the caller left")

    @workflow.signal(name=Signal.CALLER_CHANGED.value)
    def caller_changed(self, news: CallerChanged) -> None:
        known = self._state
        self._state = policy.with_caller(known, news)
        if self._state is not known:
            event = CallerMoved(state=news.presence)
            self._journal.add(recording.audit(known.start.session_id, actor="room", target=news.identity, event=event))
        if self._state.caller is CallerPresence.GONE:
            self._end("the caller hung up")

    @workflow.signal(name=Signal.ANSWER_AWAITED.value)
    def answer_awaited(self, news: AnswerAwaited) -> None:
        self._state = policy.with_awaited(self._state, news)

    @workflow.signal(name=Signal.TASK_CHANGED.value)
    def task_changed(self, news: TaskState) -> None:
        known = self._state
        self._state = policy.with_task(known, news)
        if self._state is not known:
            self._publish(TaskNews(state=news))

    @workflow.signal(name=Signal.APPROVAL_CHANGED.value)
    def approval_changed(self, news: OpenApproval) -> None:
        self._state = policy.with_approval(self._state, news)
        self._publish(ApprovalNews(approval=news))

    @workflow.signal(name=Signal.PUBLISH.value)
    def publish(self, payload: EventPayload) -> None:
        self._publish(payload)

    @workflow.signal(name=Signal.TOOL_REFUSED.value)
    def tool_refused(self, news: ToolRefused) -> None:
        self._journal.add(recording.refused(news))

    @workflow.signal(name=Signal.END.value)
    def end(self, news: SessionEnd) -> None:
        self._end(news.reason)

    @workflow.query(name=SNAPSHOT_QUERY)
    def snapshot(self) -> SessionSnapshot:
        return policy.snapshot(self._state)

    # The course of a call

    async def _open(self, composition: Composition) -> None:
        start = self._state.start
        for role in composition.live_roles():
            await beside.attend(start, role, composition.attendance)
        self._journal.add(
            policy.record(self._state, "open", 1, workflow.now()),
            recording.audit(
                start.session_id,
                actor="caller",
                target=session_workflow_id(start.session_id),
                event=SessionMoved(state="opened"),
            ),
        )

    async def _recall(self) -> None:
        if (known := await remembering.last_call(self._state.start)) is not None:
            self._state = self._state.model_copy(update={"last_call": known})
            self._publish(ContextChanged(last_call=known))

    async def _keep_summary(self, composition: Composition) -> None:
        def made(summary: Summary, turns: tuple[Turn, ...]) -> None:
            self._state = policy.with_summary(self._state, summary, turns)
            ids = tuple(turn.turn_id for turn in turns)
            self._publish(ContextChanged(summary=rolling.in_words(summary), turn_ids=ids))
            session_id = self._state.start.session_id
            target, event = session_workflow_id(session_id), SummaryMade(state="rolled", turns=len(turns))
            self._journal.add(recording.audit(session_id, actor="role:summarizer", target=target, event=event))

        await remembering.keep_summary(composition, lambda: self._state, made)

    async def _wait_for_work(self) -> None:
        """Until something was told, or the caller stayed away too long."""
        known, times = self._state, self._times
        overdue = policy.overdue(known, return_seconds=times.return_seconds, arrival_seconds=times.arrival_seconds)
        timeout = max(overdue[0] - workflow.now(), timedelta(0)) if overdue is not None else None
        try:
            await workflow.wait_condition(
                lambda: (
                    self._state is not known
                    or self._unattended is not None  # told while the loop was at something else
                    or workflow.info().is_continue_as_new_suggested()
                ),
                timeout=timeout,
                timeout_summary="a caller who is away may come until then",
            )
        except TimeoutError:
            if overdue is not None:
                self._end(overdue[1])

    async def _tell_presence(self) -> None:
        reachable = policy.present(self._state, VOICE, told=self._reachable)
        if reachable != self._reachable:
            self._reachable = reachable
            await leaving.tell_inbox(self._state, VOICE, present=reachable)

    async def _pass_answers(self) -> bool:
        """Whether there was an answer to be passed on, meanwhile anything may have been told."""
        self._state, answers = policy.answered(self._state)
        for reply_to, answer in answers:
            await recording.tell(reply_to, Signal.ANSWERED, answer)
        return bool(answers)

    async def _close(self, composition: Composition) -> None:
        start = self._state.start
        self._publish(SessionEnding(reason=self._state.end_reason or ""))
        await leaving.tell_roles(start.session_id, composition.live_roles())
        self._reachable = False
        await leaving.tell_inbox(self._state, VOICE, present=False)
        await leaving.last_turns(lambda: self._state)
        await self._pass_answers()
        await leaving.close_room(start.room)
        self._journal.add(
            policy.record(self._state, "ended", 2, workflow.now()),
            recording.audit(
                start.session_id,
                actor="workflow",
                target=session_workflow_id(start.session_id),
                event=SessionMoved(state="ended", reason=self._state.end_reason, turns=self._state.turn_count),
            ),
        )
        await self._journal.written()
        await beside.sum_up(start)
        self._describe()
        self._stream.detach_pollers()
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self._journal.written()  # an agent's last words may come while the above was being done

    async def _continue(self) -> None:
        await self._tell_presence()
        await self._journal.written(recording.BEFORE_CONTINUING)
        await self._stream.continue_as_new(
            lambda stream: [
                SessionInput(
                    **self._state.start.model_dump(),
                    carried=Carried(
                        state=self._state,
                        stream=stream,
                        spoken_to=self._reachable,
                        unwritten=self._journal.unwritten,  # the next run writes it
                    ),
                )
            ]
        )

    def _end(self, reason: str) -> None:
        if self._state.end_reason is None:
            self._state = self._state.model_copy(update={"end_reason": reason})

    def _publish(self, payload: EventPayload) -> None:
        self._state = self._stage.publish(self._state, payload)

    def _describe(self) -> None:
        workflow.set_current_details(policy.in_words(self._state))
