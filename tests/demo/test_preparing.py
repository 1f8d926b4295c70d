"""What is drawn and written before the first call."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.compositions import load_compositions
from workers.demo.checks import Checks
from workers.demo.run import COMPOSITION, HURRIED, HURRIED_DEADLINE, write_compositions
from workers.demo.script import ask_order, draw
from workers.demo.shop import Order
from workers.settings import ROOT


def orders(count: int, status: str = "delivered") -> list[Order]:
    return [
        Order(order_id=str(200 + n), item=f"item {n}", amount=f"{n}.50", currency="EUR", status=status)
        for n in range(count)
    ]


def test_the_same_seed_draws_the_same_and_others_draw_others() -> None:
    assert draw(5, orders(12)) == draw(5, orders(12))
    assert len({(d.main.order_id, d.fact) for d in (draw(seed, orders(12)) for seed in range(20))}) > 5


def test_three_calls_are_about_three_delivered_orders() -> None:
    drawn = draw(1, orders(3) + [o.model_copy(update={"order_id": "999"}) for o in orders(3, "shipped")])
    assert len({drawn.main.order_id, drawn.rejected.order_id, drawn.expired.order_id}) == 3
    assert "999" not in (drawn.main.order_id, drawn.rejected.order_id, drawn.expired.order_id)
    with pytest.raises(ValueError, match="three are needed"):
        draw(1, orders(2))


def test_a_number_is_read_out_digit_by_digit() -> None:
    assert "two zero zero" in ask_order(orders(1)[0])


def test_the_demo_has_a_composition_whose_approvals_expire_soon(tmp_path: Path) -> None:
    found = load_compositions(write_compositions(ROOT / "compositions", tmp_path / "c", hold=False))
    gated = {name: [r.deadline_seconds for r in found[name].approvals if r.gate] for name in (COMPOSITION, HURRIED)}
    assert set(gated[HURRIED]) == {HURRIED_DEADLINE}
    assert all(seconds > 30 for seconds in gated[COMPOSITION])
    held = load_compositions(write_compositions(ROOT / "compositions", tmp_path / "h", hold=True))[COMPOSITION]
    assert all(r.deadline_seconds >= 600 for r in held.approvals if r.gate)


def test_nothing_checked_is_not_all_well() -> None:
    checks = Checks()
    assert not checks.all_hold
    checks.add("one", True, "")
    assert checks.all_hold
    checks.add("two", False, "")
    assert not checks.all_hold and [c.name for c in checks.failed] == ["two"]
