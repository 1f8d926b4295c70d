"""A set-up step that failed, in one line, with what to do about it."""

from pathlib import Path

_CAUSES = (
    (
        ("no space left on device", "disk quota exceeded"),
        "the disk is full",
        "free 3 GB (go clean -cache and uv cache clean help), then run it again",
    ),
    (
        ("hash mismatch", "hashes are required", "do not match", "hash of"),
        "a package is not what requirements.lock says",
        "uv cache clean, then run it again; if that does not help, the lock file or the index is wrong",
    ),
    (
        (
            "no such host",
            "connection refused",
            "i/o timeout",
            "network is unreachable",
            "failed to fetch",
            "error sending request",
            "dns error",
            "temporary failure in name resolution",
            "403 forbidden",
            "tls handshake",
            "certificate verify failed",
            "proxyconnect",
            "max retries exceeded",
        ),
        "the network refused",
        "check HTTPS_PROXY, GOPROXY and UV_DEFAULT_INDEX; uv, livekit-server and temporal on PATH are not fetched",
    ),
)


class SetupError(Exception):
    """The message is `what; fix: ...`."""


def diagnose(step: str, output: list[str], log: Path) -> SetupError:
    """Names the cause when the output shows a known one; else quotes the output's end."""
    text = "\n".join(output[-200:]).lower()
    for signs, cause, fix in _CAUSES:
        if any(sign in text for sign in signs):
            return SetupError(f"{step}: {cause}; fix: {fix} (log: {log})")
    tail = " | ".join(line.strip() for line in output[-3:] if line.strip())
    return SetupError(f"{step} failed: {tail}; fix: see {log}")
