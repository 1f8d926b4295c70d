"""Median, 95th and 99th percentile, the way every bench prints them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def line(name: str, milliseconds: Sequence[float]) -> str:
    """One line of a table; says so when nothing was measured."""
    if not milliseconds:
        return f"{name:55} nothing measured"
    middle, tail, last = statistics.median(milliseconds), percentile(milliseconds, 0.95), percentile(milliseconds, 0.99)
    return f"{name:55} p50 {middle:6.0f} ms  p95 {tail:6.0f} ms  p99 {last:6.0f} ms  n {len(milliseconds)}"
