"""The summarizer's question and its answer. Pure: requests to chat messages, parsed answers to summaries."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from activities.prompts import ChatMessage
from contracts.base import Content
from contracts.composition import Role
from contracts.summary import ActionItem, Cited, Outcome, Owner, Summary, SummaryRequest
from policy import summary as policy
from policy.quoting import quoted

_NULLABLE: dict[str, Any] = {"type": ["string", "null"]}


def _cited(description: str, **more: Any) -> dict[str, Any]:
    properties = {
        "text": {"type": "string", "description": description},
        **more,
        "turn_ids": {"type": "array", "items": {"type": "string"}, "description": "ids of the turns it rests on"},
        "task_id": {**_NULLABLE, "description": "id of the outcome it is about, if it is about one"},
    }
    return {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": list(properties),
            "properties": properties,
        },
    }


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["summary", "decisions", "action_items", "open_questions", "promises"],
    "properties": {
        "summary": {"type": "string", "description": "what the call was about and what came of it"},
        "decisions": _cited("what was decided"),
        "action_items": _cited(
            "what somebody still has to do after the last turn; nothing that was done or told since",
            owner={
                "type": ["string", "null"],
                "enum": [*(owner.value for owner in Owner), None],
                "description": "who has to do it; a colleague is a person behind the agent",
            },
            due_words={**_NULLABLE, "description": "until when, as it was said"},
            due_date={**_NULLABLE, "description": "the same as a date, YYYY-MM-DD", "format": "date"},
        ),
        "open_questions": _cited("what was asked and is still not answered"),
        "promises": _cited("what the agent promised"),
    },
}


def messages(request: SummaryRequest, summarizer: Role) -> list[ChatMessage]:
    system = f"{summarizer.instructions.strip()}\n\nToday is {request.day:%A %Y-%m-%d}."
    user = []
    if request.parts:
        user.append(quoted("What came before, in parts", "\n".join(map(_part, request.parts))))
    if request.turns or not request.parts:
        user.append(quoted("Transcript", policy.transcript(request.turns)))
    if request.outcomes:
        user.append(quoted("Outcomes of the work backstage", "\n".join(map(_outcome, request.outcomes))))
    return [{"role": "system", "content": system}, {"role": "user", "content": "\n\n".join(user)}]


def _part(part: Summary) -> str:
    """In the shape of the answer, on one line."""

    def said(text: Content | None) -> str | None:
        return " ".join(text.body.split()) if text is not None else None

    def cited(statement: Cited) -> dict[str, Any]:
        found: dict[str, Any] = {"text": said(statement.text)}
        if isinstance(statement, ActionItem):
            found["owner"] = statement.owner
            found["due_words"] = said(statement.due_words)
            found["due_date"] = statement.due.isoformat() if statement.due else None
        return {**found, "turn_ids": statement.turn_ids, "task_id": statement.task_id}

    return json.dumps(
        {
            "summary": said(part.summary),
            "decisions": [cited(s) for s in part.decisions],
            "action_items": [cited(s) for s in part.action_items],
            "open_questions": [cited(s) for s in part.open_questions],
            "promises": [cited(s) for s in part.promises],
        },
        ensure_ascii=False,
    )


def _outcome(outcome: Outcome) -> str:
    told = ", told to the caller" if outcome.told else ", not told to the caller yet" if outcome.stage.final else ""
    said = f' -> "{_line(outcome.speech)}"' if outcome.speech is not None else ""
    return f'[{outcome.task_id}] ({outcome.stage.value.replace("_", " ")}{told}) "{_line(outcome.goal)}"{said}'


def _line(content: Content) -> str:
    return " ".join(content.body.split()).replace('"', "'")


def read(answer: Any, request: SummaryRequest) -> Summary:
    """The summary that an answer of `SCHEMA` holds, as far as the request bears it out.

    Raises LookupError, TypeError or ValueError for an answer of another shape.
    """

    def said(text: Any) -> Content:
        return Content(subject_id=request.subject_id, body=text)

    def cited(key: str) -> tuple[Cited, ...]:
        return tuple(Cited(text=said(i["text"]), turn_ids=i["turn_ids"], task_id=i["task_id"]) for i in answer[key])

    items = tuple(
        ActionItem(
            text=said(i["text"]),
            turn_ids=i["turn_ids"],
            task_id=i["task_id"],
            owner=Owner(i["owner"]) if i["owner"] is not None else None,
            due=_date(i["due_date"]),
            due_words=said(i["due_words"]) if i["due_words"] else None,
        )
        for i in answer["action_items"]
    )
    draft = Summary(
        session_id=request.session_id,
        summary=said(answer["summary"]),
        decisions=cited("decisions"),
        action_items=items,
        open_questions=cited("open_questions"),
        promises=cited("promises"),
    )
    return policy.settled(draft, request)


def _date(text: Any) -> date | None:
    """A date that is none is left out: its words stand beside it."""
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        return None
