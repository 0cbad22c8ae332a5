"""From a sale to an invoice that may be shown: written first, asked for second."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from blinkpos_desktop.domain.blink import IdTakenError, RateLimitedError, UnknownRecipientError
from blinkpos_desktop.domain.errors import (
    OutcomeUnknownError,
    RefusedError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.facts import InvoiceReady
from blinkpos_desktop.domain.hold import NUMBERS_BEHIND
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.payment import (
    INVOICE_SECONDS,
    Intended,
    Invoice,
    Payment,
    PaymentState,
)
from blinkpos_desktop.domain.plan import PaymentPlan, plan_payment
from blinkpos_desktop.domain.sale import Sale, quote
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.ports import BlinkGateway, CallKind, Store
from blinkpos_desktop.services.shop import Shop

INVOICE_MINUTES: Final = INVOICE_SECONDS // 60
ATTEMPTS: Final = 2
INVOICES_A_MINUTE: Final = 60
BLOCKED_SECONDS: Final = 300
BUSY: Final = "Blink allows no more codes just now: try again in a few minutes."
_log = logging.getLogger(__name__)


class Prices(Protocol):
    """Where a price comes from."""

    async def price(self, currency: Currency, agreed: Price | None = None) -> Price | None:
        """Return a usable price; ``None`` for sats. A person may have ``agreed`` to one."""


class Checkout:
    """Makes sales."""

    def __init__(
        self,
        store: Store,
        gateway: BlinkGateway,
        feed: Feed,
        shop: Shop,
        prices: Prices,
        holding: Holding,
        till: str,
    ) -> None:
        """Take what a sale needs; ``till`` is the label written with it."""
        self._store, self._gateway, self._feed = store, gateway, feed
        self._holding = holding
        self._shop, self._prices, self._till = shop, prices, till
        self._making = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def until_quiet(self) -> None:
        """Return when no customer waits for his code: what can wait yields to him."""
        await self._quiet.wait()

    async def charge(self, sale: Sale) -> Payment:
        """Write a sale down, have its invoice made and checked, and tell that it can be shown.

        Raises:
            TillError: no invoice came of it; nothing is left that could be paid.
        """
        self._making += 1
        self._quiet.clear()
        try:
            return await self._charge(sale)
        finally:
            self._making -= 1
            if not self._making:
                self._quiet.set()

    async def _charge(self, sale: Sale) -> Payment:
        await self._holding.settle()
        plan = await self._plan(sale)
        intended = await self._store.intend(plan, most=INVOICES_A_MINUTE)
        payment = intended.payment
        try:
            invoice = await self._invoice(intended, plan)
            attached = await self._store.attach_invoice(payment.id, invoice)
        except TillError as error:
            await self._give_up(payment, PaymentState.FAILED, error.sentence)
            raise
        except asyncio.CancelledError:
            # Whoever asked for it is gone; nobody was told an invoice.
            await self._give_up(payment, PaymentState.CANCELLED, "Given up before its invoice.")
            raise
        if attached is None:
            # Given up at the counter meanwhile: nobody was told this invoice.
            raise TillError("This sale was cancelled.")
        self._feed.publish(InvoiceReady(payment=attached, sale=sale))
        return attached

    async def _plan(self, sale: Sale) -> PaymentPlan:
        account = self._shop.account
        worked_out = quote(sale, await self._prices.price(sale.currency, sale.agreed))
        try:
            wallets = {
                part.recipient.username: await self._shop.wallet(part.recipient.username)
                for part in worked_out.tips
            }
        except UnknownRecipientError as error:
            raise SettingsError(error.sentence, cause=error.cause) from error
        return plan_payment(
            worked_out,
            account=account,
            till=self._till,
            merchant=await self._shop.merchant(),
            tip_wallets=wallets,
        )

    async def _invoice(self, intended: Intended, plan: PaymentPlan) -> Invoice:
        payment, account = intended.payment, plan.account.id
        for attempt in range(1, ATTEMPTS + 1):
            # The first one was taken with the sale itself.
            external_id = intended.external_id
            if attempt > 1:
                external_id = await self._next_attempt(payment, account)
            if external_id is None:
                raise RateLimitedError(BUSY)
            try:
                return await self._gateway.create_invoice(
                    plan.account,
                    sats=payment.total_sats,
                    memo=payment.memo,
                    minutes=INVOICE_MINUTES,
                    external_id=external_id,
                )
            except RateLimitedError as error:
                if error.is_block:
                    # Asked again meanwhile, Blink would only block for longer.
                    await self._store.block_calls(
                        account, CallKind.INVOICE, seconds=BLOCKED_SECONDS
                    )
                raise
            except IdTakenError as error:
                # What Blink makes under a new number is new: from the next one on selling is safe.
                await self._holding.place(external_id)
                raise RefusedError(NUMBERS_BEHIND, cause=str(error)) from error
            except OutcomeUnknownError as error:
                # Nobody was told an invoice whose answer was lost: a new attempt is a new id.
                _log.warning("attempt %d of payment %d: %s", attempt, payment.id, error)
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _next_attempt(self, payment: Payment, account: str) -> str | None:
        if await self._store.count_call(account, CallKind.INVOICE, most=INVOICES_A_MINUTE):
            return None
        return await self._store.begin_attempt(payment.id)

    async def _give_up(self, payment: Payment, to: PaymentState, reason: str) -> None:
        try:
            for state in (to, PaymentState.CANCELLING):
                # Its invoice may be attached all the same: then it is closed as any other.
                if await self._store.move(payment.id, state, reason=reason):
                    return
        except UnavailableError as away:
            _log.warning("payment %d stays as it is: %s", payment.id, away)
