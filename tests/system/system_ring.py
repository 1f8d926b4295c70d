"""Places calls through the front door, in this process or as one that can be killed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from system_call import Call
from system_stack import SUPPORT

from contracts.composition import Composition
from contracts.names import new_id
from contracts.phrases import Phrases
from workers.caller.front_door import ask_for_session
from workers.caller.microphone import MicrophoneMode
from workers.caller.speech import Speech
from workers.demo.caller_process import CallerProcess
from workers.stack.stack import Stack


class Ring:
    """`calls` are those of this test, newest last."""

    def __init__(self, stack: Stack, speech: Speech, compositions: Mapping[str, Composition]) -> None:
        self.calls: list[Call] = []
        self.processes: list[CallerProcess] = []
        self._stack = stack
        self._speech = speech
        self._compositions = compositions

    def phrases(self, composition: str = SUPPORT) -> Phrases:
        return self._compositions[composition].phrases

    async def __call__(
        self,
        subject: str | None = None,
        *,
        composition: str = SUPPORT,
        microphone: MicrophoneMode = MicrophoneMode.SPEECH,
        greeted: bool = True,
    ) -> Call:
        """A call that is in the room; with `greeted` once the greeting was heard. A new subject unless one is named."""
        invitation = await ask_for_session(
            self._stack.env["GREENROOM_FRONT_DOOR_URL"], composition=composition, subject=subject or new_id("subject")
        )
        call = Call(invitation, self._speech, self.phrases(composition), microphone=microphone)
        self.calls.append(call)
        await call.caller.join()
        if greeted:
            await call.greeted()
        return call

    async def process(self, subject: str, *, composition: str = SUPPORT) -> tuple[CallerProcess, str]:
        """A caller that is a process of its own, and its session."""
        process = await CallerProcess.start(
            front_door=self._stack.env["GREENROOM_FRONT_DOOR_URL"],
            composition=composition,
            subject=subject,
            log=self._stack.data / "logs" / "caller.log",
            on_event=lambda event: None,
        )
        self.processes.append(process)
        joined = await process.until(lambda e: e.event == "joined", since=0, within=60)
        return process, joined.session_id

    async def hang_up_all(self) -> None:
        for process in self.processes:
            process.kill()
        await asyncio.gather(*(call.hang_up() for call in self.calls), *(p.hang_up() for p in self.processes))
