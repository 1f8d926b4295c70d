"""`greenroom call`: places a call from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Protocol

import typer
from rich.console import Console
from rich.text import Text

from workers.caller.caller import Caller
from workers.caller.errors import CallerError
from workers.caller.events import AgentJoined, AgentLeft, Event, Heard, Joined, Left, NothingHeard, Said
from workers.caller.front_door import ask_for_session
from workers.caller.speech import Speech
from workers.commands.printing import AsJson, milliseconds, time_of_day
from workers.errors import GreenroomError
from workers.settings import load_settings

app = typer.Typer()


class Conversing(Protocol):
    """The caller, as far as a conversation needs one."""

    def agents(self) -> list[str]: ...
    async def say(self, text: str) -> Said: ...
    async def wait_heard(self, seconds: float) -> Heard | None: ...
    async def wait_left(self) -> str: ...


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
    try:
        # First: that nobody is there need not wait for the speech engines.
        invitation = await ask_for_session(url, composition=composition, subject=subject)
        caller = Caller(invitation, await Speech.load(), on_event=show)
        await caller.join()
        try:
            return await converse(caller, texts, patience, linger)
        finally:
            await caller.hang_up()
    except CallerError as error:
        raise GreenroomError(str(error)) from error


async def converse(caller: Conversing, texts: list[str], patience: float, linger: float) -> bool:
    """Says each text once the one before was answered; whether all were.

    Raises CallerError when nobody comes to the phone, or the call is over before everything was said.
    """
    left = asyncio.create_task(caller.wait_left())
    talking = asyncio.create_task(_talk(caller, texts, patience, linger))
    await asyncio.wait([left, talking], return_when=asyncio.FIRST_COMPLETED)
    if talking.done():
        left.cancel()
        return talking.result()
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    raise CallerError(f"the call was ended from the other side ({left.result()}) before everything was said")


async def _talk(caller: Conversing, texts: list[str], patience: float, linger: float) -> bool:
    answered = await caller.wait_heard(patience) is not None
    if not answered and not caller.agents():
        raise CallerError(
            f"nobody answered: no agent joined the room within {patience:g} s. Do the voice workers run and have "
            "places left? 'greenroom doctor' tells; 'make dev' starts them"
        )
    for text in texts:
        await caller.say(text)
        answered = await caller.wait_heard(patience) is not None and answered
    while linger and await caller.wait_heard(linger) is not None:
        pass
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
