"""How a gated call waits for a person: its approval is opened, its outcome awaited, and the call to make comes back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from contracts.approval import ApprovalOutcome, ApprovalRequest, ApprovalStage
    from contracts.base import Content
    from contracts.composition import Composition
    from contracts.escalation import EscalationCause
    from contracts.grants import GrantQuery
    from contracts.handoff import HandoffContext, Message, ProposedCall
    from contracts.ladder import Fallback
    from contracts.names import Signal, WorkflowType, approval_workflow_id, step_approval_id
    from contracts.phrases import Phrases
    from contracts.taint import Influence
    from contracts.task import StepStatus, TaskStage
    from contracts.tools import Effect, ToolCall, ToolDeclaration
    from policy import authority, briefing, escalation, granting
    from policy import ladder as ladders
    from workflows import options, recording
    from workflows.escalating import escalate
    from workflows.pace import Pace
    from workflows.starting import start_beside


@dataclass(frozen=True)
class Go:
    """The call to make, exactly as it was decided. `remark`: what the caller has to hear once it is made."""

    tool: ToolDeclaration
    call: ToolCall
    remark: str | None = None


@dataclass(frozen=True)
class Stop:
    """Nothing is called: the step ends so, with these words for the caller."""

    status: StepStatus
    words: str


class Gating:
    """The gated calls of one hand-off. `moved` is told when the hand-off begins and ends to wait for a person."""

    def __init__(self, context: HandoffContext, pace: Pace, moved: Callable[[TaskStage], Awaitable[None]]) -> None:
        self._context = context
        self._pace = pace
        self._moved = moved
        self._decided: dict[str, ApprovalOutcome] = {}

    def decided(self, outcome: ApprovalOutcome) -> None:
        """Takes an outcome that came by signal; the first one of an approval stands."""
        self._decided.setdefault(outcome.approval_id, outcome)

    async def ask(
        self,
        composition: Composition,
        tool: ToolDeclaration,
        call: ToolCall,
        verdict: authority.GateVerdict,
        number: int,
        messages: Sequence[Message],
        influences: tuple[Influence, ...] = (),
    ) -> Go | Stop:
        """What becomes of the step's call number `number`: a grant covers it, or a person is waited for."""
        granted = await self._granted(tool, call, verdict)
        if granted is not None:
            return granted
        request = self._request(composition, tool, call, verdict, number, messages, influences)
        await self._open(request)
        await self._moved(TaskStage.WAITING_APPROVAL)
        outcome = await self._outcome(request)
        await self._moved(TaskStage.RUNNING)
        if outcome.stage is ApprovalStage.APPROVED:
            return _approved(composition.phrases, tool, call, outcome)
        if (
            outcome.stage is ApprovalStage.EXPIRED
            and (instead := _safe_default(composition, request, call)) is not None
        ):
            return instead
        if outcome.rung is not None and outcome.rung.fallback is Fallback.PERSON:
            await self._ask_person_in(composition, request)
        return _stop(composition.phrases, outcome)

    async def _granted(self, tool: ToolDeclaration, call: ToolCall, verdict: authority.GateVerdict) -> Go | None:
        """The call under a grant that covers it. A rule that allows no grants any more makes the given ones void.

        Nobody who granted further calls had read what moved this one: a tainted call is always asked about.
        """
        if not verdict.rule.grant_seconds or verdict.tainted:
            return None
        query = GrantQuery(composition=call.composition, tool=call.tool, subject_id=call.subject_id)
        grants = await workflow.execute_activity_method(
            RecordActivities.grants, query, **options.records(f"is {tool.name} granted?")
        )
        grant = granting.covering(grants, call, workflow.now())
        if grant is None:
            return None
        digest = authority.action_digest(tool.name, json.loads(call.arguments.body))
        return Go(tool, call.model_copy(update={"grant_id": grant.grant_id, "approved_digest": digest}))

    async def _ask_person_in(self, composition: Composition, request: ApprovalRequest) -> None:
        """Nobody decided in time: a person is asked into the call."""
        await escalate(
            escalation.request(
                composition,
                EscalationCause.APPROVAL,
                workflow.now(),
                session_id=request.session_id,
                subject_id=request.subject_id,
                occasion=request.approval_id,
                reason=f"Nobody decided in time about: {request.action.body}",
                summary=request.context_pack.body,
            )
        )

    def _request(
        self,
        composition: Composition,
        tool: ToolDeclaration,
        call: ToolCall,
        verdict: authority.GateVerdict,
        number: int,
        messages: Sequence[Message],
        influences: tuple[Influence, ...],
    ) -> ApprovalRequest:
        context, rule, subject = self._context, verdict.rule, self._context.subject_id
        arguments = json.loads(call.arguments.body)
        return ApprovalRequest(
            approval_id=step_approval_id(context.task_id, context.step_id, number),
            task_id=context.task_id,
            step_id=context.step_id,
            session_id=context.session_id,
            subject_id=subject,
            composition=context.composition,
            tool=tool.name,
            capability=tool.capability,
            arguments=call.arguments,
            action=Content(subject_id=subject, body=authority.plain_words(tool, arguments)),
            digest=authority.action_digest(tool.name, arguments),
            rule_id=verdict.rule_id,
            why=verdict.reason,
            context_pack=Content(
                subject_id=subject,
                body=briefing.context_pack(tool, arguments, verdict, context, messages, influences),
            ),
            reviewers=rule.reviewers,
            deadline_seconds=rule.deadline_seconds,
            ladder=ladders.with_words(ladders.of(rule), composition.phrases),
            grace_seconds=rule.grace_seconds,
            max_extension_seconds=rule.max_extension_seconds,
            editable=rule.editable,
            approvers=rule.approvers,
            grant_seconds=0.0 if verdict.tainted else rule.grant_seconds,
            role=call.role,
            say=tool.say,
            asks=composition.phrases.asked,
            risk=briefing.risk(tool).value,
            amount_argument=tool.amount_argument,
            influences=influences,
            reply_to=workflow.info().workflow_id,
        )

    async def _open(self, request: ApprovalRequest) -> None:
        await start_beside(
            WorkflowType.APPROVAL,
            request,
            approval_workflow_id(request.approval_id),
            f"Approval of {request.tool}",
            options.about(request.session_id, request.subject_id, request.composition, risk=request.risk),
        )

    async def _outcome(self, request: ApprovalRequest) -> ApprovalOutcome:
        """The approval ends by itself at its deadline; the extra time only guards against losing its signal.

        It is withdrawn when the step is over before.
        """
        approval_id = request.approval_id
        patience = request.deadline_seconds + request.max_extension_seconds + request.grace_seconds + 60
        known = await self._pace.until(
            lambda: approval_id in self._decided,
            person_until=workflow.now() + timedelta(seconds=patience),
            summary="the approval must have ended by then",
        )
        if not known:
            stage = ApprovalStage.EXPIRED
            if self._pace.over:
                stage = ApprovalStage.WITHDRAWN
                await recording.tell(approval_workflow_id(approval_id), Signal.WITHDRAW)
            self.decided(ApprovalOutcome(approval_id=approval_id, stage=stage, digest=request.digest))
        return self._decided[approval_id]


