"""A caller speaks into the page, a reviewer edits and approves on another one, and the caller's page shows it."""

from __future__ import annotations

import io
import re
import wave
from contextlib import aclosing
from decimal import Decimal

from browser_people import Visitors, say
from playwright.async_api import Page, expect

from contracts.people import PersonRole
from workers.caller.speech import Speech
from workers.demo import script
from workers.demo.shop import Shop
from workers.stack.stack import Stack

SPOKEN_MS = 30_000
BACKSTAGE_MS = 40_000


async def voice(speech: Speech, text: str) -> bytes:
    """As a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(24_000)
        out.writeframes((await speech.voice(text)).tobytes())
    return file.getvalue()


async def tell(page: Page, speech: Speech, text: str, answer: re.Pattern[str]) -> None:
    """Says that once the agent listens, again if need be, until its captions have the answer."""
    agent = page.locator(".captions li:not(.mine)", has_text=answer)
    for _ in range(3):
        await expect(page.locator("[data-state=listening]")).to_be_visible(timeout=SPOKEN_MS)
        await say(page, await voice(speech, text))
        try:
            await expect(agent.first).to_be_visible(timeout=12_000)
            return
        except AssertionError:
            continue
    raise AssertionError(f"no caption like {answer.pattern!r} after {text!r}: {await page.inner_text('.captions')}")


async def test_a_spoken_request_is_edited_approved_and_its_outcome_shown(
    visitors: Visitors, speech: Speech, stack: Stack
) -> None:
    async with aclosing(Shop(stack.address("shop"))) as shop:
        order = script.draw(5, await shop.orders()).main
        asked, paid = Decimal(order.amount), Decimal(order.amount) - 1
        reviewer = await visitors.signed_in("ann", PersonRole.REVIEWER, reviewer="ann", at="/review")
        await expect(reviewer.get_by_role("heading", name="Nothing waits for you")).to_be_visible()

        caller = await visitors.anybody()
        await caller.goto("/talk")
        await expect(caller.get_by_text("You talk to a machine")).to_be_visible()
        await visitors.accessible(caller)
        await visitors.picture(caller, "talk-choose")
        await caller.get_by_label("Shop support").check()
        await caller.get_by_role("button", name="Agree and join with microphone").click()
        await expect(caller.locator(".captions")).to_contain_text("How can I help you", timeout=SPOKEN_MS)
        await tell(caller, speech, script.ask_order(order), re.compile(rf"{order.item}|{order.status}", re.IGNORECASE))
        await tell(caller, speech, script.WANT_MONEY, re.compile("pass that on|passed that on"))
        card = caller.locator(".task").first
        if not await card.is_visible():
            await tell(caller, speech, script.YES, re.compile("passed that on"))
        await expect(card).to_have_attribute("data-stage", "waiting_approval", timeout=BACKSTAGE_MS)
        await expect(card).to_contain_text(re.compile(r"a colleague is checking this, at most .* left"))
        await visitors.accessible(caller)
        await visitors.picture(caller, "talk-call")

        line = reviewer.locator(".line", has_text=order.order_id)
        await expect(line).to_be_visible()
        await expect(line).to_contain_text("caller is on the line")
        assert "(1)" in await reviewer.title()
        await reviewer.keyboard.press("j")
        await expect(reviewer.get_by_role("heading", level=1)).to_contain_text(f"Refund {order.amount}")
        await visitors.accessible(reviewer)
        await visitors.picture(reviewer, "review-item")
        await reviewer.keyboard.press("e")
        amount = reviewer.get_by_label("Amount")
        await amount.fill(str(asked + 1))
        await expect(reviewer.get_by_role("alert")).to_contain_text("may not be more than was asked for")
        await expect(reviewer.get_by_role("button", name="Approve edited")).to_be_disabled()
        await amount.fill(str(paid))
        await expect(reviewer.get_by_role("button", name="Approve edited")).to_be_enabled()
        await visitors.picture(reviewer, "review-edited")
        await reviewer.get_by_role("button", name="Approve edited").click()
        dialog = reviewer.get_by_role("dialog")
        await expect(dialog).to_contain_text("cannot be undone")
        await dialog.get_by_role("button", name="Approve").click()
        await expect(reviewer.locator(".history")).to_contain_text("approved by ann")

        await expect(card).to_have_attribute("data-stage", "done", timeout=BACKSTAGE_MS)
        await expect(caller.locator(".captions")).to_contain_text("approved it with a change", timeout=SPOKEN_MS)
        assert [refund.amount for refund in await shop.refunds(order.order_id)] == [paid]

        # Heard is what was said to the end, once the caller gave a sign of life after it.
        await expect(caller.locator("[data-state=listening]")).to_be_visible(timeout=SPOKEN_MS)
        await say(caller, await voice(speech, script.THANKS))
        await expect(reviewer.locator(".delivery")).to_contain_text("heard to the end", timeout=SPOKEN_MS)
        await visitors.picture(reviewer, "review-receipt")

        await caller.reload()
        await expect(caller.get_by_role("heading", name="Your call goes on")).to_be_visible()
        await caller.get_by_role("button", name="Come back in writing").click()
        await expect(caller.locator(".task").first).to_have_attribute("data-stage", "done")
        await caller.get_by_label("Write instead of speaking").fill(script.UNRELATED)
        await caller.get_by_role("button", name="Send").click()
        await expect(caller.locator(".captions")).to_contain_text("ten to four", timeout=SPOKEN_MS)
        await caller.get_by_role("button", name="Hang up").click()
        await expect(caller.get_by_role("heading", name="The call is over")).to_be_visible()
