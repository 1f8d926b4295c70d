"""A caller in its own process: commands come in on stdin, events go out on stdout, one JSON object a line."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading

from pydantic import ValidationError

from workers.caller.caller import Caller
from workers.caller.commands import Command
from workers.caller.errors import CallerError
from workers.caller.events import Event, Trouble
from workers.caller.front_door import ask_for_session
from workers.caller.microphone import MicrophoneMode
from workers.caller.speech import Speech


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.caller", description=__doc__)
    parser.add_argument("--front-door", required=True, metavar="URL")
    parser.add_argument("--composition", required=True)
    parser.add_argument("--subject", required=True, metavar="ID")
    parser.add_argument("--microphone", type=MicrophoneMode, choices=list(MicrophoneMode), default="speech")
    parser.add_argument("--idempotency-key", metavar="KEY")
    return parser.parse_args()


def _print(event: Event) -> None:
    print(event.line(), flush=True)


def _stdin_lines() -> asyncio.Queue[str | None]:
    """Lines of stdin, then None. A daemon thread reads: a pipe, a terminal or a file will do."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return lines


async def _obey(caller: Caller) -> None:
    """Until told to hang up, or stdin ends."""
    lines = _stdin_lines()
    while (line := await lines.get()) is not None:
        if not line.strip():
            continue
        try:
            command = Command.model_validate_json(line)
            if command.hang_up:
                return
            if command.say is not None:
                await caller.say(command.say, barge_in=command.barge_in)
            elif command.wait_heard is not None:
                await caller.wait_heard(command.wait_heard)
        except ValidationError as error:
            _print(Trouble(message="; ".join(fault["msg"] for fault in error.errors())))
        except RuntimeError as error:
            _print(Trouble(message=str(error)))


async def _call(arguments: argparse.Namespace) -> int:
    speech = await Speech.load()
    try:
        invitation = await ask_for_session(
            arguments.front_door,
            composition=arguments.composition,
            subject=arguments.subject,
            idempotency_key=arguments.idempotency_key,
        )
        caller = Caller(invitation, speech, microphone=arguments.microphone, on_event=_print)
        await caller.join()
    except CallerError as error:
        _print(Trouble(message=str(error)))
        return 1
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    endings: list[asyncio.Task[object]] = [
        asyncio.create_task(_obey(caller)),
        asyncio.create_task(caller.wait_left()),
        asyncio.create_task(stop.wait()),
    ]
    done, pending = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    await caller.hang_up()
    for task in done:
        task.result()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_call(_arguments())))