def _approved(phrases: Phrases, tool: ToolDeclaration, call: ToolCall, outcome: ApprovalOutcome) -> Go:
    remarks = []
    if outcome.arguments is not None:
        action = authority.plain_words(tool, json.loads(outcome.arguments.body))
        remarks.append(phrases.edited.format(action=action))
    if outcome.note is not None:
        remarks.append(outcome.note.body)
    decided = {
        "approval_id": outcome.approval_id,
        "approved_digest": outcome.digest,
        "arguments": outcome.arguments or call.arguments,
    }
    return Go(tool, call.model_copy(update=decided), " ".join(remarks) or None)


def _safe_default(composition: Composition, request: ApprovalRequest, call: ToolCall) -> Go | None:
    """The call that the ladder makes instead, if it has one and the gated call holds what that one needs."""
    found = ladders.safe_call(request.ladder, request.arguments.body)
    if found is None:
        return None
    tool, arguments = composition.tool(found[0]), found[1]
    if request.influences and tool.effect is not Effect.NONE:
        return None  # it would be one more effect that untrusted text may have moved
    instead = {
        "tool": tool.name,
        "arguments": Content(subject_id=call.subject_id, body=authority.canonical(arguments)),
        "idempotency_key": call.call_id if tool.idempotency == "key" else None,
    }
    return Go(tool, call.model_copy(update=instead), request.ladder[-1].say)


def _stop(phrases: Phrases, outcome: ApprovalOutcome) -> Stop:
    """How a step ends whose gated call is not to be made."""
    status, words = StepStatus.DECLINED, phrases.declined
    if outcome.stage is ApprovalStage.TAKEN_OVER:
        status, words = StepStatus.NEEDS_PERSON, phrases.taken_over
    elif outcome.stage is ApprovalStage.EXPIRED:
        rung = outcome.rung
        words = phrases.expired
        if rung is not None and rung.say and rung.fallback is not Fallback.SAFE_DEFAULT:  # which was not possible
            words = rung.say
        if rung is not None and rung.fallback is Fallback.PERSON:
            status = StepStatus.NEEDS_PERSON
    if outcome.note is not None:
        words = f"{words} {outcome.note.body}"
    return Stop(status, words)


def as_made(messages: Sequence[Message], proposed: ProposedCall, call: ToolCall) -> list[Message]:
    """The loop so far with that call as it is made, so that the model never speaks of what was only proposed."""
    asked = authority.canonical(json.loads(proposed.arguments.body or "{}"))
    if (proposed.tool, asked) == (call.tool, call.arguments.body):
        return list(messages)
    made = proposed.model_copy(update={"tool": call.tool, "arguments": call.arguments})
    return [
        message.model_copy(update={"tool_calls": tuple(made if c == proposed else c for c in message.tool_calls)})
        for message in messages
    ]
