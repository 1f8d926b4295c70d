"""How often something was done lately, and for how much."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from contracts.records import EffectEntry
from contracts.rules import EffectTotals, Totals
from contracts.tools import ToolCall, ToolDeclaration
from policy.numbers import number_in

PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
LONGEST = max(PERIODS.values())


def totals(effects: Iterable[EffectEntry], now: datetime) -> EffectTotals:
    """Those of each period that ends now. An effect without an amount counts, and adds nothing to the sum."""
    known = tuple(effects)
    lately = {name: [e for e in known if e.at > now - span] for name, span in PERIODS.items()}
    return EffectTotals(
        done=Totals.model_validate({name: len(found) for name, found in lately.items()}),
        spent=Totals.model_validate({name: sum(e.amount or 0.0 for e in found) for name, found in lately.items()}),
    )


def entry(tool: ToolDeclaration, call: ToolCall, at: datetime) -> EffectEntry:
    """What is counted of that call."""
    value = json.loads(call.arguments.body).get(tool.amount_argument) if tool.amount_argument else None
    amount = number_in(value)
    return EffectEntry(
        call_id=call.call_id,
        composition=call.composition,
        tool=tool.name,
        subject_id=call.subject_id,
        session_id=call.session_id,
        amount=None if amount is None else float(amount),
        at=at,
    )
