"""One gated action waits for a named person, until a decision, or its deadline."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.mailbox import MailboxActivities
    from contracts.approval import (
        ApprovalRequest,
        ApprovalStage,
        ApprovalView,
        AskedCaller,
        DecisionReceipt,
        OpenApproval,
    )
    from contracts.base import Content
    from contracts.delivery import Delivery
    from contracts.ladder import Rung
    from contracts.names import (
        VIEW_QUERY,
        Signal,
        approval_workflow_id,
        inbox_workflow_id,
        session_workflow_id,
    )
    from contracts.question import Answer, Question
    from policy import approval as policy
    from policy import arrival
    from policy.approval_state import ApprovalState
    from workflows import approval_asking, approval_shown, options, recording
    from workflows.arity import NO_VALUE, one_value
    from workflows.reviewing import wait_until


@workflow.defn(name="Approval")
class ApprovalWorkflow:
    @workflow.init
    def __init__(self, request: ApprovalRequest) -> None:
        self._state = policy.opened(request, workflow.now())
        self._arrived: deque[tuple[datetime, arrival.Arrived]] = deque()
        self._answers: deque[Answer] = deque()
        self._reached: deque[Rung] = deque()
        self._revision = 0
        self._withdrawn = False

    @workflow.run
    async def run(self, request: ApprovalRequest) -> ApprovalStage:
        self._describe()
        await self._announce()
        await self._pass_over_absent()
        while self._state.stage is ApprovalStage.PENDING:
            await wait_until(self._has_work, self._state.wake_at, "the next rung of the ladder")
            await self._judge_arrived()
            await self._take_answers()
            if self._withdrawn:
                self._state = policy.withdrawn(self._state, workflow.now())
            self._climb(workflow.now())
            passed_on = any(rung.to is not None for rung in self._reached)
            await self._tell_reached()
            if passed_on:
                await self._pass_over_absent()
        self._describe()
        await self._announce()  # whoever acts on the outcome finds it in the records, which are asked again
        await recording.tell(request.reply_to, Signal.APPROVAL_DECIDED, policy.outcome(self._state))
        await self._take_back_questions()
        # Open a while longer: a late or second decision is refused on the record, not by silence.
        closes = workflow.now() + timedelta(seconds=request.grace_seconds)
        while workflow.now() < closes or self._arrived:
            await wait_until(self._has_work, closes, "late decisions are recorded until then")
            await self._judge_arrived()
            await self._take_answers()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._state.stage

    @workflow.signal(name="decide", description=f"One JSON object: {arrival.EXPECTED}, optionally with a note")
    @one_value
    def decide(self, raw: RawValue = NO_VALUE) -> None:
        self._arrived.append((workflow.now(), arrival.read(raw.payload.data)))

    @workflow.update(name="decide_update", description="The same decision, answered with its receipt")
    async def decide_update(self, raw: RawValue = NO_VALUE) -> DecisionReceipt:
        arrived = arrival.read(raw.payload.data, channel="update")
        self._arrived.append((workflow.now(), arrived))
        position = len(self._state.receipts) + len(self._arrived)
        await workflow.wait_condition(lambda: len(self._state.receipts) >= position)
        return self._state.receipts[position - 1]

    @decide_update.validator
    def _takes_one_value(self, raw: RawValue = NO_VALUE) -> None:
        """Lets the SDK refuse an update with more values before it is accepted; later it would stall the workflow."""

    @workflow.signal(name=Signal.WITHDRAW.value, description="What it was needed for is not done any more")
    def withdraw(self) -> None:
        self._withdrawn = True

    @workflow.signal(name=Signal.ANSWERED.value, description="What the caller said to a reviewer's question")
    def answered(self, answer: Answer) -> None:
        self._answers.append(answer)

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> ApprovalView:
        return policy.view(self._state, workflow.now())

    def _has_work(self) -> bool:
        to_withdraw = self._withdrawn and self._state.stage is ApprovalStage.PENDING
        return bool(self._arrived or self._answers) or to_withdraw

    def _climb(self, moment: datetime) -> None:
        self._state, reached = policy.climbed(self._state, moment)
        self._reached.extend(reached)

    async def _pass_over_absent(self) -> None:
        """While nobody is there who may decide, it is passed on at once instead of waited for."""
        while self._state.stage is ApprovalStage.PENDING and self._state.may_be_passed_on:
            people = await approval_asking.named(self._state.deciders(workflow.now()))
            self._state, rung = policy.skipped(self._state, people, workflow.now())
            if rung is None:
                return
            self._reached.append(rung)
            await self._tell_reached()

    async def _tell_reached(self) -> None:
        """What happens while nobody decides: the caller first, who waits; then whoever looks."""
        while self._reached:
            rung = self._reached.popleft()
            if self._state.stage is not ApprovalStage.PENDING:
                continue  # it has ended meanwhile, and its end is told
            if rung.say:
                await self._say(rung.say)
            self._describe()
            await self._announce(rung.kind.value)

    async def _judge_arrived(self) -> None:
        while self._arrived:
            moment, arrived = self._arrived[0]
            self._climb(moment)
            reviewer, delegates = await approval_asking.who(arrived)
            edit = policy.proposed(self._state, arrived, reviewer, moment)
            objection = await approval_asking.objection(self._state.request, edit) if edit is not None else None
            # Judged by its arrival: records that answer late must not make a decision late.
            before = self._state
            self._state, receipt = policy.judge(before, arrived, reviewer, moment, delegates, objection)
            self._arrived.popleft()
            if self._state.stage is ApprovalStage.PENDING:
                self._describe()
            for asked in self._state.asked[len(before.asked) :]:
                await self._ask(asked)
            await self._record(before, receipt, arrived)
            if self._state.deadline != before.deadline:
                await self._announce("extended")
            elif self._state.stage is ApprovalStage.PENDING and _agreed(self._state) != _agreed(before):
                await self._announce("partly_approved")

    async def _record(self, before: ApprovalState, receipt: DecisionReceipt, arrived: arrival.Arrived) -> None:
        records = approval_shown.decision_records(before, self._state, receipt, arrived)
        if (before.claimed_by, before.only) != (self._state.claimed_by, self._state.only):
            self._revision += 1
            records = (*records, approval_shown.record(self._state, self._revision, workflow.now()))
        await recording.write(
            *records, summary=f"decision {receipt.number} {'counted' if receipt.accepted else 'refused'}"
        )

    async def _take_answers(self) -> None:
        while self._answers:
            known = self._state
            self._state = policy.answered(known, self._answers.popleft())
            if self._state is not known:
                self._describe()
                await self._announce("answered")

    async def _say(self, words: str) -> None:
        """News of the moment for the caller, in place of what is still unsaid about the same task."""
        await self._deliver(f"{self._state.request.approval_id}.{self._revision}", words)

    async def _ask(self, asked: AskedCaller) -> None:
        """A question waits for the caller, in this call or the next, until it is answered or decided without."""
        request = self._state.request
        words = request.asks.format(question=asked.question.body)
        question = Question(question_id=asked.question_id, reply_to=approval_workflow_id(request.approval_id))
        await self._deliver(asked.question_id, words, question)
        await self._announce("asked")

    async def _deliver(self, delivery_id: str, words: str, question: Question | None = None) -> None:
        request = self._state.request
        await workflow.execute_activity_method(
            MailboxActivities.deliver,
            Delivery(
                delivery_id=delivery_id,
                subject_id=request.subject_id,
                session_id=request.session_id,
                task_id=request.task_id,
                composition=request.composition,
                topic=_questions(request) if question else request.task_id,
                speech=Content(subject_id=request.subject_id, body=words),
                created_at=workflow.now(),
                ephemeral=question is None,
                question=question,
            ),
            **options.records("a question to the inbox" if question else "still waiting, to the inbox"),
        )

    async def _take_back_questions(self) -> None:
        request = self._state.request
        if any(known.answer is None for known in self._state.asked):
            await recording.tell(inbox_workflow_id(request.subject_id), Signal.RETRACT, _questions(request))

    async def _announce(self, event: str | None = None) -> None:
        """The records first, so that whoever hears of the approval finds it there."""
        self._revision += 1
        request, state = self._state.request, self._state
        pending = state.stage is ApprovalStage.PENDING
        awaited = state.deciders(workflow.now())[-1:] or ("anybody",)
        workflow.upsert_search_attributes(
            [
                options.APPROVAL_STATE.value_set(state.stage.value),
                options.DEADLINE.value_set(state.deadline),
                options.REVIEWER.value_set(awaited[0] if pending else state.reviewer or "nobody"),
            ]
        )
        await recording.write(
            approval_shown.record(state, self._revision, workflow.now()),
            recording.audit(
                request.session_id,
                actor="workflow",
                target=approval_workflow_id(request.approval_id),
                event=approval_shown.moved(state, event),
                exhibits=approval_shown.exhibits(state),
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
        workflow.set_current_details(approval_shown.details(self._state, workflow.now()))


def _questions(request: ApprovalRequest) -> str:
    """Topic of the questions of one approval."""
    return f"{request.approval_id}.question"


def _agreed(state: ApprovalState) -> tuple[str, tuple[str, ...]]:
    return state.digest, state.approved_by
