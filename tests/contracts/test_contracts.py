"""What crosses a process boundary arrives as it was sent, and shows nobody what people said."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from contract_strategies import every_contract, values_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from temporalio.api.common.v1 import Payload

from contracts.base import Content, Contract
from contracts.events import Event, EventPayload
from contracts.records import Record, RecordBatch
from contracts.session import CallerChanged, CallerPresence
from workers.temporal import data_converter

CONTRACTS = every_contract()
PAYLOADS = data_converter().payload_converter
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_all_contracts_are_found() -> None:
    assert len(CONTRACTS) > 50 and {Content, Event, RecordBatch} <= set(CONTRACTS)


@pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@QUICK
def test_a_contract_survives_the_way(kind: type[Contract], data: st.DataObject) -> None:
    sent = data.draw(values_of(kind))
    assert kind.model_validate_json(sent.model_dump_json()) == sent
    [payload] = PAYLOADS.to_payloads([sent])
    assert PAYLOADS.from_payloads([payload], [kind]) == [sent]
    assert payload.metadata["encoding"] == b"json/plain"


@pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(QUICK, max_examples=3)
def test_a_contract_is_frozen_and_ignores_what_a_later_version_adds(kind: type[Contract], data: st.DataObject) -> None:
    sent = data.draw(values_of(kind))
    name = next(iter(kind.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(sent, name, getattr(sent, name))
    known = sent.model_dump(mode="json")
    assert kind.model_validate({**known, "added_later": {"x": 1}}) == sent
    assert kind.model_validate({k: v for k, v in known.items() if k != "v"}) == sent
    assert sent.v == 1


@given(st.text())
def test_content_never_shows_its_body(body: str) -> None:
    content = Content(subject_id="subject-1", body=body)
    only_its_length = f"Content(subject_id='subject-1', {len(body)} characters)"
    assert repr(content) == str(content) == f"{content}" == f"{content!r}" == only_its_length
    assert f"{[content]}" == f"[{only_its_length}]"


@pytest.mark.parametrize("kind", [k for k in CONTRACTS if k is not Content], ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(QUICK, max_examples=5)
def test_no_contract_shows_the_content_in_it(kind: type[Contract], data: st.DataObject) -> None:
    sent = data.draw(values_of(kind))
    marked = _with_bodies(sent.model_dump(), "what somebody said")
    assert "what somebody said" not in repr(kind.model_validate(marked))
    assert "what somebody said" not in str(kind.model_validate(marked))


def test_content_stays_out_of_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("got %s and %r", Content(subject_id="s", body="my secret"), {"c": CONTENT})
    assert "secret" not in caplog.text


CONTENT = Content(subject_id="s", body="my secret")


def _with_bodies(value: Any, words: str) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"v", "subject_id", "body"}:
            return {**value, "body": words}
        return {key: _with_bodies(inner, words) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with_bodies(inner, words) for inner in value)
    return value


def test_a_time_without_zone_is_refused() -> None:
    for naive in (datetime(2026, 1, 1), "2026-01-01T00:00:00"):
        with pytest.raises(ValidationError, match="a time needs its zone"):
            CallerChanged.model_validate({"presence": "gone", "identity": "c", "at": naive})


@given(st.integers(-14 * 60, 14 * 60))
def test_a_time_is_held_in_utc(minutes: int) -> None:
    there = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(minutes=minutes)))
    news = CallerChanged(presence=CallerPresence.GONE, identity="c", at=there)
    assert news.at == there and news.at.tzinfo is UTC
    assert news.model_dump_json().endswith('Z"}')


@pytest.mark.parametrize("union", [EventPayload, Record])
@given(data=st.data())
@QUICK
def test_a_union_is_told_apart_by_its_type(union: Any, data: st.DataObject) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(union)
    members = get_args(get_args(union)[0])
    names = {kind.model_fields["type"].default for kind in members}
    assert len(names) == len(members) >= 5
    sent = data.draw(st.one_of([values_of(kind) for kind in members]))
    assert adapter.validate_json(sent.model_dump_json()) == sent
    wrong = data.draw(st.none() | st.text().filter(lambda name: name not in names))
    with pytest.raises(ValidationError):
        adapter.validate_python({**sent.model_dump(), "type": wrong})


def test_another_types_payload_is_refused() -> None:
    [payload] = PAYLOADS.to_payloads([Content(subject_id="s", body="b")])
    with pytest.raises(ValidationError):
        PAYLOADS.from_payloads([payload], [Event])
    with pytest.raises(ValidationError):
        PAYLOADS.from_payloads([Payload(metadata={"encoding": b"json/plain"}, data=b"[]")], [Event])
