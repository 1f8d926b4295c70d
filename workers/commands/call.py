"""`greenroom call`: places a call from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer
from livekit import rtc
from rich.console import Console
from rich.text import Text

from workers.caller.caller import Caller
from workers.caller.events import AgentJoined, AgentLeft, Event, Heard, Joined, Left, NothingHeard, Said
from workers.caller.front_door import FrontDoorError, ask_for_session
from workers.caller.speech import Speech
from workers.commands.printing import AsJson, milliseconds, time_of_day
from workers.errors import GreenroomError
from workers.settings import load_settings

app = typer.Typer()


@app.command()
def call(
    say: Annotated[list[str] | None, typer.Option("--say", help="Say this; may be repeated.")] = None,
    composition: Annotated[str, typer.Option(help="Which use case answers.")] = "support",
    subject: Annotated[str, typer.Option(help="Who calls: an id of yours, no personal data.")] = "cli",
    front_door: Annotated[str | None, typer.Option(help="Its URL; by default GREENROOM_FRONT_DOOR_URL.")] = None,
    patience: Annotated[float, typer.Option(min=1, help="Seconds to wait for each answer.")] = 20.0,
    linger: Annotated[float, typer.Option(min=0, help="Seconds to keep listening after the last answer.")] = 3.0,
    as_json: AsJson = False,
) -> None:
    """Place a call: hear the greeting, say each text after the agent has finished, and hang up after the last answer.

    Exit code 0 when everything that was said got an answer.
    """
    url = front_door or load_settings().front_door_url
    show = _print_json if as_json else _printer(Console())
    if not asyncio.run(_place(url, composition, subject, say or [], patience, linger, show)):
        raise typer.Exit(1)


async def _place(
    url: str,
    composition: str,
    subject: str,
    texts: list[str],
    patience: float,
    linger: float,
    show: Callable[[Event], None],
) -> bool:
    speech = await Speech.load()
    try:
        invitation = await ask_for_session(url, composition=composition, subject=subject)
        caller = Caller(invitation, speech, on_event=show)
        await caller.join()
    except (FrontDoorError, rtc.ConnectError) as error:
        raise GreenroomError(str(error)) from error
    try:
        answered = await caller.wait_heard(patience) is not None
        for text in texts:
            await caller.say(text)
            answered = await caller.wait_heard(patience) is not None and answered
        while linger and await caller.wait_heard(linger) is not None:
            pass
    finally:
        await caller.hang_up()
    return answered


def _print_json(event: Event) -> None:
    print(event.line(), flush=True)


def _printer(console: Console) -> Callable[[Event], None]:
    def show(event: Event) -> None:
        match event:
            case Joined():
                line = Text(f"session {event.session_id}", "dim")
            case Said():
                line = Text(f"you    {event.text}", "cyan")
            case Heard():
                after = f"  (after {milliseconds(event.latency_ms)})" if event.latency_ms is not None else ""
                line = Text.assemble((f"agent  {event.text or '(no words)'}", "green"), (after, "dim"))
            case AgentJoined():
                line = Text(f"{event.identity} joined", "dim")
            case AgentLeft():
                line = Text(f"{event.identity} left ({event.reason})", "dim")
            case NothingHeard():
                line = Text(f"nothing heard for {event.waited_seconds:g} s", "yellow")
            case Left():
                line = Text(f"hung up: {event.reason}; heard {event.utterances_heard} utterances", "dim")
            case _:
                return
        console.print(Text(f"{time_of_day(event.at)}  ", "dim") + line)

    return show
