"""What enters Temporal: each `Content` sealed with its subject's key, failures and current details in an envelope.

The codec runs in the process, outside the workflow's sandbox: workflow code sees plain contracts and stays
deterministic, histories carry ids, states and sealed words. What people send raw has no mark and passes as it is.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from store.errors import StoreError
from store.sealed import Envelope
from store.vault import NotCached, Vault

MARK, SEALED_FIELDS = "greenroom", b"fields-1"
"""Metadata of a payload that went through this codec, whether or not anything in it needed a seal."""
ENVELOPE = b"binary/greenroom-envelope"
_METADATA_TYPE = b"temporal.api.sdk.v1.WorkflowMetadata"
_FAILURE = {"message", "stack_trace"}
_LOOSE_WORDS = ("note", "private", "question", "words")
"""Fields of a decision or an order that its sender left as plain text."""
_PRIVATE_HINTS = tuple(f'"{name}":'.encode() for name in ("stack_trace", *_LOOSE_WORDS))
_JSON = b"json/plain"

T = TypeVar("T")
Words = Callable[[str, str], str]
"""Subject and text to the text that stands for it."""


class CodecError(RuntimeError):
    """The key cannot be had now, or what is to be opened was tampered with; the message names the fix."""


class ContentCodec(PayloadCodec):
    """Encoding and decoding raise CodecError, while the database is away and a key is not in this process."""

    def __init__(self, vault: Vault, envelope: Envelope) -> None:
        self._vault = vault
        self._envelope = envelope

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        given = list(payloads)
        return await self._with_keys(lambda: [self._encoded(payload) for payload in given])

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        given = list(payloads)
        return await self._with_keys(lambda: [self._decoded(payload) for payload in given])

    async def _with_keys(self, work: Callable[[], T]) -> T:
        """Repeats the work, which is cheap, until every key that it needs is in this process."""
        try:
            while True:
                try:
                    return work()
                except NotCached as missing:
                    await asyncio.to_thread(missing.fetch)
        except StoreError as error:
            raise CodecError(str(error)) from error

    def _encoded(self, payload: Payload) -> Payload:
        if _is_private(payload):
            sealed = self._envelope.seal(base64.b64encode(payload.SerializeToString()).decode())
            return Payload(metadata={"encoding": ENVELOPE}, data=sealed.encode())
        return _mapped(payload, lambda subject, text: self._vault.seal(subject, text, wait=False), mark=True)

    def _decoded(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") == ENVELOPE:
            opened = Payload()
            opened.ParseFromString(base64.b64decode(self._envelope.open(payload.data.decode())))
            return opened
        if payload.metadata.get(MARK) != SEALED_FIELDS:
            return payload
        return _mapped(payload, lambda subject, text: self._vault.open(subject, text, wait=False), mark=False)


def _is_private(payload: Payload) -> bool:
    """Whether it may hold anything that was said, and belongs to nobody whom it names."""
    if payload.metadata.get("messageType") == _METADATA_TYPE:
        return True
    data = payload.data
    if payload.metadata.get("encoding") != _JSON or not any(hint in data for hint in _PRIVATE_HINTS):
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict):
        return False
    return value.keys() == _FAILURE or any(isinstance(value.get(name), str) for name in _LOOSE_WORDS)


def _mapped(payload: Payload, words: Words, *, mark: bool) -> Payload:
    changed = Payload()
    changed.CopyFrom(payload)
    if mark:
        changed.metadata[MARK] = SEALED_FIELDS
    else:
        changed.metadata.pop(MARK, None)
    # Most payloads hold neither, and are not parsed.
    if payload.metadata.get("encoding") == _JSON and (b'"body"' in payload.data or b'"topic"' in payload.data):
        try:
            value = _walk(json.loads(payload.data), words, mark=mark)
        except (ValueError, RecursionError):  # no JSON of ours, and it must not stop a workflow
            return payload
        changed.data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return changed


def _walk(value: Any, words: Words, *, mark: bool) -> Any:
    if isinstance(value, list):
        return [_walk(item, words, mark=mark) for item in value]
    if not isinstance(value, dict):
        return value
    subject, body = value.get("subject_id"), value.get("body")
    if isinstance(subject, str) and isinstance(body, str):  # a `Content`, or it would be no such pair
        return value | {"body": words(subject, body)}
    if isinstance(value.get("topic"), str) and isinstance(data := value.get("data"), str):
        return value | {"data": _streamed(data, words, mark=mark)}
    return {name: _walk(item, words, mark=mark) for name, item in value.items()}


def _streamed(data: str, words: Words, *, mark: bool) -> str:
    """An item of a workflow stream carries a payload of its own in base64, which no codec is asked about."""
    inner = Payload()
    try:
        inner.ParseFromString(base64.b64decode(data, validate=True))
    except (ValueError, DecodeError):
        return data  # a field of the same name in something else
    return base64.b64encode(_mapped(inner, words, mark=mark).SerializeToString()).decode()
