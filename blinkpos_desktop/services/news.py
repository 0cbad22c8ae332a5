"""What other processes wrote down, told here as if it had been learnt here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

from blinkpos_desktop.domain.announcement import LedgerNews
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import (
    Fact,
    InvoiceReady,
    LookAgain,
    PaymentClosed,
    PaymentCompleted,
    PaymentSeen,
    SaleLeftOpen,
    TransferChanged,
)
from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState
from blinkpos_desktop.domain.transfer import Step
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Store

MOST_WAITING: Final = 1000
BREATH_SECONDS: Final = 0.1
"""Between two looks at the ledger."""
OTHERS_SECONDS: Final = 1.0
"""What another till sold is a line beside the keypad: it waits, so that one look at the ledger
answers for the whole sale, and in a busy chain of shops for many."""
_CLOSED: Final = frozenset({PaymentState.CANCELLED, PaymentState.EXPIRED})
_log = logging.getLogger(__name__)


class Receiver(Protocol):
    """Who tells of money that came in."""

    def learnt(self, payment: Payment) -> None:
        """Tell a received payment, once."""


class News:
    """Reads what the notifications point to. They are hints: one that is lost costs time only."""

    def __init__(self, store: Store, feed: Feed, receiver: Receiver) -> None:
        """Take what it needs; ``on_fact`` hears the feed, ``hear`` notifications; ``run`` it."""
        self._store, self._feed, self._receiver = store, feed, receiver
        self._heard: asyncio.Queue[LedgerNews] = asyncio.Queue(MOST_WAITING)
        self._own: set[int] = set()
        """Sales of this counter that are not over."""
        self._hurry = asyncio.Event()

    def on_fact(self, fact: Fact) -> None:
        """Learn for which sales somebody waits here."""
        if isinstance(fact, InvoiceReady | SaleLeftOpen):
            self._own.add(fact.payment.id)
        elif isinstance(fact, PaymentCompleted | PaymentClosed):
            self._own.discard(fact.payment.id)

    def hear(self, news: LedgerNews) -> None:
        """Take a notification; returns at once."""
        if self._heard.full():
            # Nobody reads a thousand rows one by one: what is listed is read as a whole.
            self.missed()
        else:
            self._heard.put_nowait(news)
        if news.payment_id in self._own:
            self._hurry.set()

    def missed(self) -> None:
        """Some notifications may never have come: whoever lists something looks again."""
        self._feed.publish(LookAgain())

    async def run(self) -> None:
        """Read the rows and tell what they say, until cancelled."""
        while True:
            heard = [await self._heard.get()]
            await self._gather()
            while not self._heard.empty():
                heard.append(self._heard.get_nowait())
            try:
                await self._follow(heard)
            except UnavailableError as error:
                _log.info("notifications are not followed: %s", error)
                self.missed()
            except TillError as error:
                _log.warning("notifications are not followed: %s", error)
            await asyncio.sleep(BREATH_SECONDS)

    async def _gather(self) -> None:
        """Let more come, but for what somebody waits for."""
        try:
            async with asyncio.timeout(OTHERS_SECONDS):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()

    async def _follow(self, heard: Sequence[LedgerNews]) -> None:
        by_payment: dict[int, list[LedgerNews]] = {}
        for news in heard:
            by_payment.setdefault(news.payment_id, []).append(news)
        read = await self._store.payments_of(by_payment)
        for payment in read:
            self._tell(payment, by_payment.pop(payment.id))
        if by_payment:
            _log.warning("notifications of no payment: %s", sorted(by_payment))
        if any(news.is_about_attention or news.event in _LISTED for news in heard):
            self.missed()

    def _tell(self, payment: Payment, heard: Sequence[LedgerNews]) -> None:
        events = {news.event for news in heard if news.transfer_id is None}
        # Only what was just paid: an old sale that moves on today is no money that comes in.
        if PaymentState.PAID in events and payment.state in RECEIVED:
            self._receiver.learnt(payment)
        moved = {news.transfer_id for news in heard}
        for transfer in payment.transfers:
            # One that moves again by now is told by whoever moves it, when it has come to rest;
            # what settled is told with its payment's end.
            is_told = transfer.id in moved or PaymentState.COMPLETED in events
            if is_told and transfer.next_step is Step.REST:
                self._feed.publish(
                    TransferChanged(
                        payment_id=payment.id, payment_hash=payment.payment_hash, transfer=transfer
                    )
                )
        if events:
            self._tell_end(payment)

    def _tell_end(self, payment: Payment) -> None:
        if payment.state in _CLOSED:
            self._feed.publish(PaymentClosed(payment=payment))
        elif payment.state is PaymentState.COMPLETED:
            self._feed.publish(PaymentCompleted(payment=payment))
        if payment.is_seen:
            self._feed.publish(PaymentSeen(payment_id=payment.id))


_LISTED: Final = frozenset({"surplus_seen", "received_more"})
