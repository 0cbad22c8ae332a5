"""The shelf in PostgreSQL, shared by the tills; and a till's last sale with what was sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.item import MAX_ON_SHELF, Item, Tint
from blinkpos_desktop.domain.money import Currency, Money
from blinkpos_desktop.domain.recall import LastSale
from blinkpos_desktop.services.store import sold
from blinkpos_desktop.services.store.connections import Connections
from blinkpos_desktop.services.store.payments import payment_of


class PostgresItems:
    """Items, edited by compare-and-set on their version."""

    def __init__(self, connections: Connections) -> None:
        """Take the way to the database."""
        self._connections = connections

    async def items(self) -> Sequence[Item]:
        """Return what is on the shelf, in the order of its buttons."""
        async with self._connections.single() as ledger:
            return [_item(row) for row in await ledger.rows("items")]

    async def save(self, item: Item) -> bool:
        """Put a new item on the shelf, or change one; ``False`` when another till was first.

        Raises:
            InputError: its code is another item's, or the shelf is full.
        """
        values = _values(item)
        async with self._connections.single() as ledger:
            try:
                if item.id:
                    return (
                        await ledger.run("update_item", id=item.id, version=item.version, **values)
                        == 1
                    )
                row = await ledger.maybe("insert_item", most=MAX_ON_SHELF, **values)
            except psycopg.errors.UniqueViolation as error:
                raise InputError(f"Another item has the code {item.code} already.") from error
        if row is None:
            raise InputError(f"The shelf is full: it holds {MAX_ON_SHELF} items.")
        return True

    async def remove(self, item: Item) -> bool:
        """Take an item off the shelf; ``False`` when another till was first."""
        async with self._connections.single() as ledger:
            return await ledger.run("remove_item", id=item.id, version=item.version) == 1

    async def swap(self, one: int, other: int) -> bool:
        """Let two items change places; ``False`` when one of them is gone."""
        async with self._connections.transaction() as ledger:
            rows = await ledger.rows("lock_items", ids=[one, other])
            if len(rows) != 2:  # noqa: PLR2004 (the two)
                return False
            first, second = rows
            await ledger.run("place_item", id=first["id"], position=second["position"])
            await ledger.run("place_item", id=second["id"], position=first["position"])
        return True

    async def last_sale(self) -> LastSale | None:
        """Return this till's last sale whose code could be shown; ``None`` before the first."""
        async with self._connections.transaction() as ledger:
            row = await ledger.maybe("last_sale")
            if row is None:
                return None
            payment = await payment_of(ledger, row["id"])
        return LastSale(payment=payment, cart=sold.from_row(row, payment.base.currency))


def _values(item: Item) -> dict[str, object]:
    currency = item.price.currency
    return {
        "name": item.name,
        "price_minor": item.price.minor,
        "currency": currency.code,
        "currency_digits": currency.digits,
        "currency_symbol": currency.symbol,
        "tint": item.tint,
        "category": item.category,
        "code": item.code,
        "is_sold_out": item.is_sold_out,
    }


def _item(row: dict[str, Any]) -> Item:
    currency = Currency(
        code=row["currency"], digits=row["currency_digits"], symbol=row["currency_symbol"]
    )
    # A later version may know more colours.
    tint = Tint(row["tint"]) if row["tint"] in set(Tint) else Tint.PLAIN
    return Item(
        id=row["id"],
        version=row["version"],
        name=row["name"],
        price=Money(minor=row["price_minor"], currency=currency),
        tint=tint,
        category=row["category"],
        code=row["code"],
        is_sold_out=row["is_sold_out"],
    )
