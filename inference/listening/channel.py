"""One channel of a live stream: audio in, Deepgram messages out.

The time from the end of speech to the final transcript is what a caller feels, so decoding does not wait for the
silence that ends an utterance: it starts on the first 0.1 s of silence, and the result is ready, or nearly, when the
silence is long enough. If the speaker goes on instead, the result serves as an interim one. Interim decodings run
only while no engine thread is busy, so at most one is under way, and a final one takes the other thread at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from inference.engines.base import NOTHING_SAID, Pcm16, Transcript
from inference.engines.vad import FRAME, SpeechDetector
from inference.listening.options import SHORTEST_ENDPOINT_SECONDS, ListenOptions
from inference.listening.utterance import Clip, Ended, Event, Paused, Resumed, Started, UtteranceTracker
from inference.serving.queue import Priority
from inference.serving.services import Services
from inference.wire.listen import StreamIdentity

INTERIM_SECONDS = 0.7
Send = Callable[[dict[str, Any]], Awaitable[None]]


class ChannelListener:
    """Recognises one channel. Messages go out in the order of the audio, from a task of its own (`run`)."""

    def __init__(
        self, services: Services, identity: StreamIdentity, channel: int, options: ListenOptions, send: Send
    ) -> None:
        self._services = services
        self._identity = identity
        self._channel = channel
        self._options = options
        self._send = send
        self._tracker = UtteranceTracker(options.endpoint_seconds or SHORTEST_ENDPOINT_SECONDS)
        self._detector = SpeechDetector()
        self._rest: Pcm16 = np.zeros(0, np.int16)
        self._outbox: asyncio.Queue[Callable[[], Awaitable[None]] | None] = asyncio.Queue()
        self._speculation: asyncio.Future[Transcript] | None = None
        self._interim: asyncio.Future[Transcript] | None = None
        self._interim_at = 0.0
        self._decoding_seconds = 0.0
        self._covered = 0.0
        self._last_word_end: float | None = None
        self.final_delay = 0.0
        """Seconds that a fault holds back each final result."""

    async def run(self) -> None:
        """Send messages until `close`."""
        while (deliver := await self._outbox.get()) is not None:
            await deliver()

    def push(self, pcm: Pcm16) -> None:
        """Take 16 kHz samples, any number."""
        pcm = np.concatenate([self._rest, pcm]) if len(self._rest) else pcm
        whole = len(pcm) // FRAME * FRAME
        self._rest = pcm[whole:]
        for start in range(0, whole, FRAME):
            frame = pcm[start : start + FRAME]
            for event in self._tracker.push(frame, self._detector.probability(frame)):
                self._handle(event)
        self._maybe_interim()
        self._maybe_utterance_end()

    def finalize(self, *, answer: bool) -> None:
        """End what is under way. `answer`: a client asked for it, so a result is sent even if there is nothing."""
        if (ended := self._tracker.flush()) is not None:
            self._deliver_final(ended, speech_final=True, from_finalize=answer)
        elif answer:
            now, start = self._tracker.now, self._covered
            self._covered = now
            self._post_results(NOTHING_SAID, start, now, now, is_final=True, speech_final=False, from_finalize=True)

    @property
    def speaking(self) -> bool:
        return self._tracker.active

    @property
    def seconds(self) -> float:
        return self._tracker.now + len(self._rest) / 16_000

    def close(self) -> None:
        """No more audio: `run` returns after the last message."""
        self._drop_interim()
        self._outbox.put_nowait(None)

    def _handle(self, event: Event) -> None:
        match event:
            case Started(at):
                self._interim_at, self._last_word_end = at, None
                if self._options.vad_events:
                    self._post(self._identity.speech_started(self._channel, at))
            case Paused(clip):
                self._drop_interim()
                self._speculation = self._decode(clip, Priority.FINAL)
                self._offer_interim(self._speculation, clip)
            case Resumed():
                # The decoding goes on, as an interim result: it cannot be stopped anyway.
                self._speculation = None
            case Ended(by_silence=by_silence):
                speech_final = by_silence and self._options.endpoint_seconds is not None
                self._deliver_final(event, speech_final=speech_final, from_finalize=False)

    def _decode(self, clip: Clip, priority: Priority) -> asyncio.Future[Transcript]:
        def transcribe() -> Transcript:
            started = time.perf_counter()
            heard = self._services.transcriber.transcribe(clip.pcm)
            self._decoding_seconds = time.perf_counter() - started
            return heard

        return self._services.listen_queue.submit(transcribe, priority)

    def _deliver_final(self, ended: Ended, *, speech_final: bool, from_finalize: bool) -> None:
        self._drop_interim()
        decoding = self._speculation or self._decode(ended.clip, Priority.FINAL)
        self._speculation = None
        clip, start, self._covered = ended.clip, self._covered, ended.clip.end
        speech_ended = time.perf_counter() - ended.silence

        async def deliver() -> None:
            heard = await decoding
            if self.final_delay:
                await asyncio.sleep(self.final_delay)
            await self._send(
                self._results(
                    heard,
                    start,
                    clip.end,
                    clip.start,
                    is_final=True,
                    speech_final=speech_final,
                    from_finalize=from_finalize,
                )
            )
            if heard.text:
                self._services.metrics.final_transcript.observe(time.perf_counter() - speech_ended)
                self._last_word_end = clip.start + (heard.words[-1].end if heard.words else clip.end - clip.start)
                self._maybe_utterance_end()  # the silence may all have come while this was decoded

        self._outbox.put_nowait(deliver)

    def _maybe_interim(self) -> None:
        tracker = self._tracker
        wanted = self._options.interim_results and tracker.active and not tracker.paused
        # On a busy machine decoding is slow, and interim results are the first thing to save on.
        due = tracker.now - self._interim_at >= max(INTERIM_SECONDS, 4 * self._decoding_seconds)
        if wanted and due and self._interim is None and self._services.listen_queue.idle:
            self._interim_at = tracker.now
            clip = tracker.clip()
            self._interim = self._decode(clip, Priority.INTERIM)
            self._offer_interim(self._interim, clip)

    def _offer_interim(self, decoding: asyncio.Future[Transcript], clip: Clip) -> None:
        """Send the result as an interim one if it is ready before the utterance ends."""
        utterance = self._covered

        def ready(done: asyncio.Future[Transcript]) -> None:
            if done is self._interim:
                self._interim = None
            if done.cancelled() or done.exception() is not None or not self._options.interim_results:
                return
            heard = done.result()
            if heard.text and self._tracker.active and self._covered == utterance:
                self._interim_at = self._tracker.now
                self._post_results(heard, utterance, clip.end, clip.start)

        decoding.add_done_callback(ready)

    def _drop_interim(self) -> None:
        if self._interim is not None:
            self._interim.cancel()
            self._interim = None

    def _maybe_utterance_end(self) -> None:
        limit, last = self._options.utterance_end_seconds, self._last_word_end
        if limit is None or last is None or self._tracker.active or self._tracker.now - last < limit:
            return
        self._last_word_end = None
        self._post(self._identity.utterance_end(self._channel, last))

    def _post(self, message: dict[str, Any]) -> None:
        self._outbox.put_nowait(lambda: self._send(message))

    def _post_results(
        self,
        heard: Transcript,
        start: float,
        end: float,
        offset: float,
        *,
        is_final: bool = False,
        speech_final: bool = False,
        from_finalize: bool = False,
    ) -> None:
        self._post(
            self._results(
                heard, start, end, offset, is_final=is_final, speech_final=speech_final, from_finalize=from_finalize
            )
        )

    def _results(
        self,
        heard: Transcript,
        start: float,
        end: float,
        offset: float,
        *,
        is_final: bool,
        speech_final: bool,
        from_finalize: bool,
    ) -> dict[str, Any]:
        return self._identity.results(
            self._channel,
            heard,
            start=start,
            end=end,
            offset=offset,
            punctuated=self._options.punctuated,
            is_final=is_final,
            speech_final=speech_final,
            from_finalize=from_finalize,
        )
