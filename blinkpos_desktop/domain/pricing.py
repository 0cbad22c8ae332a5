"""Which price may be sold at: how old it may be, and how far it may have moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.money import Money, Price

FRESH_SECONDS: Final = 120
"""An older one is fetched before an invoice is made."""
USABLE_SECONDS: Final = 600
"""An older one that can't be renewed makes no invoice."""
WRONG_CLOCK_SECONDS: Final = 60
"""A clock that is further ahead of Blink's may be why a price looks old."""
HOUR_SECONDS: Final = 3600
"""A price is compared with those that are younger than this."""
MOST_MOVE: Final = Fraction(1, 5)
"""One that moved further needs a person."""
SATS_PER_BITCOIN: Final = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMove:
    """A price, and an earlier one that it moved too far from."""

    before: Price
    price: Price

    @property
    def minutes(self) -> int:
        """How many minutes lie between them, a begun one counted."""
        return max(1, -(-(self.price.as_of - self.before.as_of) // 60))


class PriceMovedError(UnavailableError):
    """A person must agree to a price that moved too far."""

    def __init__(self, move: PriceMove) -> None:
        """Keep both prices."""
        self.move = move
        super().__init__(
            f"The price of a bitcoin went from {of_a_bitcoin(move.before)} to "
            f"{of_a_bitcoin(move.price)} within {move.minutes} min: somebody at a till must "
            "agree to it first. Sats can be sold."
        )


class ClockAheadError(UnavailableError):
    """Every price looks too old because this machine's clock is ahead: a person must set it."""

    def __init__(self, skew: float) -> None:
        """Say what to do, and to the log by how much."""
        super().__init__(
            "The computer's clock seems wrong: set it, or sell in sats.",
            cause=f"it is {round(skew)} s ahead of Blink's: every price looks too old",
        )


def is_fresh(age: float) -> bool:
    """Whether a price of this age in seconds may be used as it is; before its time it is old."""
    return 0 <= age < FRESH_SECONDS


def is_usable(age: float) -> bool:
    """Whether a price of this age may be used when there is no newer one."""
    return 0 <= age < USABLE_SECONDS


def is_clock_ahead(age: float, skew: float | None) -> bool:
    """Whether an old price looks so only because our clock is ``skew`` seconds ahead of Blink's."""
    if skew is None or skew < WRONG_CLOCK_SECONDS or is_fresh(age):
        return False
    return age - skew < (FRESH_SECONDS if is_usable(age) else USABLE_SECONDS)


def has_moved(price: Price, before: Price) -> bool:
    """Whether a price is further from an earlier one than goes without a person."""
    return abs(price.minor_per_sat - before.minor_per_sat) > MOST_MOVE * before.minor_per_sat


def moved(price: Price, earlier: Sequence[Price]) -> PriceMove | None:
    """Return how a price moved too far, from the newest of those that are not yet an hour older.

    Their age is told by Blink's own timestamps: whose clock is wrong does not matter.
    """
    far = [
        each
        for each in earlier
        if price.as_of - each.as_of < HOUR_SECONDS and has_moved(price, each)
    ]
    if not far:
        return None
    return PriceMove(before=max(far, key=lambda each: each.as_of), price=price)


def of_a_bitcoin(price: Price) -> Money:
    """Return what a whole bitcoin costs: the number that people know."""
    return Money(minor=price.to_minor(SATS_PER_BITCOIN), currency=price.currency)
