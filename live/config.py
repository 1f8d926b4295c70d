"""What a live process is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contracts.composition import Composition
from live.spool import UNCOVERED, Cover


@dataclass(frozen=True)
class Timings:
    """Seconds. The defaults suit a phone call; tests shorten some."""

    snapshot: float = 1.0
    """How long a first agent that its dispatch told too little waits for its snapshot, and any agent for its tools."""
    snapshot_again: float = 2.5
    """The same for one that takes over: it has more to lose."""
    call_timeout: float = 2.0
    """Bound of one call to the durable side."""
    accept: float = 0.8
    """How long a delegated task's acceptance is awaited, beside the speech."""
    first_token: float = 1.8
    """How long the model may take to begin, before the holding phrase."""
    second_try: float = 3.0
    first_audio: float = 1.3
    """How long a voice may take to begin, before the next one is asked."""
    transcription: float = 2.5
    """How long after speech its words are awaited, before the caller is asked to say it again."""
    user_away: float = 15.0
    min_endpointing: float = 0.45
    max_endpointing: float = 1.2
    """How long a caller's pause may last when the words sound unfinished."""
    flush: float = 3.0
    """How long a leaving agent tries to send what is unsent, before the spool keeps it."""
    last_words: float = 2.5
    """How long the recognition of a caller's last words may take after the call; a session waits 3 s for them."""
    caller_join: float = 60.0
    caller_return: float = 30.0
    """How long a caller who vanished may take to come back."""


@dataclass(frozen=True)
class Service:
    """A service on one of the wires that we speak. `voice` where it speaks."""

    base_url: str
    api_key: str
    model: str
    voice: str = ""


@dataclass(frozen=True)
class Seconds:
    """Who is asked when the first service does not answer; None: nobody."""

    chat: Service | None = None
    listening: Service | None = None
    voice: Service | None = None


@dataclass(frozen=True)
class LiveConfig:
    """`compositions` by id; `default_composition` serves a dispatch whose composition is not known yet."""

    compositions: Mapping[str, Composition]
    default_composition: str
    openai_base_url: str
    openai_api_key: str
    deepgram_base_url: str
    deepgram_api_key: str
    spool_dir: Path
    phrases_dir: Path
    watch_socket: Path
    cover: Cover = UNCOVERED
    second: Seconds = Seconds()
    use_turn_detector: bool = True
    timings: Timings = field(default_factory=Timings)

    def composition(self, name: str | None) -> Composition:
        """Raises KeyError naming the known compositions."""
        wanted = name or self.default_composition
        try:
            return self.compositions[wanted]
        except KeyError:
            raise KeyError(f"no composition {wanted!r}; known: {', '.join(sorted(self.compositions))}") from None
