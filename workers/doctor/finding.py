"""What an examination found."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Health(StrEnum):
    OK = "ok"
    OFF = "off"  # not running, and nothing says that it should
    WRONG = "wrong"


class Finding(BaseModel):
    """`fix` is a command or an edit; there is one whenever `health` is WRONG."""

    model_config = ConfigDict(frozen=True)

    subject: str
    health: Health
    detail: str
    fix: str = ""


class NotConfiguredError(Exception):
    """Raised by an examination that has nothing to ask: fine while no stack runs, wrong when one does."""


def ok(subject: str, detail: str) -> Finding:
    return Finding(subject=subject, health=Health.OK, detail=detail)


def off(subject: str, detail: str, fix: str = "make dev") -> Finding:
    return Finding(subject=subject, health=Health.OFF, detail=detail, fix=fix)


def wrong(subject: str, detail: str, fix: str) -> Finding:
    return Finding(subject=subject, health=Health.WRONG, detail=detail, fix=fix)
