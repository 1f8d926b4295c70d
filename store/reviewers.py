"""Who may decide: adding, changing and deactivating reviewers."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, select, update

from contracts.records import ReviewerRecord
from store.engine import writing
from store.errors import StoreError
from store.rows import from_row, to_row
from store.statements import insert_or_ignore
from store.tables import reviewers

DEVELOPMENT_REVIEWERS = (
    ReviewerRecord(name="ann", display_name="Ann", groups=("support-leads",)),
    ReviewerRecord(name="ben", display_name="Ben", groups=("support-leads",)),
)


def add_reviewer(engine: Engine, reviewer: ReviewerRecord) -> None:
    """Raises StoreError if the name is empty, padded or taken: a name is never given to a second person."""
    if not reviewer.name or reviewer.name != reviewer.name.strip():
        raise StoreError("a reviewer needs a name without spaces around it")
    with writing(engine) as connection:
        if connection.execute(insert_or_ignore(connection, reviewers), to_row(reviewer)).rowcount != 1:
            raise StoreError(f"there is a reviewer {reviewer.name!r} already: choose another name, or change that one")


def update_reviewer(engine: Engine, reviewer: ReviewerRecord) -> None:
    """Replaces all but the name. Raises StoreError if there is none of that name."""
    with writing(engine) as connection:
        row = to_row(reviewer)
        if connection.execute(update(reviewers).where(reviewers.c.name == reviewer.name).values(row)).rowcount != 1:
            raise _unknown(reviewer.name)


def deactivate_reviewer(engine: Engine, name: str) -> None:
    """The reviewer may decide nothing from now on; the row stays, since decisions name it. StoreError if unknown."""
    with writing(engine) as connection:
        if connection.execute(update(reviewers).where(reviewers.c.name == name).values(active=False)).rowcount != 1:
            raise _unknown(name)


def change_reviewer(engine: Engine, name: str, change: Callable[[ReviewerRecord], ReviewerRecord]) -> ReviewerRecord:
    """Replaces all but the name by what `change` makes of it, and answers that. Raises StoreError if there is none."""
    with writing(engine) as connection:
        row = connection.execute(select(reviewers).where(reviewers.c.name == name)).mappings().one_or_none()
        if row is None:
            raise _unknown(name)
        changed = change(from_row(ReviewerRecord, row)).model_copy(update={"name": name})
        connection.execute(update(reviewers).where(reviewers.c.name == name).values(to_row(changed)))
    return changed


def seed_development_reviewers(engine: Engine) -> int:
    """Adds the reviewers of a development stack that are not there, changes none; answers how many were added."""
    with writing(engine) as connection:
        statement = insert_or_ignore(connection, reviewers)
        return sum(connection.execute(statement, to_row(reviewer)).rowcount for reviewer in DEVELOPMENT_REVIEWERS)


def _unknown(name: str) -> StoreError:
    return StoreError(f"there is no reviewer {name!r}: add one first")
