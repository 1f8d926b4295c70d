"""What operators watch at the front door."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram


class Metrics:
    """One registry an application, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sessions_opened = Counter(
            "greenroom_sessions_opened", "Sessions given a room and a token", ["composition"], registry=self.registry
        )
        self.webhooks = Counter(
            "greenroom_webhooks", "LiveKit webhooks by what became of them", ["event", "result"], registry=self.registry
        )
        self.requests = Histogram(
            "greenroom_http_request_seconds",
            "Time to answer",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
