"""A missed heartbeat is a suspicion, not a death."""

from __future__ import annotations

import pytest

from contracts.attendance import ProbeResult
from policy.attendance import Remedy, backoff, remedy

ANSWERED = ProbeResult(present=True, answered=True, identity="agent-1")
MUTE = ProbeResult(present=True, answered=False, identity="agent-1")
ABSENT = ProbeResult(present=False, answered=False)


@pytest.mark.parametrize(
    ("witnessed", "probe", "chosen"),
    [
        (False, ANSWERED, Remedy.REATTACH),
        (False, MUTE, Remedy.REPLACE),
        (False, ABSENT, Remedy.REPLACE),
        (False, None, Remedy.REPLACE),
        (True, ANSWERED, Remedy.REPLACE),
        (True, None, Remedy.REPLACE),
    ],
)
def test_only_a_living_agent_is_kept(witnessed: bool, probe: ProbeResult | None, chosen: Remedy) -> None:
    assert remedy(death_witnessed=witnessed, probe=probe) is chosen


def test_dispatches_back_off_and_stay_bounded() -> None:
    waits = [backoff(failures) for failures in range(40)]
    assert waits[0] == 0 and waits[1] > 0
    assert waits == sorted(waits) and waits[-1] == 5.0
