"""A plan waits for a person to look at it: before it runs, or before or after one of its steps."""

from __future__ import annotations

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from contracts.approval import DecisionReceipt
    from contracts.checkpoint import CheckpointRequest, CheckpointStage, CheckpointView
    from contracts.ladder import Rung
    from contracts.names import VIEW_QUERY, Signal
    from contracts.records import CheckpointRecord
    from policy import checkpoint as policy
    from policy import review
    from workflows import options, recording
    from workflows.arity import one_value
    from workflows.reviewing import EXPECTED, Reviewing


@workflow.defn(name="Checkpoint")
class CheckpointWorkflow:
    @workflow.init
    def __init__(self, request: CheckpointRequest) -> None:
        self._request = request
        self._review = Reviewing(
            policy.opened(request, workflow.now()), item_id=request.checkpoint_id, session_id=request.session_id
        )
        self._revision = 0

    @workflow.run
    async def run(self, request: CheckpointRequest) -> CheckpointStage:
        await self._announce("opened")
        while self._review.state.open:
            reached = await self._review.change()
            state = self._review.state
            if not state.open:
                # The task first: its caller waits. The records follow.
                await recording.tell(
                    request.reply_to, Signal.CHECKPOINT_DECIDED, policy.outcome(request, self._review.state)
                )
                await self._announce(state.stage, reached[-1] if reached else None)
            for rung in reached if state.open else ():
                await self._announce(rung.kind.value, rung)
            if self._review.unwritten:
                self._describe()
                await self._review.write(summary="decisions")
        await self._review.linger(request.rule.grace_seconds)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return CheckpointStage(self._review.state.stage)

    @workflow.signal(name=Signal.DECIDE.value, description=f"One JSON object: {EXPECTED}, with the digest shown")
    @one_value
    def decide(self, raw: RawValue = RawValue(Payload())) -> None:  # noqa: B008 - a default keeps an empty signal harmless
        self._review.take(raw)

    @workflow.update(name="decide_update", description="The same decision, answered with its receipt")
    async def decide_update(self, raw: RawValue = RawValue(Payload())) -> DecisionReceipt:  # noqa: B008
        return await self._review.answer(raw)

    @decide_update.validator
    def _takes_one_value(self, raw: RawValue = RawValue(Payload())) -> None:  # noqa: B008
        """Lets the SDK refuse an update with more values before it is accepted; later it would stall the workflow."""

    @workflow.signal(name=Signal.WITHDRAW.value, description="What it was needed for is not done any more")
    def withdraw(self) -> None:
        self._review.withdraw()

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> CheckpointView:
        return CheckpointView(request=self._request, review=review.view(self._review.state))

    async def _announce(self, event: str, rung: Rung | None = None) -> None:
        self._revision += 1
        request, state = self._request, self._review.state
        workflow.upsert_search_attributes(
            [
                options.REVIEW_STATE.value_set(state.stage),
                options.DEADLINE.value_set(state.deadline),
                *([] if state.open else [options.REVIEWER.value_set(state.reviewer or "nobody")]),
            ]
        )
        self._describe()
        await self._review.write(
            CheckpointRecord(
                checkpoint_id=request.checkpoint_id,
                task_id=request.task_id,
                step_id=request.step_id,
                session_id=request.session_id,
                subject_id=request.subject_id,
                composition=request.composition,
                rule_id=request.rule.id,
                at=request.rule.at.value,
                why=request.rule.why,
                plan=request.plan,
                digest=request.digest,
                stage=CheckpointStage(state.stage),
                revision=self._revision,
                opened_at=state.climb.opened_at,
                deadline=state.deadline,
                decided_at=state.decided_at,
                reviewer=state.reviewer,
                note=state.note,
            ),
            self._review.audit(
                f"checkpoint.{event}",
                rule=request.rule.id,
                digest=request.digest,
                reviewer=state.reviewer,
                to=rung.to if rung else None,
            ),
            summary=f"checkpoint {event}",
        )

    def _describe(self) -> None:
        request, state = self._request, self._review.state
        what = request.rule.at.value.replace("_", " ") + (f" `{request.step_id}`" if request.step_id else "")
        if not state.open:
            by = f" by **{state.reviewer}**" if state.reviewer else ""
            workflow.set_current_details(f"**{state.stage}**{by} ({what} of `{request.task_id}`)")
            return
        workflow.set_current_details(
            f"**A plan waits for a person** until {state.deadline:%Y-%m-%d %H:%M:%S} UTC\n\n"
            f"- of: `{request.task_id}`, {what}, digest `{request.digest[:12]}`\n"
            f"- why it waits: {request.rule.why} (rule `{request.rule.id}`)\n"
            + self._review.how_to_decide(
                "for redirect: what to do instead", f"greenroom checkpoints show {request.checkpoint_id}"
            )
        )
