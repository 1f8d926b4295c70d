"""The key vault: a data key for each subject, wrapped by the master key. Without it what it sealed is unreadable."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select, update

from store.engine import reading, writing
from store.errors import StoreError
from store.masterkey import KEY_BYTES, KeyWrapper, Wrapped
from store.sealed import ERASED, DataKey, Tampered, key_id_of
from store.statements import insert_or_ignore
from store.tables import subjects
from store.vault_tables import data_keys

CACHE_SECONDS = 20.0
"""How long a process may use a key without asking whether it was destroyed."""
_OPTION = "greenroom_vault"


class NotCached(Exception):
    """The key is not in this process. `fetch` blocks, and brings it."""

    def __init__(self, fetch: Callable[[], object]) -> None:
        super().__init__()
        self.fetch = fetch


class _Held(NamedTuple):
    key: DataKey | None
    until: float


class Vault:
    """Safe for many threads. `clock` counts seconds."""

    def __init__(self, engine: Engine, wrapper: KeyWrapper, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._wrapper = wrapper
        self._clock = clock
        self._sealing: dict[str, _Held] = {}
        self._opening: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Vault({self._engine.url.render_as_string(hide_password=True)})"

    def seal(self, subject_id: str, text: str, *, wait: bool = True) -> str:
        """The text, readable with the subject's key alone, which is made when there is none.

        Without `wait` a key that is not in this process is a NotCached. Raises StoreError kinds.
        """
        if (held := self._held(self._sealing, subject_id)) is None:
            if not wait:
                raise NotCached(lambda: self._sealing_key(subject_id))
            return self._sealing_key(subject_id).seal(text)
        assert held.key is not None
        return held.key.seal(text)

    def open(self, subject_id: str, text: str, *, wait: bool = True) -> str:
        """What was sealed for the subject; ERASED when the key was destroyed; plain text as it is.

        Without `wait` a key that is not in this process is a NotCached. Raises StoreError kinds.
        """
        if (key_id := key_id_of(text)) is None:
            return text
        if (held := self._held(self._opening, key_id)) is None:
            if not wait:
                raise NotCached(lambda: self._opening_key(key_id))
            key = self._opening_key(key_id)
        else:
            key = held.key
        if key is not None and key.subject_id != subject_id:
            raise Tampered(f"a text sealed with key {key_id} stands where another person's should")
        return ERASED if key is None else key.open(text)

    def fetch(self, subject_ids: Iterable[str]) -> None:
        """Brings keys into this process, so that sealing asks for no other connection: before a transaction."""
        for subject_id in sorted(subject_ids):
            self.seal(subject_id, "")

    def destroy(self, subject_id: str, at: datetime) -> list[str]:
        """Destroys every key of the subject in the database; ids of all that are destroyed, by now or before.

        What other processes hold in memory is used no more after CACHE_SECONDS, and goes with the next key that comes.
        """
        mine = data_keys.c.subject_id == subject_id
        with writing(self._engine) as connection:
            connection.execute(
                update(data_keys).where(mine, data_keys.c.destroyed_at.is_(None)).values(wrapped=None, destroyed_at=at)
            )
            found = list(connection.execute(select(data_keys.c.key_id).where(mine)).scalars())
        with self._lock:
            self._sealing.pop(subject_id, None)
            for key_id in found:
                self._opening.pop(key_id, None)
        return found

    def rewrap(self) -> int:
        """Wraps every key by the current master key; how many were not. Sealed texts stay as they are."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(data_keys).where(
                    data_keys.c.wrapped.is_not(None), data_keys.c.master_id != self._wrapper.current
                )
            ).all()
        for row in rows:
            wrapped = self._wrapper.wrap(self._unwrap(row.key_id, row.master_id, row.wrapped), row.key_id)
            with writing(self._engine) as connection:
                connection.execute(
                    update(data_keys)
                    .where(data_keys.c.key_id == row.key_id, data_keys.c.wrapped.is_not(None))
                    .values(master_id=wrapped.master_id, wrapped=wrapped.sealed)
                )
        return len(rows)

    def _held(self, keys: dict[str, _Held], name: str) -> _Held | None:
        held = keys.get(name)
        return None if held is None or held.until <= self._clock() else held

    def _keep(self, keys: dict[str, _Held], name: str, held: _Held) -> None:
        """They stand in the order in which they came, so those that are over stand first: out of memory with them."""
        with self._lock:
            keys.pop(name, None)
            keys[name] = held
            now = self._clock()
            for over in list(takewhile(lambda known: keys[known].until <= now, keys)):
                del keys[over]

    def _sealing_key(self, subject_id: str) -> DataKey:
        until = self._clock() + CACHE_SECONDS
        with reading(self._engine) as connection:
            key = self._current(connection, subject_id)
        if key is None:
            key = self._make(subject_id)
        self._keep(self._sealing, subject_id, _Held(key, until))
        self._keep(self._opening, key.key_id, _Held(key, until))
        return key

    def _opening_key(self, key_id: str) -> DataKey | None:
        until = self._clock() + CACHE_SECONDS
        with reading(self._engine) as connection:
            row = connection.execute(select(data_keys).where(data_keys.c.key_id == key_id)).one_or_none()
        if row is None:
            raise StoreError(
                f"key {key_id} is not in this database: correct GREENROOM_DATABASE_URL, or restore data_keys"
            )
        destroyed = row.wrapped is None
        key = None if destroyed else DataKey(key_id, row.subject_id, self._unwrap(key_id, row.master_id, row.wrapped))
        self._keep(self._opening, key_id, _Held(key, until))
        return key

    def _make(self, subject_id: str) -> DataKey:
        """A new key, or that of another process which was faster."""
        key_id = secrets.token_hex(8)
        wrapped = self._wrapper.wrap(secrets.token_bytes(KEY_BYTES), key_id)
        with writing(self._engine) as connection:
            connection.execute(insert_or_ignore(connection, subjects), {"subject_id": subject_id})
            newest = select(func.coalesce(func.max(data_keys.c.generation), 0)).where(
                data_keys.c.subject_id == subject_id
            )
            if (known := self._current(connection, subject_id)) is not None:
                return known
            connection.execute(
                insert_or_ignore(connection, data_keys),
                {
                    "subject_id": subject_id,
                    "generation": connection.execute(newest).scalar_one() + 1,
                    "key_id": key_id,
                    "master_id": wrapped.master_id,
                    "wrapped": wrapped.sealed,
                    "created_at": datetime.now(UTC),
                },
            )
            made = self._current(connection, subject_id)
        assert made is not None, "a key was inserted, or another one of the same generation was there"
        return made

    def _current(self, connection: Connection, subject_id: str) -> DataKey | None:
        query = select(data_keys).where(data_keys.c.subject_id == subject_id, data_keys.c.wrapped.is_not(None))
        row = connection.execute(query.order_by(data_keys.c.generation.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        return DataKey(row.key_id, subject_id, self._unwrap(row.key_id, row.master_id, row.wrapped))

    def _unwrap(self, key_id: str, master_id: str, wrapped: bytes) -> bytes:
        return self._wrapper.unwrap(Wrapped(master_id, bytes(wrapped)), key_id)


def with_vault(engine: Engine, wrapper: KeyWrapper) -> Engine:
    """The same engine; what is written through it is sealed, what is read is opened."""
    return engine.execution_options(**{_OPTION: Vault(engine, wrapper)})


def vault_of(engine: Engine) -> Vault | None:
    """The vault of an engine; None for one that keeps content as it is."""
    found: Vault | None = engine.get_execution_options().get(_OPTION)
    return found
