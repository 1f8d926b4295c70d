"""The one place that opens the records, with the vault that seals them, and gives Temporal's codec its keys."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Engine

from store.engine import LOCK_TIMEOUT_SECONDS, open_engine
from store.masterkey import KeyWrapper, MasterKeys
from store.sealed import Envelope
from store.vault import vault_of, with_vault
from workers.codec import ContentCodec
from workers.errors import SettingsError
from workers.settings import Settings


def key_wrapper(settings: Settings) -> KeyWrapper | None:
    """The master key; None when the settings want no sealing. Raises MasterKeyError or SettingsError."""
    if not settings.sealing:
        return None
    if settings.key_wrapper:
        return _imported(settings.key_wrapper)
    if text := settings.master_key.get_secret_value():
        return MasterKeys.parse(text)
    return MasterKeys.read(settings.master_key_file)


def open_store(settings: Settings, *, verify: bool = True, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> Engine:
    """The records' engine, as `open_engine` opens it; content is sealed on its way in and opened on its way out.

    Raises StoreError kinds, MasterKeyError among them.
    """
    wrapper = key_wrapper(settings)
    engine = open_engine(settings.database_url, verify=verify, lock_timeout=lock_timeout)
    return engine if wrapper is None else with_vault(engine, wrapper)


@contextmanager
def opened_store(settings: Settings, *, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> Iterator[Engine]:
    """The same for as long as the block runs. Raises StoreError kinds, which the command line prints plainly."""
    engine = open_store(settings, lock_timeout=lock_timeout)
    try:
        yield engine
    finally:
        engine.dispose()


_CODECS: dict[tuple[object, ...], ContentCodec] = {}


def open_codec(settings: Settings) -> ContentCodec | None:
    """What seals the payloads of this process; None when the settings want no sealing. Raises MasterKeyError.

    One for all clients of a process, with connections to the database of its own, which end with the process.
    """
    if (wrapper := key_wrapper(settings)) is None:
        return None
    # A connection does not survive a fork, so neither does a codec.
    key = (os.getpid(), settings.database_url, settings.master_key, settings.master_key_file, settings.key_wrapper)
    if (codec := _CODECS.get(key)) is None:
        vault = vault_of(open_store(settings, verify=False))
        assert vault is not None, "the settings want sealing"
        codec = _CODECS[key] = ContentCodec(vault, Envelope(wrapper))
    return codec


def open_envelope(settings: Settings) -> Envelope | None:
    """What seals files that wait on this disk; None when the settings want no sealing. Raises MasterKeyError."""
    wrapper = key_wrapper(settings)
    return None if wrapper is None else Envelope(wrapper)


def _imported(path: str) -> KeyWrapper:
    module, _, name = path.partition(":")
    try:
        return cast(KeyWrapper, getattr(importlib.import_module(module), name)())
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"GREENROOM_KEY_WRAPPER={path} is not allowed; allowed: MODULE:FACTORY ({error})") from None
