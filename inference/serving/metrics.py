"""Prometheus metrics of the server, in a registry of their own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from inference.serving.queue import EngineQueue

Kind = Literal["chat", "speech", "transcription", "listen", "listen_live"]
Outcome = Literal["ok", "refused", "error", "cancelled", "fault"]
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 10, 30)


class _QueueDepths(Collector):
    def __init__(self) -> None:
        self.queues: list[EngineQueue] = []

    def collect(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily("inference_waiting", "Jobs that wait for an engine thread", labels=["queue"])
        running = GaugeMetricFamily("inference_running", "Jobs that an engine works on", labels=["queue"])
        for queue in self.queues:
            waiting.add_metric([queue.name], queue.waiting)
            running.add_metric([queue.name], queue.running)
        return (waiting, running)


class Metrics:
    """All counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._depths = _QueueDepths()
        self.registry.register(self._depths)
        self.requests = Counter("inference_requests", "Finished requests", ["kind", "outcome"], registry=self.registry)
        self.in_flight = Gauge("inference_in_flight", "Requests being answered", ["kind"], registry=self.registry)
        self.latency = Histogram(
            "inference_request_seconds", "Whole request", ["kind"], buckets=_BUCKETS, registry=self.registry
        )
        self.first_output = Histogram(
            "inference_first_output_seconds",
            "Request to the first token or byte of audio",
            ["kind"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.queue_wait = Histogram(
            "inference_queue_wait_seconds",
            "Time a job waited for an engine thread",
            ["queue"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.final_transcript = Histogram(
            "inference_speech_end_to_final_seconds",
            "End of speech in the audio to its final transcript (arrival of the audio's last sample counted as now)",
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def watch(self, queue: EngineQueue) -> None:
        self._depths.queues.append(queue)


class Request:
    """One request under way, from arrival to its last byte. `finish` counts once, whatever comes after."""

    def __init__(self, metrics: Metrics, kind: Kind) -> None:
        self._metrics = metrics
        self.kind = kind
        self._started = time.perf_counter()
        self._first = False
        self._done = False
        metrics.in_flight.labels(kind).inc()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def first_output(self) -> None:
        if not self._first:
            self._first = True
            self._metrics.first_output.labels(self.kind).observe(self.seconds)

    def finish(self, outcome: Outcome) -> None:
        if self._done:
            return
        self._done = True
        self._metrics.in_flight.labels(self.kind).dec()
        self._metrics.requests.labels(self.kind, outcome).inc()
        self._metrics.latency.labels(self.kind).observe(self.seconds)
