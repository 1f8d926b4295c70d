"""How Temporal's task queues stand: who polls them, and what waits there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue as Named
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from console.sessions import CALL_SECONDS, BackstageUnavailable, Sessions
from contracts.names import TaskQueue


class Queue(BaseModel):
    """`waiting`: tasks that no worker has taken yet; `oldest_seconds`: since when the first of them waits."""

    name: str
    workers: int
    waiting: int
    oldest_seconds: float


async def queues(sessions: Sessions, namespace: str) -> list[Queue] | None:
    """Of our queues; None when Temporal does not answer."""
    try:
        client = await sessions.client()
        found = asyncio.gather(*(_queue(client, namespace, queue.value) for queue in TaskQueue))
        return list(await asyncio.wait_for(found, CALL_SECONDS))
    except (BackstageUnavailable, RPCError, TimeoutError):
        return None


async def _queue(client: Client, namespace: str, name: str) -> Queue:
    workers: set[str] = set()
    waiting, oldest = 0, 0.0
    for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
        request = DescribeTaskQueueRequest(
            namespace=namespace, task_queue=Named(name=name), task_queue_type=kind, report_stats=True
        )
        answer = await client.workflow_service.describe_task_queue(request, timeout=timedelta(seconds=CALL_SECONDS))
        workers |= {poller.identity for poller in answer.pollers}
        waiting += answer.stats.approximate_backlog_count
        oldest = max(oldest, answer.stats.approximate_backlog_age.ToTimedelta() / timedelta(seconds=1))
    return Queue(name=name, workers=len(workers), waiting=waiting, oldest_seconds=oldest)
