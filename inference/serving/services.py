"""What the routes work with: engines, queues, metrics, faults and the key."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from inference.engines.base import Synthesizer, Transcriber
from inference.serving.faults import FaultBoard
from inference.serving.metrics import Kind, Metrics, Request
from inference.serving.queue import EngineQueue
from inference.wire.chat import ChatRequest, HouseReply

Respond = Callable[[ChatRequest], HouseReply]


@dataclass
class Services:
    """One server's parts. Created before the event loop runs; the queues are used from one loop only."""

    transcriber: Transcriber
    synthesizer: Synthesizer
    respond: Respond
    api_key: str | None = None
    faults: FaultBoard | None = None
    metrics: Metrics = field(default_factory=Metrics)
    started: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        # Two recognitions at once use both cores of a small machine; synthesis and chat take milliseconds.
        self.listen_queue = self._queue("listen", 2)
        self.speech_queue = self._queue("speech", 1)
        self.chat_queue = self._queue("chat", 1)

    @property
    def queues(self) -> list[EngineQueue]:
        return [self.chat_queue, self.speech_queue, self.listen_queue]

    def request(self, kind: Kind) -> Request:
        return Request(self.metrics, kind)

    def key_is_good(self, authorization: str | None) -> bool:
        """Whether an Authorization header (`Bearer KEY` or `Token KEY`) opens the server. Without a key, any does."""
        if self.api_key is None:
            return True
        scheme, _, key = (authorization or "").partition(" ")
        return scheme.lower() in ("bearer", "token") and hmac.compare_digest(
            key.strip().encode(), self.api_key.encode()
        )

    def close(self) -> None:
        for queue in self.queues:
            queue.close()

    def _queue(self, name: str, workers: int) -> EngineQueue:
        queue = EngineQueue(name, workers, self.metrics.queue_wait.labels(name).observe)
        self.metrics.watch(queue)
        return queue
