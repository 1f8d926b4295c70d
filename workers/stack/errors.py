"""What can go wrong with the stack. Each message says what to do about it."""

from workers.errors import GreenroomError


class StackError(GreenroomError):
    """The stack cannot start or go on; the message names the fix."""


class SpecError(StackError):
    """The stack's description is wrong; the message names each key and what it may hold."""


class PortTaken(StackError):
    """A port that the stack needs belongs to another process."""
