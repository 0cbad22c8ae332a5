"""What owners ask about what was sold: sales one by one, and sums over the shop's own days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.domain.payment import PaymentState

PAGE_SALES: Final = 50
"""How many sales a page of history has; only the last one has fewer."""
FOREVER: Final = 32_503_680_000
"""A moment that no sale comes after: the year 3000, in Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of history ended: the moment its last sale was made (microseconds), its number.

    The next page begins behind it, whatever was sold meanwhile.
    """

    made_us: int
    payment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What narrows a history; everything that is given must hold.

    ``since`` and ``until`` are Unix seconds of when a sale was made, the end
    excluded. The price is the customer's total in the sale's own currency.
    """

    since: int | None = None
    until: int | None = None
    least_sats: int | None = None
    most_sats: int | None = None
    least_price: Money | None = None
    most_price: Money | None = None
    words: str = ""
    """Whole words of the note, all of them, in any order and case."""
    payment_hash: str = ""
    received_only: bool = False
    """Leave out what was never paid."""

    def __post_init__(self) -> None:
        """Refuse prices that can't be compared.

        Raises:
            InputError: they are not both there, in one currency.
        """
        prices = [each.currency for each in (self.least_price, self.most_price) if each]
        if prices and (len(prices) != 2 or prices[0] != prices[1]):  # noqa: PLR2004 (both ends)
            raise InputError("A range of prices needs both its ends, in one currency.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSale:
    """One sale of a history. Times are Unix seconds, amounts whole."""

    payment_id: int
    state: PaymentState
    till: str
    base: Money
    tip: Money
    total_sats: int
    tip_sats: int
    received_sats: int | None
    note: str
    payment_hash: str
    """Empty when it never had an invoice."""
    made_us: int
    paid_at: int | None
    was_closed: bool
    recipients: tuple[str, ...]
    """Who shared the tip."""
    needs_attention: bool

    @property
    def made_at(self) -> int:
        """When it was made."""
        return self.made_us // 1_000_000

    @property
    def place(self) -> Place:
        """Where a page that ends with it ends."""
        return Place(made_us=self.made_us, payment_id=self.payment_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some sales, newest first; ``end`` is where to go on, or ``None`` when there are no more."""

    sales: tuple[PastSale, ...]
    end: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What was sold and paid in one currency in a span of time."""

    sales: int
    base: Money
    tip: Money
    total_sats: int
    tip_sats: int
    received_sats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time in Unix seconds, the end excluded."""

    start: int
    end: int


class Step(StrEnum):
    """How a range of the shop's days is cut."""

    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Some of the shop's days in a row, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse days that end before they begin.

        Raises:
            InputError: they do.
        """
        if self.last < self.first:
            raise InputError("The last day is before the first.")

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    def span(self, zone: tzinfo | None) -> Span:
        """Return them by a zone's own clock; ``None`` is the machine's."""
        behind = self.last + timedelta(days=1)
        return Span(start=midnight(self.first, zone), end=midnight(behind, zone))


def cuts(days: Days, step: Step) -> tuple[Days, ...]:
    """Cut days into steps; the outer ones may be shorter."""
    found: list[Days] = []
    begin = days.first
    while begin <= days.last:
        behind = _next(begin, step)
        found.append(Days(first=begin, last=min(behind - timedelta(days=1), days.last)))
        begin = behind
    return tuple(found)


def spans(first: date, last: date, step: Step, zone: tzinfo | None) -> tuple[Span, ...]:
    """Cut whole days of a zone, both ends included, into steps; the outer ones may be shorter.

    ``None`` is the machine's own zone. Days have 23 to 25 hours where clocks are changed.
    """
    if last < first:
        return ()
    return tuple(each.span(zone) for each in cuts(Days(first=first, last=last), step))


def midnight(day: date, zone: tzinfo | None) -> int:
    """Return a day's first second by the zone's own rules, whatever the clocks do then."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _next(day: date, step: Step) -> date:
    if step is Step.DAY:
        return day + timedelta(days=1)
    if step is Step.WEEK:
        return day + timedelta(days=7 - day.weekday())
    month = day.replace(day=1) + timedelta(days=32)
    return month.replace(day=1)
