"""Records money that came in, once, and tells it: the way of every paid invoice."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import PaymentPaid
from blinkpos_desktop.domain.newest import Newest
from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway, Store

_LOOKUP_SECONDS: Final = 2.0
_MOST_TOLD: Final = 10_000
"""Told once each: of those that were told before so many others nobody hears any more."""
_MOST_HASHES: Final = 1000
_log = logging.getLogger(__name__)


class Receiving:
    """Turns "Blink says it is paid" into a recorded payment."""

    def __init__(self, store: Store, gateway: BlinkGateway, feed: Feed) -> None:
        """Start with nothing announced."""
        self._store, self._gateway, self._feed = store, gateway, feed
        self._announced: Newest[int] = Newest(_MOST_TOLD)
        self._hashes: Newest[str] = Newest(_MOST_HASHES)

    async def paid(self, payment_id: int, received_sats: int | None) -> None:
        """Record a payment as paid and tell it; a repeat is a no-op.

        ``received_sats`` is what came in, or ``None`` when the messenger did not say.
        """
        if payment_id in self._announced:
            return
        if received_sats is None:
            received_sats = await self._look_up(payment_id)
        if payment_id in self._announced:
            return  # the other messenger was faster
        moved = await self._store.move(
            payment_id, PaymentState.PAID, reason="", received_sats=received_sats
        )
        # Somebody else may have recorded it: it is told here all the same, once.
        payment = moved or await self._store.payment(payment_id)
        if payment.state in RECEIVED:
            self.learnt(payment)

    def has_told(self, payment_hash: str) -> bool:
        """Whether it was told just now that this invoice is paid, whoever has recorded it."""
        return payment_hash in self._hashes

    def learnt(self, payment: Payment) -> None:
        """Tell a payment that is recorded as received, by whom it may be; a repeat is a no-op."""
        if payment.id not in self._announced:
            self._announced.add(payment.id)
            self._hashes.add(payment.payment_hash)
            self._feed.publish(PaymentPaid(payment=payment))

    async def _look_up(self, payment_id: int) -> int | None:
        payment = await self._store.payment(payment_id)
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                return await self._gateway.received_sats(payment.wallet_id, payment.payment_hash)
        except (TillError, TimeoutError) as error:
            # Green does not wait for the exact sum: without it, what was asked is what counts.
            _log.warning("payment %d: what came in is not known: %s", payment_id, error)
            return None
