"""Wrong engines: each breaks one rule of the real one, to show that the simulation can fail."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import patch
from uuid import UUID

from blinkpos_desktop.domain import payment as payment_module
from blinkpos_desktop.domain.blink import InvoiceStatus, PaidUpdate
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import Fact, InvoiceReady
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
)
from blinkpos_desktop.services.checkout import Checkout
from blinkpos_desktop.services.closing import Closing
from blinkpos_desktop.services.forwarder import Forwarder, _Outcome
from blinkpos_desktop.services.receiving import Receiving
from blinkpos_desktop.services.recovery import Recovery
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.watcher import Watcher
from tests.simulation import store_model
from tests.simulation.store_line import StoreLine
from tests.simulation.rows_model import TransferRow, payment_of, transfer_of
from tests.simulation.store_model import StoreModel

TABLE: Final = Path(__file__).with_name("mutants.toml")
_E = TransferEvent


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute of the real code, and what stands there instead."""

    target: object
    name: str
    instead: object


MUTANTS: Final[dict[str, tuple[Change, ...]]] = {}
_Function = Callable[..., Any]


def mutant(name: str, target: object, attribute: str) -> Callable[[_Function], _Function]:
    """Register a function as a mutant of an attribute; several may share a name."""

    def register(instead: _Function) -> _Function:
        MUTANTS[name] = (*MUTANTS.get(name, ()), Change(target, attribute, instead))
        return instead

    return register


@contextmanager
def applied(name: str) -> Iterator[None]:
    """Let the engine be that mutant."""
    patches = [patch.object(each.target, each.name, each.instead) for each in MUTANTS[name]]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()


def table() -> dict[str, str]:
    """Return the seed that catches each mutant."""
    return cast("dict[str, str]", tomllib.loads(TABLE.read_text(encoding="utf-8"))["caught"])


def _model(store: object) -> StoreModel:
    line = cast("StoreLine", store._postgres)  # type: ignore[attr-defined]
    return line.model


def _planned_anew(forwarder: Forwarder, transfer: Transfer) -> _Outcome:
    """Drop a live invoice without any of the three conditions, and plan another."""
    row = _model(forwarder._store).transfers[transfer.id]
    row.invoice, row.state, row.view, row.payment.view = None, TransferState.PLANNED, None, None
    return _Outcome(transfer=transfer_of(row))


_record, _ask, _send = Forwarder._record, Forwarder._ask, Forwarder._send
_paid, _finish, _invoice = Receiving.paid, Closing.finish, Checkout._invoice
_forward = Forwarder.forward
_begin, _begin_transfer = StoreModel.begin_attempt, StoreModel.begin_transfer_attempt


def _on(event: TransferEvent, then: Callable[[Forwarder, Transfer], _Outcome]) -> _Function:
    async def record(
        self: Forwarder, payment: Payment, transfer: Transfer, told: TransferEvent, **why: str
    ) -> _Outcome:
        outcome = await _record(self, payment, transfer, told, **why)
        return then(self, transfer) if told is event else outcome

    return record


mutant("re-invoice on a timeout", Forwarder, "_record")(_on(_E.SEND_LOST, _planned_anew))
mutant("believe a FAILURE", Forwarder, "_record")(_on(_E.SEND_FAILED, _planned_anew))


@mutant("take a lost answer for paid", Forwarder, "_record")
async def _lost_is_paid(
    self: Forwarder, payment: Payment, transfer: Transfer, event: TransferEvent, **why: str
) -> _Outcome:
    told = _E.SEND_SUCCEEDED if event is _E.SEND_LOST else event
    return await _record(self, payment, transfer, told, **why)


async def _make(self: Forwarder, transfer: Transfer, sats: int) -> RecipientInvoice:
    wallet = await self._shop.wallet(transfer.recipient)
    external_id = await self._store.begin_transfer_attempt(transfer.id)
    return await self._gateway.create_recipient_invoice(
        self._shop.account, wallet, sats=sats, memo=transfer.memo, external_id=external_id
    )


