"""What an escalation says to whom: to the call, to the person who comes, to the caller."""

from __future__ import annotations

import hashlib
from datetime import datetime

from contracts.base import Content
from contracts.composition import Composition
from contracts.escalation import (
    CallEscalation,
    EscalationCause,
    EscalationRequest,
    EscalationRules,
    EscalationStage,
    EscalationVerdict,
)
from contracts.ladder import Rung, RungKind
from contracts.phrases import Phrases
from contracts.session import RoleState
from policy import ladder, review, rolling
from policy.review import Review
from policy.session import SessionState

ENDINGS = {verdict.value: verdict.stage.value for verdict in EscalationVerdict}

RECOMMENDED = {
    EscalationCause.CALLER: "Take the call over, or tell the agent how to help.",
    EscalationCause.FAILURE: "Take the call over: the agent cannot answer.",
    EscalationCause.APPROVAL: "Decide with the caller what is to be done, or tell the agent what to say.",
    EscalationCause.MODERATION: "Listen in; take the call over, or tell the agent how to go on.",
}


def opened(request: EscalationRequest, now: datetime) -> Review:
    return review.opened(request.rules, ENDINGS, now, subject_id=request.subject_id)


def new_id(session_id: str, occasion: str) -> str:
    """The same for the same occasion in a call: whoever asks for it again asks for no second person."""
    digest = hashlib.sha256(f"{session_id}\n{occasion}".encode()).hexdigest()
    return f"escalation-{digest[:12]}"


def request(
    composition: Composition,
    cause: EscalationCause,
    now: datetime,
    *,
    session_id: str,
    subject_id: str,
    occasion: str,
    reason: str,
    summary: str,
) -> EscalationRequest:
    """The request that this composition's rules make of it."""

    def content(body: str) -> Content:
        return Content(subject_id=subject_id, body=body)

    return EscalationRequest(
        escalation_id=new_id(session_id, occasion),
        session_id=session_id,
        subject_id=subject_id,
        composition=composition.id,
        cause=cause,
        reason=content(reason),
        summary=content(summary),
        recommended=content(RECOMMENDED[cause]),
        rules=composition.escalation or EscalationRules(),
        requested_at=now,
    )


def unattended(
    composition: Composition, state: SessionState, role: RoleState, now: datetime
) -> EscalationRequest | None:
    """The request when no agent can be brought into the call; None where the composition offers no person."""
    if composition.escalation is None:
        return None
    told = [rolling.in_words(state.summary).body] if state.summary is not None else []
    turns = [f"{turn.speaker.value}: {turn.text.body}" for turn in state.turns]
    return request(
        composition,
        EscalationCause.FAILURE,
        now,
        session_id=state.start.session_id,
        subject_id=state.start.subject_id,
        occasion=f"no agent for role {role.role}",
        reason=f"No agent for role {role.role} could be brought into the call: nobody answers the caller.",
        summary="\n".join([*told, *turns]),
    )


def of_call(request: EscalationRequest, state: Review, revision: int, rung: Rung | None = None) -> CallEscalation:
    return CallEscalation(
        escalation_id=request.escalation_id,
        cause=request.cause,
        stage=EscalationStage(state.stage),
        revision=revision,
        deadline=state.deadline,
        reason=request.reason,
        summary=request.summary,
        recommended=request.recommended,
        note=state.note,
        rung=rung,
    )


def words(news: CallEscalation, phrases: Phrases) -> str | None:
    """What the caller is told when an escalation has moved; None is nothing."""
    match news.stage:
        case EscalationStage.RESUMED:
            return phrases.person_helped
        case EscalationStage.TAKEN_OVER:
            return phrases.person_here
        case EscalationStage.EXPIRED:
            said = news.rung is not None and news.rung.say is not None
            return ladder.words(news.rung, phrases) if news.rung is not None and said else phrases.nobody_came
        case EscalationStage.OPEN:
            rung = news.rung
            if rung is None:
                return phrases.person_called
            return ladder.words(rung, phrases) if rung.kind is not RungKind.REMIND or rung.say else phrases.on_hold
