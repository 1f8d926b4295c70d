"""An outcome that nobody heard by the end of the call goes to the composition's webhook."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.webhooks import WebhookActivities
    from contracts.audit_events import WebhookPosted
    from contracts.delivery import DeliveryPosted, WebhookStart, WebhookState
    from contracts.names import Signal, inbox_workflow_id
    from workflows import options, recording


@workflow.defn(name="Webhook")
class WebhookWorkflow:
    @workflow.run
    async def run(self, start: WebhookStart) -> DeliveryPosted:
        delivery = start.delivery
        workflow.set_current_details(f"`{delivery.delivery_id}` goes to the webhook of `{delivery.composition}`")
        posted = await self._post(start)
        workflow.set_current_details(f"`{delivery.delivery_id}`: **{posted.state.value}**, status {posted.status}")
        await recording.write(
            recording.audit(
                delivery.session_id,
                actor="workflow",
                target=delivery.delivery_id,
                event=WebhookPosted(state=posted.state, status=posted.status),
            ),
            summary=f"webhook {posted.state.value}",
        )
        await recording.tell(inbox_workflow_id(delivery.subject_id), Signal.POSTED, posted)
        return posted

    async def _post(self, start: WebhookStart) -> DeliveryPosted:
        delivery = start.delivery
        try:
            status = await workflow.execute_activity_method(
                WebhookActivities.post, delivery, **options.webhook(f"to the webhook of {delivery.composition}")
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            cause = error.cause
            last = cause.details[0] if isinstance(cause, ApplicationError) and cause.details else None
            final = isinstance(cause, ApplicationError) and cause.non_retryable
            state = WebhookState.REFUSED if final else WebhookState.GIVEN_UP
            return DeliveryPosted(delivery_id=delivery.delivery_id, state=state, status=last)
        return DeliveryPosted(delivery_id=delivery.delivery_id, state=WebhookState.SENT, status=status)
