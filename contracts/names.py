"""The names that processes know each other by: task queues, workflow types, ids, signals, topics."""

from __future__ import annotations

import uuid
from enum import StrEnum


class TaskQueue(StrEnum):
    """One queue a layer, so that one slow layer cannot starve another."""

    ORCHESTRATION = "greenroom-orchestration"
    ROOMS = "greenroom-rooms"
    MODELS = "greenroom-models"
    TOOLS = "greenroom-tools"
    RECORDS = "greenroom-records"


class WorkflowType(StrEnum):
    SESSION = "Session"
    ATTENDANCE = "Attendance"
    INBOX = "Inbox"
    TASK = "Task"
    HANDOFF = "Handoff"
    APPROVAL = "Approval"
    ESCALATION = "Escalation"
    CHECKPOINT = "Checkpoint"
    SUMMARY = "Summary"
    WEBHOOK = "Webhook"
    AUDIT = "Audit"


class Signal(StrEnum):
    """Signal names that are called across packages by name."""

    # session
    TURN_ENDED = "turn_ended"
    ROLE_CHANGED = "role_changed"
    CALLER_CHANGED = "caller_changed"
    ANSWER_AWAITED = "answer_awaited"
    TASK_CHANGED = "task_changed"
    APPROVAL_CHANGED = "approval_changed"
    PUBLISH = "publish"
    TOOL_REFUSED = "tool_refused"
    END = "end"
    # attendance
    JOINED = "joined"
    LOST = "lost"
    LEAVE = "leave"
    # inbox
    DELIVER = "deliver"
    PRESENCE = "presence"
    REPORT = "report"
    POSTED = "posted"
    RETRACT = "retract"
    # task and hand-off
    ANSWERED = "answered"
    APPROVAL_DECIDED = "approval_decided"
    CHECKPOINT_DECIDED = "checkpoint_decided"
    STEP_MOVED = "step_moved"
    STEP_CONTROL = "step_control"
    EVENT = "event"
    # audit
    NOTE = "note"
    # approval
    DECIDE = "decide"
    WITHDRAW = "withdraw"


class SearchAttribute(StrEnum):
    """Typed search attributes, registered by temporal-dev.yml. Never content."""

    SESSION = "SessionId"
    SUBJECT = "SubjectId"
    COMPOSITION = "Composition"
    TASK_STATE = "TaskState"
    APPROVAL_STATE = "ApprovalState"
    REVIEW_STATE = "ReviewState"
    """Of an escalation or a checkpoint."""
    RISK = "Risk"
    REVIEWER = "Reviewer"
    DEADLINE = "Deadline"


SNAPSHOT_QUERY = "snapshot"
VIEW_QUERY = "view"
STAGE_TOPIC = "stage"
"""Topic of a session's event stream: what backstage tells the agents in the room."""

ROOM_EVENTS_TOPIC = "greenroom.events"
"""Text-stream topic of agent-to-agent events in the room."""

ATTACH_TOPIC = "greenroom.attach"
"""Server-sent data: a new task token for a living agent."""

PROBE_TOPIC = "greenroom.probe"
"""Server-sent data: a nonce that a living agent answers in its attributes."""

ATTRIBUTE_PROBE = "greenroom.probe"
ATTRIBUTE_ATTACHED = "greenroom.attached"
ATTRIBUTE_EPOCH = "greenroom.epoch"
ATTRIBUTE_ROLE = "greenroom.role"


def new_id(kind: str) -> str:
    """A fresh id such as `task-1f0c9a2b7d3e`. Not for use inside a workflow."""
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def session_workflow_id(session_id: str) -> str:
    return f"session/{session_id}"


def attendance_workflow_id(session_id: str, role: str) -> str:
    return f"session/{session_id}/role/{role}"


def summary_workflow_id(session_id: str) -> str:
    return f"session/{session_id}/summary"


def inbox_workflow_id(subject_id: str) -> str:
    return f"inbox/{subject_id}"


def audit_workflow_id(session_id: str) -> str:
    return f"audit/{session_id}"


def webhook_workflow_id(delivery_id: str) -> str:
    return f"delivery/{delivery_id}/webhook"


PART = "~"
"""Between the id of a task and that of a step of it, in the id of the task which that step is."""


def part_id(task_id: str, step_id: str) -> str:
    """Id of the task that a step is."""
    return f"{task_id}{PART}{step_id}"


def task_workflow_id(task_id: str) -> str:
    return f"task/{task_id.replace(PART, '/step/')}"


def step_workflow_id(task_id: str, step_id: str) -> str:
    """Of a hand-off, or of a task of its own."""
    return task_workflow_id(part_id(task_id, step_id))


def step_call_id(task_id: str, step_id: str, number: int | str) -> str:
    """Id of a step's call of a tool, and its idempotency key."""
    return f"{task_id}/{step_id}/{number}"


def step_approval_id(task_id: str, step_id: str, number: int | str) -> str:
    """Id of the approval of that call."""
    return f"{task_id}.{step_id}.{number}"


def approval_workflow_id(approval_id: str) -> str:
    return f"approval/{approval_id}"


def escalation_workflow_id(escalation_id: str) -> str:
    return f"escalation/{escalation_id}"


def checkpoint_workflow_id(checkpoint_id: str) -> str:
    return f"checkpoint/{checkpoint_id}"


def agent_name(pool: str) -> str:
    """LiveKit agent name of a worker pool. A live role has a pool of its own name."""
    return f"greenroom-{pool}"
