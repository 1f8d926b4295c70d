"""A hand-off gives one step to one role, with an explicit context package and a budget."""

from __future__ import annotations

from contracts.base import Content, Contract, Moment
from contracts.context import ContextItem, RenderedContext
from contracts.taint import Influence
from contracts.task import StepResult


class Budget(Contract):
    """What a hand-off may use. `seconds` bounds the work itself, not the wait for a person."""

    model_calls: int = 8
    tool_calls: int = 8
    seconds: float = 120.0


class HandoffContext(Contract):
    """All that a sub-agent is told: nothing reaches it that is not in here.

    `conversation` is speech only (no other role's tool calls, no secrets); `prior` are results of the steps that this
    one depends on; `context` is what else is known of the call and the task.
    """

    task_id: str
    step_id: str
    role: str
    session_id: str
    subject_id: str
    composition: str
    goal: Content
    conversation: Content
    context: tuple[ContextItem, ...] = ()
    prior: tuple[StepResult, ...] = ()
    constraints: tuple[str, ...] = ()
    budget: Budget = Budget()
    deadline: Moment
    influences: tuple[Influence, ...] = ()
    """Untrusted text that was read before this step was given: it may have moved the goal itself."""


class Message(Contract):
    """One message of a backstage model loop, in the shape of the chat protocol."""

    role: str
    content: Content | None = None
    tool_calls: tuple[ProposedCall, ...] = ()
    tool_call_id: str | None = None


class ProposedCall(Contract):
    """A tool call that a model proposes. `arguments` is JSON."""

    call_id: str
    tool: str
    arguments: Content


class ThinkRequest(Contract):
    """Input of the model activity: the context and the loop so far. `tools` are offered by the role's capabilities."""

    context: HandoffContext
    messages: tuple[Message, ...]
    call_number: int


class Thought(Contract):
    """What the model decided: calls to make, or an answer."""

    calls: tuple[ProposedCall, ...] = ()
    answer: Content | None = None
    model: str
    input_digest: str
    tokens_in: int = 0
    tokens_out: int = 0
    told: RenderedContext | None = None
    """Of the context: what the model was told, and what not."""


Message.model_rebuild()
