"""The codec server: what was said, for people who are signed in and for nobody else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import httpx
import pytest
from front_door import Door
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads
from temporalio.contrib.pydantic import pydantic_data_converter

from console.app import create_app
from console.codec import CodecDoor
from contracts.base import Content
from contracts.people import PersonRole
from workers.codec import ContentCodec
from workers.settings import load_settings
from workers.vault import open_codec

TOKEN = "let-me-in"
ORIGIN = "http://127.0.0.1:8233"
CANARY = "my canary is called Tweety"


class Sealed:
    """A front door with its codec, and a sealed payload."""

    def __init__(self, folder: Path) -> None:
        self.door = Door(folder / "records.db")
        codec = open_codec(load_settings(database_url=f"sqlite:///{folder / 'records.db'}"))
        assert codec is not None
        self.codec: ContentCodec = codec
        self.door.app = create_app(dataclasses.replace(self.door.deps, codec=CodecDoor(codec, TOKEN, ORIGIN)))

    async def body(self) -> str:
        [payload] = pydantic_data_converter.payload_converter.to_payloads([Content(subject_id="s", body=CANARY)])
        return json_format.MessageToJson(Payloads(payloads=await self.codec.encode([payload])))


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    return Sealed(tmp_path)


def text_of(answer: str) -> str:
    return json_format.Parse(answer, Payloads()).payloads[0].data.decode()


def said(answer: httpx.Response) -> str:
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    body: str = json.loads(text_of(answer.text))["body"]
    return body


async def test_whoever_signed_in_and_the_command_line_read_what_was_said(sealed: Sealed) -> None:
    body = await sealed.body()
    assert CANARY not in text_of(body) and '"subject_id":"s"' in text_of(body)
    person = await sealed.door.signed_in(PersonRole.OPERATOR)
    del person.headers["X-CSRF-Token"]  # the Web UI knows of none
    assert said(await person.post("/codec/decode", content=body)) == CANARY
    known = {"Authorization": f"Bearer {TOKEN}"}
    assert said(await sealed.door.browser().post("/codec/decode", content=body, headers=known)) == CANARY


async def test_nobody_else_reads_anything(sealed: Sealed) -> None:
    body = await sealed.body()
    for browser, headers in (
        (sealed.door.browser(), {}),
        (sealed.door.browser(), {"Authorization": "Bearer wrong"}),
        (sealed.door.browser(), {"Authorization": "Bearer "}),
        (sealed.door.browser(), {"Cookie": "greenroom_session=wrong.wrong"}),
    ):
        refused = await browser.post("/codec/decode", content=body, headers=headers)
        assert refused.status_code == 403 and "sealed" not in refused.text and CANARY not in refused.text


async def test_the_web_ui_may_ask_from_its_own_page(sealed: Sealed) -> None:
    answer = await sealed.door.browser().options("/codec/decode")
    assert answer.status_code == 204 and answer.headers["access-control-allow-origin"] == ORIGIN
    assert "x-namespace" in answer.headers["access-control-allow-headers"]


async def test_what_is_no_payload_is_refused(sealed: Sealed) -> None:
    known = {"Authorization": f"Bearer {TOKEN}"}
    assert (await sealed.door.browser().post("/codec/decode", content="nonsense", headers=known)).status_code == 400


def test_a_token_is_in_no_repr(sealed: Sealed) -> None:
    assert TOKEN not in repr(CodecDoor(sealed.codec, TOKEN, ORIGIN))
