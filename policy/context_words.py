"""One item of the context in words: our own sentences as they are, everything else quoted, with where it comes from."""

from __future__ import annotations

from contracts.context import ContextItem, ContextKind, Trust
from policy.quoting import quoted, without_delimiters

SPEECH_TITLE = "The conversation so far"


def piece(item: ContextItem) -> str:
    if item.kind is ContextKind.SPEECH:
        return without_delimiters(item.text.body)
    if item.trust is Trust.OWN:
        return " ".join(without_delimiters(item.text.body).split())
    return quoted(_title(item), item.text.body)


def _title(item: ContextItem) -> str:
    source = " ".join(without_delimiters(item.source).split())
    doubt = f", {item.confidence:.0%} sure" if item.confidence < 1 else ""
    match item.kind:
        case ContextKind.LAST_CALL:
            return "The call before this one"
        case ContextKind.SUMMARY:
            return "Earlier in this call"
        case ContextKind.RESULT:
            return f"Result of {source}"
        case ContextKind.DOCUMENT:
            return f"From the document {source}"
        case ContextKind.OBSERVATION:
            return f"Seen on {source} at {item.observed_at:%H:%M:%S} UTC{doubt}"
        case _:
            return f"From {source} ({item.trust.value}{doubt})"
