"""What keeps a caller from calling. The message says why and what to do."""

from __future__ import annotations


class CallerError(Exception):
    """The call could not be placed, or nobody was there."""


class FrontDoorError(CallerError):
    """The front door gave no session."""
