"""What the Tips tab shows: sums per recipient, and how they came in day by day."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.history import Days, Step
from blinkpos_desktop.domain.money import round_half_up

MOST_BARS: Final = 62
"""Two months of days; what is longer is cut into weeks, then into months."""


class Period(StrEnum):
    """A range of whole days of the shop, ending now."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class TipSummary:
    """One recipient's tips in a period, in sats.

    ``sats`` is the sum of the four below it.
    """

    recipient: str
    count: int
    sats: int
    settled_sats: int
    open_sats: int
    attention_sats: int
    kept_sats: int
    last_at: int
    """When the last of them was paid by a customer, in Unix seconds."""

    @property
    def average_sats(self) -> int:
        """What one of them was on average, rounded half up."""
        return average(self.sats, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class TipBar:
    """What came in on some days in a row: one bar of the chart."""

    days: Days
    sats: int
    count: int
    is_asked: bool = True
    """Whether it is among what was asked for: a single day is shown with those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TipsReport:
    """Tips of a time: sums per recipient, the largest first, and the same step by step."""

    rows: tuple[TipSummary, ...]
    bars: tuple[TipBar, ...] = ()
    step: Step = Step.DAY

    @property
    def sats(self) -> int:
        """All of them."""
        return sum(row.sats for row in self.rows)

    @property
    def count(self) -> int:
        """How many they are: one that was shared counts for each who got a part."""
        return sum(row.count for row in self.rows)


Scope = Period | Days
"""What can be asked for: a period that ends now, or any days."""


def average(sats: int, count: int) -> int:
    """Return the average of so many, rounded half up; 0 of none."""
    return round_half_up(Fraction(sats, count)) if count else 0


def step_for(days: Days) -> Step:
    """Return the shortest step that makes no more bars than can be told apart."""
    if days.count <= MOST_BARS:
        return Step.DAY
    return Step.WEEK if days.count <= MOST_BARS * 7 else Step.MONTH
