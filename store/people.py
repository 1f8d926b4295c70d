"""Who may sign in: accounts, the one-time links that set a password, and the key that signs sessions."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, delete, select, update

from contracts.people import Person, PersonRole
from store.engine import reading, writing
from store.errors import StoreError
from store.people_tables import console_keys, invitations, people
from store.statements import insert_or_ignore

INVITATION_VALID = timedelta(hours=24)
_COOKIE_KEY = "cookie"


def add_person(engine: Engine, person: Person) -> None:
    """An account without a password: invite it. StoreError: the name is empty, padded or taken, or a role is caller."""
    if not person.name or person.name != person.name.strip():
        raise StoreError("an account needs a name without spaces around it")
    with writing(engine) as connection:
        row = {**_columns(person), "name": person.name, "password_hash": None, "generation": person.generation}
        if connection.execute(insert_or_ignore(connection, people), row).rowcount != 1:
            raise StoreError(f"there is an account {person.name!r} already: choose another name, or change that one")


def update_person(engine: Engine, person: Person) -> None:
    """Replaces all but name and password, and signs that person out. StoreError: there is none, or a role is caller."""
    with writing(engine) as connection:
        _change(connection, person.name, **_columns(person))


def invite(engine: Engine, name: str, now: datetime) -> str:
    """A token that sets that person's password once, within a day; it replaces the earlier ones. StoreError: nobody."""
    token = secrets.token_urlsafe(24)
    with writing(engine) as connection:
        if connection.execute(select(people.c.name).where(people.c.name == name)).first() is None:
            raise _unknown(name)
        connection.execute(delete(invitations).where(invitations.c.name == name))
        row = {"token_digest": _digest(token), "name": name, "expires_at": now + INVITATION_VALID}
        connection.execute(invitations.insert(), row)
    return token


def accept(engine: Engine, token: str, password_hash: str, now: datetime) -> Person | None:
    """Sets the password of whoever was given that token, and uses it up; None: it is unknown, used or expired."""
    with writing(engine) as connection:
        named = (invitations.c.token_digest == _digest(token)) & (invitations.c.expires_at > now)
        name = connection.execute(select(invitations.c.name).where(named)).scalar_one_or_none()
        if name is None or connection.execute(delete(invitations).where(named)).rowcount != 1:
            return None
        _change(connection, name, password_hash=password_hash)
        return _person(connection.execute(select(people).where(people.c.name == name)).mappings().one())


def invited(engine: Engine, token: str, now: datetime) -> str | None:
    """Whom that token lets in, if it still does."""
    with reading(engine) as connection:
        named = (invitations.c.token_digest == _digest(token)) & (invitations.c.expires_at > now)
        name: str | None = connection.execute(select(invitations.c.name).where(named)).scalar_one_or_none()
        return name


def person(engine: Engine, name: str) -> Person | None:
    with reading(engine) as connection:
        row = connection.execute(select(people).where(people.c.name == name)).mappings().one_or_none()
        return None if row is None else _person(row)


def everybody(engine: Engine) -> list[Person]:
    """By name, the inactive too."""
    with reading(engine) as connection:
        return [_person(row) for row in connection.execute(select(people).order_by(people.c.name)).mappings()]


def password_hash(engine: Engine, name: str) -> str | None:
    with reading(engine) as connection:
        found: str | None = connection.execute(
            select(people.c.password_hash).where(people.c.name == name)
        ).scalar_one_or_none()
        return found


def cookie_key(engine: Engine) -> bytes:
    """The secret that signs sessions: made once, the same for every process of this database."""
    with writing(engine) as connection:
        fresh = {"name": _COOKIE_KEY, "secret": secrets.token_hex(32)}
        connection.execute(insert_or_ignore(connection, console_keys), fresh)
        kept = select(console_keys.c.secret).where(console_keys.c.name == _COOKIE_KEY)
        return bytes.fromhex(connection.execute(kept).scalar_one())


def _change(connection: Connection, name: str, **values: object) -> None:
    statement = update(people).where(people.c.name == name)
    if connection.execute(statement.values(**values, generation=people.c.generation + 1)).rowcount != 1:
        raise _unknown(name)


def _columns(person: Person) -> dict[str, object]:
    if PersonRole.CALLER in person.roles:
        raise StoreError("caller is what somebody is in a call, not a role of an account")
    return {
        "display_name": person.display_name,
        "roles": [role.value for role in person.roles],
        "reviewer": person.reviewer,
        "active": person.active,
    }


def _person(row: RowMapping) -> Person:
    return Person.model_validate({name: row[name] for name in Person.model_fields if name != "v"})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _unknown(name: str) -> StoreError:
    return StoreError(f"there is no account {name!r}: see 'greenroom people ls'")