@mutant("pay before persist", Forwarder, "_make_invoice")
async def _pay_first(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    invoice = await _make(self, transfer, transfer.sats)
    await self._gateway.pay(payment.wallet_id, invoice.payment_request, transfer.memo)
    stored = await self._store.store_recipient_invoice(transfer, invoice)
    return _Outcome(transfer=stored or transfer)


@mutant("forward the surplus too", Forwarder, "_make_invoice")
async def _with_surplus(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    surplus = (payment.received_sats or 0) - payment.total_sats
    invoice = await _make(self, transfer, transfer.sats + surplus)
    stored = await self._store.store_recipient_invoice(transfer, invoice)
    return _Outcome(transfer=stored or transfer)


@mutant("send before the intent is stored", Forwarder, "_send")
async def _unannounced(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    if transfer.invoice is not None:
        await self._gateway.pay(payment.wallet_id, transfer.invoice.payment_request, transfer.memo)
    return await _send(self, payment, transfer)


@mutant("treat PENDING as failed", Forwarder, "_ask")
async def _without_look_up(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    if transfer.invoice is None:
        raise TillError("no invoice")
    status = await self._gateway.invoice_status(transfer.invoice.payment_hash)
    event = _E.STATUS_PAID if status is InvoiceStatus.PAID else _E.STATUS_UNPAID
    outcome = await self._record(payment, transfer, event)
    return replace(outcome, wait=1.0)


@mutant("retire on EXPIRED", Forwarder, "_ask")
async def _retire_expired(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    if transfer.invoice is not None:
        status = await self._gateway.invoice_status(transfer.invoice.payment_hash)
        if status is InvoiceStatus.EXPIRED:
            return _planned_anew(self, transfer)
    return await _ask(self, payment, transfer)


@mutant("forward by guess to another", Forwarder, "_make_invoice")
async def _guessed(self: Forwarder, payment: Payment, transfer: Transfer) -> _Outcome:
    del payment
    wrong = "ana" if transfer.recipient == "elturco" else transfer.recipient
    invoice = await _make(self, replace(transfer, recipient=wrong), transfer.sats)
    stored = await self._store.store_recipient_invoice(transfer, invoice)
    return _Outcome(transfer=stored or transfer)


@mutant("plan a tip for another", Shop, "wallet")
async def _another(self: Shop, username: str) -> Any:  # noqa: ANN401 (a wallet)
    return await self._gateway.recipient("ana" if username == "elturco" else username)


@mutant("forward before it is paid", Recovery, "on_fact")
def _too_early(self: Recovery, fact: Fact) -> None:
    if isinstance(fact, InvoiceReady):
        self._start(fact.payment.id, 1.0)


@mutant("forward before it is paid", Forwarder, "forward")
async def _whatever_state(self: Forwarder, payment_id: int) -> None:
    await self._forward(await self._store.payment(payment_id))


@mutant("a retried transfer waits for another of its payment", Forwarder, "forward")
async def _by_payment(self: Forwarder, payment_id: int) -> None:
    if payment_id not in self._under_way:
        self._under_way.add(payment_id)
        try:
            await _forward(self, payment_id)
        finally:
            self._under_way.discard(payment_id)


@mutant("never take up what is unfinished", Recovery, "run")
async def _no_recovery(self: Recovery, account_id: str) -> None:
    del self, account_id
    await asyncio.Event().wait()


@mutant("never ask for open invoices", Watcher, "ask_due")
async def _no_questions(self: Watcher, account_id: str) -> None:
    del self, account_id
    await asyncio.sleep(0)


@mutant("give unknown income to the sale on the screen", Watcher, "_find")
async def _by_guess(self: Watcher, payment_hash: str) -> Payment | None:
    found = await self._store.by_hash(payment_hash)
    return found or next(iter(self._on_screen.values()), None)


@mutant("expire by our own clock", Watcher, "ask")
async def _own_clock(self: Watcher, payment: Payment) -> None:
    self._asked[payment.id] = int(self._clock.now())
    if payment.invoice and self._clock.now() > payment.invoice.expires_at:
        await self._store.move(payment.id, PaymentState.EXPIRED, reason="")
    elif await self._gateway.invoice_status(payment.payment_hash) is InvoiceStatus.PAID:
        await self._receiver.paid(payment.id, None)


@mutant("lose an update when the database is away", Watcher, "_take")
async def _forgetful(self: Watcher, update: PaidUpdate) -> None:
    if payment := await self._store.by_hash(update.payment_hash):
        await self._receiver.paid(payment.id, update.received_sats)


@mutant("trust cancel's refusal", Closing, "finish")
async def _trusting(self: Closing, payment: Payment, *, to: PaymentState) -> Payment:
    if payment.state is PaymentState.CANCELLING:
        cancelled = await self._gateway.cancel_invoice(payment.wallet_id, payment.payment_hash)
        if not cancelled:
            await self._receiver.paid(payment.id, None)
    return await _finish(self, payment, to=to)


@mutant("count a duplicate update twice", Receiving, "paid")
async def _again(self: Receiving, payment_id: int, received_sats: int | None) -> None:
    self._announced.clear()
    await _paid(self, payment_id, received_sats)


@mutant("take what was asked for what came in", Receiving, "paid")
async def _as_asked(self: Receiving, payment_id: int, received_sats: int | None) -> None:
    del received_sats
    payment = await self._store.payment(payment_id)
    await _paid(self, payment_id, payment.total_sats)


@mutant("show a QR before it is stored", Checkout, "_invoice")
async def _shown_first(self: Checkout, payment: Payment, plan: PaymentPlan) -> Invoice:
    invoice = await _invoice(self, payment, plan)
    shown = replace(payment, invoice=invoice, state=PaymentState.AWAITING)
    self._feed.publish(InvoiceReady(payment=shown))
    return invoice


MUTANTS["expire paid"] = (
    Change(
        payment_module,
        "MOVES",
        {**payment_module.MOVES, PaymentState.EXPIRED: {}},
    ),
)
MUTANTS["a cancelled sale cannot be paid"] = (
    Change(
        payment_module,
        "MOVES",
        {**payment_module.MOVES, PaymentState.CANCELLED: {}},
    ),
)
MUTANTS["stop watching a cancelled sale"] = (
    Change(store_model, "_WATCHED", store_model._WATCHED - {PaymentState.CANCELLED}),
)


@mutant("overwrite a prepared invoice", StoreModel, "store_recipient_invoice")
def _overwrite(
    self: StoreModel,
    transfer: Transfer,
    invoice: RecipientInvoice,
    process: UUID,
) -> Transfer | None:
    row: TransferRow = self.transfers[transfer.id]
    self.recipient_hashes[invoice.payment_hash] = row
    self.attempts[invoice.external_id].invoice = invoice
    row.invoice = invoice
    after = replace(transfer, invoice=invoice, state=TransferState.PREPARED)
    self.set_transfer(row, after, "", _E.INVOICE_STORED, process)
    return after


@mutant("overwrite a prepared invoice", StoreModel, "claim")
def _everybody_claims(
    self: StoreModel,
    transfer_id: int,
    process: UUID,
    *,
    seconds: int,
) -> Transfer:
    del seconds
    self.transfers[transfer_id].claimed_by = process
    return transfer_of(self.transfers[transfer_id])


@mutant("complete when one transfer has settled", StoreModel, "complete")
def _half_done(self: StoreModel, payment_id: int) -> Payment | None:
    row = self._row(payment_id)
    done = any(each.state in store_model._DONE for each in row.transfers)
    if not done or row.state is not PaymentState.PAID:
        return None
    self._change(row, PaymentState.COMPLETED, reason="", received_sats=None)
    return payment_of(row)


@mutant("move without compare-and-set", StoreModel, "move")
def _just_move(
    self: StoreModel, payment_id: int, to: PaymentState, *, reason: str, received_sats: int | None
) -> Payment | None:
    row = self._row(payment_id)
    self._change(row, to, reason=reason, received_sats=received_sats)
    return payment_of(row)


@mutant("a new attempt reuses its id", StoreModel, "begin_attempt")
def _same_id(self: StoreModel, payment_id: int) -> str:
    return _begin(self, payment_id).rpartition("-")[0] + "-1"


@mutant("a recipient's new attempt reuses its id", StoreModel, "begin_transfer_attempt")
def _same_transfer_id(self: StoreModel, transfer_id: int, process: UUID) -> str:
    return _begin_transfer(self, transfer_id, process).rpartition("-")[0] + "-1"
