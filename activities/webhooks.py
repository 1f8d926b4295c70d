"""Sends an outcome to a composition's webhook, signed so that the receiver knows whose it is."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.base import Moment
from contracts.composition import Composition, Webhook
from contracts.delivery import Delivery

DELIVERY_HEADER = "X-Greenroom-Delivery"
"""The delivery's id: the same at every attempt, so that a receiver takes each delivery once."""

TIMESTAMP_HEADER = "X-Greenroom-Timestamp"
"""Seconds since 1970 at this attempt; part of what is signed, so that an old request cannot be sent again later."""

SIGNATURE_HEADER = "X-Greenroom-Signature"
"""`v1=` and the hex HMAC-SHA256, under the secret, of timestamp, full stop and body."""

_PASSING = (408, 409, 425, 429)
"""Client errors that may pass; every other 4xx means that the receiver will never take it."""


class WebhookActivities:
    """`secret` looks a secret up by the name of its environment variable. `client` follows no redirect."""

    def __init__(
        self, client: httpx.AsyncClient, compositions: Mapping[str, Composition], secret: Callable[[str], str | None]
    ) -> None:
        self._client = client
        self._compositions = compositions
        self._secret = secret

    @activity.defn(name="webhooks.post")
    async def post(self, delivery: Delivery) -> int:
        """Posts it once; the status of the answer. What the receiver says beside the status is not kept.

        Raises ApplicationError `WebhookRefused`, not retried on a final 4xx; `WebhookUnavailable`; and
        `WebhookMisconfigured`, retried, since it passes once the secret or the composition is put right.
        """
        webhook = self._webhook(delivery)
        secret = self._secret(webhook.secret_env)
        if not secret:
            raise ApplicationError(
                f"set {webhook.secret_env} in the environment of the durable process, and restart it",
                type="WebhookMisconfigured",
            )
        body = payload(delivery)
        timestamp = str(int(activity.info().current_attempt_scheduled_time.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": delivery.delivery_id,
            DELIVERY_HEADER: delivery.delivery_id,
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: signature(secret, timestamp, body),
        }
        try:
            async with self._client.stream("POST", webhook.url, content=body, headers=headers) as answer:
                status = answer.status_code
        except httpx.HTTPError as error:
            # Cut off: an error of the client may repeat the request, and with it what was said.
            raise ApplicationError(
                f"no answer from the webhook of {delivery.composition}: {type(error).__name__}",
                type="WebhookUnavailable",
            ) from None
        if not 200 <= status < 300:
            final = 400 <= status < 500 and status not in _PASSING
            raise ApplicationError(
                f"the webhook of {delivery.composition} answered {status}",
                status,
                type="WebhookRefused",
                non_retryable=final,
            )
        return status

    def _webhook(self, delivery: Delivery) -> Webhook:
        composition = self._compositions.get(delivery.composition or "")
        if composition is None or composition.deliveries.webhook is None:
            raise ApplicationError(
                f"composition {delivery.composition!r} has no deliveries.webhook any more", type="WebhookMisconfigured"
            )
        return composition.deliveries.webhook


def payload(delivery: Delivery) -> bytes:
    """What a receiver reads: ids, the words, when they were made and until when they are worth telling."""

    def at(moment: Moment | None) -> str | None:
        return moment.isoformat() if moment is not None else None

    told = {
        "delivery_id": delivery.delivery_id,
        "subject_id": delivery.subject_id,
        "session_id": delivery.session_id,
        "task_id": delivery.task_id,
        "composition": delivery.composition,
        "words": delivery.speech.body,
        "created_at": at(delivery.created_at),
        "expires_at": at(delivery.expires_at),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the signature header."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
