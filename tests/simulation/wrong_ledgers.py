"""Wrong ledgers: compare-and-set left out, a rule of the database broken."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import (
    Attempt,
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
)
from tests.simulation import store_model
from tests.simulation.mutating import Family
from tests.simulation.rows_model import TransferRow, payment_of, transfer_of
from tests.simulation.store_model import StoreModel

wrong = Family("The ledger")

_begin, _begin_transfer = StoreModel.begin_attempt, StoreModel.begin_transfer_attempt
_store = StoreModel.store_recipient_invoice


@wrong.function("overwrite a prepared invoice", StoreModel, "store_recipient_invoice")
def _overwrite(
    self: StoreModel,
    transfer: Transfer,
    invoice: RecipientInvoice,
    process: UUID,
    *,
    releases: bool = False,
) -> Transfer | None:
    del releases
    row: TransferRow = self.transfers[transfer.id]
    self.recipient_hashes[invoice.payment_hash] = row
    self.attempts[invoice.external_id].invoice = invoice
    row.invoice = invoice
    after = replace(transfer, invoice=invoice, state=TransferState.PREPARED)
    self.set_transfer(row, after, TransferEvent.INVOICE_STORED, process)
    return after


@wrong.function("overwrite a prepared invoice", StoreModel, "claim")
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


@wrong.function("complete when one transfer has settled", StoreModel, "complete")
def _half_done(self: StoreModel, payment_id: int) -> Payment | None:
    row = self._row(payment_id)
    done = any(each.state in store_model._DONE for each in row.transfers)
    if not done or row.state is not PaymentState.PAID:
        return None
    self._change(row, PaymentState.COMPLETED, reason="", received_sats=None)
    return payment_of(row)


@wrong.function("move without compare-and-set", StoreModel, "move")
def _just_move(
    self: StoreModel, payment_id: int, to: PaymentState, *, reason: str, received_sats: int | None
) -> Payment | None:
    row = self._row(payment_id)
    self._change(row, to, reason=reason, received_sats=received_sats)
    return payment_of(row)


@wrong.function("a new attempt reuses its id", StoreModel, "begin_attempt")
def _same_id(self: StoreModel, payment_id: int) -> str:
    return _begin(self, payment_id).rpartition("-")[0] + "-1"


@wrong.function("a recipient's new attempt reuses its id", StoreModel, "begin_transfer_attempt")
def _same_transfer_id(self: StoreModel, transfer_id: int, process: UUID) -> Attempt:
    attempt = _begin_transfer(self, transfer_id, process)
    return replace(attempt, external_id=attempt.external_id.rpartition("-")[0] + "-1")


@wrong.function("store an invoice of the former recipient", StoreModel, "store_recipient_invoice")
def _whoever_is_paid(
    self: StoreModel,
    transfer: Transfer,
    invoice: RecipientInvoice,
    process: UUID,
    *,
    releases: bool = False,
) -> Transfer | None:
    """By the number alone: whoever is the recipient by now, and whoever has claimed it."""
    row = self.transfers[transfer.id]
    was = row.recipient, row.claimed_by
    row.recipient, row.claimed_by = transfer.recipient, process
    stored = _store(self, transfer, invoice, process, releases=releases)
    row.recipient, row.claimed_by = was
    row.view = row.payment.view = None
    return stored
