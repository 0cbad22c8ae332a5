"""Gives a sale up: Blink is asked to cancel, and believed only when it says PAID."""

from __future__ import annotations

from typing import Protocol

from blinkpos_desktop.domain.blink import InvoiceStatus
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.facts import PaymentClosed
from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway, Store


class Receiver(Protocol):
    """Who records money that came in."""

    async def paid(self, payment_id: int, received_sats: int | None) -> None:
        """Record a payment as paid."""


class Closing:
    """Cancels sales, at the counter's wish or because their wait is over."""

    def __init__(self, store: Store, gateway: BlinkGateway, feed: Feed, receiver: Receiver) -> None:
        """Take what closing needs."""
        self._store, self._gateway, self._feed = store, gateway, feed
        self._receiver = receiver

    async def give_up(self, payment_id: int, *, reason: str) -> Payment:
        """Write down that nobody waits for it any more; Blink is not asked yet."""
        current = await self._store.payment(payment_id)
        if current.state is PaymentState.INTENDED:
            # Nobody was told an invoice yet: there is nothing to ask Blink.
            closed = await self._store.move(payment_id, PaymentState.CANCELLED, reason=reason)
            if closed:
                return closed
        closing = await self._store.move(payment_id, PaymentState.CANCELLING, reason=reason)
        return closing or await self._store.payment(payment_id)

    async def ask(self, payment: Payment) -> None:
        """Ask Blink whether a sale is paid, and record it if it is; nothing else is believed."""
        if payment.invoice is None:
            return
        if await self._gateway.invoice_status(payment.payment_hash) is InvoiceStatus.PAID:
            await self._receiver.paid(payment.id, None)

    async def finish(self, payment: Payment, *, to: PaymentState) -> Payment:
        """Ask Blink to cancel, then how it stands; ``to`` is CANCELLED or EXPIRED.

        Raises:
            UnavailableError: Blink did not answer; the payment stays CANCELLING, watched.
            SettingsError: the key may not cancel; the same.
        """
        if payment.state in RECEIVED:
            # Another till may have recorded it: here it is told all the same.
            await self._receiver.paid(payment.id, payment.received_sats)
        if payment.state in {PaymentState.CANCELLED, PaymentState.EXPIRED}:
            # Another till has closed it: that it is paid may be news to the ledger all the same.
            await self.ask(payment)
            return await self._store.payment(payment.id)
        if payment.state is not PaymentState.CANCELLING:
            return payment
        # A refusal proves nothing, and neither does a success: only the status does.
        not_asked: SettingsError | None = None
        try:
            await self._gateway.cancel_invoice(payment.wallet_id, payment.payment_hash)
        except SettingsError as error:
            # The key may not cancel any more; how the invoice stands needs no key.
            not_asked = error
        status = await self._gateway.invoice_status(payment.payment_hash)
        if status is InvoiceStatus.PAID:
            await self._receiver.paid(payment.id, None)
        elif not_asked and status is not InvoiceStatus.EXPIRED:
            raise not_asked
        else:
            state = PaymentState.EXPIRED if status is InvoiceStatus.EXPIRED else to
            closed = await self._store.move(payment.id, state, reason=payment.reason)
            if closed:
                self._feed.publish(PaymentClosed(payment=closed))
        return await self._store.payment(payment.id)
