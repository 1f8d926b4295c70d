"""One call, attended by the voice agent: from the dispatched job to the last word."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from livekit.agents import AutoSubscribe, JobContext, llm
from livekit.agents.voice.room_io import RoomOptions

from contracts.attendance import AttendResult, DispatchMetadata
from contracts.session import CallerPresence, SessionSnapshot, Turn
from live.agent import VoiceAgent
from live.answering import Answering
from live.attending import Attending
from live.auditing import Auditing
from live.beside import Beside
from live.bridge import Bridge, Connect
from live.caller import Caller
from live.config import LiveConfig
from live.context import CallContext
from live.deathwatch import DeathWatch
from live.delegation import CallFacts, Delegation
from live.deliveries import Deliveries
from live.escalation import Escalating
from live.following import Following
from live.hearing import Hearing
from live.leaving import Leaving, Reason
from live.measuring import Measuring
from live.models import Warm, build_chat_models, build_session, build_voices
from live.room_events import RoomEvents
from live.steering import Steering
from live.subscribing import subscribe_again
from live.toolbelt import Refusals, Registry, equip
from live.turns import restored
from policy.readback import ReadBack

logger = logging.getLogger("greenroom.live.voice")


class VoiceCall:
    """Built in the job's first line, so that heartbeats and the death watch begin before anything slow."""

    def __init__(
        self, ctx: JobContext, config: LiveConfig, connect: Connect, registries: Mapping[str, Registry], warm: Warm
    ) -> None:
        self._ctx, self._config, self._registries, self._warm = ctx, config, registries, warm
        self._dispatch = dispatch = DispatchMetadata.model_validate_json(ctx.job.metadata)
        names = {"session_id": dispatch.session_id, "role": dispatch.role, "epoch": dispatch.epoch}
        self._watch = DeathWatch(config.watch_socket, **names)  # type: ignore[arg-type]
        self._watch.open()
        ctx.log_context_fields = {"session": dispatch.session_id, "epoch": dispatch.epoch}
        bounds = {"spool_dir": config.spool_dir, "cover": config.cover, "call_timeout": config.timings.call_timeout}
        self._bridge = Bridge(connect, **names, **bounds)  # type: ignore[arg-type]
        self._leaving = Leaving()
        guess = config.composition(dispatch.composition or None)
        self._attending = Attending(
            self._bridge,
            self._leaving,
            role=dispatch.role,
            epoch=dispatch.epoch,
            token=dispatch.task_token,
            every=guess.attendance.heartbeat_seconds,
        )
        self._beside = Beside(lambda: self._leaving.left)
        self._conversing = False
        self._finished: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns once the agent listens; the call then lives until `Leaving` has a reason."""
        self._watch.keep()
        self._bridge.start()
        self._attending.start()
        self._attending.watch(self._ctx.room)
        subscribe_again(self._ctx.room)
        self._finished = asyncio.create_task(self._finish(), name="finish")
        timings = self._config.timings
        connecting = self._ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
        if self._dispatch.epoch <= 1 and self._dispatch.introduces:
            snapshot = None  # nothing was said yet: what is owed comes with it, after the greeting
            await connecting
        else:
            patience = timings.snapshot if self._dispatch.epoch <= 1 else timings.snapshot_again
            snapshot, _ = await asyncio.gather(self._bridge.snapshot(patience), connecting)
        for participant in self._ctx.room.remote_participants.values():
            self._attending.notice(participant)
        await self._converse(snapshot)

    async def stopped(self) -> None:
        """The job ends; when nothing else was the reason, the worker is being stopped under the call."""
        self._leaving.leave(Reason.STOPPED)
        if self._finished is not None:
            await self._finished

    async def _converse(self, snapshot: SessionSnapshot | None) -> None:
        named = snapshot.composition if snapshot is not None else self._dispatch.composition or None
        composition = self._config.composition(named)
        role = composition.role(self._dispatch.role)
        caller = snapshot.caller_identity if snapshot is not None else self._dispatch.caller_identity
        caller = caller or (await self._ctx.wait_for_participant()).identity
        self._composition = composition
        subject = snapshot.subject_id if snapshot is not None else self._dispatch.subject_id
        self._facts = CallFacts(
            session_id=self._dispatch.session_id,
            subject_id=subject or f"caller:{caller}",
            epoch=self._dispatch.epoch,
            role=self._dispatch.role,
        )
        self._context, self._read_back = CallContext(composition.limits, role.clearance), ReadBack()
        measuring = Measuring(self._context, role.latency)
        self._hearing = Hearing(self._facts, self._bridge, self._read_back, measuring)
        history, unanswered = restored(snapshot.turns if snapshot is not None else ())
        if snapshot is not None:
            self._context.take(snapshot)
        room_events = RoomEvents(self._ctx.room, role=self._dispatch.role, caller=caller)
        self._escalating = Escalating(
            self._facts,
            composition,
            self._bridge,
            speech=lambda: self._speech_so_far(earlier=True),
            say=self._say_soon,
            tell_room=lambda event: self._beside.start(room_events.publish(event)),
            silence=lambda: self._deliveries.stop(),
        )
        self._steering = Steering(
            self._facts,
            composition,
            self._bridge,
            self._read_back,
            turn=lambda: self._agent.answers,
            say=self._escalating.tell,
        )
        self._session = build_session(self._config, composition, role, self._warm)
        self._deliveries = Deliveries(
            self._session,
            self._bridge,
            composition.phrases,
            session_id=self._dispatch.session_id,
            reachable=self._reachable,
            failures=lambda: self._hearing.lost_synthesis,
            about=self._steering.about,
        )
        self._agent = await self._build_agent(history)
        self._caller = Caller(
            self._ctx.room,
            self._bridge,
            self._leaving,
            identity=caller,
            return_seconds=self._config.timings.caller_return,
            left_cleanly=self._deliveries.sign_of_life,
        )
        self._hearing.listen(
            self._session,
            phrases=composition.phrases,
            reachable=lambda: self._reachable() and not self._escalating.pause.held,
            waits=lambda: self._context.work_is_open,
            sign_of_life=self._deliveries.sign_of_life,
        )
        if snapshot is not None:
            self._escalating.take(snapshot)
            self._steering.take(snapshot)
        self._caller.watch()
        self._leaving.at_once(self._fall_silent)
        if self._leaving.left:
            return
        await self._session.start(
            agent=self._agent,
            room=self._ctx.room,
            record=False,
            session_host=False,
            room_options=RoomOptions(participant_identity=caller, close_on_disconnect=False),
        )
        self._conversing = True
        self._beside.start(self._open(snapshot, unanswered))

    async def _build_agent(self, history: llm.ChatContext) -> VoiceAgent:
        composition, role = self._composition, self._composition.role(self._dispatch.role)
        delegate = Delegation(
            self._facts,
            composition,
            self._bridge,
            self._read_back,
            speech=self._speech_so_far,
            context=self._context.for_backstage,
            say=self._escalating.tell,
            started=self._steering.delegated,
            accept_seconds=self._config.timings.accept,
        )
        refusals = Refusals(self._facts, composition, role, self._bridge.refused)
        auditing = Auditing(self._facts, role, self._bridge.note)
        tools = await equip(
            self._registries[composition.id],
            self._facts,
            composition,
            role,
            refusals,
            auditing,
            delegate=delegate,
            escalating=self._escalating,
            patience=self._config.timings.snapshot,
        )
        return VoiceAgent(
            instructions=role.instructions,
            history=history,
            tools=tools,
            context=self._context,
            phrases=composition.phrases,
            timings=self._config.timings,
            models=build_chat_models(self._config, role, self._warm),
            voices=build_voices(self._config, composition.speech, self._warm),
            not_offered=refusals.not_offered,
            holding=Answering(self._escalating, self._steering, self._deliveries, self._read_back),
            auditing=auditing,
            only_listens=self._hearing.only_listens,
        )

    async def _open(self, snapshot: SessionSnapshot | None, unanswered: Turn | None) -> None:
        """The first words, then what is owed, then what happens backstage."""
        async with asyncio.timeout(self._config.timings.caller_join):
            await self._ctx.wait_for_participant(identity=self._caller.identity)
        self._bridge.caller_changed(CallerPresence.PRESENT, self._caller.identity)
        phrases = self._composition.phrases
        if self._escalating.pause.silent:
            logger.info("a person has taken over: nothing is said")
        elif self._dispatch.epoch <= 1:
            self._session.say(phrases.greeting)
        elif unanswered is not None:
            self._hearing.transcript.answering(unanswered.turn_id)
            self._session.generate_reply(
                user_input=llm.ChatMessage(role="user", content=[unanswered.text.body], id=unanswered.turn_id)
            )
        else:
            self._session.say(phrases.recovered)
        self._beside.start(self._deliveries.run())
        following = Following(
            self._bridge,
            self._agent,
            self._context,
            self._deliveries,
            self._escalating,
            self._steering,
            self._attending,
            self._leaving,
        )
        await following.run(snapshot, ask_seconds=self._config.timings.call_timeout)

    def _reachable(self) -> bool:
        """The caller is in the room and has subscribed to our audio."""
        subscribed = self._session.room_io.subscribed_fut
        return self._caller.present and subscribed is not None and subscribed.done() and not subscribed.cancelled()

    def _speech_so_far(self, *, earlier: bool = False) -> tuple[str, str]:
        speech = self._context.speech(self._agent.conversation)
        told = (self._context.earlier(), speech) if earlier else (speech,)
        return "\n".join(filter(None, told)), self._agent.answers

    def _say_soon(self, words: str) -> None:
        self._beside.start(self._say_at_pause(words))

    async def _say_at_pause(self, words: str) -> None:
        await self._session.wait_for_idle()
        self._session.say(words)

    def _fall_silent(self, reason: Reason) -> None:
        """In the moment of leaving: not another word."""
        self._session.output.set_audio_enabled(False)
        if reason is Reason.SUPERSEDED:
            self._session.input.set_audio_enabled(False)
        if self._session.current_speech is not None:
            self._session.interrupt(force=True)
        logger.info("leaving", extra={"reason": reason.value})

    async def _finish(self) -> None:
        reason = await self._leaving.wait()
        await self._beside.stop()
        if self._conversing and reason in (Reason.CALLER_LEFT, Reason.ENDED):
            await self._hear_out()
        if reason is not Reason.STOPPED:
            identity = self._ctx.local_participant_identity
            self._bridge.complete(AttendResult(identity=identity, reason=reason.value))
        await self._bridge.aclose(self._config.timings.flush)
        self._attending.stop()
        if reason is not Reason.STOPPED:
            # Stopped under a living call, the silence is told to the watcher as what it is for the caller: a death.
            self._watch.goodbye()
        self._ctx.shutdown(reason.value)

    async def _hear_out(self) -> None:
        """The caller's last words may still be under recognition: they are a turn like any other."""
        try:
            await asyncio.wait_for(self._session.aclose(), self._config.timings.last_words)
        except TimeoutError:
            logger.warning("recognition of the last words was given up")
