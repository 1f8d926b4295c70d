"""Puts the demo together: a stack of its own, the calls, the table, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import yaml
from rich.console import Console

from contracts.approval import Verdict
from contracts.records import ApprovalRecord
from store.reader import RecordReader
from tools.compositions import load_compositions
from workers.commands.session_view import gather, show_session
from workers.commands.task_view import gather_task, show_task
from workers.deciding import signal_command
from workers.demo import backstage, main_call, short_calls, trouble
from workers.demo.backstage import Backstage
from workers.demo.caller_process import CallerDied
from workers.demo.checks import Checks
from workers.demo.reviewing import review
from workers.demo.scene import REVIEWER, Scene
from workers.demo.script import Drawn, draw
from workers.demo.shop import Shop
from workers.demo.stage import Stage
from workers.demo.victims import Family
from workers.own_services import dotenv, own_services
from workers.settings import ROOT, load_settings
from workers.stack.errors import StackError
from workers.stack.events import StackEvent, State
from workers.stack.stack import Stack
from workers.stack.state import read_state
from workers.vault import opened_store

COMPOSITION = "support"
HURRIED = "support-hurried"
HURRIED_DEADLINE = 12
HOLD_DEADLINE = 3600
DATA = ROOT / ".dev" / "demo"


async def run(console: Console, *, hold: bool, chaos: bool, seed: int | None, data: Path = DATA) -> bool:
    """Whether every check holds. Raises StackError when the stack does not start."""
    seed = random.randrange(1, 1_000_000) if seed is None else seed
    fresh(data)
    compositions = write_compositions(ROOT / "compositions", data / "compositions", hold=hold)
    stage, checks, family = Stage(console), Checks(), Family()
    console.print(f"Greenroom demo, seed {seed}: starting a stack of its own in {data}")
    own = own_services(dotenv())
    for line in own.lines:
        console.print(line)
    env = {**own.env, "GREENROOM_COMPOSITIONS_DIR": str(compositions)}

    def on_event(event: StackEvent) -> None:
        if event.state in (State.READY, State.RESTARTING, State.FAILED):
            stage.line("stack", f"{event.process} {event.state.value}", event.detail)

    async with Stack.start(data=data, auto_ports=True, seed=seed, env=env, on_event=on_event) as stack:
        async with set_up(stack, stage, checks, family, compositions) as scene:
            await tell(scene, seed, hold=hold, chaos=chaos)
        family.look()
        if hold:
            checks.show(console)
            await stay(console, stack)
    left = await asyncio.to_thread(family.left)
    checks.add("no process is left behind", not left, ", ".join(left) or "none")
    console.print()
    checks.show(console)
    if not checks.all_hold:
        console.print(
            f"{len(checks.failed)} of {len(checks.made)} checks failed; logs are in {data / 'logs'}", style="red"
        )
    return checks.all_hold


async def tell(scene: Scene, seed: int, *, hold: bool, chaos: bool) -> None:
    """The main story, then two short ones."""
    stage, console = scene.stage, scene.stage.console
    drawn = draw(seed, await scene.shop.orders())
    stage.title(
        f"A refund of {drawn.main.amount} {drawn.main.currency} for order {drawn.main.order_id} ({drawn.main.item})"
    )
    console.print(f"Temporal's Web UI: {scene.stack.address('temporal-ui')}")
    decide, harm = by_hand if hold else by_reviewer, trouble.kills if chaos else trouble.none
    try:
        session_id = await main_call.play(scene, drawn, decide, harm)
        await show_records(scene, session_id)
        if not hold:
            await _short_calls(scene, drawn)
    except (CallerDied, TimeoutError, StackError, httpx.HTTPError) as error:
        scene.checks.add("the story was told to its end", False, f"{type(error).__name__}: {error}")


async def _short_calls(scene: Scene, drawn: Drawn) -> None:
    stage = scene.stage
    stage.title(f"A colleague says no (order {drawn.rejected.order_id})")
    await short_calls.rejected(scene, drawn.rejected)
    stage.title(f"Nobody decides in time (order {drawn.expired.order_id})")
    await short_calls.expired(scene, drawn.expired, HURRIED)


async def by_reviewer(scene: Scene, approval: ApprovalRecord) -> None:
    await review(scene.stage, "approve", approval.approval_id, reviewer=REVIEWER, stack_file=scene.stack_file)


async def by_hand(scene: Scene, approval: ApprovalRecord) -> None:
    """Waits for whoever runs the demo."""
    settings = load_settings(**settings_of(scene.stack))
    scene.stage.title("You are the reviewer. Decide in another terminal, or in the Web UI:")
    print(signal_command(settings, approval, REVIEWER, Verdict.APPROVE))
    scene.stage.console.print(f"{scene.stack.address('temporal-ui')}/namespaces/default/workflows")
    await scene.backstage.wait(backstage.decided_approval(approval.approval_id), within=HOLD_DEADLINE)


async def show_records(scene: Scene, session_id: str) -> None:
    """`greenroom sessions show` and `tasks show`, of this call."""
    console = scene.stage.console
    with reading(scene.stack) as reader:
        story = await asyncio.to_thread(gather, reader, session_id)
        tasks = [gather_task(reader, task.task_id) for task in story.tasks] if story else []
    scene.stage.title(f"The same from the records: greenroom sessions show {session_id}")
    if story is not None:
        show_session(console, story)
    for task in tasks:
        if task is not None:
            scene.stage.title(f"greenroom tasks show {task.task.task_id}")
            show_task(console, task)


async def stay(console: Console, stack: Stack) -> None:
    console.print("\nThe stack stays up until Ctrl-C. For the command line in another terminal:")
    print(f"export GREENROOM_STACK={stack.data / 'stack.json'}")
    for name, address in stack.addresses.items():
        console.print(f"  {name:<18}{address}")
    stop = asyncio.get_running_loop().create_future()
    with contextlib.suppress(asyncio.CancelledError):
        await stop


@contextlib.asynccontextmanager
async def set_up(
    stack: Stack, stage: Stage, checks: Checks, family: Family, compositions: Path
) -> AsyncIterator[Scene]:
    shop = Shop(stack.address("shop"))
    with reading(stack) as reader:
        follower = Backstage(reader, stage)
        following = asyncio.create_task(follower.follow(), name="backstage")
        try:
            composition = load_compositions(compositions)[COMPOSITION]
            yield Scene(stack, stage, follower, shop, checks, family, composition)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await shop.aclose()


@contextlib.contextmanager
def reading(stack: Stack) -> Iterator[RecordReader]:
    with opened_store(load_settings(**settings_of(stack))) as engine:
        yield RecordReader(engine)


def settings_of(stack: Stack) -> dict[str, object]:
    return {
        "temporal_address": stack.env["GREENROOM_TEMPORAL_ADDRESS"],
        "database_url": stack.env["GREENROOM_DATABASE_URL"],
        "master_key_file": stack.env["GREENROOM_MASTER_KEY_FILE"],
    }


def fresh(data: Path) -> None:
    """Empty databases and logs for every run. Raises StackError while another demo runs there."""
    if read_state(data / "stack.json") is not None:
        raise StackError(f"a demo runs in {data} already; fix: end it with Ctrl-C in its terminal")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)


def write_compositions(source: Path, target: Path, *, hold: bool) -> Path:
    """The demo's own: the composition as it is, and one whose approvals expire in seconds."""
    target.mkdir(parents=True)
    original = yaml.safe_load((source / f"{COMPOSITION}.yml").read_text(encoding="utf-8"))
    for name, deadline in ((COMPOSITION, HOLD_DEADLINE if hold else None), (HURRIED, HURRIED_DEADLINE)):
        copy = {**original, "id": name, "approvals": [dict(rule) for rule in original["approvals"]]}
        for rule in copy["approvals"]:
            if deadline is not None and rule.get("gate", True):
                rule["deadline_seconds"] = deadline
        if name == COMPOSITION and hold:
            copy["limits"] = {**original.get("limits", {}), "task_seconds": HOLD_DEADLINE + 600}
        (target / f"{name}.yml").write_text(yaml.safe_dump(copy, sort_keys=False), encoding="utf-8")
    return target
