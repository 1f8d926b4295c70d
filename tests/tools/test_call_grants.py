"""An effect without a good grant of exactly this call does not happen, whoever asks."""

from __future__ import annotations

import json
import logging
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from test_registry import COMPOSITION, answering
from tool_calls import KEYS, ScriptedServer, approved, body, make_call, signed

from contracts.base import Content
from contracts.callgrant import CallGrant
from contracts.tools import ToolCall, ToolStatus
from policy.callgrant import SignedGrant, statement
from store.audit_keys import make_key
from tools.registry import ToolRegistry
from tools.server import ServerResult

OK = ServerResult(body="{}", data={})
WAVE = make_call("wave", {"to": "ann"}, idempotency_key="k", call_id="t/s/1", task_id="t", step_id="s")


async def called(call: ToolCall, grant: SignedGrant | None) -> tuple[ScriptedServer, str]:
    server = answering(OK)
    outcome = await ToolRegistry(COMPOSITION, {"s": server}, keys=KEYS).call(call, grant)
    told = "" if outcome.status is ToolStatus.OK else str(body(outcome)["message"])
    assert (outcome.status is ToolStatus.OK) is bool(server.calls)
    return server, told


async def test_a_grant_of_this_call_lets_it_happen_again_and_again_under_one_key() -> None:
    grant = signed(COMPOSITION, WAVE)
    for _ in range(2):  # a retry is the same call, and its key makes it one effect
        server, told = await called(WAVE, grant)
        assert told == "" and server.calls[0][1]["key"] == "k"


async def test_no_effect_happens_without_one_and_a_read_needs_none() -> None:
    assert "carries no grant" in (await called(WAVE, None))[1]
    assert "carries no grant" in (await called(approved("pay", {"to": "ann"}, "k"), None))[1]
    assert (await called(make_call("look", {"to": "ann"}), None))[1] == ""
    server = answering(OK)
    keyless = ToolRegistry(COMPOSITION, {"s": server})
    assert (await keyless.call(WAVE, signed(COMPOSITION, WAVE))).status is ToolStatus.REFUSED and not server.calls


@pytest.mark.parametrize(
    "changes",
    [
        {"arguments": Content(subject_id="ada", body=json.dumps({"to": "eve"}))},
        {"call_id": "t/s/2"},
        {"idempotency_key": "k2"},
        {"role": "operator2"},
        {"subject_id": "eve"},
        {"session_id": "other"},
        {"task_id": "t2"},
        {"step_id": "s2"},
        {"approval_id": "t.s.1", "approved_digest": "0"},
        {"compensates": "wave"},
        {"tool": "post"},
    ],
)
async def test_a_grant_of_another_call_is_replayed_in_vain(changes: dict[str, Any]) -> None:
    server, told = await called(WAVE.model_copy(update=changes), signed(COMPOSITION, WAVE))
    assert told and not server.calls


@pytest.mark.parametrize("field", [name for name in CallGrant.model_fields if name != "v"])
async def test_no_field_can_be_changed_once_it_is_signed(field: str) -> None:
    good = signed(COMPOSITION, WAVE)
    assert good is not None
    value: Any = good.grant.expires_at + timedelta(days=1) if field.endswith("_at") else "other"
    wider = SignedGrant(good.grant.model_copy(update={field: value}), good.key_id, good.signature)
    assert "signature of its grant is not ours" in (await called(WAVE, wider))[1]


@pytest.mark.parametrize("key_id", [KEYS.key_id, "unknown"])
async def test_a_grant_signed_by_another_key_is_forged(tmp_path: Path, key_id: str) -> None:
    good = signed(COMPOSITION, WAVE)
    assert good is not None
    other = make_key(tmp_path / "other")
    forged = SignedGrant(good.grant, key_id, other.sign(statement(good.grant, key_id)))
    assert "signature of its grant is not ours" in (await called(WAVE, forged))[1]
    assert "not ours" in (await called(WAVE, SignedGrant(good.grant, key_id, "00" * 64)))[1]
    assert "not ours" in (await called(WAVE, SignedGrant(good.grant, key_id, "no hex")))[1]


async def test_a_grant_is_not_outlived_nor_made_to_last() -> None:
    past = datetime.now(UTC) - timedelta(minutes=5)
    old = signed(COMPOSITION, WAVE, issued_at=past, expires_at=past + timedelta(seconds=30))
    assert "its grant has expired" in (await called(WAVE, old))[1]
    lasting = signed(COMPOSITION, WAVE, expires_at=datetime.now(UTC) + timedelta(days=1))
    assert "of another call: expires_at" in (await called(WAVE, lasting))[1], "be it signed by our own key"
    ahead = datetime.now(UTC) + timedelta(hours=1)
    early = signed(COMPOSITION, WAVE, issued_at=ahead, expires_at=ahead + timedelta(seconds=30))
    assert "its grant has expired" in (await called(WAVE, early))[1]


async def test_a_rotated_key_still_proves_what_it_signed(tmp_path: Path) -> None:
    before = make_key(tmp_path)
    grant = signed(COMPOSITION, WAVE, before)
    after = make_key(tmp_path)
    server = answering(OK)
    assert after.key_id != before.key_id
    assert (await ToolRegistry(COMPOSITION, {"s": server}, keys=after).call(WAVE, grant)).status is ToolStatus.OK


async def test_a_signature_is_in_no_log_no_text_and_no_message(caplog: pytest.LogCaptureFixture) -> None:
    grant = signed(COMPOSITION, WAVE)
    assert grant is not None
    with caplog.at_level(logging.DEBUG):
        server, _ = await called(WAVE, grant)
        await called(WAVE.model_copy(update={"call_id": "t/s/9"}), grant)
    assert grant.signature not in caplog.text + repr(grant) + repr(server.calls)
    with pytest.raises(TypeError, match="stays in its process"):
        pickle.dumps(grant)
