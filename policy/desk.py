"""Which owed delivery is said next, and what counts as heard. The live desk says and reports what this decides."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.delivery import DeliveryOutcome, Offer


@dataclass(frozen=True)
class Playout:
    """How saying an offer ended. `reachable`: the caller was connected and subscribed when it ended."""

    interrupted: bool
    failed: bool
    reachable: bool


@dataclass
class DeliveryDesk:
    """At most one offer is being said. An offer is `heard` only by a sign of life after it was played to the end."""

    _waiting: list[Offer] = field(default_factory=list)
    _played: list[Offer] = field(default_factory=list)
    _known: set[tuple[str, int]] = field(default_factory=set)
    _saying: Offer | None = None

    def offered(self, offer: Offer) -> bool:
        """Whether the offer is new. A later attempt replaces an earlier one; news of the moment replaces older news."""
        key = (offer.delivery_id, offer.attempt)
        if key in self._known:
            return False
        self._known.add(key)
        self._waiting = [waiting for waiting in self._waiting if not _replaces(offer, waiting)]
        self._waiting.append(offer)
        return True

    def withdrawn(self, delivery_id: str) -> None:
        self._waiting = [waiting for waiting in self._waiting if waiting.delivery_id != delivery_id]

    @property
    def next(self) -> Offer | None:
        return self._waiting[0] if self._waiting and self._saying is None else None

    def began(self, offer: Offer) -> None:
        """Raises ValueError when another offer is being said, or this one was withdrawn."""
        if self._saying is not None or offer not in self._waiting:
            raise ValueError(f"offer {offer.delivery_id} cannot be said now")
        self._waiting.remove(offer)
        self._saying = offer

    def ended(self, playout: Playout) -> DeliveryOutcome:
        """What to report of the offer that was being said. Raises ValueError when none was."""
        if self._saying is None:
            raise ValueError("no offer is being said")
        offer, self._saying = self._saying, None
        if playout.failed:
            return DeliveryOutcome.FAILED
        if playout.interrupted or not playout.reachable:
            return DeliveryOutcome.INTERRUPTED
        self._played.append(offer)
        return DeliveryOutcome.PLAYED

    def sign_of_life(self) -> tuple[Offer, ...]:
        """The caller spoke, or left cleanly: what was played before is heard."""
        heard, self._played = tuple(self._played), []
        return heard


def _replaces(new: Offer, old: Offer) -> bool:
    same_topic = old.ephemeral and old.topic == new.topic
    return new.delivery_id == old.delivery_id or same_topic
