"""What owners look at: sales one by one, and sums over the shop's own days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, TypeVar

from blinkpos_desktop.domain.history import (
    FOREVER,
    Page,
    Place,
    Search,
    Span,
    Step,
    Takings,
    midnight,
    spans,
)
from blinkpos_desktop.domain.story import Story
from blinkpos_desktop.domain.tips import Period, TipSummary
from blinkpos_desktop.services.ports import Clock, Records

PAGE: Final = 50
_DAYS = {Period.TODAY: 0, Period.WEEK: 6, Period.MONTH: 29}
_T = TypeVar("_T")


class History:
    """Reads the ledger's records for the screens. Days are the shop's own."""

    def __init__(self, records: Records, clock: Clock, zone: tzinfo | None = None) -> None:
        """Take the shop's time zone; ``None`` is the machine's own."""
        self._records, self._clock, self.zone = records, clock, zone

    async def tips(self, period: Period) -> Sequence[TipSummary]:
        """Return tips per recipient in a period that ends now."""
        start = since(period, self._clock.now(), self.zone)
        [found] = await self._records.tips([Span(start=start, end=FOREVER)])
        return found

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
        """Return a page of the sales that a search finds, newest first."""
        return await self._records.sales(search, behind=behind, limit=PAGE)

    async def story(self, key: str | int) -> Story | None:
        """Return all that happened to a payment, by a number or a hash of it or of its parts."""
        return await self._records.story_of(key)


def since(period: Period, now: float, zone: tzinfo | None) -> int:
    """Return the first second of a period, in Unix seconds."""
    if period is Period.ALL:
        return 0
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    return midnight(local.date() - timedelta(days=_DAYS[period]), zone)


def _joined(cut: Sequence[Span], found: Sequence[_T]) -> list[tuple[Span, _T]]:
    return list(zip(cut, found, strict=True))
