"""Wrong engines that sell and watch: what came in is lost, made up, or given to another sale."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from blinkpos_desktop.domain import payment as payment_module
from blinkpos_desktop.domain.blink import InvoiceStatus, PaidUpdate
from blinkpos_desktop.domain.facts import InvoiceReady
from blinkpos_desktop.domain.newest import Newest
from blinkpos_desktop.domain.payment import Intended, Invoice, Payment, PaymentState
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.services.checkout import Checkout
from blinkpos_desktop.services.closing import Closing
from blinkpos_desktop.services.receiving import Receiving
from blinkpos_desktop.services.recovery import Recovery
from blinkpos_desktop.services.watcher import Watcher
from tests.simulation import store_model
from tests.simulation.mutating import Family

wrong = Family("Selling and watching")

_paid, _finish, _invoice = Receiving.paid, Closing.finish, Checkout._invoice


@wrong.function("never take up what is unfinished", Recovery, "run")
async def _no_recovery(self: Recovery, account_id: str) -> None:
    del self, account_id
    await asyncio.Event().wait()


@wrong.function("never ask for open invoices", Watcher, "ask_due")
async def _no_questions(self: Watcher, account_id: str) -> None:
    del self, account_id
    await asyncio.sleep(0)


@wrong.function("give unknown income to the sale on the screen", Watcher, "_find")
async def _by_guess(self: Watcher, payment_hash: str) -> Payment | None:
    found = await self._store.by_hash(payment_hash)
    return found or next(iter(self._on_screen.values()), None)


@wrong.function("expire by our own clock", Watcher, "ask")
async def _own_clock(self: Watcher, payment: Payment) -> None:
    self._asked[payment.id] = int(self._clock.now())
    if payment.invoice and self._clock.now() > payment.invoice.expires_at:
        await self._store.move(payment.id, PaymentState.EXPIRED, reason="")
    elif await self._gateway.invoice_status(payment.payment_hash) is InvoiceStatus.PAID:
        await self._receiver.paid(payment.id, None)


@wrong.function("lose an update when the database is away", Watcher, "_take")
async def _forgetful(self: Watcher, update: PaidUpdate) -> None:
    if payment := await self._store.by_hash(update.payment_hash):
        await self._receiver.paid(payment.id, update.received_sats)


@wrong.function("trust cancel's refusal", Closing, "finish")
async def _trusting(self: Closing, payment: Payment, *, to: PaymentState) -> Payment:
    if payment.state is PaymentState.CANCELLING:
        cancelled = await self._gateway.cancel_invoice(payment.wallet_id, payment.payment_hash)
        if not cancelled:
            await self._receiver.paid(payment.id, None)
    return await _finish(self, payment, to=to)


@wrong.function("count a duplicate update twice", Receiving, "paid")
async def _again(self: Receiving, payment_id: int, received_sats: int | None) -> None:
    self._announced = Newest(1)
    await _paid(self, payment_id, received_sats)


@wrong.function("take what was asked for what came in", Receiving, "paid")
async def _as_asked(self: Receiving, payment_id: int, received_sats: int | None) -> None:
    del received_sats
    payment = await self._store.payment(payment_id)
    await _paid(self, payment_id, payment.total_sats)


@wrong.function("show a QR before it is stored", Checkout, "_invoice")
async def _shown_first(self: Checkout, intended: Intended, plan: PaymentPlan) -> Invoice:
    invoice = await _invoice(self, intended, plan)
    shown = replace(intended.payment, invoice=invoice, state=PaymentState.AWAITING)
    self._feed.publish(InvoiceReady(payment=shown))
    return invoice


_S, _MOVES = PaymentState, payment_module.MOVES
wrong.value("expire paid", payment_module, "MOVES", {**_MOVES, _S.EXPIRED: {}})
wrong.value(
    "a cancelled sale cannot be paid", payment_module, "MOVES", {**_MOVES, _S.CANCELLED: {}}
)
wrong.value(
    "stop watching a cancelled sale",
    store_model,
    "_WATCHED",
    store_model._WATCHED - {_S.CANCELLED},
)
