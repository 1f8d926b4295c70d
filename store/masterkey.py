"""The master key, which wraps every other key: from a file in development, from the environment or a KMS elsewhere."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store import private_file
from store.errors import StoreError

KEY_BYTES = 32
NONCE_BYTES = 12


class MasterKeyError(StoreError):
    """The master key is missing, unreadable, or another one than that which wrapped a key."""


@dataclass(frozen=True)
class Wrapped:
    """A key as it may be stored: readable to who has the master key `master_id`."""

    master_id: str
    sealed: bytes = field(repr=False)


class KeyWrapper(Protocol):
    """What a KMS has to offer. `purpose` is bound to the result: a key wrapped for one is not unwrapped for another."""

    @property
    def current(self) -> str:
        """Id of the master key that wraps now."""

    def wrap(self, key: bytes, purpose: str) -> Wrapped: ...

    def unwrap(self, wrapped: Wrapped, purpose: str) -> bytes:
        """Raises MasterKeyError when it was wrapped by an unknown master key, or for another purpose."""


class MasterKeys:
    """Master keys held in memory: the first one wraps, all of them unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise MasterKeyError(f"a master key has {KEY_BYTES} bytes: make one with 'greenroom keys init'")
        self._keys = dict(keys)

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(self._keys)})"

    @property
    def current(self) -> str:
        return next(iter(self._keys))

    def wrap(self, key: bytes, purpose: str) -> Wrapped:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self._keys[self.current]).encrypt(nonce, key, purpose.encode())
        return Wrapped(self.current, nonce + sealed)

    def unwrap(self, wrapped: Wrapped, purpose: str) -> bytes:
        try:
            cipher = AESGCM(self._keys[wrapped.master_id])
            return cipher.decrypt(wrapped.sealed[:NONCE_BYTES], wrapped.sealed[NONCE_BYTES:], purpose.encode())
        except (KeyError, InvalidTag):
            raise MasterKeyError(
                f"master key {wrapped.master_id} is not here, and it wrapped what is to be read: bring its line back "
                "into the key file (or GREENROOM_MASTER_KEY) from your copy"
            ) from None

    @classmethod
    def parse(cls, text: str) -> MasterKeys:
        """`ID:BASE64`, several by line or comma, the one that wraps first. Errors never repeat the text."""
        keys: dict[str, bytes] = {}
        for line in _keys_in(text):
            name, _, encoded = line.partition(":")
            try:
                keys[name] = base64.b64decode(encoded, validate=True)
            except ValueError:
                raise MasterKeyError("the master key is not of the form ID:BASE64") from None
        return cls(keys)

    @classmethod
    def read(cls, path: Path) -> MasterKeys:
        """From a file that its owner alone may read. Raises MasterKeyError naming the fix."""
        try:
            return cls.parse(private_file.read(path, "master key").decode("ascii"))
        except FileNotFoundError:
            raise MasterKeyError(f"there is no master key {path}: make one with 'greenroom keys init'") from None
        except (OSError, UnicodeDecodeError) as error:
            raise MasterKeyError(f"the master key {path} cannot be read: {type(error).__name__}") from None
        except StoreError as error:
            raise MasterKeyError(str(error)) from None


def create_key_file(path: Path) -> bool:
    """Makes a master key there, for its owner alone, unless there is one. Whether it was made now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return private_file.create(path, f"{_new_key()}\n".encode("ascii"))


def rotate_key_file(path: Path) -> str:
    """Puts a new master key before those that are there, which go on unwrapping; its id."""
    new = _new_key()
    private_file.replace(path, "".join(f"{key}\n" for key in (new, *_keys_of(path))).encode("ascii"))
    return new.partition(":")[0]


def retire_master_keys(path: Path) -> list[str]:
    """Forgets every master key but the first; the ids of those that are gone."""
    first, *others = _keys_of(path)
    private_file.replace(path, f"{first}\n".encode("ascii"))
    return [line.partition(":")[0] for line in others]


def _new_key() -> str:
    return f"m{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _keys_of(path: Path) -> list[str]:
    """The keys of a file in which nothing is wrong."""
    MasterKeys.read(path)
    return _keys_in(path.read_text(encoding="ascii"))


def _keys_in(text: str) -> list[str]:
    return text.replace(",", "\n").split()
