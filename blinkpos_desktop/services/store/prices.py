"""The last hour's prices in PostgreSQL, shared by the tills and their commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.services.store.connections import Connections


def price_of(row: Mapping[str, Any], currency: Currency) -> Price:
    """Return a row as a price of its currency."""
    return Price(currency=currency, base=row["base"], offset=row["scale"], as_of=row["as_of"])


class PostgresPrices:
    """What new prices are compared with (``ports.PriceBook``). A statement a question."""

    def __init__(self, connections: Connections) -> None:
        """Take the way to the database."""
        self._connections = connections

    async def prices(self, currency: Currency, *, since: int) -> Sequence[Price]:
        """Return the lowest and the highest that count, younger than ``since`` by Blink's time."""
        async with self._connections.single() as ledger:
            rows = await ledger.rows("prices_since", currency=currency.code, since=since)
        return [price_of(row, currency) for row in rows]

    async def keep(self, price: Price, *, is_agreed: bool) -> None:
        """Let a price count; one that a person agreed to ends those before it."""
        async with self._connections.single() as ledger:
            await ledger.run(
                "keep_price",
                currency=price.currency.code,
                base=price.base,
                scale=price.offset,
                as_of=price.as_of,
                is_agreed=is_agreed,
            )
