"""What came from outside and may have moved a model: where it came from, and its words."""

from __future__ import annotations

from contracts.base import Content, Contract


class Influence(Contract):
    """Text of nobody we trust that a model has read. `source` names the tool or step that brought it, never content.

    `text` is shortened; each line names the field that it stood in, where there is one.
    """

    source: str
    text: Content
