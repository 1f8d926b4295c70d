"""Which agents, tools, rules, words and limits make up one use case."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from contracts import ladder as ladders
from contracts.base import Contract, Name
from contracts.checkpoint import CheckpointRule
from contracts.escalation import EscalationRules
from contracts.handoff import Budget
from contracts.ladder import Fallback
from contracts.latency import LatencyBudget
from contracts.phrases import Phrases
from contracts.rules import ApprovalRule
from contracts.tools import DataClass, Effect, OnInterrupt, ToolDeclaration

EventName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]

HOUSE_MODEL = "house-1"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"time_zone: no time zone {name!r}; give an IANA name, such as Europe/Berlin") from error
    return name


class RoleKind(StrEnum):
    LIVE = "live"
    BACKSTAGE = "backstage"


class Role(Contract):
    """One agent role. Its `capabilities` decide which tools it is offered, and may call.

    A live role takes only tools without effect in the turn, bounded by `turn_tool_seconds`. Its agents come from the
    worker pool of its name; when none comes, from `fallback_pool` (`greenroom voice --pool NAME`).
    """

    name: Name
    kind: RoleKind
    instructions: str
    capabilities: tuple[str, ...] = ()
    model: str = HOUSE_MODEL
    budget: Budget = Budget()
    turn_tool_seconds: float = 2.0
    clearance: tuple[DataClass, ...] | None = None
    """The classes of data that its tools may take and give, and that it may be told of a call; None is every class."""
    latency: LatencyBudget = LatencyBudget()
    fallback_pool: Name | None = None


class SpeechModels(Contract):
    stt: str = "nova-3"
    tts: str = "tts-1"
    voice: str = "alloy"
    language: str = "en"


class Attendance(Contract):
    """How soon a missing agent is noticed, in seconds. Heartbeats cost a call each.

    `return_seconds`: how long a caller who vanished may take to come back before the call counts as over;
    `arrival_seconds`: how long one may take to come at all. `max_attempts`: so many dispatches in a row may fail in one
    worker pool before the next is asked, and after the last one a person (`escalation`).
    """

    heartbeat_seconds: float = Field(default=0.3, gt=0)
    heartbeat_timeout: float = Field(default=1.5, gt=0)
    probe_timeout: float = Field(default=0.5, gt=0)
    join_timeout: float = Field(default=5.0, gt=0)
    return_seconds: float = 30.0
    arrival_seconds: float = Field(default=120.0, gt=0)
    max_attempts: int = Field(default=5, ge=1)


class Webhook(Contract):
    """Where an outcome goes that the caller has not heard `after_seconds` after the call.

    The person is told it in the next call all the same. `secret_env` names the environment variable of the durable
    process that holds the secret of the signature.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
    secret_env: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
    after_seconds: float = Field(default=30.0, ge=0)


class Deliveries(Contract):
    """What is owed to callers. `expire_seconds`: how long an outcome is worth telling."""

    expire_seconds: float = Field(default=7 * 24 * 3600.0, gt=0)
    webhook: Webhook | None = None


class Limits(Contract):
    """`task_seconds` bounds the work of a task, not the wait for a person. `parallel_steps` of it run at a time.

    `corrections`: how often a caller may correct one task; `failure_replans`: how often its failed steps are planned
    anew. `task_depth`: how many levels of tasks there may be below one that a caller asked for; 0: no step is a task
    of its own. `tree_steps`: how many steps it may have with all tasks below it. `wait_seconds`: how long a step may
    wait for its time, or for an event from outside; `task_seconds` do not count meanwhile.

    `recent_turns` at most, and with the rolling summary `context_tokens` at most, are told to a model in full; what is
    older goes into the summary, of `summary_tokens` at most. `prompt_tokens` bounds all that a model is told of a call:
    turns and summary, states, documents, what is seen. Tokens are estimated.
    """

    max_steps: int = 8
    recent_turns: int = Field(default=24, ge=2)
    context_tokens: int = Field(default=1500, ge=100)
    summary_tokens: int = Field(default=400, ge=50)
    prompt_tokens: int = Field(default=6000, ge=200)
    task_seconds: float = 900.0
    parallel_steps: int = Field(default=8, ge=1)
    corrections: int = Field(default=3, ge=0)
    failure_replans: int = Field(default=0, ge=0)
    task_depth: int = Field(default=1, ge=0, le=5)
    tree_steps: int = Field(default=24, ge=1)
    wait_seconds: float = Field(default=7 * 24 * 3600.0, gt=0, allow_inf_nan=False)


