"""One step is done by one role with its tools: a bounded loop of model and tools, effects exactly once."""

from __future__ import annotations

import json
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.models import ModelActivities
    from contracts.approval import ApprovalOutcome
    from contracts.audit_events import ToolCalled
    from contracts.base import Content
    from contracts.composition import Composition
    from contracts.handoff import HandoffContext, Message, ProposedCall, ThinkRequest, Thought
    from contracts.names import Signal, step_call_id, task_workflow_id
    from contracts.task import (
        EffectRecord,
        StepControl,
        StepNews,
        StepResult,
        StepStatus,
        TaskStage,
    )
    from contracts.tools import Effect, ToolCall, ToolDeclaration, ToolStatus
    from policy import authority, compensation, rules, taint
    from workflows import cancelling, options, recording
    from workflows.calling import make_call
    from workflows.counting import counted, happened
    from workflows.gating import Gating, Stop, as_made
    from workflows.pace import Pace


@workflow.defn(name="Handoff")
class HandoffWorkflow:
    @workflow.init
    def __init__(self, context: HandoffContext) -> None:
        self._context = context
        self._messages: list[Message] = []
        self._effects: list[EffectRecord] = []
        self._pace = Pace(context)
        self._gating = Gating(context, self._pace, self._move)
        self._calls = 0
        self._seen = taint.begun(context)
        self._remarks: list[str] = []
        """What the caller has to hear beside the answer: what was done otherwise than asked."""

    @workflow.run
    async def run(self, context: HandoffContext) -> StepResult:
        return await cancelling.in_order(self._work(context), self._pace.stop)

    async def _work(self, context: HandoffContext) -> StepResult:
        composition = await recording.load_composition(context.composition)
        try:
            return await self._loop(composition)
        except ActivityError as error:
            workflow.logger.warning("step %s failed: %s", context.step_id, type(error.cause).__name__)
            return self._result(StepStatus.FAILED, composition.phrases.failed)

    @workflow.signal(name=Signal.APPROVAL_DECIDED.value)
    def approval_decided(self, outcome: ApprovalOutcome) -> None:
        self._gating.decided(outcome)

    @workflow.signal(name=Signal.STEP_CONTROL.value)
    def step_control(self, order: StepControl) -> None:
        self._pace.take(order)

    async def _loop(self, composition: Composition) -> StepResult:
        context = self._context
        for number in range(1, context.budget.model_calls + 1):
            if not await self._pace.may_go_on():
                return self._ended_early(composition)
            thought = await self._pace.unless_over(self._think(number))
            if thought is None:
                return self._ended_early(composition)
            if not thought.calls:
                answer = thought.answer.body if thought.answer else composition.phrases.failed
                return self._result(StepStatus.DONE if thought.answer else StepStatus.FAILED, answer)
            self._messages.append(Message(role="assistant", content=thought.answer, tool_calls=thought.calls))
            for proposed in thought.calls:
                ended = await self._perform(composition, proposed)
                if ended is not None:
                    return ended
        return self._result(StepStatus.FAILED, composition.phrases.failed)

    async def _think(self, number: int) -> Thought:
        context = self._context
        thought: Thought = await workflow.execute_activity_method(
            ModelActivities.think,
            ThinkRequest(context=context, messages=tuple(self._messages), call_number=number),
            **options.models(f"role {context.role} thinks, round {number}"),
        )
        return thought

    async def _perform(self, composition: Composition, proposed: ProposedCall) -> StepResult | None:
        """Makes one proposed call. A result ends the step: declined, or in need of a person."""
        context = self._context
        self._calls += 1
        number = self._calls
        if number > context.budget.tool_calls:
            return self._result(StepStatus.FAILED, composition.phrases.failed)
        access = authority.may_call(composition, context.role, proposed.tool)
        arguments = _arguments(proposed)
        if not access.allowed or arguments is None:
            reason = access.reason if not access.allowed else "the arguments are no object that can be sent"
            await self._note_refusal(composition, proposed.tool, reason, number)
            self._tell_model(proposed, "refused", reason)
            return None
        tool = composition.tool(proposed.tool)
        call_id = step_call_id(context.task_id, context.step_id, number)  # a model's own ids may repeat
        call = ToolCall(
            call_id=call_id,
            tool=proposed.tool,
            arguments=Content(subject_id=context.subject_id, body=authority.canonical(arguments)),
            role=context.role,
            composition=context.composition,
            subject_id=context.subject_id,
            session_id=context.session_id,
            task_id=context.task_id,
            step_id=context.step_id,
            idempotency_key=call_id if tool.idempotency == "key" else None,
        )
        asked = await self._circumstances(composition, tool, arguments)
        call = call.model_copy(update={"in_records": asked.in_records, "tainted": asked.tainted})
        verdict = rules.decide(composition, tool, asked)
        ruled = recording.ruled(call, verdict, asked)
        remark: str | None = None
        if verdict.gated:
            await recording.write(ruled, summary=f"{tool.name}: {verdict.rule_id}")
            decided = await self._gating.ask(composition, tool, call, verdict, number, self._messages, asked.influences)
            if isinstance(decided, Stop):
                return (
                    self._ended_early(composition) if self._pace.over else self._result(decided.status, decided.words)
                )
            tool, call, remark = decided.tool, decided.call, decided.remark
            arguments = json.loads(call.arguments.body)
            self._messages = as_made(self._messages, proposed, call)
        if not await self._pace.may_go_on():
            return self._ended_early(composition)
        # An effect under way is awaited whatever comes: what it came to must be known.
        has_effect = tool.effect is not Effect.NONE
        done = await make_call(tool, call) if has_effect else await self._pace.unless_over(make_call(tool, call))
        if done is None:
            return self._ended_early(composition)
        self._seen = taint.told(self._seen, tool, call, done)
        if has_effect:
            self._effects.append(
                EffectRecord(
                    tool=call.tool,
                    call_id=call.call_id,
                    idempotency_key=call.idempotency_key,
                    status=done.status.value,
                    at=workflow.now(),
                    action=Content(subject_id=call.subject_id, body=authority.plain_words(tool, arguments)),
                    undo=compensation.undo_of(composition, call, done),
                )
            )
        await recording.write(
            *happened(tool, call, done, workflow.now()),
            ruled,
            recording.audit(
                context.session_id,
                actor=f"role:{context.role}",
                target=call.tool,
                event=ToolCalled(
                    state=done.status,
                    call=call.call_id,
                    task=context.task_id,
                    step=context.step_id,
                    key=call.idempotency_key,
                    rule=verdict.rule_id,
                    approval=call.approval_id,
                    grant=call.grant_id,
                ),
                entry_id=call.call_id,
                exhibits={"arguments": call.arguments, "result": done.result},
            ),
            summary=f"{call.tool}: {done.status.value}",
        )
        if done.status is ToolStatus.UNKNOWN:
            return self._result(StepStatus.NEEDS_PERSON, composition.phrases.needs_person)
        if done.status is ToolStatus.FAILED and tool.effect is not Effect.NONE:
            return self._result(StepStatus.FAILED, composition.phrases.failed)
        if remark and done.status is ToolStatus.OK:
            self._remarks.append(remark)
        self._tell_model(proposed, done.status.value, done.result.body)
        return None

    async def _circumstances(
        self, composition: Composition, tool: ToolDeclaration, arguments: dict[str, Any]
    ) -> rules.Circumstances:
        context = self._context
        asked = rules.Circumstances(
            arguments=arguments,
            role=context.role,
            subject_id=context.subject_id,
            now=workflow.now(),
            in_records=taint.in_records(self._seen, arguments),
            influences=self._seen.influences,
        )
        return await counted(composition, tool, asked) if rules.counts(composition, tool) else asked

    async def _note_refusal(self, composition: Composition, tool: str, reason: str, number: int) -> None:
        """A name that a model made up may be content: only a declared one is written down."""
        declared = any(tool == known.name for known in composition.tools)
        call_id = step_call_id(self._context.task_id, self._context.step_id, number)
        await recording.write(
            recording.audit(
                self._context.session_id,
                actor=f"role:{self._context.role}",
                entry_id=call_id,
                target=tool if declared else "undeclared",
                event=ToolCalled(
                    state=ToolStatus.REFUSED,
                    task=self._context.task_id,
                    step=self._context.step_id,
                    call=call_id,
                    reason=reason if declared else "no such tool is declared",
                ),
            ),
            summary="a call is refused",
        )

    async def _move(self, stage: TaskStage) -> None:
        news = StepNews(step_id=self._context.step_id, stage=stage)
        await recording.tell(task_workflow_id(self._context.task_id), Signal.STEP_MOVED, news)

    def _tell_model(self, proposed: ProposedCall, status: str, text: str) -> None:
        body = text if status == ToolStatus.OK.value else json.dumps({"error": status, "message": text})
        content = Content(subject_id=self._context.subject_id, body=body)
        self._messages.append(Message(role="tool", content=content, tool_call_id=proposed.call_id))

    def _ended_early(self, composition: Composition) -> StepResult:
        if self._pace.stopped:
            return self._result(StepStatus.CANCELLED, composition.phrases.cancelled)
        return self._result(StepStatus.FAILED, composition.phrases.failed)

    def _result(self, status: StepStatus, answer: str) -> StepResult:
        workflow.set_current_details(f"Step `{self._context.step_id}` of role `{self._context.role}`: {status.value}")
        return StepResult(
            step_id=self._context.step_id,
            role=self._context.role,
            status=status,
            answer=Content(subject_id=self._context.subject_id, body=" ".join((*self._remarks, answer))),
            effects=tuple(self._effects),
            influences=self._seen.influences,
        )


def _arguments(proposed: ProposedCall) -> dict[str, Any] | None:
    """What the model wants to send, or None if it is no JSON object that can be sent."""
    try:
        value = json.loads(proposed.arguments.body or "{}")
        if isinstance(value, dict):
            authority.canonical(value).encode()
            return value
    except (ValueError, RecursionError):  # ValueError: no JSON, or text that no message can carry
        return None
    return None
