"""Proof that model files are the published ones: the package that carries them has no reputation, their hashes do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

WHISPER_TINY_EN_SHA256: Mapping[str, str] = {
    # Systran/faster-whisper-tiny.en, as recorded by many independent public repositories
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}


class UntrustedWeightsError(RuntimeError):
    """A model file is missing or is not the published one."""


def verify_weights(folder: Path, expected: Mapping[str, str]) -> None:
    """Check every file of `expected` (name to SHA-256 in hex) in `folder`.

    Raises:
        UntrustedWeightsError: A file is missing, or its content differs.
    """
    for name, digest in expected.items():
        path = folder / name
        if not path.is_file():
            raise UntrustedWeightsError(f"{name} is missing: reinstall the package that carries the model files")
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != digest:
            raise UntrustedWeightsError(
                f"{name} has SHA-256 {actual}, not {digest}: "
                "the file was changed; reinstall the pinned version from the lock file"
            )
