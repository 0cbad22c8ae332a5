"""What owners look at: tips per recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from blinkpos_desktop.domain.tips import Period, TipSummary
from blinkpos_desktop.services.ports import Clock, Store

_DAYS = {Period.TODAY: 0, Period.WEEK: 6, Period.MONTH: 29}


class History:
    """Reads the ledger for the screens."""

    def __init__(self, store: Store, clock: Clock, zone: tzinfo | None = None) -> None:
        """Take the shop's time zone; ``None`` is the machine's own."""
        self._store, self._clock, self._zone = store, clock, zone

    async def tips(self, period: Period) -> Sequence[TipSummary]:
        """Return tips per recipient in a period of the shop's own days."""
        return await self._store.tips(since(period, self._clock.now(), self._zone))


def since(period: Period, now: float, zone: tzinfo | None) -> int:
    """Return the first second of a period, in Unix seconds."""
    if period is Period.ALL:
        return 0
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    day = local.date() - timedelta(days=_DAYS[period])
    # Midnight of that day by the zone's own rules, whatever the clocks did meanwhile.
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(midnight.timestamp())
