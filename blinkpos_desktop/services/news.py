"""What other processes wrote down, told here as if it had been learnt here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

from blinkpos_desktop.domain.announcement import LedgerNews
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import (
    LookAgain,
    PaymentClosed,
    PaymentCompleted,
    PaymentSeen,
    TransferChanged,
)
from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState
from blinkpos_desktop.domain.transfer import Step
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Store

MOST_WAITING: Final = 1000
BREATH_SECONDS: Final = 0.1
"""Between two looks at the ledger: in a busy chain of shops, one answers many notifications."""
_CLOSED: Final = frozenset({PaymentState.CANCELLED, PaymentState.EXPIRED})
_log = logging.getLogger(__name__)


class Receiver(Protocol):
    """Who tells of money that came in."""

    def learnt(self, payment: Payment) -> None:
        """Tell a received payment, once."""


class News:
    """Reads what the notifications point to. They are hints: one that is lost costs time only."""

    def __init__(self, store: Store, feed: Feed, receiver: Receiver) -> None:
        """Take what it needs; ``hear`` the notifications and ``run`` it."""
        self._store, self._feed, self._receiver = store, feed, receiver
        self._heard: asyncio.Queue[LedgerNews] = asyncio.Queue(MOST_WAITING)

    def hear(self, news: LedgerNews) -> None:
        """Take a notification; returns at once."""
        if self._heard.full():
            # Nobody reads a thousand rows one by one: what is listed is read as a whole.
            self.missed()
        else:
            self._heard.put_nowait(news)

    def missed(self) -> None:
        """Some notifications may never have come: whoever lists something looks again."""
        self._feed.publish(LookAgain())

    async def run(self) -> None:
        """Read the rows and tell what they say, until cancelled."""
        while True:
            heard = [await self._heard.get()]
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

    async def _follow(self, heard: Sequence[LedgerNews]) -> None:
        read = await self._store.payments_of({news.payment_id for news in heard})
        payments = {payment.id: payment for payment in read}
        for news in dict.fromkeys(heard):
            payment = payments.get(news.payment_id)
            if payment is None:
                _log.warning("a notification of no payment: %d", news.payment_id)
            else:
                self._tell(news, payment)

    def _tell(self, news: LedgerNews, payment: Payment) -> None:
        if news.transfer_id is not None:
            self._tell_transfer(payment, news.transfer_id)
        else:
            self._tell_payment(payment, news.event)
        if news.is_about_attention or news.event in _LISTED:
            self._feed.publish(LookAgain())

    def _tell_payment(self, payment: Payment, event: str) -> None:
        # Only what was just paid: an old sale that moves on today is no money that comes in.
        if event == PaymentState.PAID and payment.state in RECEIVED:
            self._receiver.learnt(payment)
        if payment.state in _CLOSED:
            self._feed.publish(PaymentClosed(payment=payment))
        elif payment.state is PaymentState.COMPLETED:
            self._feed.publish(PaymentCompleted(payment=payment))
        if payment.is_seen:
            self._feed.publish(PaymentSeen(payment_id=payment.id))

    def _tell_transfer(self, payment: Payment, transfer_id: int) -> None:
        for transfer in payment.transfers:
            # One that moves again by now is told by whoever moves it, when it has come to rest.
            if transfer.id == transfer_id and transfer.next_step is Step.REST:
                self._feed.publish(
                    TransferChanged(
                        payment_id=payment.id, payment_hash=payment.payment_hash, transfer=transfer
                    )
                )


_LISTED: Final = frozenset({"seen", "surplus_seen", "received_more"})
