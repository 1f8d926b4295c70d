"""A plan waits for a person to look at it: before it runs, or before or after one of its steps."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.audit_events import CheckpointMoved
    from contracts.base import Content
    from contracts.checkpoint import CheckpointRequest, CheckpointStage, CheckpointView
    from contracts.composition import Composition
    from contracts.ladder import Rung
    from contracts.names import VIEW_QUERY, Signal
    from contracts.records import CheckpointRecord
    from contracts.task import PlanStep
    from policy import checkpoint as policy
    from policy import redirect, review
    from policy.arrival import Arrived
    from workflows import recording
    from workflows.reviewed import Reviewed
    from workflows.reviewing import Reviewing


@workflow.defn(name="Checkpoint")
class CheckpointWorkflow(Reviewed):
    @workflow.init
    def __init__(self, request: CheckpointRequest) -> None:
        self._request = request
        self._review = Reviewing(
            policy.opened(request, workflow.now()),
            item_id=request.checkpoint_id,
            session_id=request.session_id,
            objection=self._objection,
        )
        self._composition: Composition | None = None

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

    async def _objection(self, arrived: Arrived) -> str | None:
        """What speaks against a plan that a reviewer gives."""
        if self._composition is None:
            self._composition = await recording.load_composition(self._request.composition)
        made = redirect.edited(arrived.plan or "", self._request, self._composition)
        return made if isinstance(made, str) else None

    def _steps(self) -> tuple[PlanStep, ...] | None:
        """Those that are to run in place of what has not, if a reviewer edited the plan."""
        plan = self._review.state.plan
        made = redirect.edited(plan, self._request, self._composition) if plan and self._composition else None
        return None if isinstance(made, str) else made

    def _note(self, steps: tuple[PlanStep, ...] | None) -> Content | None:
        """For the records: the reviewer's words, and the plan that they gave."""
        note = self._review.state.note
        if steps is None:
            return note
        words = (note.body if note else "", redirect.in_words(steps))
        return Content(subject_id=self._request.subject_id, body="\n".join(word for word in words if word))

    async def _announce(self, event: str, rung: Rung | None = None) -> None:
        """The task first: its caller waits. The records follow."""
        self._revision += 1
        request, state, steps = self._request, self._review.state, self._steps()
        note = self._note(steps)
        if not state.open:
            await recording.tell(request.reply_to, Signal.CHECKPOINT_DECIDED, policy.outcome(request, state, steps))
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
                note=note,
            ),
            self._review.audit(
                CheckpointMoved(
                    state=event,
                    task=request.task_id,
                    rule=request.rule.id,
                    reviewer=state.reviewer,
                    to=rung.to if rung else None,
                ),
                {"plan": request.plan} | ({"note": note} if note else {}),
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
                "for redirect: what to do instead, or a plan beside it",
                f"greenroom checkpoints show {request.checkpoint_id}",
            )
        )
