"""Money that came in otherwise than at a counter that waited for it: told until it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blinkpos_desktop.domain.attention import Remedy
from blinkpos_desktop.domain.money import Money

GRACE_SECONDS: Final = 15
"""A screen that shows the code has so long, by the database's clock, to say that it went green."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A payment that was received and that nobody saw go green. Times are Unix seconds.

    ``amount`` is what was asked, ``sats`` what came in.
    """

    payment_id: int
    payment_hash: str
    amount: Money
    sats: int
    paid_at: int
    till: str
    was_closed: bool
    """It had been cancelled or had expired: the customer may have paid twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurplusItem:
    """So many ``sats`` came in beyond what was asked, and no person has taken note of it."""

    payment_id: int
    payment_hash: str
    sats: int
    paid_at: int
    till: str

    @property
    def remedies(self) -> frozenset[Remedy]:
        """What a person can choose for it."""
        return frozenset({Remedy.SEEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerNews:
    """Another process wrote an ``event`` down: a hint to read its row, never the row itself."""

    payment_id: int
    transfer_id: int | None
    event: str
    is_about_attention: bool
    """A transfer came to need a person, does no longer, or something was chosen for it."""
