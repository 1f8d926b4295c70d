"""What an operator sees of the calls that the other tests placed, and who does not get in."""

from __future__ import annotations

from datetime import UTC, datetime

from browser_people import Visitors
from playwright.async_api import expect
from temporalio.client import Client
from test_browser_review import opened

from contracts.base import Content
from contracts.names import new_id
from contracts.people import PersonRole
from contracts.records import Record, StepRecord, TaskRecord
from contracts.task import StepStatus, TaskStage
from store.writer import RecordWriter


def task_of_four_steps() -> list[Record]:
    """As workflows write it: two steps that wait for a first one, and a last that waits for both."""

    def words(text: str) -> Content:
        return Content(subject_id="browser-caller", body=text)

    now, task_id, goal = datetime.now(UTC), new_id("task"), words("refund two orders")
    plan = {"s1": (), "s2": ("s1",), "s3": ("s1",), "s4": ("s2", "s3")}
    steps = [
        StepRecord(
            task_id=task_id,
            step_id=step_id,
            position=position,
            role="operator",
            goal=goal,
            status=StepStatus.DONE,
            revision=2,
            answer=words("done"),
            depends_on=needs,
            updated_at=now,
        )
        for position, (step_id, needs) in enumerate(plan.items(), 1)
    ]
    task = TaskRecord(
        task_id=task_id,
        session_id=new_id("session"),
        subject_id="browser-caller",
        composition="support",
        stage=TaskStage.DONE,
        revision=9,
        goal=goal,
        requested_at=now,
        updated_at=now,
    )
    return [task, *steps]


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

    RecordWriter(visitors.engine).write(task_of_four_steps())
    await page.get_by_role("link", name="Tasks").click()
    await page.get_by_label("Stage").select_option("done")
    await expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    await page.get_by_role("row", name="refund two orders").get_by_role("link").first.click()
    await expect(page.locator(".graph g")).to_have_count(4)
    await expect(page.locator(".graph path")).to_have_count(4)
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
