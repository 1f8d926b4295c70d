"""Each service a call needs fails in each way, in a real call: the caller is never left in silence for long."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from live_room import LiveRoom
from live_samples import support
from live_silence import MEASURED, TOLERATED, silence_after
from test_live_alone import hears

pytestmark = pytest.mark.stack

QUESTION = "What are your opening hours on Saturdays?"
SLOW_SECONDS = 8.0
FAULTS = {"error": {}, "hang": {}, "slow": {"seconds": SLOW_SECONDS}, "cut": {}}
REPRESENTATIVE = {("listen", "hang")}
CELLS = [
    pytest.param(target, kind, marks=[] if (target, kind) in REPRESENTATIVE else pytest.mark.silence)
    for target in ("chat", "listen", "speech")
    for kind in FAULTS
]


@pytest.fixture
async def room(alone: LiveRoom) -> AsyncIterator[LiveRoom]:
    yield alone
    await alone.fault("all", "none")


@pytest.mark.parametrize(("target", "kind"), CELLS)
async def test_whatever_fails_the_caller_soon_hears_something(room: LiveRoom, target: str, kind: str) -> None:
    caller = await room.ring()
    await hears(caller, support().phrases.greeting)
    slow = "slow_first_token" if target == "chat" else "delay"
    await room.fault(target, slow if kind == "slow" else kind, **FAULTS[kind])
    silent, answer = await silence_after(caller, await caller.say(QUESTION))
    MEASURED.cells[target, kind] = silent
    print(f"{target} {kind}: {silent:.2f} s of silence, then {answer!r}")
    await room.fault("all", "none")
    await caller.hang_up()
    assert silent < TOLERATED
