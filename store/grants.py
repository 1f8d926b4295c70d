"""Taking a grant back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from contracts.audit import AuditRecord
from contracts.audit_events import GrantMoved
from contracts.names import approval_workflow_id, new_id
from contracts.records import GrantRecord
from store import chain
from store.engine import writing
from store.errors import StoreError
from store.rows import from_row, to_row
from store.statements import insert_or_raise_revision
from store.tables import grants
from store.vault import vault_of


def revoke_grant(engine: Engine, grant_id: str, by: str, at: datetime) -> GrantRecord:
    """The grant, which covers nothing from now on, with a line in the audit trail of the call that it comes from.

    Raises StoreError if there is none, or it was revoked before.
    """
    with writing(engine) as connection:
        row = connection.execute(select(grants).where(grants.c.grant_id == grant_id)).mappings().one_or_none()
        if row is None:
            raise StoreError(f"there is no grant {grant_id!r}: see 'greenroom grants ls'")
        known = from_row(GrantRecord, row)  # its terms as they lie there, sealed or not: they do not change
        if known.revoked_at is not None:
            raise StoreError(
                f"{known.revoked_by} revoked grant {grant_id} already, at {known.revoked_at:%Y-%m-%d %H:%M}"
            )
        revocation = {"revoked_at": at, "revoked_by": by, "revision": known.revision + 1}
        revoked = known.model_copy(update=revocation)
        if connection.execute(insert_or_raise_revision(connection, grants), to_row(revoked)).rowcount != 1:
            raise StoreError(f"grant {grant_id} was revoked by someone else at the same moment")
        audit = AuditRecord(
            entry_id=new_id("audit"),
            session_id=known.session_id,
            at=at,
            actor=f"reviewer:{by}",
            target=approval_workflow_id(known.approval_id),
            event=GrantMoved(state="revoked", grant=grant_id, tool=known.tool),
        )
        chain.append(connection, audit.session_id, [audit])
    vault = vault_of(engine)
    return from_row(GrantRecord, row, vault).model_copy(update=revocation)
