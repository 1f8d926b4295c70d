"""What a model is told of a call: items with source, age, trust and clearance; and the record of what it was told."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.base import Content, Contract, Moment
from contracts.tools import DataClass


class Trust(StrEnum):
    """Who vouches for a text. All but `own` is quoted to a model as data."""

    OWN = "own"
    """Greenroom's own sentences: how far work is."""
    RECORD = "record"
    """A system of record."""
    PERSON = "person"
    """The caller, or a reviewer, in their own words; or a summary of what was said."""
    UNTRUSTED = "untrusted"
    """Nobody: a document, a picture, a result from outside."""


class ContextKind(StrEnum):
    """In the order in which a model is told them."""

    LAST_CALL = "last_call"
    SUMMARY = "summary"
    REQUEST = "request"
    """How far a delegated task is."""
    APPROVAL = "approval"
    PERSON = "person"
    """What a person who was asked in tells the agent."""
    FACT = "fact"
    RESULT = "result"
    """What an earlier step of the task came to."""
    DOCUMENT = "document"
    OBSERVATION = "observation"
    """What is seen."""
    SPEECH = "speech"


_SORTED = AfterValidator(lambda names: tuple(sorted(set(names))))
"""In no order: sorted, each once."""

Names = Annotated[tuple[str, ...], _SORTED]


class ContextItem(Contract):
    """One thing that is known. `item_id` names what it is about: a later version has the same id.

    `clearance`: the classes of data in it; a role is told it if its own clearance has them all. `taint`: ids of the
    untrusted sources it comes from. `supersedes`: ids of items that this one stands for; they are not told again.
    `confidence` is from 0 to 1.
    """

    item_id: str
    kind: ContextKind
    source: str
    text: Content
    observed_at: Moment
    expires_at: Moment | None = None
    trust: Trust = Trust.UNTRUSTED
    confidence: float = Field(default=1.0, ge=0, le=1)
    clearance: Annotated[tuple[DataClass, ...], _SORTED] = ()
    taint: Names = ()
    revision: int = 0
    supersedes: Names = ()


class Omission(StrEnum):
    """Why an item was not told."""

    STALE = "stale"
    CLEARANCE = "clearance"
    BUDGET = "budget"


class LeftOut(Contract):
    item_id: str
    reason: Omission


class RenderedContext(Contract):
    """What a model was told at one moment, by ids alone. `tokens` are estimated, `budget` bounds them.

    `taint`: the untrusted sources of what it was told.
    """

    at: Moment
    budget: int
    tokens: int
    included: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    taint: tuple[str, ...] = ()
