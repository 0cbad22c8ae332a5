"""Wrong engines that pass money on: too early, by the wrong invoice, to the wrong person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from blinkpos_desktop.domain.blink import InvoiceStatus
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import Fact, InvoiceReady
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
)
from blinkpos_desktop.services import forwarder
from blinkpos_desktop.services.forwarder import Forwarder, _Outcome
from blinkpos_desktop.services.recovery import Recovery
from blinkpos_desktop.services.shop import Shop
from tests.simulation.mutating import Family, Function, model_of
from tests.simulation.rows_model import transfer_of

wrong = Family("Passing on")

_E: Final = TransferEvent
_record, _ask, _send = Forwarder._record, Forwarder._ask, Forwarder._send
_make_invoice = Forwarder._make_invoice


def _planned_anew(forwarder: Forwarder, transfer: Transfer) -> _Outcome:
    """Drop a live invoice without any of the three conditions, and plan another."""
    row = model_of(forwarder._store).transfers[transfer.id]
    row.invoice, row.state, row.view, row.payment.view = None, TransferState.PLANNED, None, None
    return _Outcome(transfer=transfer_of(row))


def _on(event: TransferEvent, then: Callable[[Forwarder, Transfer], _Outcome]) -> Function:
    async def record(
        self: Forwarder,
        payment: Payment,
        transfer: Transfer,
        told: TransferEvent,
        *why: Any,  # noqa: ANN401 (as it comes)
        **how: Any,  # noqa: ANN401
    ) -> _Outcome:
        outcome = await _record(self, payment, transfer, told, *why, **how)
        return then(self, transfer) if told is event else outcome

    return record


wrong.function("re-invoice on a timeout", Forwarder, "_record")(_on(_E.SEND_LOST, _planned_anew))
wrong.function("believe a FAILURE", Forwarder, "_record")(_on(_E.SEND_FAILED, _planned_anew))


@wrong.function("take a lost answer for paid", Forwarder, "_record")
async def _lost_is_paid(
    self: Forwarder,
    payment: Payment,
    transfer: Transfer,
    event: TransferEvent,
    *why: Any,  # noqa: ANN401 (as it comes)
    **how: Any,  # noqa: ANN401
) -> _Outcome:
    told = _E.SEND_SUCCEEDED if event is _E.SEND_LOST else event
    return await _record(self, payment, transfer, told, *why, **how)


async def _make(self: Forwarder, transfer: Transfer, surplus: int = 0) -> RecipientInvoice:
    wallet = await self._shop.wallet(transfer.recipient)
    attempt = await self._store.begin_transfer_attempt(transfer.id)
    made = await self._gateway.create_recipient_invoice(
        self._shop.account,
        wallet,
        sats=attempt.transfer.invoice_sats + surplus,
        memo=transfer.memo,
        external_id=attempt.external_id,
    )
    return replace(made, sats=attempt.transfer.invoice_sats)


@wrong.function("pay before persist", Forwarder, "_make_invoice")
async def _pay_first(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    invoice = await _make(self, transfer)
    await self._gateway.pay(payment.wallet_id, invoice.payment_request, transfer.memo)
    stored = await self._store.store_recipient_invoice(transfer, invoice)
    return _Outcome(transfer=stored or transfer)


@wrong.function("forward the surplus too", Forwarder, "_make_invoice")
async def _with_surplus(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    surplus = (payment.received_sats or 0) - payment.total_sats
    if surplus <= 0:
        return await _make_invoice(self, payment, transfer)
    invoice = await _make(self, transfer, surplus)
    stored = await self._store.store_recipient_invoice(transfer, invoice)
    return _Outcome(transfer=stored or transfer)


@wrong.function("send before the intent is stored", Forwarder, "_send")
async def _unannounced(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    if transfer.invoice is not None:
        await self._gateway.pay(payment.wallet_id, transfer.invoice.payment_request, transfer.memo)
    return await _send(self, payment, transfer)


@wrong.function("treat PENDING as failed", Forwarder, "_ask")
async def _without_look_up(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    if transfer.invoice is None:
        raise TillError("no invoice")
    status = await self._gateway.invoice_status(transfer.invoice.payment_hash)
    event = _E.STATUS_PAID if status is InvoiceStatus.PAID else _E.STATUS_UNPAID
    outcome = await self._record(payment, transfer, event)
    return replace(outcome, wait=1.0)


@wrong.function("retire on EXPIRED", Forwarder, "_ask")
async def _retire_expired(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    if transfer.invoice is not None:
        status = await self._gateway.invoice_status(transfer.invoice.payment_hash)
        if status is InvoiceStatus.EXPIRED:
            return _planned_anew(self, transfer)
    return await _ask(self, payment, transfer)


@wrong.function("forward by guess to another", Forwarder, "_make_invoice")
async def _guessed(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    del payment
    wrong = "ana" if transfer.recipient == "elturco" else transfer.recipient
    invoice = await _make(self, replace(transfer, recipient=wrong))
    stored = await self._store.store_recipient_invoice(transfer, invoice)
    return _Outcome(transfer=stored or transfer)


@wrong.function("plan a tip for another", Shop, "wallet")
async def _another(self: Shop, username: str) -> Any:  # noqa: ANN401 (a wallet)
    return await self._gateway.recipient("ana" if username == "elturco" else username)


@wrong.function("forward before it is paid", Recovery, "on_fact")
def _too_early(self: Recovery, fact: Fact) -> None:
    if isinstance(fact, InvoiceReady):
        self._start(fact.payment.id)


@wrong.function("forward before it is paid", Forwarder, "forward")
async def _whatever_state(self: Forwarder, payment_id: int, *, at_once: bool = False) -> None:
    await self._forward(await self._store.payment(payment_id), at_once=at_once)


# Send what was claimed, however long the till has slept since.
wrong.value("drop the claim's second read", forwarder, "SLEPT_SECONDS", float("inf"))


@wrong.function("keep by itself what Blink restricts", Forwarder, "_ask")
async def _keep_restricted(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    outcome = await _ask(self, payment, transfer)
    unpaid = outcome.transfer
    if unpaid.state is not TransferState.PREPARED or unpaid.trouble is not Trouble.RESTRICTED:
        return outcome
    model = model_of(self._store)
    row, kept = model.transfers[unpaid.id], replace(unpaid, state=TransferState.KEPT)
    model.set_transfer(row, kept, _E.KEEP_CHOSEN, UUID(int=0))
    return _Outcome(transfer=transfer_of(row))


@wrong.function("never try again what Blink restricts", Forwarder, "_ask")
async def _forget_restricted(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    outcome = await _ask(self, payment, transfer)
    if outcome.transfer.trouble is Trouble.RESTRICTED:
        # Not far enough to be taken for a clock that was set back.
        row = model_of(self._store).transfers[transfer.id]
        row.due_at = float("nan")
    return outcome
