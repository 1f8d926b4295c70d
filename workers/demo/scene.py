"""What every call of the demo has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contracts.composition import Composition
from workers.demo.backstage import Backstage
from workers.demo.checks import Checks
from workers.demo.conversation import Conversation
from workers.demo.shop import Shop
from workers.demo.stage import Stage
from workers.demo.victims import Family
from workers.stack.stack import Stack

REVIEWER = "ann"


@dataclass(frozen=True)
class Scene:
    stack: Stack
    stage: Stage
    backstage: Backstage
    shop: Shop
    checks: Checks
    family: Family
    composition: Composition

    @property
    def stack_file(self) -> Path:
        return self.stack.data / "stack.json"

    async def ring(self, composition: str, subject: str) -> Conversation:
        """A caller who is in the room. Raises CallerDied."""
        return await Conversation.begin(
            self.stage,
            front_door=self.stack.env["GREENROOM_FRONT_DOOR_URL"],
            composition=composition,
            subject=subject,
            log=self.stack.data / "logs" / "caller.log",
        )
