"""What a workflow does while its review waits: takes decisions as they come, judges them, and climbs the ladder."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from contracts.approval import DecisionReceipt
    from contracts.audit import AuditRecord
    from contracts.audit_events import AuditEvent, Decided
    from contracts.base import Content
    from contracts.ladder import Rung
    from contracts.records import DecisionRecord, Record
    from policy import arrival
    from policy import ladder as ladders
    from policy import review as policy
    from workflows import options, recording

EXPECTED = '{"reviewer": NAME, "verdict": VERDICT, "note": WORDS}'

Objection = Callable[[arrival.Arrived], Awaitable[str | None]]


async def wait_until(come: Callable[[], bool], moment: datetime, summary: str) -> None:
    """Returns when it has come or the moment is there: whoever waits looks at the clock."""
    remaining = moment - workflow.now()
    if come() or remaining <= timedelta(0):
        return
    with contextlib.suppress(TimeoutError):
        await workflow.wait_condition(come, timeout=remaining, timeout_summary=summary)


class Reviewing:
    """`item_id` is what the records know the review by. What is to be recorded waits in `unwritten`. `objection` says
    what speaks against the plan that a decision brings.

    A decision may bring one value of any kind: it is recorded as refused if it is none, and harms nothing.
    """

    def __init__(
        self, state: policy.Review, *, item_id: str, session_id: str, objection: Objection | None = None
    ) -> None:
        self.state = state
        self.unwritten: list[Record] = []
        self._item_id = item_id
        self._session_id = session_id
        self._arrived: deque[tuple[datetime, arrival.Arrived]] = deque()
        self._withdrawn = False
        self._objection = objection

    def take(self, raw: RawValue) -> None:
        """A decision that came by signal."""
        self._arrived.append((workflow.now(), self._read(raw, "signal")))

    async def answer(self, raw: RawValue) -> DecisionReceipt:
        """A decision that came by update, answered with what became of it."""
        self._arrived.append((workflow.now(), self._read(raw, "update")))
        position = len(self.state.receipts) + len(self._arrived)
        await workflow.wait_condition(lambda: len(self.state.receipts) >= position)
        return self.state.receipts[position - 1]

    def withdraw(self) -> None:
        self._withdrawn = True

    async def change(self) -> tuple[Rung, ...]:
        """Returns when something has changed: decisions came, it was withdrawn, or these rungs were reached."""
        if (moment := self.state.wake_at) is not None:
            await wait_until(self._has_work, moment, "the next rung of the ladder")
        await self._judge_arrived()
        if self._withdrawn:
            self.state = policy.withdrawn(self.state, workflow.now())
        self.state, reached = policy.climbed(self.state, workflow.now())
        return reached

    async def write(self, *records: Record, summary: str) -> None:
        """Writes these records, with what became of decisions before them."""
        before, self.unwritten = self.unwritten, []
        await recording.write(*before, *records, summary=summary)

    async def linger(self, seconds: float) -> None:
        """Open a while longer after its end: a late or second decision is refused on the record, not by silence."""
        closes = workflow.now() + timedelta(seconds=seconds)
        while workflow.now() < closes or self._arrived:
            await wait_until(self._has_work, closes, "late decisions are recorded until then")
            await self._judge_arrived()
            if self.unwritten:
                await self.write(summary="late decisions")

    def audit(self, event: AuditEvent, exhibits: Mapping[str, Content] | None = None) -> AuditRecord:
        """An entry about this review; `actor` is the workflow."""
        target = workflow.info().workflow_id
        return recording.audit(self._session_id, actor="workflow", target=target, event=event, exhibits=exhibits)

    def how_to_decide(self, note: str, show: str) -> str:
        """The rest of the details in the Web UI: who may decide, what is ahead, and the exact signal to send."""
        decision: dict[str, str] = {"reviewer": "NAME", "verdict": next(iter(self.state.endings))}
        if self.state.digest is not None:
            decision["digest"] = self.state.digest[:12]
        sent = json.dumps({**decision, "note": note}, separators=(",", ":"), ensure_ascii=False)
        deciders = ", ".join(f"`{who}`" for who in policy.view(self.state).deciders) or "every reviewer"
        return (
            f"- may decide: {deciders}\n"
            + (f"- claimed by **{self.state.claimed_by}**\n" if self.state.claimed_by else "")
            + f"{ladders.in_words(self.state.ladder, self.state.climb)}\n\n"
            f"See what it is about: `{show}`\n\n"
            f"Decide here with *Send a Signal*, name `decide`, verdict one of "
            f"{', '.join(f'`{v}`' for v in self.state.verdicts)}, input:\n\n```\n{sent}\n```\n\n"
            f"or from a terminal:\n\n```\n"
            f"temporal workflow signal --name decide \\\n  -w {workflow.info().workflow_id} \\\n  -i '{sent}'\n```\n\n"
            "\u00a0"  # the Web UI cuts the last line off
        )

    def _read(self, raw: RawValue, channel: str) -> arrival.Arrived:
        return arrival.read(raw.payload.data, channel, verdicts=self.state.verdicts, expected=EXPECTED)

    def _has_work(self) -> bool:
        return bool(self._arrived) or (self._withdrawn and self.state.open)

    async def _judge_arrived(self) -> None:
        while self._arrived:
            moment, arrived = self._arrived[0]
            reviewer = None
            if arrived.problem is None:
                reviewer = await workflow.execute_activity_method(
                    RecordActivities.reviewer, arrived.reviewer, **options.records("who decided")
                )
            objection = None
            if self._objection is not None and arrived.plan is not None:
                objection = await self._objection(arrived)
            # Judged by its arrival: records that answer late must not make a decision late.
            self.state, receipt = policy.judge(self.state, arrived, reviewer, moment, objection)
            self._arrived.popleft()
            self.unwritten += self._records(receipt)

    def _records(self, receipt: DecisionReceipt) -> Sequence[Record]:
        return (
            DecisionRecord(
                approval_id=self._item_id,
                number=receipt.number,
                reviewer=receipt.reviewer,
                verdict=receipt.verdict,
                accepted=receipt.accepted,
                reason=receipt.reason,
                channel=receipt.channel,
                at=receipt.at,
            ),
            recording.audit(
                self._session_id,
                actor=f"reviewer:{receipt.reviewer or 'unnamed'}",
                target=workflow.info().workflow_id,
                event=Decided(
                    state="counted" if receipt.accepted else "refused",
                    verdict=receipt.verdict,
                    reason=receipt.reason,
                    channel=receipt.channel,
                ),
            ),
        )
