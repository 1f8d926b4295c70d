"""What must hold after every blow: something is heard soon, and the task ends as if nothing had happened."""

from __future__ import annotations

from datetime import datetime, timedelta

from fault_states import ANSWER, QUESTION, REFUND, Scene, Situation, State, clock
from fault_victims import Death, Victim
from system_call import Call, hears_refunded
from system_switches import for_seconds
from system_waiting import until

from contracts.delivery import DeliveryState
from contracts.task import TaskStage
from workers.caller.events import AgentSpeechStarted, Heard
from workers.demo.hearing import hears_any, hears_phrase

WITHIN = 3.0
"""Seconds until the caller hears something."""
WITHIN_AFTER_MEDIA = 10.0
"""The same after the media server is back, with the question that the caller asks."""
PATIENCE_WITH_SILENCE = 6.0
"""How long a caller waits for an answer on a line that was dead before asking, or calling, again."""
GOES_ON = timedelta(seconds=0.3)
SAYS_NOTHING = 2.0
SENT = ("sent the courtesy email", "sent the courtesy mail")


async def heard_again(
    victim: Victim, state: State, scene: Scene, death: Death, situation: Situation, dead_agent: str, mark: int
) -> tuple[float, str]:
    """Seconds until the caller heard something after the blow, and what that was. Raises AssertionError."""
    call = scene.call
    if victim is Victim.LIVEKIT:
        return await _on_the_line_again(state, scene, death, situation)
    if victim.takes_the_agent:
        spoke = await call.agent_speaks(since=mark, within=20, but=dead_agent)
        ended = (await situation.spoken).ended_at if situation.spoken else death.sent
        return _between(max(ended, death.sent), spoke.at), f"another agent spoke at {clock(spoke.at)}"
    if state is State.AGENT:
        at = await until(lambda: _audible_after(call, death.dead + GOES_ON), 20, "the agent goes on speaking")
        return 0.0, f"the same agent spoke on, audible at {clock(at)}"
    if situation.spoken is None:
        return await _answers(call)
    said = await situation.spoken
    spoke = await call.agent_speaks(since=mark, within=20)
    return _between(said.ended_at, spoke.at), f"answered at {clock(spoke.at)}"


async def told_once(state: State, scene: Scene, death: Death, situation: Situation) -> list[str]:
    """The task has ended, its effects happened once, its result was heard once. Raises AssertionError."""
    order, shop, backstage, calls = scene.order, scene.shop, scene.backstage, scene.ring.calls
    await scene.call.hear_refunded(order, within=90)
    unknown = state.tool_runs and await _hears_of_the_email(scene.call)
    assert unknown or state is not State.BEFORE, "whether an e-mail was sent that the shop still holds was not unknown"
    await scene.call.say("Thank you.")
    await death.back
    tasks = [task for call in calls for task in backstage.records.tasks(session_id=call.session_id)]
    assert len(tasks) == 1, tasks
    task = await backstage.task(tasks[0].session_id, TaskStage.NEEDS_PERSON if unknown else TaskStage.DONE)
    outcome = await backstage.outcome_is(task.task_id, DeliveryState.HEARD)
    await situation.close()
    await for_seconds(SAYS_NOTHING)
    refunds = await shop.refunds(order.order_id)
    assert len(refunds) == 1, refunds
    requests = [r for r in await shop.requests(REFUND) if str(r["key"]).startswith(task.task_id)]
    assert len({r["key"] for r in requests}) == 1, requests
    told = [e for call in calls for e in call.events if isinstance(e, Heard) and hears_refunded(e.text, order)]
    assert len(told) == 1, [e.text for e in told]
    lines = [
        f"task {task.stage.value}, refunded once with {len(requests)} request(s) of one key, "
        f"outcome heard once at {clock(told[0].started_at)} after {outcome.attempts} offer(s)"
    ]
    if state.tool_runs:
        mails = await shop.emails(order.order_id)
        assert len(mails) <= 1, mails
        assert unknown or mails, "an e-mail was told to be sent, and was not"
        lines.append(f"e-mail without a key: told as {'unknown' if unknown else 'sent'}, sent {len(mails)} time(s)")
    if len(calls) > 1:
        lines.append(f"the caller had to call again: {len(calls)} calls")
    return lines


async def _hears_of_the_email(call: Call) -> bool:
    """Whether its outcome is told as unknown; else it is told as sent."""
    unknown = call.phrases.needs_person
    text = await call.hear(lambda text: hears_phrase(text, unknown) or hears_any(text, SENT), "what became of the mail")
    return hears_phrase(text, unknown)


async def _answers(call: Call) -> tuple[float, str]:
    """The call goes on: a question is answered."""
    mark = call.mark
    said = await call.say(QUESTION)
    spoke = await call.until(lambda: _first(call, said.ended_at), 20, f"an answer to {QUESTION!r}")
    await call.hear(lambda text: hears_any(text, ANSWER), "the answer", since=mark)
    return _between(
        said.ended_at, spoke.at
    ), f"a question until {clock(said.ended_at)} was answered at {clock(spoke.at)}"


async def _on_the_line_again(state: State, scene: Scene, death: Death, situation: Situation) -> tuple[float, str]:
    """A person speaks into the line that was dead; who gets no answer, twice, or was cut off, calls again."""
    back = await death.back
    call = scene.call
    for _ in range(2):
        try:
            await call.until(lambda: call.caller.agents() or call.caller.over, PATIENCE_WITH_SILENCE, "an agent")
            if call.caller.over:
                break
            if situation.spoken is not None:
                await situation.spoken
            await call.say(QUESTION)
            spoke = await call.until(lambda: _first(call, back), PATIENCE_WITH_SILENCE, "an answer on the old line")
        except AssertionError:
            continue
        return _between(back, spoke.at), f"on the same line at {clock(spoke.at)}, the server was back at {clock(back)}"
    scene.call = await scene.ring(scene.subject, composition=state.composition, greeted=False)
    spoke = await scene.call.agent_speaks(since=0, within=30)
    await scene.call.greeted()
    return _between(back, spoke.at), f"in a second call at {clock(spoke.at)}, the server was back at {clock(back)}"


def _first(call: Call, after: datetime) -> AgentSpeechStarted | None:
    return next((e for e in call.events if isinstance(e, AgentSpeechStarted) and e.at > after), None)


async def _audible_after(call: Call, at: datetime) -> datetime | None:
    audible = call.caller.agent_audible_at
    return audible if audible is not None and audible > at else None


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
