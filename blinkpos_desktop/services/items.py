"""The shelf: what can be sold at a tap, the same at every till; and this till's last sale."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

from blinkpos_desktop.domain.errors import InputError, UnavailableError
from blinkpos_desktop.domain.facts import Fact, ItemsChanged, LookAgain
from blinkpos_desktop.domain.item import Item
from blinkpos_desktop.domain.recall import LastSale
from blinkpos_desktop.services.feed import Feed

RETRY_SECONDS: Final = 5.0
ANOTHER_WAS_FIRST: Final = "Another till has just changed this item: look at it and edit it again."
_log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where the items lie. Raises ``UnavailableError`` when the database is away."""

    async def items(self) -> Sequence[Item]:
        """Return what is on the shelf, in the order of its buttons."""

    async def save(self, item: Item) -> bool:
        """Put a new item on the shelf, or change one; ``False`` when another till was first.

        Raises:
            InputError: its code is another item's, or the shelf is full.
        """

    async def remove(self, item: Item) -> bool:
        """Take an item off the shelf; ``False`` when another till was first."""

    async def swap(self, one: int, other: int) -> bool:
        """Let two items change places; ``False`` when one of them is gone."""

    async def last_sale(self) -> LastSale | None:
        """Return this till's last sale whose code could be shown; ``None`` before the first."""


class Items:
    """Tells the whole shelf whenever it is another; edits it."""

    def __init__(self, shelf: Shelf, feed: Feed) -> None:
        """Take what it needs; ``run`` reads it."""
        self._shelf, self._feed = shelf, feed
        self._look, self._reading = asyncio.Event(), asyncio.Lock()
        self._told: tuple[Item, ...] | None = None

    def on_fact(self, fact: Fact) -> None:
        """Look again when others may have changed it."""
        if isinstance(fact, LookAgain):
            self._look.set()

    async def run(self) -> None:
        """Read the shelf at first and when it may have changed, until cancelled."""
        self._look.set()
        while True:
            await self._look.wait()
            self._look.clear()
            try:
                await self._read()
            except UnavailableError as error:
                # The status line says so; the buttons stay as they were.
                _log.info("the items are not read: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                self._look.set()

    async def save(self, item: Item) -> None:
        """Store an item as edited, and tell the shelf.

        Raises:
            InputError: another till was first, its code is taken, or the shelf is full.
            UnavailableError: the database is away.
        """
        await self._told_or_refused(await self._shelf.save(item))

    async def remove(self, item: Item) -> None:
        """Take an item off the shelf, and tell it. Raises as :meth:`save` does."""
        await self._told_or_refused(await self._shelf.remove(item))

    async def swap(self, one: int, other: int) -> None:
        """Let two items change places, and tell the shelf. Raises as :meth:`save` does."""
        await self._told_or_refused(await self._shelf.swap(one, other))

    async def last_sale(self) -> LastSale | None:
        """Return this till's last sale; ``None`` before the first."""
        return await self._shelf.last_sale()

    async def _told_or_refused(self, was_done: bool) -> None:  # noqa: FBT001 (an outcome)
        await self._read()
        if not was_done:
            raise InputError(ANOTHER_WAS_FIRST)

    async def _read(self) -> None:
        # One after another, or an older answer could be told after a newer one.
        async with self._reading:
            found = tuple(await self._shelf.items())
            if found != self._told:
                self._told = found
                self._feed.publish(ItemsChanged(items=found))
