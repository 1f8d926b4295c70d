"""A decision that came when its workflow could note it no more."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from contracts.approval import DecisionReceipt
from contracts.audit import AuditRecord
from contracts.audit_events import Decided
from contracts.names import new_id
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


def append_late(
    engine: Engine, refused: DecisionReceipt, *, item_id: str, workflow_id: str, session_id: str
) -> DecisionReceipt:
    """Notes a refused decision about what is closed; the receipt under the number that it got.

    `item_id` is what the records know it by. Raises what `append_decision` does.
    """
    audit = AuditRecord(
        entry_id=new_id("audit"),
        session_id=session_id,
        at=refused.at,
        actor=f"reviewer:{refused.reviewer}",
        target=workflow_id,
        event=Decided(state="refused", verdict=refused.verdict, reason=refused.reason, channel=refused.channel),
    )
    number = append_decision(engine, DecisionRecord(approval_id=item_id, **refused.model_dump()), audit)
    return refused.model_copy(update={"number": number})
