"""Something that a workflow asks the caller, and what the caller said to it."""

from __future__ import annotations

from contracts.base import Content, Contract, Moment


class Question(Contract):
    """Makes a delivery a question: what the caller says next is its answer.

    The answer goes to `reply_to` (a workflow id) by the signal `answered`.
    """

    question_id: str
    reply_to: str


class AnswerAwaited(Contract):
    """The question was said to the end at `since`. An inbox tells it to the session in which it was."""

    question: Question
    since: Moment


class Answer(Contract):
    """What the caller said next, whatever it is: `turn_id` of `session_id` tells where."""

    question_id: str
    session_id: str
    turn_id: str
    text: Content
    at: Moment
