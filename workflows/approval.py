"""One gated action waits for a named person, until a decision, or its deadline."""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from contracts.approval import (
        ApprovalRequest,
        ApprovalStage,
        ApprovalView,
        DecisionReceipt,
        OpenApproval,
        Verdict,
    )
    from contracts.names import VIEW_QUERY, Signal, approval_workflow_id, session_workflow_id
    from contracts.records import ApprovalRecord, DecisionRecord, ReviewerRecord
    from policy import approval as policy
    from policy import arrival
    from workflows import options, recording


Handler = Callable[["ApprovalWorkflow", RawValue], None]


def _one_value(handler: Handler) -> Handler:
    """Calls the handler with one value, however many a signal brings: a second one would stall the workflow for ever.

    The SDK decodes the values of such a signal itself and drops one that it cannot read, which harms nothing.
    """

    @functools.wraps(handler)
    def called(self: ApprovalWorkflow, *values: RawValue) -> None:
        handler(self, *(values if len(values) <= 1 else (RawValue(Payload(data=b"[]")),)))

    return called


@workflow.defn(name="Approval")
class ApprovalWorkflow:
    @workflow.init
    def __init__(self, request: ApprovalRequest) -> None:
        self._state = policy.opened(request, workflow.now())
        self._arrived: deque[tuple[datetime, arrival.Arrived]] = deque()
        self._revision = 0
        self._withdrawn = False

    @workflow.run
    async def run(self, request: ApprovalRequest) -> ApprovalStage:
        workflow.upsert_search_attributes(
            [
                options.APPROVAL_STATE.value_set(ApprovalStage.PENDING.value),
                options.DEADLINE.value_set(self._state.deadline),
            ]
        )
        self._describe()
        await self._announce()
        while self._state.stage is ApprovalStage.PENDING:
            await self._wait_until_decision(self._state.deadline, "approval deadline")
            await self._judge_arrived()
            if self._withdrawn:
                self._state = policy.withdrawn(self._state, workflow.now())
            self._state = policy.expired(self._state, workflow.now())
        workflow.upsert_search_attributes(
            [
                options.APPROVAL_STATE.value_set(self._state.stage.value),
                options.REVIEWER.value_set(self._state.reviewer or "nobody"),
            ]
        )
        self._describe()
        await recording.tell(request.reply_to, Signal.APPROVAL_DECIDED, policy.outcome(self._state))
        await self._announce()
        # Open a while longer: a late or second decision is refused on the record, not by silence.
        closes = workflow.now() + timedelta(seconds=request.grace_seconds)
        while workflow.now() < closes:
            await self._wait_until_decision(closes, "late decisions are recorded until then")
            await self._judge_arrived()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._state.stage

    @workflow.signal(name="decide", description=f"One JSON object: {arrival.EXPECTED}, optionally with a note")
    @_one_value
    def decide(self, raw: RawValue = RawValue(Payload())) -> None:  # noqa: B008 - a default keeps an empty signal harmless
        self._arrived.append((workflow.now(), arrival.read(raw.payload.data)))

    @workflow.update(name="decide_update", description="The same decision, answered with its receipt")
    async def decide_update(self, raw: RawValue = RawValue(Payload())) -> DecisionReceipt:  # noqa: B008
        arrived = arrival.read(raw.payload.data, channel="update")
        self._arrived.append((workflow.now(), arrived))
        position = len(self._state.receipts) + len(self._arrived)
        await workflow.wait_condition(lambda: len(self._state.receipts) >= position)
        return self._state.receipts[position - 1]

    @decide_update.validator
    def _takes_one_value(self, raw: RawValue = RawValue(Payload())) -> None:  # noqa: B008
        """Lets the SDK refuse an update with more values before it is accepted; later it would stall the workflow."""

    @workflow.signal(name=Signal.WITHDRAW.value, description="What it was needed for is not done any more")
    def withdraw(self) -> None:
        self._withdrawn = True

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> ApprovalView:
        return policy.view(self._state)

    @property
    def _to_withdraw(self) -> bool:
        return self._withdrawn and self._state.stage is ApprovalStage.PENDING

    async def _wait_until_decision(self, moment: datetime, summary: str) -> None:
        remaining = moment - workflow.now()
        if self._arrived or self._to_withdraw or remaining <= timedelta(0):
            return
        with contextlib.suppress(TimeoutError):  # the caller looks at the clock itself
            await workflow.wait_condition(
                lambda: bool(self._arrived) or self._to_withdraw, timeout=remaining, timeout_summary=summary
            )

    async def _judge_arrived(self) -> None:
        while self._arrived:
            moment, arrived = self._arrived[0]
            reviewer = None
            if arrived.problem is None:
                reviewer = await workflow.execute_activity_method(
                    RecordActivities.reviewer, arrived.reviewer, **options.records("who decided")
                )
            delegates: list[ReviewerRecord] = []
            if reviewer is not None and arrived.verdict == Verdict.DELEGATE and arrived.to is not None:
                delegates = await workflow.execute_activity_method(
                    RecordActivities.reviewers_of, arrived.to, **options.records("to whom it is delegated")
                )
            # Judged by its arrival: records that answer late must not make a decision late.
            deadline = self._state.deadline
            self._state, receipt = policy.judge(self._state, arrived, reviewer, moment, delegates)
            self._arrived.popleft()
            if self._state.stage is ApprovalStage.PENDING:
                self._describe()
            request = self._state.request
            await recording.write(
                DecisionRecord(
                    approval_id=request.approval_id,
                    number=receipt.number,
                    reviewer=receipt.reviewer,
                    verdict=receipt.verdict,
                    accepted=receipt.accepted,
                    reason=receipt.reason,
                    channel=receipt.channel,
                    at=receipt.at,
                ),
                recording.audit(
                    request.session_id,
                    actor=f"reviewer:{receipt.reviewer or 'unnamed'}",
                    action="decision.counted" if receipt.accepted else "decision.refused",
                    target=approval_workflow_id(request.approval_id),
                    verdict=receipt.verdict,
                    reason=receipt.reason,
                    digest=request.digest,
                    signed=False,
                ),
                summary=f"decision {receipt.number} {'counted' if receipt.accepted else 'refused'}",
            )
            if self._state.deadline != deadline:
                workflow.upsert_search_attributes([options.DEADLINE.value_set(self._state.deadline)])
                await self._announce("extended")

    async def _announce(self, event: str | None = None) -> None:
        """The records first, so that whoever hears of the approval finds it there."""
        self._revision += 1
        request, state = self._state.request, self._state
        await recording.write(
            ApprovalRecord(
                approval_id=request.approval_id,
                task_id=request.task_id,
                step_id=request.step_id,
                session_id=request.session_id,
                subject_id=request.subject_id,
                composition=request.composition,
                tool=request.tool,
                capability=request.capability,
                action=request.action,
                arguments=request.arguments,
                digest=request.digest,
                rule_id=request.rule_id,
                why=request.why,
                stage=state.stage,
                revision=self._revision,
                opened_at=state.opened_at,
                deadline=state.deadline,
                decided_at=state.decided_at,
                reviewer=state.reviewer,
                note=state.note,
            ),
            recording.audit(
                request.session_id,
                actor="workflow",
                action=f"approval.{event or state.stage.value}",
                target=approval_workflow_id(request.approval_id),
                rule=request.rule_id,
                digest=request.digest,
            ),
            summary=f"approval.{event or state.stage.value}",
        )
        news = OpenApproval(
            approval_id=request.approval_id,
            task_id=request.task_id,
            tool=request.tool,
            stage=state.stage,
            deadline=state.deadline,
        )
        await recording.tell(session_workflow_id(request.session_id), Signal.APPROVAL_CHANGED, news)

    def _describe(self) -> None:
        request, state = self._state.request, self._state
        workflow_id = approval_workflow_id(request.approval_id)
        if state.stage is not ApprovalStage.PENDING:
            by = f" by **{state.reviewer}**" if state.reviewer else ""
            workflow.set_current_details(f"**{state.stage.value}**{by} (`{request.tool}`, `{request.digest[:12]}`)")
            return
        decision = f'{{"reviewer":"NAME","verdict":"approve","digest":"{request.digest[:12]}"}}'
        workflow.set_current_details(
            f"**Waiting for a reviewer** until {state.deadline:%Y-%m-%d %H:%M:%S} UTC\n\n"
            f"- action: `{request.tool}`, digest `{request.digest[:12]}`\n"
            f"- why it waits: {request.why} (rule `{request.rule_id}`)\n"
            f"- if nobody decides: {request.fallback.value}\n"
            + (f"- delegated: only **{state.only}** may decide\n" if state.only else "")
            + (f"- claimed by **{state.claimed_by}**\n" if state.claimed_by else "")
            + f"\n"
            f"See what exactly is asked: `greenroom approvals show {request.approval_id}`\n\n"
            f"Decide here with *Send a Signal*, name `decide`, input:\n\n```\n{decision}\n```\n\n"
            f"or from a terminal:\n\n```\n"
            f"temporal workflow signal --name decide \\\n  -w {workflow_id} \\\n  -i '{decision}'\n```"
        )
