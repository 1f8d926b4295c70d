"""Text to speech: hibari-tts, voice `heart` (the voice inside the package: no other works without a network)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inference.engines.base import Pcm16
from inference.engines.pauses import with_natural_pauses

VOICE = "heart"


class HibariSynthesizer:
    """A `Synthesizer`. About 15 ms a sentence on one core. The engine puts 0.8 s of silence between two sentences."""

    def __init__(self) -> None:
        from hibari import Hibari

        self._engine = Hibari(voice=VOICE)

    def warm_up(self) -> None:
        """Load the pronunciation tables and run the model once."""
        for _ in self.synthesize("Ready."):
            pass

    def synthesize(self, text: str, *, speed: float = 1.0) -> Iterator[Pcm16]:
        """See `Synthesizer.synthesize`. Text without anything to pronounce yields no audio."""
        for sentence in self._engine.stream(text, speed=speed):
            yield with_natural_pauses((np.clip(sentence, -1.0, 1.0) * 32767.0).astype(np.int16))
