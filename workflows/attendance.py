"""One live role of a call is always attended by exactly one agent."""

from __future__ import annotations

import contextlib

from pydantic import BaseModel
from temporalio import exceptions, workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.rooms import RoomActivities
    from contracts.attendance import (
        AgentLost,
        AttendanceStart,
        AttendRequest,
        AttendResult,
        ProbeRequest,
        ProbeResult,
    )
    from contracts.names import Signal, session_workflow_id
    from contracts.session import RoleHealth, RoleState
    from policy.attendance import Remedy, backoff, pool, remedy
    from workflows import options, recording


PROBE_AGAIN_SECONDS = 1.0
"""Between two probes while the room API does not answer."""


class Carried(BaseModel):
    """What an attendance takes along when it continues as new."""

    epoch: int
    identity: str | None
    lost_epoch: int
    failures: int
    reattach: bool


class AttendanceInput(AttendanceStart):
    """Who is to attend, and how far that had come when it continues as new."""

    carried: Carried | None = None


LAST_WORDS_SECONDS = 3.5


@workflow.defn(name="Attendance")
class AttendanceWorkflow:
    @workflow.init
    def __init__(self, start: AttendanceInput) -> None:
        carried = start.carried
        self._start = start
        self._epoch = carried.epoch if carried else start.epoch
        self._identity = carried.identity if carried else None
        self._lost_epoch = carried.lost_epoch if carried else 0
        self._failures = carried.failures if carried else 0
        self._leaving = False

    @workflow.run
    async def run(self, start: AttendanceInput) -> None:
        reattach = start.carried.reattach if start.carried else False
        while not self._leaving:
            if workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                if self._leaving:
                    break
                workflow.continue_as_new(start.model_copy(update={"carried": self._carried(reattach)}))
            if not reattach:
                self._epoch += 1
                self._identity = None
                await self._report(RoleHealth.JOINING)
            result = await self._attend(reattach=reattach)
            if result is not None:
                await self._report(RoleHealth.LEFT, result.reason)
                return
            if self._leaving:
                break
            if self._pool() is None:
                await self._report(RoleHealth.FAILED, "no agent could be brought into the room")
                self._failures = 0
                await self._wait(backoff(start.max_attempts))
                continue
            if self._failures:
                await self._wait(backoff(self._failures))
                reattach = False
                continue
            reattach = await self._choose_remedy() is Remedy.REATTACH
        await self._report(RoleHealth.LEFT, "the call is over")

    @workflow.signal(name=Signal.JOINED.value)
    async def joined(self, epoch: int, identity: str) -> None:
        if epoch == self._epoch and self._lost_epoch < epoch:
            self._identity = identity
            self._failures = 0
            await self._report(RoleHealth.PRESENT)

    @workflow.signal(name=Signal.LOST.value)
    def lost(self, news: AgentLost) -> None:
        """The death watch saw the process of that epoch end: no second opinion is needed."""
        self._lost_epoch = max(self._lost_epoch, news.epoch)

    @workflow.signal(name=Signal.LEAVE.value)
    def leave(self) -> None:
        self._leaving = True

    async def _attend(self, *, reattach: bool) -> AttendResult | None:
        """The agent's own result, or None when it has to be looked after: lost, silent, never joined, or leaving."""
        start = self._start
        request = AttendRequest(
            session_id=start.session_id,
            room=start.room,
            role=start.role,
            epoch=self._epoch,
            pool=self._pool() or start.pools[-1],
            join_timeout=start.join_timeout,
            composition=start.composition,
            subject_id=start.subject_id,
            caller_identity=start.caller_identity,
            attached_identity=self._identity if reattach else None,
        )
        what = f"agent {self._epoch} of role {start.role} in the room"
        attending = workflow.start_activity_method(
            RoomActivities.attend, request, **options.attend(start.heartbeat_timeout, what)
        )
        self._describe(f"agent **{self._epoch}** {'is handed a new token' if reattach else 'attends'}")
        await workflow.wait_condition(lambda: attending.done() or self._lost_epoch >= self._epoch or self._leaving)
        if self._leaving and self._identity is not None and workflow.patched("last-words"):
            await self._hear_out(attending)
        if not attending.done():
            attending.cancel()
            return None
        try:
            return await attending
        except ActivityError as error:
            if is_cancelled_exception(error):
                return None
            if not isinstance(error.cause, exceptions.TimeoutError) and not reattach:
                self._failures += 1
            return None

    async def _hear_out(self, attending: workflow.ActivityHandle[AttendResult]) -> None:
        """The agent still recognises what the caller said before hanging up, and leaves by itself after that."""
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: attending.done() or self._lost_epoch >= self._epoch,
                timeout=LAST_WORDS_SECONDS,
                timeout_summary="the caller's last words",
            )

    def _pool(self) -> str | None:
        return pool(self._start.pools, self._failures, self._start.max_attempts)

    async def _choose_remedy(self) -> Remedy:
        witnessed = self._lost_epoch >= self._epoch
        probe: ProbeResult | None = None
        if not witnessed:
            await self._report(RoleHealth.SUSPECT, "heartbeat missed")
            while (probe := await self._probe()) is None and self._lost_epoch < self._epoch and not self._leaving:
                # Without the room API nobody could be replaced either: look again rather than give the agent up.
                await self._wait(PROBE_AGAIN_SECONDS)
            witnessed = self._lost_epoch >= self._epoch
            if probe is not None and probe.identity is not None:
                self._identity = probe.identity
        chosen = remedy(death_witnessed=witnessed, probe=probe)
        if chosen is Remedy.REPLACE:
            await self._report(RoleHealth.LOST, "seen to end" if witnessed else "silent in the room")
        return chosen

    async def _probe(self) -> ProbeResult | None:
        """The word of the room on the agent, or None when the room API cannot be asked."""
        request = ProbeRequest(
            room=self._start.room, role=self._start.role, epoch=self._epoch, timeout=self._start.probe_timeout
        )
        try:
            answer: ProbeResult = await workflow.execute_activity_method(
                RoomActivities.probe, request, **options.rooms("does it live?")
            )
        except ActivityError as error:
            workflow.logger.warning("no probe of agent %s: %s", self._epoch, type(error.cause).__name__)
            return None
        return answer

    def _carried(self, reattach: bool) -> Carried:
        return Carried(
            epoch=self._epoch,
            identity=self._identity,
            lost_epoch=self._lost_epoch,
            failures=self._failures,
            reattach=reattach,
        )

    async def _wait(self, seconds: float) -> None:
        try:
            await workflow.wait_condition(lambda: self._leaving, timeout=seconds, timeout_summary="before the next try")
        except TimeoutError:
            return

    async def _report(self, health: RoleHealth, reason: str | None = None) -> None:
        state = RoleState(
            role=self._start.role, epoch=self._epoch, health=health, identity=self._identity, reason=reason
        )
        self._describe(f"agent **{self._epoch}**: {health.value}" + (f" ({reason})" if reason else ""))
        await recording.tell(session_workflow_id(self._start.session_id), Signal.ROLE_CHANGED, state)

    def _describe(self, text: str) -> None:
        workflow.set_current_details(f"Role `{self._start.role}` of `{self._start.session_id}`: {text}")