class Composition(Contract):
    id: Name
    title: str
    consent: str = "You talk to a machine. What is said is written down, and kept with what came of it."
    """What a caller agrees to before joining from the console's page."""
    roles: tuple[Role, ...]
    tools: tuple[ToolDeclaration, ...] = ()
    pins: dict[str, str] = Field(default_factory=dict)
    """What was reviewed of each tool's description, by digest: in a file beside, which `greenroom tools pin` writes."""
    groups: tuple[Name, ...] = ()
    """Groups of reviewers that may be named here. Who is in them the records know: `greenroom reviewers ls`."""
    approvals: tuple[ApprovalRule, ...] = ()
    escalation: EscalationRules | None = None
    """How a call gets a person. Without it no caller is offered one, and a model that fails only apologises."""
    checkpoints: tuple[CheckpointRule, ...] = ()
    """Where a person looks at a plan. The first rule that fits decides."""
    speech: SpeechModels = SpeechModels()
    phrases: Phrases
    attendance: Attendance = Attendance()
    limits: Limits = Field(default_factory=Limits)
    events: dict[EventName, str] = Field(default_factory=dict)
    """What may happen outside that a step can wait for, and what each of them means: `{paid: "the money has come"}`."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """IANA name of where its callers are: "today" and "tomorrow" are meant there."""
    deliveries: Deliveries = Field(default_factory=Deliveries)
    on_interrupt: OnInterrupt = OnInterrupt.CONTINUE
    """What becomes of a task when the caller breaks off what is being said about it. A tool may say otherwise."""

    def role(self, name: str) -> Role:
        """The role of that name. Raises KeyError."""
        for role in self.roles:
            if role.name == name:
                return role
        raise KeyError(f"composition {self.id!r} has no role {name!r}; it has {', '.join(r.name for r in self.roles)}")

    def tool(self, name: str) -> ToolDeclaration:
        """The declaration of that tool. Raises KeyError."""
        for tool in self.tools:
            if tool.name == name:
                return tool
        raise KeyError(f"composition {self.id!r} declares no tool {name!r}")

    def live_roles(self) -> tuple[Role, ...]:
        return tuple(r for r in self.roles if r.kind is RoleKind.LIVE)

    def backstage_roles(self) -> tuple[Role, ...]:
        return tuple(r for r in self.roles if r.kind is RoleKind.BACKSTAGE)

    @model_validator(mode="after")
    def _consistent(self) -> Composition:
        names = [r.name for r in self.roles]
        if len(set(names)) != len(names):
            raise ValueError(f"roles: each name once, got {names}")
        if not self.live_roles():
            raise ValueError("roles: at least one role of kind 'live' is needed")
        if self.attendance.heartbeat_timeout <= (beat := self.attendance.heartbeat_seconds):
            raise ValueError(f"attendance: heartbeat_timeout must be more than heartbeat_seconds ({beat:g})")
        for role in self.roles:
            if role.fallback_pool is not None and (role.kind is not RoleKind.LIVE or role.fallback_pool == role.name):
                raise ValueError(
                    f"roles.{role.name}.fallback_pool: only a live role has one, and it is another pool than "
                    f"{role.name!r}, which is asked first"
                )
        capabilities = {t.capability for t in self.tools}
        declared = {t.name for t in self.tools}
        for role in self.roles:
            unknown = sorted(set(role.capabilities) - capabilities)
            if unknown:
                raise ValueError(
                    f"roles.{role.name}.capabilities: no tool declares {unknown}; declared: {sorted(capabilities)}"
                )
        for tool in self.tools:
            if tool.lookup and tool.lookup not in declared:
                raise ValueError(
                    f"tools.{tool.name}.lookup: unknown tool {tool.lookup!r}; declared: {sorted(declared)}"
                )
            if tool.idempotency not in ("key", "none"):
                raise ValueError(f"tools.{tool.name}.idempotency: {tool.idempotency!r} is not one of 'key', 'none'")
            self._check_compensation(tool)
            if tool.effect is Effect.NONE and tool.idempotency == "key":
                raise ValueError(f"tools.{tool.name}: a tool without effect needs no idempotency key")
            if tool.effect is Effect.NONE and tool.on_interrupt is not None:
                raise ValueError(f"tools.{tool.name}.on_interrupt: a look-up is dropped in any case; leave it out")
        rules = [rule.id for rule in self.approvals]
        if len(set(rules)) != len(rules):
            raise ValueError(f"approvals: each id once, got {rules}")
        for rule in self.approvals:
            if rule.tool is not None and rule.tool not in declared:
                raise ValueError(f"approvals.{rule.id}.tool: unknown tool {rule.tool!r}; declared: {sorted(declared)}")
            if rule.grant_seconds and rule.approvers > 1:
                raise ValueError(
                    f"approvals.{rule.id}.grant_seconds: one person cannot grant what takes the yes of "
                    f"{rule.approvers}; leave it out"
                )
            self._check_ladder(rule)
        if self.escalation is not None:
            ladders.check(self.escalation.ladder, "escalation.ladder", self.groups, (Fallback.GO_ON,))
        self._check_checkpoints()
        return self

    def _check_checkpoints(self) -> None:
        ids = [rule.id for rule in self.checkpoints]
        if len(set(ids)) != len(ids):
            raise ValueError(f"checkpoints: each id once, got {ids}")
        backstage = [role.name for role in self.backstage_roles()]
        for rule in self.checkpoints:
            where = f"checkpoints.{rule.id}"
            if rule.role is not None and rule.role not in backstage:
                raise ValueError(f"{where}.role: no backstage role {rule.role!r}; there are: {', '.join(backstage)}")
            ladders.check(rule.ladder, f"{where}.ladder", self.groups, (Fallback.DENY, Fallback.GO_ON))

    def _check_ladder(self, rule: ApprovalRule) -> None:
        where = f"approvals.{rule.id}.ladder"
        ladders.check(rule.ladder, where, self.groups, (Fallback.DENY, Fallback.SAFE_DEFAULT, Fallback.PERSON))
        instead = rule.ladder[-1].tool if rule.ladder else None
        if instead is None:
            return
        if rule.tool is None:
            raise ValueError(f"{where}: {instead!r} is called instead of one tool: name it, as tool")
        declared = {t.name: t for t in self.tools}
        if instead not in declared or instead == rule.tool:
            raise ValueError(f"{where}: no other tool {instead!r} to call instead; declared: {sorted(declared)}")
        freed = next((r.frees_all for r in self.approvals if r.about(instead)), False)
        if declared[instead].effect is not Effect.NONE and not freed:
            raise ValueError(
                f"{where}: {instead!r} would need a person too; name a tool without effect, or one with 'gate: false'"
            )
        for role in self.roles:
            needed = declared[instead].capability
            if declared[rule.tool].capability in role.capabilities and needed not in role.capabilities:
                raise ValueError(f"{where}: role {role.name} may call {rule.tool}, but not {instead}: give it {needed}")

    def _check_compensation(self, tool: ToolDeclaration) -> None:
        if tool.compensation is None:
            if tool.compensation_arguments:
                raise ValueError(f"tools.{tool.name}.compensation_arguments: name the tool too, as compensation")
            return
        declared = {t.name: t for t in self.tools}
        where = f"tools.{tool.name}.compensation"
        if tool.compensation not in declared:
            raise ValueError(f"{where}: unknown tool {tool.compensation!r}; declared: {sorted(declared)}")
        if tool.effect is Effect.NONE:
            raise ValueError(f"{where}: a tool without effect needs none")
        if tool.compensation == tool.name or declared[tool.compensation].effect is Effect.NONE:
            raise ValueError(f"{where}: {tool.compensation!r} undoes nothing; name another tool, one with an effect")
