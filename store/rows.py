"""Records to rows and back. A column has its field's name; a `Content` is a pair of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import RowMapping, Table

from contracts.base import Content, Contract
from contracts.records import (
    ApprovalRecord,
    ArtifactRecord,
    CheckpointRecord,
    DecisionRecord,
    DeliveryRecord,
    EffectEntry,
    EscalationRecord,
    GrantRecord,
    ReviewerRecord,
    SessionRecord,
    StepRecord,
    TaskRecord,
    TurnRecord,
)
from contracts.session import Turn
from store import tables
from store.columns import BODY, SUBJECT
from store.errors import StoreVersionError
from store.vault import Vault

C = TypeVar("C", bound=Contract)

TABLES: dict[type[Contract], Table] = {
    SessionRecord: tables.sessions,
    TurnRecord: tables.turns,
    TaskRecord: tables.tasks,
    StepRecord: tables.steps,
    ApprovalRecord: tables.approvals,
    EscalationRecord: tables.escalations,
    CheckpointRecord: tables.checkpoints,
    DecisionRecord: tables.decisions,
    GrantRecord: tables.grants,
    DeliveryRecord: tables.deliveries,
    ArtifactRecord: tables.artifacts,
    EffectEntry: tables.effects,
    ReviewerRecord: tables.reviewers,
}
_NOT_COLUMNS = {"v", "type"}


def to_row(record: Contract, vault: Vault | None = None) -> dict[str, Any]:
    """The row of a record, its contents sealed by the vault if there is one.

    Raises StoreVersionError if the record, or a content in it, is of another version.
    """
    _check_version(record)
    subject: Contract = record.turn if isinstance(record, TurnRecord) else record
    _check_version(subject)
    row: dict[str, Any] = {}
    for name in type(subject).model_fields.keys() - _NOT_COLUMNS:
        value = getattr(subject, name)
        if _is_content(TABLES[type(record)], name):
            if value is not None:
                _check_version(value)
            row[name + SUBJECT] = None if value is None else value.subject_id
            row[name + BODY] = None if value is None else _sealed(value, vault)
        else:
            row[name] = [_plain(item) for item in value] if isinstance(value, tuple) else _plain(value)
    return row


def from_row(kind: type[C], row: RowMapping, vault: Vault | None = None) -> C:
    """The record of a row, validated. With a vault it may read keys: call it outside a transaction.

    Raises pydantic.ValidationError for a row that no writer of ours made.
    """
    if kind is TurnRecord:
        return kind.model_validate({"turn": _fields(Turn, TABLES[kind], row, vault)})
    return kind.model_validate(_fields(kind, TABLES[kind], row, vault))


def subjects_of(row: Mapping[str, Any]) -> set[str]:
    """Every subject that a row names."""
    return {
        value for name, value in row.items() if value is not None and (name == "subject_id" or name.endswith(SUBJECT))
    }


def _fields(kind: type[Contract], table: Table, row: RowMapping, vault: Vault | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in kind.model_fields.keys() - _NOT_COLUMNS:
        if not _is_content(table, name):
            fields[name] = row[name]
        elif row[name + BODY] is None:
            fields[name] = None
        else:
            subject, body = row[name + SUBJECT], row[name + BODY]
            fields[name] = Content(subject_id=subject, body=body if vault is None else vault.open(subject, body))
    return fields


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return value.model_dump(mode="json") if isinstance(value, Contract) else value


def _sealed(value: Content, vault: Vault | None) -> str:
    return value.body if vault is None else vault.seal(value.subject_id, value.body)


def _is_content(table: Table, name: str) -> bool:
    return name + BODY in table.c


def _check_version(contract: Contract) -> None:
    known = type(contract).model_fields["v"].default
    if contract.v != known:
        raise StoreVersionError(
            f"{type(contract).__name__} of version {contract.v} came, this program keeps version {known}: "
            "bring the records worker to the version of the sender"
        )
