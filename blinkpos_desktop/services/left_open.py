"""Remembers the sales on this till's screen, and offers them again at the next start.

What is remembered is a hint. The ledger says whose a sale is and how it stands,
and Blink whether it is paid.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from blinkpos_desktop.domain.blink import Account
from blinkpos_desktop.domain.errors import RefusedError, TillError, UnavailableError
from blinkpos_desktop.domain.facts import (
    Fact,
    InvoiceReady,
    PaymentClosed,
    PaymentPaid,
    SaleLeftOpen,
)
from blinkpos_desktop.domain.left_open import Fate, OpenSale, fate, is_meant
from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Clock, Store

ASK_SECONDS: Final = 3.0
"""A customer waits for the code: Blink's word is waited for no longer than this."""
BEING_CANCELLED: Final = "This sale is being cancelled: make a new one."
_log = logging.getLogger(__name__)


class Memory(Protocol):
    """Where hints outlive the process. Its methods block."""

    def load(self) -> Sequence[OpenSale]:
        """Return what an earlier process has left."""

    def save(self, sales: Sequence[OpenSale]) -> None:
        """Put these in the place of all others."""

    def close(self) -> None:
        """Leave it to whoever comes next."""


class Asker(Protocol):
    """Who asks Blink how an invoice stands, and records the answer."""

    async def ask(self, payment: Payment) -> None:
        """Ask once."""


class Receiver(Protocol):
    """Who records money that came in."""

    async def paid(self, payment_id: int, received_sats: int | None) -> None:
        """Record a payment as paid, and tell it."""


class LeftOpen:
    """Takes up what an earlier process of this till has left open."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        clock: Clock,
        memory: Memory,
        asker: Asker,
        receiver: Receiver,
        jitter: Callable[[], float],
    ) -> None:
        """Take what is needed; ``on_fact`` hears the feed, both ``run…`` are kept going."""
        self._store, self._feed, self._clock = store, feed, clock
        self._memory, self._asker, self._receiver = memory, asker, receiver
        self._jitter = jitter
        self._open: dict[int, OpenSale] = {}
        self._left: tuple[OpenSale, ...] = ()
        self._is_loaded = asyncio.Event()
        self._changed = asyncio.Event()

    def on_fact(self, fact: Fact) -> None:
        """Remember what is on the screen, and forget what has left it."""
        if isinstance(fact, InvoiceReady):
            payment = fact.payment
            self._open[payment.id] = OpenSale(
                payment_id=payment.id, payment_hash=payment.payment_hash
            )
            self._changed.set()
        elif isinstance(fact, PaymentPaid | PaymentClosed):
            self.forget(fact.payment.id)

    def forget(self, payment_id: int) -> None:
        """It is on the screen no more."""
        if self._open.pop(payment_id, None) is not None:
            self._changed.set()

    async def run_memory(self) -> None:
        """Read what was left, then write what changes, until cancelled."""
        if not self._is_loaded.is_set():
            self._left = tuple(await asyncio.to_thread(self._memory.load))
            # In front: whatever was sold meanwhile is newer.
            self._open = {each.payment_id: each for each in self._left} | self._open
            self._is_loaded.set()
        while True:
            await self._changed.wait()
            await self._save()

    async def run_offers(self, account: Account) -> None:
        """Look each of them up, until it is known what becomes of it; then end."""
        await self._is_loaded.wait()
        for hint in self._left:
            failures = 0
            while True:
                try:
                    await self._decide(hint, account)
                except UnavailableError as error:
                    failures += 1
                    _log.warning("looking for the sale that was left open: %s", error)
                    await self._clock.sleep(retry_delay(failures, self._jitter()))
                else:
                    break

    async def take_up(self, payment_id: int) -> None:
        """Put a sale on the screen again: InvoiceReady tells it, as for a new one.

        What was paid or closed meanwhile is told as that.

        Raises:
            TillError: it can't be shown; the sentence says why.
        """
        payment = await self._store.payment(payment_id)
        if payment.state is PaymentState.AWAITING:
            await self._ask(payment)
            payment = await self._store.payment(payment_id)
        if payment.state is PaymentState.AWAITING:
            self._feed.publish(InvoiceReady(payment=payment))
        elif payment.state in RECEIVED:
            await self._receiver.paid(payment.id, payment.received_sats)
        elif payment.state is PaymentState.CANCELLING:
            raise RefusedError(BEING_CANCELLED)
        else:
            self._feed.publish(PaymentClosed(payment=payment))

    async def stop(self) -> None:
        """Write what was not written yet; the tasks above have ended."""
        if self._changed.is_set() and self._is_loaded.is_set():
            await self._save()
        await asyncio.to_thread(self._memory.close)

    async def _decide(self, hint: OpenSale, account: Account) -> None:
        payment = await self._store.by_hash(hint.payment_hash)
        if payment is None or not is_meant(hint, payment, account):
            _log.info("a sale that was left open is not this ledger's or account's")
            self._drop(hint)
            return
        is_known_open = False
        if payment.state is PaymentState.AWAITING:
            is_known_open = await self._ask(payment)
            payment = await self._store.payment(payment.id)
        found = fate(payment, is_known_open=is_known_open, now=self._clock.now())
        if found is not Fate.OFFER:
            self._drop(hint)
        if found is not Fate.FORGET:
            self._feed.publish(SaleLeftOpen(payment=payment))

    def _drop(self, hint: OpenSale) -> None:
        # In another ledger its number may be a new sale's.
        if self._open.get(hint.payment_id) == hint:
            self.forget(hint.payment_id)

    async def _ask(self, payment: Payment) -> bool:
        """Ask Blink and have its answer recorded; tell whether there was one."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._asker.ask(payment)
        except (TillError, TimeoutError) as error:
            _log.info("how payment %d stands is not known: %r", payment.id, error)
            return False
        return True

    async def _save(self) -> None:
        self._changed.clear()
        await asyncio.to_thread(self._memory.save, tuple(self._open.values()))
