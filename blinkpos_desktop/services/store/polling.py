"""Asks the ledger for what other processes wrote down, while no notification comes through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from blinkpos_desktop.domain.announcement import LedgerNews
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.services.store.connections import Connections

POLL_SECONDS: Final = 2.0
LOOK_BACK: Final = 1000
"""Numbers are given before their commits: one that comes late is found this far behind."""
LATE_SECONDS: Final = 60.0
"""And none comes later than a transaction lasts, by far."""


class Polling:
    """The same news as ``Notifications``, two seconds later."""

    def __init__(
        self,
        connections: Connections,
        *,
        account_id: Callable[[], str],
        hears: Callable[[], bool],
        on_news: Callable[[LedgerNews], None],
        on_missed: Callable[[], None],
    ) -> None:
        """Take the way to the database; ``hears`` says whether notifications come through.

        Asked for is what ``Notifications`` tells of.
        """
        self._connections, self._account_id, self._hears = connections, account_id, hears
        self._on_news, self._on_missed = on_news, on_missed
        self._after: int | None = None
        self._seen: set[int] = set()
        self._items = 0

    async def run(self) -> None:
        """Ask until cancelled, but for the time that notifications are heard."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._hears():
                self._after = None
                continue
            try:
                await self._ask()
            except UnavailableError:
                # Whoever checks the database says so. What is missed meanwhile is looked for.
                self._after = None

    async def _ask(self) -> None:
        async with self._connections.transaction() as ledger:
            is_first = self._after is None
            last = int((await ledger.one("last_event"))["id"])
            items = int((await ledger.one("item_mark"))["mark"])
            behind = last if self._after is None else self._after
            # What was there at the first look is no news, and what this process wrote neither.
            rows = await ledger.rows(
                "news_after",
                after=max(0, behind - LOOK_BACK),
                account_id=self._account_id(),
                late_seconds=LATE_SECONDS,
            )
        for row in rows:
            if not is_first and row["id"] not in self._seen:
                self._on_news(
                    LedgerNews(
                        payment_id=row["payment_id"],
                        transfer_id=row["transfer_id"],
                        event=row["event"],
                        is_about_attention=row["attention"],
                    )
                )
        self._seen = {row["id"] for row in rows}
        self._after = last
        have_items_changed, self._items = items != self._items, items
        if is_first or have_items_changed:
            self._on_missed()
