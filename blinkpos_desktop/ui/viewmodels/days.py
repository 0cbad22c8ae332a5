"""Choosing days by taps: the first one, the last one, or some that everybody asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from blinkpos_desktop.domain.history import Days

_WEEK = 7
_CELLS = 42


class Quick(StrEnum):
    """Days that everybody asks for."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    """The last seven days."""
    MONTH = "month"
    """This month so far."""
    LAST_MONTH = "last month"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysPick:
    """The choice at one moment. ``month`` is the first day of the month that is shown."""

    today: date
    month: date
    first: date | None = None
    last: date | None = None

    @property
    def days(self) -> Days | None:
        """What is chosen; ``None`` before the first tap."""
        if self.first is None:
            return None
        return Days(first=self.first, last=self.last or self.first)

    @property
    def cells(self) -> tuple[date, ...]:
        """The days of six weeks from a Monday, with the month's own among them."""
        begin = self.month - timedelta(days=self.month.weekday())
        return tuple(begin + timedelta(days=number) for number in range(_CELLS))

    @property
    def can_go_on(self) -> bool:
        """Whether a later month has a day that can be chosen."""
        return _month_after(self.month) <= self.today

    def tap(self, day: date) -> DaysPick:
        """Choose a day: the first one, then the last one, then the first one anew."""
        if day > self.today:
            return self
        if self.first is None or self.last is not None:
            return replace(self, first=day, last=None)
        return replace(self, first=min(day, self.first), last=max(day, self.first))

    def turn(self, months: int) -> DaysPick:
        """Show the month before (-1) or after (1)."""
        if months < 0:
            return replace(self, month=(self.month - timedelta(days=1)).replace(day=1))
        return replace(self, month=_month_after(self.month)) if self.can_go_on else self


def pick(days: Days | None, today: date) -> DaysPick:
    """Begin to choose, from what is chosen now."""
    last = min(days.last, today) if days else today
    return DaysPick(
        today=today,
        month=last.replace(day=1),
        first=min(days.first, today) if days else None,
        last=last if days else None,
    )


def quick_days(quick: Quick, today: date) -> Days:
    """Return the days that a quick choice means today."""
    month = today.replace(day=1)
    if quick is Quick.YESTERDAY:
        yesterday = today - timedelta(days=1)
        return Days(first=yesterday, last=yesterday)
    if quick is Quick.WEEK:
        return Days(first=today - timedelta(days=_WEEK - 1), last=today)
    if quick is Quick.MONTH:
        return Days(first=month, last=today)
    if quick is Quick.LAST_MONTH:
        last = month - timedelta(days=1)
        return Days(first=last.replace(day=1), last=last)
    return Days(first=today, last=today)


def _month_after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
