"""The house model: one request in, one reply out. No weights, no clock, no randomness."""

from __future__ import annotations

import json
import re
from datetime import date

from inference.house.acts import Act, act_of, fact_to_remember, is_request
from inference.house.answers import answer, asks_for_abilities, flip
from inference.house.asked import reask
from inference.house.choice import Choice, choose, is_event
from inference.house.conversation import Conversation, ToolRun, describes_picture, read
from inference.house.dates import stated_today
from inference.house.decision import Decision, confirmation, decide, forced, needs_confirmation
from inference.house.failures import failure, found_none
from inference.house.offers import Offer, offered
from inference.house.phrases import (
    ALL_RIGHT,
    GO_ON,
    GOODBYE,
    LEFT_AS_IT_IS,
    NO_PICTURES,
    NOT_HEARD,
    NOTED,
    NOTHING_TO_REPEAT,
    WELCOME,
    abilities,
    cannot,
    greeting,
    offer_to,
    unknown,
)
from inference.house.structured import instance_text
from inference.house.text import content_stems, expand, name_words, sentence_case, stem, without_fillers
from inference.house.values import person_name
from inference.house.verbalise import outcome
from inference.wire.chat import ChatRequest, HouseReply, JsonObjectFormat, JsonSchemaFormat, NamedToolChoice

MODEL_NAME = "house-1"
_ABOUT_PICTURE = re.compile(r"\b(see|look|picture|photo|image|screen|show|this|that)\w*\b")


def respond(request: ChatRequest, *, today: date | None = None) -> HouseReply:
    """Answers a chat completion request. Deterministic and synchronous; takes milliseconds; raises nothing of its own.

    Args:
        request: the request as the wire gave it.
        today: the day that "tomorrow" counts from when the prompt states none; without either, relative dates are
            asked for.
    """
    conversation = read(request)
    if isinstance(request.response_format, JsonSchemaFormat):
        return HouseReply(content=instance_text(request.response_format.json_schema.schema_ or {}, conversation))
    offers = [] if request.tool_choice == "none" else offered(request)
    reply = _reply(request, conversation, offers, stated_today(conversation.system) or today)
    if isinstance(request.response_format, JsonObjectFormat) and not reply.tool_calls:
        return HouseReply(content=json.dumps({"answer": reply.content}))
    if request.parallel_tool_calls is False and len(reply.tool_calls) > 1:
        return HouseReply(content=reply.content, tool_calls=reply.tool_calls[:1])
    return reply


def _reply(request: ChatRequest, conversation: Conversation, offers: list[Offer], today: date | None) -> HouseReply:
    if conversation.after_tools:
        return _after_tools(conversation, offers, today)
    if conversation.directive:
        return HouseReply(content=_directed(conversation))
    if offers and (isinstance(request.tool_choice, NamedToolChoice) or request.tool_choice == "required"):
        name = request.tool_choice.function.name if isinstance(request.tool_choice, NamedToolChoice) else None
        decided = forced(conversation, offers, today, name)
        if decided.calls or decided.words:
            return _said(decided)
    return _turn(conversation, offers, today)


def _said(decision: Decision) -> HouseReply:
    return HouseReply(content=decision.words or None, tool_calls=decision.calls)


def _turn(conversation: Conversation, offers: list[Offer], today: date | None) -> HouseReply:
    text = conversation.last.text
    act = act_of(text)
    shown = conversation.last.picture and not describes_picture(text)
    if shown and (act is Act.EMPTY or _ABOUT_PICTURE.search(expand(text))):
        return HouseReply(content=NO_PICTURES)
    if act is Act.EMPTY:
        spoken = any(turn.speaker == "agent" for turn in conversation.turns)
        return HouseReply(content=NOT_HEARD if spoken or text else greeting(conversation.system))
    confirmed = confirmation(conversation, offers)
    if confirmed is not None:
        return _said(confirmed)
    decided = decide(conversation, offers, today)
    plain = _plain_act(act, conversation)
    if plain and not (act in (Act.AFFIRM, Act.DENY) and (decided.calls or decided.words)):
        return HouseReply(content=plain)
    if act is Act.REMEMBER and not (decided.calls and _strong(text, offers, 1.5)):
        return HouseReply(content=f"I will remember that {flip(fact_to_remember(text).strip(' .!'))}.")
    known = answer(conversation, offers) if act is Act.QUESTION or not decided.targets else None
    chosen = choose(text, offers)
    if (
        known
        and act is Act.QUESTION
        and (not decided.targets or _better(known.coverage, known.source, chosen, decided))
    ):
        return HouseReply(content=known.text)
    if decided.targets and is_event(text, offers) and decided.calls and not _reads(decided, offers):
        offer = next(offer for offer in offers if offer.name == decided.calls[0].name)
        if conversation.previous_reply.endswith("?") is False:
            return HouseReply(content=f"I am sorry to hear that. {offer_to(offer)}" if _bad(text) else offer_to(offer))
    if decided.calls or decided.words:
        return _said(decided)
    again = reask(conversation, offers)
    if again and act is not Act.QUESTION and not known:
        return HouseReply(content=again)
    if asks_for_abilities(text) and offers:
        return HouseReply(content=abilities(offers))
    if known and act is Act.QUESTION:
        return HouseReply(content=known.text)
    return HouseReply(content=_fallback(act, text, offers))


