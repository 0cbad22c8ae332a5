"""What the ledger remembers, read for people (``services.ports.Records``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeVar

from psycopg.rows import DictRow

from blinkpos_desktop.domain.history import Page, PastSale, Place, Search, Span, Takings
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.story import Story, StoryEvent, StoryInvoice
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store.connections import Connections, Transaction
from blinkpos_desktop.services.store.payments import payment_of

LATELY_SECONDS: Final = 30 * 86400
"""Words are looked for among the sales of so long first."""
_R = TypeVar("_R")


class PostgresRecords:
    """Reads of all that was, each by an index: as quick after a million sales as after ten."""

    def __init__(self, connections: Connections) -> None:
        """Take the way to the database."""
        self._connections = connections

    async def sales(self, search: Search, *, behind: Place | None = None, limit: int = 50) -> Page:
        """Return up to ``limit`` sales, newest first, from behind the end of the page before."""
        found: list[DictRow] = []
        for since in _since(search, behind):
            found = await self._sales(search, since, behind, limit + 1)
            if len(found) > limit:
                break
        sales = tuple(_sale(row) for row in found[:limit])
        return Page(sales=sales, end=sales[-1].place if len(found) > limit else None)

    async def _sales(
        self, search: Search, since: int | None, behind: Place | None, limit: int
    ) -> list[DictRow]:
        least, most = search.least_price, search.most_price
        async with self._connections.single() as ledger:
            return await ledger.rows(
                "sales_page",
                since=since,
                until=search.until,
                behind_us=behind.made_us if behind else None,
                behind_id=behind.payment_id if behind else None,
                least_sats=search.least_sats,
                most_sats=search.most_sats,
                currency=least.currency.code if least else None,
                least_minor=least.minor if least else None,
                most_minor=most.minor if most else None,
                words=search.words or None,
                payment_hash=search.payment_hash or None,
                received_only=search.received_only,
                limit=limit,
            )

    async def tips(self, spans: Sequence[Span]) -> Sequence[Sequence[TipSummary]]:
        """Return the tips of sales paid in each span, per recipient, the largest sum first."""
        return await self._in_spans("tips_in", spans, rows.tip_summary)

    async def first_tip(self) -> int | None:
        """Return a moment before which no tip was paid, in Unix seconds; ``None`` without any."""
        async with self._connections.single() as ledger:
            row = await ledger.one("first_tip")
        return None if row["at"] is None else int(row["at"])

    async def takings(self, spans: Sequence[Span]) -> Sequence[Sequence[Takings]]:
        """Return what was sold and paid in each span, per currency, the largest sum first."""
        return await self._in_spans("takings_in", spans, _takings)

    async def story_of(self, key: str | int) -> Story | None:
        """Return a payment's story by a number or by the hash of an invoice of it.

        The number may be one of its transfers', the hash one of its recipients'.
        """
        async with self._connections.transaction() as ledger:
            if isinstance(key, int):
                row = await ledger.maybe("story_of_number", number=key)
            else:
                row = await ledger.maybe("story_of_hash", payment_hash=key)
            return await _story(ledger, row["id"]) if row else None

    async def _in_spans(
        self, query: str, spans: Sequence[Span], read: Callable[[rows.Row], _R]
    ) -> list[list[_R]]:
        async with self._connections.single() as ledger:
            found = await ledger.rows(
                query, since=[each.start for each in spans], until=[each.end for each in spans]
            )
        by_number = {
            number: [read(row) for row in of_it]
            for number, of_it in groupby(found, key=itemgetter("number"))
        }
        return [by_number.get(number, []) for number in range(1, len(spans) + 1)]


def _since(search: Search, behind: Place | None) -> Sequence[int | None]:
    """Return from when on a page is looked for, one after the other until it is full.

    A common pair of words stands in thousands of notes, and an index knows not which are new.
    """
    if not search.words:
        return (search.since,)
    newest = behind.made_us // 1_000_000 if behind else search.until or int(time.time())
    lately = newest - LATELY_SECONDS
    if search.since is not None and search.since >= lately:
        return (search.since,)
    return (lately, search.since)


async def _story(ledger: Transaction, payment_id: int) -> Story:
    invoices = await ledger.rows("story_invoices", payment_id=payment_id)
    events = await ledger.rows("story_events", payment_id=payment_id)
    return Story(
        payment=await payment_of(ledger, payment_id),
        invoices=tuple(StoryInvoice(**row) for row in invoices),
        events=tuple(StoryEvent(**row) for row in events),
    )


def _sale(row: rows.Row) -> PastSale:
    currency = rows.currency_of(row)
    return PastSale(
        payment_id=row["id"],
        state=PaymentState(row["state"]),
        till=row["till"],
        base=Money(minor=row["base_minor"], currency=currency),
        tip=Money(minor=row["tip_minor"], currency=currency),
        total_sats=row["total_sats"],
        tip_sats=row["tip_sats"],
        received_sats=row["received_sats"],
        note=row["note"],
        payment_hash=row["payment_hash"] or "",
        made_us=row["made_us"],
        paid_at=row["paid_at"],
        was_closed=row["was_closed"],
        recipients=tuple(row["recipients"]),
        needs_attention=row["needs_attention"],
    )


def _takings(row: rows.Row) -> Takings:
    currency = rows.currency_of(row)
    return Takings(
        sales=row["sales"],
        base=Money(minor=row["base_minor"], currency=currency),
        tip=Money(minor=row["tip_minor"], currency=currency),
        total_sats=row["total_sats"],
        tip_sats=row["tip_sats"],
        received_sats=row["received_sats"],
    )
