"""Sealed text: what it looks like, with a subject's key or, for what has no subject, in an envelope of its own."""

from __future__ import annotations

import base64
import re
import secrets
import threading
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.errors import StoreError
from store.masterkey import KEY_BYTES, NONCE_BYTES, KeyWrapper, Wrapped

ERASED = "[erased]"
"""What stands for a text whose key was destroyed."""

_SEALED = re.compile(r"sealed\.1\.([A-Za-z0-9]+)\.([A-Za-z0-9_=-]+)")
_ENVELOPE = re.compile(r"envelope\.1\.(.*)\.([A-Za-z0-9_=-]+)\.([A-Za-z0-9_=-]+)")
"""A KMS names its keys as it likes, dots and all; what comes after has none."""
_PURPOSE = "envelope"
_MOST_OPENED = 1024
"""Keys of other processes that one remembers, so that it does not ask the KMS for each text."""


class Tampered(StoreError):
    """A sealed text was changed, or belongs to somebody else."""


class DataKey:
    """The key of one subject. Never shown by `repr`."""

    __slots__ = ("_cipher", "key_id", "subject_id")

    def __init__(self, key_id: str, subject_id: str, key: bytes) -> None:
        self.key_id = key_id
        self.subject_id = subject_id
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return f"DataKey({self.key_id})"

    def seal(self, text: str) -> str:
        """The same text never looks the same twice."""
        return f"sealed.1.{self.key_id}.{_encrypt(self._cipher, text.encode(), self.subject_id)}"

    def open(self, sealed: str) -> str:
        """Raises Tampered."""
        match = _SEALED.fullmatch(sealed)
        if match is None:
            raise Tampered("that is no sealed text")
        return _decrypt(self._cipher, match[2], self.subject_id).decode()


def key_id_of(text: str) -> str | None:
    """Id of the key that sealed the text; None for plain text."""
    match = _SEALED.fullmatch(text)
    return match[1] if match else None


class Envelope:
    """Seals with a key of this process, which travels wrapped beside the text: it needs no database."""

    def __init__(self, wrapper: KeyWrapper) -> None:
        self._wrapper = wrapper
        self._lock = threading.Lock()
        self._own: tuple[str, AESGCM] | None = None
        self._cipher = lru_cache(maxsize=_MOST_OPENED)(self._unwrapped)

    def seal(self, text: str) -> str:
        """Raises MasterKeyError."""
        header, cipher = self._own or self._begin()
        return f"{header}.{_encrypt(cipher, text.encode(), header)}"

    def open(self, text: str) -> str:
        """What was sealed; plain text as it is. Raises MasterKeyError or Tampered."""
        match = _ENVELOPE.fullmatch(text)
        if match is None:
            return text
        return _decrypt(self._cipher(match[1], match[2]), match[3], text.rpartition(".")[0]).decode()

    def _unwrapped(self, master_id: str, wrapped: str) -> AESGCM:
        return AESGCM(self._wrapper.unwrap(Wrapped(master_id, base64.urlsafe_b64decode(wrapped)), _PURPOSE))

    def _begin(self) -> tuple[str, AESGCM]:
        with self._lock:
            if self._own is None:
                key = secrets.token_bytes(KEY_BYTES)
                wrapped = self._wrapper.wrap(key, _PURPOSE)
                encoded = base64.urlsafe_b64encode(wrapped.sealed).decode()
                self._own = f"envelope.1.{wrapped.master_id}.{encoded}", AESGCM(key)
            return self._own


def _encrypt(cipher: AESGCM, text: bytes, bound: str) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + cipher.encrypt(nonce, text, bound.encode())).decode()


def _decrypt(cipher: AESGCM, encoded: str, bound: str) -> bytes:
    try:
        sealed = base64.urlsafe_b64decode(encoded)
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound.encode())
    except (InvalidTag, ValueError):  # ValueError: no base64, or too short
        raise Tampered("a sealed text was changed, or is another person's") from None
