"""A plan waits for a person to look at it: before it runs, or before or after one of its steps."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.audit_events import CheckpointMoved
    from contracts.checkpoint import CheckpointRequest, CheckpointStage, CheckpointView
    from contracts.ladder import Rung
    from contracts.names import VIEW_QUERY, Signal
    from contracts.records import CheckpointRecord
    from policy import checkpoint as policy
    from policy import review
    from workflows import recording
    from workflows.reviewed import Reviewed
    from workflows.reviewing import Reviewing


@workflow.defn(name="Checkpoint")
class CheckpointWorkflow(Reviewed):
    @workflow.init
    def __init__(self, request: CheckpointRequest) -> None:
        self._request = request
        self._review = Reviewing(
            policy.opened(request, workflow.now()), item_id=request.checkpoint_id, session_id=request.session_id
        )

    @workflow.run
    async def run(self, request: CheckpointRequest) -> CheckpointStage:
        await self._until_decided("opened", grace_seconds=request.rule.grace_seconds)
        return CheckpointStage(self._review.state.stage)

    @workflow.signal(name=Signal.WITHDRAW.value, description="What it was needed for is not done any more")
    def withdraw(self) -> None:
        self._review.withdraw()

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> CheckpointView:
        return CheckpointView(request=self._request, review=review.view(self._review.state))

    async def _announce(self, event: str, rung: Rung | None = None) -> None:
        """The task first: its caller waits. The records follow."""
        self._revision += 1
        request, state = self._request, self._review.state
        if not state.open:
            await recording.tell(request.reply_to, Signal.CHECKPOINT_DECIDED, policy.outcome(request, state))
        self._index()
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
                CheckpointMoved(
                    state=event,
                    task=request.task_id,
                    rule=request.rule.id,
                    reviewer=state.reviewer,
                    to=rung.to if rung else None,
                ),
                {"plan": request.plan} | ({"note": state.note} if state.note else {}),
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
