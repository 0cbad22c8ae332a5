"""Income that no sale here asked for: shown, never forwarded, never guessed at."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from blinkpos_desktop.domain.blink import PaidUpdate, PlainUpdate
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import UnassignedIncome
from blinkpos_desktop.domain.money import SATS, Currency, Money
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Clock, Store
from blinkpos_desktop.services.supervisor import Supervisor

SECOND_LOOK_SECONDS: Final = 10.0
"""A sale of ours may be written down a moment after Blink tells of it: it is looked for again."""
MOST_REMEMBERED: Final = 1000
_USD: Final = Currency(code="USD", digits=2, symbol="$")
_log = logging.getLogger(__name__)


class Income:
    """Tells each unassigned income once."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        clock: Clock,
        supervisor: Supervisor,
        ours: Callable[[PaidUpdate], None],
    ) -> None:
        """Take what it needs; ``ours`` takes an update whose sale was found after all."""
        self._store, self._feed, self._clock = store, feed, clock
        self._supervisor, self._ours = supervisor, ours
        self._known: OrderedDict[str, None] = OrderedDict()

    def on_unknown(self, update: PaidUpdate) -> None:
        """Take an update of an invoice that is not in the ledger; returns at once."""
        if self._is_new(update.payment_hash):
            name = f"income-{update.payment_hash[:12]}"
            self._supervisor.start(name, self._look_again(update))

    def on_plain(self, update: PlainUpdate) -> None:
        """Take an update of what came in without an invoice."""
        if self._is_new(update.id):
            self._tell(update.id, update.received_sats, update.received_cents)

    async def _look_again(self, update: PaidUpdate) -> None:
        while True:
            await self._clock.sleep(SECOND_LOOK_SECONDS)
            try:
                found = await self._store.by_hash(update.payment_hash)
            except UnavailableError as error:
                _log.info("whose income it is waits: %s", error)
                continue
            if found is not None:
                self._ours(update)
            else:
                self._tell(update.payment_hash, update.received_sats, update.received_cents)
            return

    def _tell(self, id_: str, sats: int | None, cents: int | None) -> None:
        amount = None
        if sats is not None:
            amount = Money(minor=sats, currency=SATS)
        elif cents is not None:
            amount = Money(minor=cents, currency=_USD)
        _log.info("income that no sale here asked for: %s", amount)
        self._feed.publish(UnassignedIncome(id=id_, amount=amount, at=int(self._clock.now())))

    def _is_new(self, id_: str) -> bool:
        if id_ in self._known:
            return False
        self._known[id_] = None
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return True
