"""What owners look at: sales one by one, and sums over the shop's own days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, TypeVar

from blinkpos_desktop.domain.history import (
    FOREVER,
    PAGE_SALES,
    Days,
    Page,
    Place,
    Search,
    Span,
    Step,
    Takings,
    cuts,
    spans,
)
from blinkpos_desktop.domain.story import Story
from blinkpos_desktop.domain.tips import (
    Period,
    Scope,
    TipBar,
    TipsReport,
    TipSummary,
    step_for,
)
from blinkpos_desktop.services.ports import Clock, Records

_DAYS = {Period.TODAY: 0, Period.WEEK: 6, Period.MONTH: 29}
_WEEK: Final = timedelta(days=6)
_T = TypeVar("_T")


class History:
    """Reads the ledger's records for the screens. Days are the shop's own."""

    def __init__(self, records: Records, clock: Clock, zone: tzinfo | None = None) -> None:
        """Take the shop's time zone; ``None`` is the machine's own."""
        self._records, self._clock, self.zone = records, clock, zone

    async def tips(self, scope: Scope) -> TipsReport:
        """Return tips per recipient, and how they came in, in a period or on some days."""
        asked = scope if isinstance(scope, Days) else await self._days_of(scope)
        # A single day is looked at beside those before it.
        shown = Days(first=asked.last - _WEEK, last=asked.last) if asked.count == 1 else asked
        step = step_for(shown)
        bars = cuts(shown, step)
        whole = asked.span(self.zone)
        if not isinstance(scope, Days):
            # It ends now, by whichever clock.
            whole = Span(start=whole.start, end=FOREVER)
        rows, *found = await self._records.tips([whole, *(each.span(self.zone) for each in bars)])
        return TipsReport(
            rows=tuple(rows),
            bars=tuple(
                _bar(days, tips, is_asked=days.last >= asked.first)
                for days, tips in zip(bars, found, strict=True)
            ),
            step=step,
        )

    async def _days_of(self, period: Period) -> Days:
        today = _day(self._clock.now(), self.zone)
        if period is not Period.ALL:
            return Days(first=today - timedelta(days=_DAYS[period]), last=today)
        begin = await self._records.first_tip()
        # That moment is the day's in UTC: in the shop's zone it may be the day before.
        first = today if begin is None else min(_day(begin, self.zone), today)
        return Days(first=first, last=today)

    async def tips_by(
        self, step: Step, first: date, last: date
    ) -> Sequence[tuple[Span, Sequence[TipSummary]]]:
        """Return tips per recipient for each day, week or month from one day to another."""
        cut = spans(first, last, step, self.zone)
        return _joined(cut, await self._records.tips(cut))

    async def takings_by(
        self, step: Step, first: date, last: date
    ) -> Sequence[tuple[Span, Sequence[Takings]]]:
        """Return what was sold and paid for each day, week or month, per currency."""
        cut = spans(first, last, step, self.zone)
        return _joined(cut, await self._records.takings(cut))

    async def sales(self, search: Search, behind: Place | None = None) -> Page:
        """Return a page of the sales that a search finds, newest first.

        The hash may be that of a recipient's invoice too: its sale is found.
        """
        page = await self._records.sales(search, behind=behind, limit=PAGE_SALES)
        if page.sales or not search.payment_hash:
            return page
        story = await self._records.story_of(search.payment_hash)
        if story is None:
            return page
        search = replace(search, payment_hash=story.payment.payment_hash)
        return await self._records.sales(search, behind=behind, limit=PAGE_SALES)

    async def story(self, key: str | int) -> Story | None:
        """Return all that happened to a payment, by a number or a hash of it or of its parts."""
        return await self._records.story_of(key)


def _day(at: float, zone: tzinfo | None) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()


def _bar(days: Days, tips: Sequence[TipSummary], *, is_asked: bool) -> TipBar:
    sats, count = sum(each.sats for each in tips), sum(each.count for each in tips)
    return TipBar(days=days, sats=sats, count=count, is_asked=is_asked)


def _joined(cut: Sequence[Span], found: Sequence[_T]) -> list[tuple[Span, _T]]:
    return list(zip(cut, found, strict=True))
