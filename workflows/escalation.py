"""A person is asked into a call, whose agent pauses until somebody decides, or the ladder ends."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.audit_events import EscalationMoved
    from contracts.escalation import CallEscalation, EscalationRequest, EscalationStage, EscalationView
    from contracts.events import EscalationNews, EscalationRequested
    from contracts.ladder import Rung
    from contracts.names import VIEW_QUERY, Signal, session_workflow_id
    from contracts.records import EscalationRecord
    from policy import escalation as policy
    from policy import review
    from workflows import recording
    from workflows.reviewed import Reviewed
    from workflows.reviewing import Reviewing


@workflow.defn(name="Escalation")
class EscalationWorkflow(Reviewed):
    @workflow.init
    def __init__(self, request: EscalationRequest) -> None:
        self._request = request
        self._review = Reviewing(
            policy.opened(request, workflow.now()), item_id=request.escalation_id, session_id=request.session_id
        )
        self._call_over = False

    @workflow.run
    async def run(self, request: EscalationRequest) -> EscalationStage:
        await self._until_decided("requested", grace_seconds=request.rules.grace_seconds)
        return EscalationStage(self._review.state.stage)

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> EscalationView:
        return EscalationView(request=self._request, review=review.view(self._review.state))

    async def _announce(self, event: str, rung: Rung | None = None) -> None:
        """The call first: a person waits there. The records follow."""
        self._revision += 1
        request, state = self._request, self._review.state
        news = policy.of_call(request, state, self._revision, rung)
        await self._tell_call(news, first=event == "requested")
        self._index()
        self._describe()
        await self._review.write(
            EscalationRecord(
                escalation_id=request.escalation_id,
                session_id=request.session_id,
                subject_id=request.subject_id,
                composition=request.composition,
                cause=request.cause,
                reason=request.reason,
                summary=request.summary,
                recommended=request.recommended,
                stage=news.stage,
                revision=self._revision,
                opened_at=state.climb.opened_at,
                deadline=state.deadline,
                decided_at=state.decided_at,
                reviewer=state.reviewer,
                note=state.note,
            ),
            self._review.audit(
                EscalationMoved(
                    state=event,
                    cause=request.cause,
                    reviewer=state.reviewer,
                    to=rung.to if rung else None,
                    call_over=self._call_over,
                ),
                {"reason": request.reason, "summary": request.summary} | ({"note": state.note} if state.note else {}),
            ),
            summary=f"escalation {event}",
        )

    async def _tell_call(self, news: CallEscalation, *, first: bool) -> None:
        payload = EscalationRequested(escalation=news) if first else EscalationNews(escalation=news)
        session = session_workflow_id(self._request.session_id)
        self._call_over = not await recording.tell(session, Signal.PUBLISH, payload)

    def _describe(self) -> None:
        request, state = self._request, self._review.state
        over = "\n- **the call is over**: nobody waits on the line, call back" if self._call_over else ""
        if not state.open:
            by = f" by **{state.reviewer}**" if state.reviewer else ""
            workflow.set_current_details(f"**{state.stage.replace('_', ' ')}**{by} (`{request.session_id}`){over}")
            return
        workflow.set_current_details(
            f"**A call waits for a person** until {state.deadline:%Y-%m-%d %H:%M:%S} UTC\n\n"
            f"- call: `{request.session_id}`, asked because of: {request.cause.value}{over}\n"
            + self._review.how_to_decide(
                "what the agent should know", f"greenroom escalations show {request.escalation_id}"
            )
        )
