#!/usr/bin/env python3
"""Verifies an exported audit trail. Needs Python 3.9 and the package `cryptography`, and nothing of Greenroom.

    python verify.py [FOLDER] [--key KEYID]

FOLDER holds audit.jsonl and keys.json (default: where this script is). Give --key with the key id that you know from
elsewhere (`greenroom audit keys`): the keys came with the file and prove nothing by themselves.
Exit code: 0 intact, 1 broken, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = "0" * 64


class Broken(Exception):
    """What is wrong, and where."""


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def signed(line: bytes, name: str, keys: dict[str, str], place: str) -> tuple[dict[str, Any], str]:
    """The statement of a signed line, once its signature was verified."""
    try:
        outer = json.loads(line)
        text, signature = outer[name], outer["signature"]
        stated = json.loads(text)
        key, raw = stated["key"], bytes.fromhex(signature)
        known = canonical(outer).encode() == line and canonical(stated) == text and raw.hex() == signature
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Broken(f"{place}: unreadable") from None
    if not known or set(outer) != {name, "signature"}:
        raise Broken(f"{place}: not as it was written")
    if key not in keys:
        raise Broken(f"{place}: signed by {key}, which is not a trusted key")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys[key])).verify(raw, text.encode())
    except (InvalidSignature, ValueError):
        raise Broken(f"{place}: wrong signature") from None
    return stated, text


def verify(data: bytes, keys: dict[str, str]) -> tuple[int, int, int]:
    """The numbers of entries, sessions and signed checkpoints. Raises Broken."""
    if not data.endswith(b"\n"):
        raise Broken("the end of the file is missing")
    lines = data[:-1].split(b"\n")
    ends: dict[str, tuple[int, str]] = {}
    hashes: dict[str, dict[int, str]] = {}
    sealed: dict[str, tuple[int, str]] = {}
    seals, previous_seal, last_name, entries, body = 0, GENESIS, "", 0, lines[:-1]
    for number, line in enumerate(body, 1):
        place = f"line {number}"
        if line.startswith(b'{"prev":"'):
            if seals:
                raise Broken(f"{place}: an entry after the signed checkpoints")
            try:
                entry = json.loads(line)
                name, sequence, prev = entry["session"], entry["sequence"], entry["prev"]
            except (ValueError, KeyError, TypeError):
                raise Broken(f"{place}: unreadable") from None
            if name != last_name and name in ends:
                raise Broken(f"{place}: the entries of {name} are not together")
            before, end = ends.get(name, (0, GENESIS))
            if sequence != before + 1 or prev != end:
                raise Broken(f"{place}: entry {sequence} of {name} does not follow entry {before}")
            ends[name] = (sequence, sha256(line))
            hashes.setdefault(name, {})[sequence] = ends[name][1]
            last_name, entries = name, entries + 1
            continue
        stated, text = signed(line, "seal", keys, place)
        if stated["number"] != seals + 1 or stated["prev"] != previous_seal:
            raise Broken(f"{place}: it does not follow signed checkpoint {seals}")
        seals, previous_seal = seals + 1, sha256(text.encode())
        sealed.update({name: tuple(end) for name, end in stated["heads"].items()})
        for name, (sequence, end) in stated["heads"].items():
            if name in hashes and hashes[name].get(sequence) != end:
                raise Broken(f"{place}: entry {sequence} of {name} is missing or is not the one that was sealed")
    stated, _ = signed(lines[-1], "file", keys, "the last line")
    if (stated["entries"], stated["seals"]) != (entries, seals):
        raise Broken(
            f"{entries} entries, {seals} signed checkpoints: {stated['entries']} and {stated['seals']} were written"
        )
    if stated["sha256"] != sha256(b"".join(line + b"\n" for line in body)):
        raise Broken("the file is not the one that was written")
    for name, reached in ends.items():
        if sealed.get(name) != reached:
            raise Broken(f"the end of {name} was never sealed")
    if stated["session"] is None and (missing := sorted(set(sealed) - set(ends))):
        raise Broken(f"the whole trail of {missing[0]} is missing")
    return entries, len(ends), seals


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--key", action="append", help="a key id that you trust (repeatable)")
    given = parser.parse_args()
    try:
        data = (given.folder / "audit.jsonl").read_bytes()
        keys = json.loads((given.folder / "keys.json").read_text())
        for name, public in keys.items():
            if sha256(bytes.fromhex(public))[:16] != name:
                raise Broken(f"keys.json: {name} is not the id of its key")
        if given.key:
            keys = {name: public for name, public in keys.items() if name in given.key}
        entries, sessions, seals = verify(data, keys)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    except Broken as broken:
        print(f"BROKEN: {broken}", file=sys.stderr)
        return 1
    counts = f"{entries} entries of {sessions} sessions, {seals} signed checkpoints"
    print(f"intact: {counts}, keys {', '.join(sorted(keys))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
