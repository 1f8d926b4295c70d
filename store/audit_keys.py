"""The keys that sign the checkpoints of the audit trail, and those that sign call grants: Ed25519, in private files.

A folder holds the private key that signs now (`KEYID.pem`), the public key of every key that ever did (`KEYID.pub`),
and what was sealed last (`last-seal.json`): outside the database, so that a database that forgets its newest seals is
found out. A key id is the beginning of the SHA-256 of the public key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from store import private_file
from store.errors import StoreError

ANCHORS = "last-seal.json"


@dataclass(frozen=True)
class Anchor:
    """The newest seal that this machine made for one database."""

    number: int
    hash: str


class AuditKeys:
    """One folder of keys. Use `open_keys` or `make_key`."""

    def __init__(self, folder: Path, key_id: str, private: Ed25519PrivateKey, public: Mapping[str, str]) -> None:
        self.folder = folder
        self.key_id = key_id
        self.public = dict(public)
        """Every public key ever used, in hex, by key id."""
        self._private = private

    def __repr__(self) -> str:
        return f"AuditKeys({self.key_id})"

    def sign(self, statement: str) -> str:
        """The signature in hex."""
        return self._private.sign(statement.encode("ascii")).hex()

    def verify(self, key_id: str, statement: str, signature: str) -> bool:
        """Whether that key of ours made the signature (hex)."""
        return key_id in self.public and verify_signature(self.public[key_id], statement, signature)

    def anchor(self, database: str) -> Anchor | None:
        """What was sealed last in that database from this machine. Raises StoreError for a file that was broken."""
        return self._anchors().get(_name(database))

    def keep_anchor(self, database: str, anchor: Anchor) -> None:
        """Of processes that seal at once the one that was later counts."""
        anchors, name = self._anchors(), _name(database)
        if name not in anchors or anchors[name].number < anchor.number:
            kept = {known: asdict(value) for known, value in (anchors | {name: anchor}).items()}
            private_file.replace(self.folder / ANCHORS, json.dumps(kept).encode())

    def _anchors(self) -> dict[str, Anchor]:
        try:
            kept = json.loads((self.folder / ANCHORS).read_text())
            return {name: Anchor(int(value["number"]), str(value["hash"])) for name, value in kept.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{self.folder / ANCHORS} was broken: restore it from a copy, or remove it") from error


def verify_signature(public: str, statement: str, signature: str) -> bool:
    """Whether `signature` (hex) over `statement` is that of the public key (hex)."""
    try:
        raw = bytes.fromhex(signature)
        if raw.hex() != signature:
            return False
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(raw, statement.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def open_keys(folder: Path) -> AuditKeys:
    """The keys of a folder. Raises StoreError that names the fix when there are none or others may read them."""
    files = sorted(folder.glob("*.pem"), key=lambda file: file.stat().st_mtime)
    if not files:
        raise StoreError(f"no audit key in {folder}: run `make setup`, or set GREENROOM_AUDIT_KEYS_DIR to where it is")
    newest = files[-1]
    try:
        private = load_pem_private_key(private_file.read(newest, "audit key"), password=None)
    except ValueError:
        raise StoreError(f"{newest} is no private key: restore it from a copy") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise StoreError(f"{newest} is no Ed25519 key: restore it from a copy")
    public = {file.stem: file.read_text().strip() for file in folder.glob("*.pub")}
    return AuditKeys(folder, newest.stem, private, public | {newest.stem: _public(private)})


def make_key(folder: Path) -> AuditKeys:
    """A new key, which signs from now on; private keys before it are destroyed, their public keys stay."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    earlier = list(folder.glob("*.pem"))
    private = Ed25519PrivateKey.generate()
    public = _public(private)
    key_id = key_id_of(public)
    private_file.replace(folder / f"{key_id}.pub", public.encode())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private_file.replace(folder / f"{key_id}.pem", pem)
    for file in earlier:
        file.unlink(missing_ok=True)
    return open_keys(folder)


def open_or_make_keys(folder: Path) -> AuditKeys:
    """The keys of a folder; the first one is made."""
    return open_keys(folder) if any(folder.glob("*.pem")) else make_key(folder)


def key_id_of(public: str) -> str:
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def _public(private: Ed25519PrivateKey) -> str:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _name(database: str) -> str:
    return hashlib.sha256(database.encode()).hexdigest()[:16]
