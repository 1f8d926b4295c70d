"""Asks backstage models: plans, steps of a hand-off, summaries. One chat call an activity; retries are Temporal's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import openai
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import plans, prompts, summaries
from activities.recorded import Asked, ModelCall, Trail
from activities.tools import ToolCaller
from contracts.base import Content
from contracts.composition import Composition, Role
from contracts.handoff import ProposedCall, ThinkRequest, Thought
from contracts.summary import Summary, SummaryRequest
from contracts.task import PLANNER, Plan, PlanRequest
from policy import package, subtask
from policy.authority import tools_of

_PASSING = (408, 409, 429)
"""Client errors that may pass; every other 4xx is our own fault and is not retried."""


class ModelActivities:
    """`client` is built with `max_retries=0`."""

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        compositions: Mapping[str, Composition],
        registries: Mapping[str, ToolCaller],
        trail: Trail,
    ) -> None:
        self._client = client
        self._trail = trail
        self._compositions = compositions
        self._registries = registries

    @activity.defn(name="models.plan")
    async def plan(self, request: PlanRequest) -> Plan:
        """A plan for the task's goal, in the shape that was asked for; whether it makes sense is decided by policy."""
        composition = subtask.within(self._composition(request.task.composition), request.task.parent)
        planner = _role(composition, PLANNER)
        registry = self._registries[composition.id]
        offers = {
            role.name: await registry.specs(role.name)
            for role in composition.backstage_roles()
            if tools_of(composition, role.name)
        }
        task, now = request.task, datetime.now(UTC)
        asked = Asked("plan", planner, task.session_id, task.subject_id, task.task_id, task=task.task_id)
        known = package.of_plan(request, now).render(
            now=now, budget=composition.limits.prompt_tokens, clearance=planner.clearance
        )
        answer = await self._chat(
            asked,
            plans.messages(request, composition, planner, offers, known.whole),
            response_format=_json_schema("plan", plans.schema(composition, offers)),
        )
        with _in_shape("plan"):
            return plans.read(_parsed(answer), request.task.subject_id)

    @activity.defn(name="models.think")
    async def think(self, request: ThinkRequest) -> Thought:
        """One round of a hand-off: the tool calls that the model proposes, or its answer."""
        context = request.context
        composition = self._composition(context.composition)
        role = _role(composition, context.role)
        specs = await self._registries[composition.id].specs(role.name)
        now = datetime.now(UTC)
        known = package.of_step(context, now).render(
            now=now, budget=composition.limits.prompt_tokens, clearance=role.clearance
        )
        messages = prompts.handoff_messages(context, role, request.messages, known.whole)
        extra: dict[str, Any] = {"tools": prompts.tool_params(specs)} if specs else {}
        target = f"{context.task_id}/{context.step_id}"
        asked = Asked(
            "think", role, context.session_id, context.subject_id, target, task=context.task_id, step=context.step_id
        )
        answer = await self._chat(asked, messages, **extra)
        message = answer.choices[0].message
        digest = hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()
        with _in_shape("thought"):
            calls = tuple(
                ProposedCall(
                    call_id=call.id,
                    tool=call.function.name,
                    arguments=Content(subject_id=context.subject_id, body=call.function.arguments),
                )
                for call in message.tool_calls or ()
                if call.type == "function"
            )
            return Thought(
                calls=calls,
                answer=Content(subject_id=context.subject_id, body=message.content) if message.content else None,
                model=answer.model,
                input_digest=digest,
                tokens_in=answer.usage.prompt_tokens if answer.usage else 0,
                tokens_out=answer.usage.completion_tokens if answer.usage else 0,
                told=known.record,
            )

    @activity.defn(name="models.summarize")
    async def summarize(self, request: SummaryRequest) -> Summary:
        """What a call came to, each line citing turns that exist, nothing open that the facts call done."""
        composition = self._composition(request.composition)
        summarizer = _role(composition, "summarizer")
        asked = Asked("summarize", summarizer, request.session_id, request.subject_id, request.session_id)
        answer = await self._chat(
            asked,
            summaries.messages(request, summarizer),
            response_format=_json_schema("summary", summaries.SCHEMA),
        )
        with _in_shape("summary"):
            return summaries.read(_parsed(answer), request)

    async def _chat(self, asked: Asked, messages: list[prompts.ChatMessage], **extra: Any) -> Any:
        """An answer with a message in it, once it is in the audit trail."""
        request = {"model": asked.role.model, "messages": messages, **extra}
        call = ModelCall(self._trail, asked, request)
        try:
            answer = await self._send(request)
        except ApplicationError as error:
            await call.failed(error.type or "failed")
            raise
        await call.answered(answer)
        return answer

    async def _send(self, request: dict[str, Any]) -> Any:
        """Causes are cut off: a failure goes to the history and to logs as it is, and a service's error may repeat what
        people said."""
        try:
            answer = await self._client.chat.completions.create(**request)
        except openai.APIStatusError as error:
            final = 400 <= error.status_code < 500 and error.status_code not in _PASSING
            raise ApplicationError(
                f"the model service answered {error.status_code}", type="ModelRefused", non_retryable=final
            ) from None
        except openai.APIConnectionError:
            raise ApplicationError("the model service could not be reached", type="ModelUnavailable") from None
        except (openai.APIError, ValueError):
            raise _malformed("answer") from None
        with _in_shape("answer"):
            if answer.choices[0].message is None:
                raise _malformed("answer")
        return answer

    def _composition(self, composition_id: str) -> Composition:
        try:
            return self._compositions[composition_id]
        except KeyError:
            raise ApplicationError(
                f"no composition {composition_id!r} on this worker", type="UnknownComposition", non_retryable=True
            ) from None


def _role(composition: Composition, name: str) -> Role:
    try:
        return composition.role(name)
    except KeyError as error:
        raise ApplicationError(str(error.args[0]), type="UnknownRole", non_retryable=True) from None


def _json_schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}


def _parsed(answer: Any) -> Any:
    return json.loads(answer.choices[0].message.content or "")


@contextmanager
def _in_shape(what: str) -> Iterator[None]:
    """What a model sent is read in here; anything that does not fit is one failure, which may be tried again."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise _malformed(what) from None


def _malformed(what: str) -> ApplicationError:
    return ApplicationError(f"the model's {what} is not of the shape that was asked for", type="ModelMalformed")
