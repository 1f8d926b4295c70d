"""What an operator sees of the calls that the other tests placed, and who does not get in."""

from __future__ import annotations

from browser_people import Visitors
from playwright.async_api import expect
from temporalio.client import Client
from test_browser_review import opened

from contracts.people import PersonRole


async def test_an_operator_sees_calls_tasks_statistics_and_health(visitors: Visitors, temporal: Client) -> None:
    page = await visitors.signed_in("olga", PersonRole.OPERATOR, at="/review")
    await expect(page).to_have_url("/operate")  # an operator decides nothing
    await opened(temporal, "15.00", seconds=2.0)
    caller = await visitors.anybody(phone=True)
    await caller.goto("/talk")
    await caller.get_by_role("button", name="Agree and join in writing").click()
    await expect(caller.locator(".captions")).to_contain_text("How can I help you", timeout=30_000)
    await page.goto("/operate")
    newest = page.locator("tbody tr").first
    await expect(newest).to_contain_text("open")
    await visitors.accessible(page)
    await visitors.picture(page, "operate-calls")
    await newest.get_by_role("link").click()
    await expect(page.locator(".timeline")).to_contain_text("How can I help you")
    await visitors.accessible(page)
    await visitors.picture(page, "operate-timeline")
    await caller.get_by_role("button", name="Hang up").click()

    await page.get_by_role("link", name="Tasks").click()
    await page.get_by_label("Stage").select_option("done")
    await expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    if await page.locator("tbody tr").count():
        await page.locator("tbody tr").first.get_by_role("link").first.click()
        await expect(page.locator(".graph")).to_be_visible()
        await visitors.accessible(page)
        await visitors.picture(page, "operate-task")
    await page.get_by_role("link", name="Approvals").click()
    await expect(page.get_by_text("Median time to decide")).to_be_visible()
    await visitors.accessible(page)
    await visitors.picture(page, "operate-approvals")
    await page.get_by_role("link", name="Health").click()
    await expect(page.get_by_role("row", name="greenroom-orchestration")).to_contain_text("1")
    await visitors.accessible(page)
    await visitors.picture(page, "operate-health")
