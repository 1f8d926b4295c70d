"""A decision that came when its workflow could note it no more."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from contracts.audit import AuditRecord
from contracts.records import DecisionRecord
from store import chain
from store.engine import writing
from store.rows import to_row
from store.statements import insert_or_ignore
from store.tables import decisions
from store.vault import vault_of


def append_decision(engine: Engine, decision: DecisionRecord, audit: AuditRecord) -> int:
    """Writes both in one transaction, the decision under the next free number, which it answers.

    Whoever takes that number at the same moment keeps it, and this decision gets the next one: none is lost. Raises
    RetryableStoreError or StoreError.
    """
    vault = vault_of(engine)
    row = to_row(decision, vault)
    if vault is not None:
        vault.fetch(content.subject_id for content in audit.exhibits.values())
    with writing(engine) as connection:
        newest = select(func.coalesce(func.max(decisions.c.number), 0)).where(
            decisions.c.approval_id == decision.approval_id
        )
        number: int = connection.execute(newest).scalar_one()
        inserted = 0
        while not inserted:
            number += 1
            statement = insert_or_ignore(connection, decisions)
            inserted = connection.execute(statement, row | {"number": number}).rowcount
        chain.append(connection, audit.session_id, [audit], vault)
    return number