def _better(coverage: float, source: str, chosen: Choice | None, decided: Decision) -> bool:
    """Whether a known answer beats the tool that was chosen for the same question."""
    if source == "result":
        return False
    tool = chosen.coverage if chosen is not None else 0.0
    if not decided.calls or (chosen is not None and chosen.inherits):
        tool *= 0.6
    return coverage > tool + (0.0 if source in ("asked", "caller") else 0.05)


def _strong(text: str, offers: list[Offer], score: float) -> bool:
    chosen = choose(text, offers)
    return chosen is not None and chosen.score >= score


def _reads(decided: Decision, offers: list[Offer]) -> bool:
    reading = {offer.name for offer in offers if offer.reads}
    return all(call.name in reading for call in decided.calls)


def _bad(text: str) -> bool:
    return bool(
        re.search(
            r"\b(broke|broken|damaged|lost|ill|sick|hurt|dead|dying|missing|wrong|late|never|not|problem)\b",
            expand(text),
        )
    )


def _plain_act(act: Act, conversation: Conversation) -> str:
    """The reply to an utterance that is about nothing but the conversation itself; "" for all others."""
    if act is Act.GREETING:
        return greeting(conversation.system)
    if act is Act.THANKS:
        return WELCOME
    if act is Act.GOODBYE:
        return GOODBYE
    if act is Act.REPEAT:
        return conversation.previous_reply or NOTHING_TO_REPEAT
    if act is Act.DENY:
        return (
            LEFT_AS_IT_IS
            if conversation.previous_reply.endswith("?") and "anything else" not in conversation.previous_reply
            else GOODBYE
            if "anything else" in conversation.previous_reply
            else "All right."
        )
    if act is Act.AFFIRM:
        return ALL_RIGHT
    return ""


def _fallback(act: Act, text: str, offers: list[Offer]) -> str:
    if act is Act.QUESTION:
        return unknown(offers)
    if act is Act.REQUEST and content_stems(text):
        return cannot(offers)
    if re.search(r"\b(have|got|with) (a|another|one more|a quick|some) (quick |more )?questions?\b", expand(text)):
        return GO_ON
    name = person_name(text)
    if name:
        return f"Thank you, {name}. What can I do for you?"
    return (
        NOTED
        if act is Act.STATEMENT and len(text.split()) > 2 and content_stems(text)
        else f"{NOT_HEARD} {abilities(offers)}".strip()
    )


def _after_tools(conversation: Conversation, offers: list[Offer], today: date | None) -> HouseReply:
    runs = conversation.last.runs
    if not runs:
        return HouseReply(content="That is done.")
    waiting = needs_confirmation(runs[-1].result)
    if waiting is not None:
        question = waiting.get("question")
        return HouseReply(content=question if isinstance(question, str) and question.strip() else "Shall I go ahead?")
    asked = conversation.last.text
    decided = decide(conversation, offers, today)
    failed = [run for run in runs if failure(run)]
    goes_on = bool(decided.calls) and not any(run.name in decided.targets for run in failed)
    if failed and failed[-1] is runs[-1] and not (goes_on and found_none(runs[-1].result)):
        return HouseReply(content=outcome(failed[0], asked, today))
    if decided.calls:
        return _said(decided)
    told = [run for run in runs if run.name in decided.targets] or [runs[-1]]
    sentences = list(dict.fromkeys(outcome(run, asked, today, effect=_effect(run, offers)) for run in told))
    return HouseReply(content=" ".join([*sentences, decided.words]).strip())


def _effect(run: ToolRun, offers: list[Offer]) -> bool:
    """Whether a run's tool changes something and its name begins with the verb that says what."""
    offer = next((offer for offer in offers if offer.name == run.name), None)
    return offer is not None and not offer.reads and offer.verb == stem(name_words(offer.name)[0])


def _directed(conversation: Conversation) -> str:
    """The reply to a system text that follows the conversation: words to say, a greeting, or a question to answer."""
    text = conversation.directive
    quoted = re.search(r"\b(?:say|tell|speak|ask)\b[^\"“:]*[:]?\s*[\"“](?P<words>[^\"”]+)[\"”]", text, re.IGNORECASE)
    if quoted:
        return quoted["words"].strip()
    labelled = re.search(
        r"\b(?:say|speak|tell (?:the \w+|them))\b[^:\n]{0,40}:\s*(?P<words>\S.*)", text, re.IGNORECASE | re.DOTALL
    )
    if labelled:
        return labelled["words"].strip()
    told = re.search(r"\b(?:tell|inform|let) (?:the )?(?:\w+)(?: know)? that (?P<words>[^\n]+)", text, re.IGNORECASE)
    if told:
        return sentence_case(told["words"].strip())
    if re.search(r"\bgreet|welcome|introduce\b", text, re.IGNORECASE):
        return greeting(conversation.system)
    if re.search(r"\bstill (there|on the line)\b", text, re.IGNORECASE):
        return "Are you still there?"
    known = answer(conversation)
    if known and not is_request(expand(without_fillers(conversation.last.text))):
        return known.text
    return sentence_case(without_fillers(conversation.previous_reply)) or greeting(conversation.system)
