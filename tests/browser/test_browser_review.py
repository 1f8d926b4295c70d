"""What the reviewer's page says when things go otherwise: a race, an expiry while open, a question."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

from browser_people import PASSWORD, Visitors
from playwright.async_api import Page, Response, expect
from temporalio.client import Client

from contracts.approval import ApprovalRequest, Editable
from contracts.base import Content
from contracts.names import TaskQueue, WorkflowType, approval_workflow_id, new_id
from contracts.people import PersonRole
from policy.authority import action_digest

TOOL = "refund_order"


async def opened(temporal: Client, amount: str, *, seconds: float = 60.0) -> ApprovalRequest:
    """A real approval, as a hand-off opens one, whose outcome nobody waits for."""
    arguments = {"amount": amount, "currency": "USD", "order_id": "417"}
    subject = "browser-caller"

    def words(text: str) -> Content:
        return Content(subject_id=subject, body=text)

    approval_id = new_id("approval")
    request = ApprovalRequest(
        approval_id=approval_id,
        task_id=new_id("task"),
        step_id="s1",
        session_id=new_id("session"),
        subject_id=subject,
        composition="support",
        tool=TOOL,
        capability="billing.refund",
        arguments=words(json.dumps(arguments)),
        action=words(f"Refund {amount} USD for order 417"),
        digest=action_digest(TOOL, arguments),
        rule_id="refunds-need-a-person",
        why="money leaves the shop",
        context_pack=words("Who: browser-caller\nWants: money back\n\nLast said\ncaller: It arrived broken."),
        deadline_seconds=seconds,
        grace_seconds=30.0,
        max_extension_seconds=120.0,
        editable={"amount": Editable(at_most="original")},
        say="Refund {amount} {currency} for order {order_id}",
        risk="high",
        reply_to="nobody",
    )
    await temporal.start_workflow(
        WorkflowType.APPROVAL.value,
        request,
        id=approval_workflow_id(approval_id),
        task_queue=TaskQueue.ORCHESTRATION.value,
        execution_timeout=timedelta(minutes=5),
    )
    return request


async def look_at(page: Page, request: ApprovalRequest) -> None:
    await page.locator(".line", has_text=request.action.body).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(request.action.body)


async def test_two_reviewers_race_and_the_loser_is_told_on_the_page(visitors: Visitors, temporal: Client) -> None:
    ann = await visitors.signed_in("ann", PersonRole.REVIEWER, reviewer="ann", at="/review")
    ben = await visitors.signed_in("ben", PersonRole.REVIEWER, reviewer="ben", at="/review")
    request = await opened(temporal, "12.00")
    await look_at(ann, request)
    await look_at(ben, request)
    await ann.keyboard.press("c")
    await expect(ben.locator(".item")).to_contain_text("claimed by ann")
    for page, key in ((ann, "a"), (ben, "r")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog")).to_be_visible()
    # Ben's page does not hear of Ann's decision before he has sent his own.
    await ben.route("**/api/queue/**", lambda route: route.continue_() if route.request.method == "POST" else None)
    await ann.get_by_role("dialog").get_by_role("button", name="Approve").click()
    await expect(ann.locator(".history")).to_contain_text("approved by ann")
    await ben.get_by_role("dialog").get_by_role("button", name="Reject").click()
    await expect(ben.get_by_role("status")).to_contain_text("Not counted: already approved by ann")
    await ben.unroute_all(behavior="ignoreErrors")
    await ben.reload()
    await expect(ben.locator(".history")).to_contain_text("refused: already approved by ann")
    await visitors.accessible(ben)
    await visitors.picture(ben, "review-too-late")


async def test_an_item_that_expires_while_it_is_open_says_so_and_takes_no_answer(
    visitors: Visitors, temporal: Client
) -> None:
    ann = await visitors.signed_in("ann", PersonRole.REVIEWER, reviewer="ann", at="/review")
    request = await opened(temporal, "13.00", seconds=6.0)
    await look_at(ann, request)
    await expect(ann.locator(".item .countdown.urgent")).to_be_visible()
    await expect(ann.locator(".history")).to_contain_text("expired", timeout=15_000)
    await expect(ann.get_by_role("button", name="Approve")).to_have_count(0)
    await visitors.picture(ann, "review-expired")


async def test_the_caller_is_asked_the_deadline_put_off_and_the_item_passed_on(
    visitors: Visitors, temporal: Client
) -> None:
    ann = await visitors.signed_in("ann", PersonRole.REVIEWER, reviewer="ann", at="/review")
    request = await opened(temporal, "14.00")
    await look_at(ann, request)
    await ann.keyboard.press("q")
    await ann.get_by_label("Question").fill("Was the parcel opened?")
    await ann.get_by_role("dialog").get_by_role("button", name="Ask the caller").click()
    await expect(ann.get_by_role("region", name="Questions to the caller")).to_contain_text("Was the parcel opened?")
    await ann.keyboard.press("x")
    await ann.get_by_label("Minutes").fill("2")
    await ann.get_by_role("dialog").get_by_role("button", name="Extend").click()
    await expect(ann.get_by_role("status")).to_contain_text("the deadline is now")
    await ann.keyboard.press("d")
    await ann.get_by_label("To whom").select_option("ben")
    await ann.get_by_role("dialog").get_by_role("button", name="Delegate").click()
    await expect(ann.locator(".line", has_text=request.action.body)).to_have_count(0)
    ben = await visitors.signed_in("ben", PersonRole.REVIEWER, reviewer="ben", at="/review")
    await look_at(ben, request)
    await ben.keyboard.press("t")
    await ben.get_by_role("dialog").get_by_role("button", name="Take over").click()
    await expect(ben.locator(".history")).to_contain_text("taken over by ben")


async def test_a_reviewer_loads_less_than_400_kb_of_compressed_script(visitors: Visitors) -> None:
    page = await visitors.signed_in("ann", PersonRole.REVIEWER, reviewer="ann")
    scripts: dict[str, bytes] = {}

    async def keep(response: Response) -> None:
        if response.url.endswith(".js"):
            scripts[response.url] = await response.body()

    page.on("response", keep)
    await page.goto("/review")
    await expect(page.get_by_role("button", name="Waiting")).to_be_visible()
    compressed = {url: len(gzip.compress(body)) for url, body in scripts.items()}
    assert compressed and sum(compressed.values()) < 400_000, compressed


async def test_a_wrong_password_is_said_plainly(visitors: Visitors) -> None:
    page = await visitors.anybody()
    await page.goto("/review")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await visitors.accessible(page)
    await visitors.picture(page, "sign-in")
    await page.get_by_label("Name").fill("nobody")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("do not fit")
    visitors.errors.clear()  # the browser logs the refused request
