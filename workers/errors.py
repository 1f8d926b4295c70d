"""Errors whose message is all that a user needs: what is wrong and what to do. The command line prints them plainly."""


class GreenroomError(Exception):
    """`exit_code` is what the command line ends with."""

    exit_code = 1


class SettingsError(GreenroomError):
    """One line for each setting that cannot be used: its variable, its value, what is allowed."""

    exit_code = 2


def told_plainly() -> tuple[type[Exception], ...]:
    """Error types, ours and of the packages that workers wire, whose message says what is wrong and what to do."""
    from store.errors import StoreError
    from tools.compositions import CompositionError
    from tools.registry import ToolConfigurationError

    return (GreenroomError, StoreError, CompositionError, ToolConfigurationError)
