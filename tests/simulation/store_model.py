"""The ledger in memory: what PostgreSQL holds, changed by the same compare-and-set.

Each method is one transaction at one instant. What gets lost on the way to the
database is the line's business (``store_line``). It survives every till.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from blinkpos_desktop.domain.errors import RefusedError, TillError
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState, sources
from blinkpos_desktop.domain.plan import PaymentPlan, PlannedTransfer
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    Role,
    Transfer,
    TransferEvent,
    TransferState,
    apply,
)
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY
from blinkpos_desktop.services.store.connections import LedgerError, LedgerRowMissingError
from tests.simulation.turns_model import TurnsModel

LEDGER: Final = "modelledger1"
_S, _T = PaymentState, TransferState
_WATCHED: Final = frozenset({_S.AWAITING, _S.CANCELLING, _S.CANCELLED, _S.EXPIRED})
_WITH_INVOICE: Final = frozenset({_S.AWAITING, _S.CANCELLING, _S.EXPIRED, _S.PAID, _S.COMPLETED})
_DONE: Final = frozenset({_T.SETTLED, _T.KEPT})


@dataclass(slots=True, eq=False, kw_only=True)
class TransferRow:
    """A row of ``transfers`` with its live invoice."""

    id: int
    payment: PaymentRow
    planned: PlannedTransfer
    state: TransferState
    reason: str
    tries: int = 0
    attempt: int = 0
    claimed_by: UUID | None = None
    claimed_until: float = 0.0
    invoice: RecipientInvoice | None = None
    view: Transfer | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class PaymentRow:
    """A row of ``payments``."""

    id: int
    plan: PaymentPlan
    created_at: int
    state: PaymentState = _S.INTENDED
    attempt: int = 0
    invoice: Invoice | None = None
    received_sats: int | None = None
    paid_at: int | None = None
    was_closed: bool = False
    reason: str = ""
    transfers: list[TransferRow] = field(default_factory=list)
    view: Payment | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class StoreModel:
    """The tables. ``clock`` is the database's own, in Unix seconds."""

    clock: Callable[[], float]
    payments: dict[int, PaymentRow] = field(default_factory=dict)
    transfers: dict[int, TransferRow] = field(default_factory=dict)
    attempts: dict[str, tuple[TransferRow, RecipientInvoice | None]] = field(default_factory=dict)
    on_payment: list[Callable[[PaymentRow, PaymentState], None]] = field(default_factory=list)
    on_transfer: list[Callable[[TransferRow, TransferState, TransferEvent, UUID], None]] = field(
        default_factory=list
    )
    on_intend: list[Callable[[PaymentRow], None]] = field(default_factory=list)
    hashes: dict[str, PaymentRow] = field(default_factory=dict)
    recipient_hashes: dict[str, TransferRow] = field(default_factory=dict)
    turns: TurnsModel = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self.turns = TurnsModel(self.clock)

    def intend(self, plan: PaymentPlan) -> Payment:
        row = PaymentRow(id=self._next(), plan=plan, created_at=int(self.clock()))
        for planned in plan.transfers:
            transfer = TransferRow(
                id=self._next(),
                payment=row,
                planned=planned,
                state=planned.state,
                reason=planned.reason,
            )
            row.transfers.append(transfer)
            self.transfers[transfer.id] = transfer
        self.payments[row.id] = row
        for told in self.on_intend:
            told(row)
        return _payment(row)

    def begin_attempt(self, payment_id: int) -> str:
        row = self.payments.get(payment_id)
        if row is None or row.state is not _S.INTENDED:
            raise TillError("This sale was given up.", cause=f"payment {payment_id}")
        row.attempt += 1
        return f"bp-{LEDGER}-{payment_id}-{row.attempt}"

    def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        row = self._row(payment_id)
        if row.state is not _S.INTENDED:
            return None
        if invoice.payment_hash in self.hashes:
            raise RefusedError("Blink's invoice is not a new one: nothing was sold.")
        row.invoice = Invoice(
            payment_request=invoice.payment_request,
            payment_hash=invoice.payment_hash,
            sats=row.plan.quote.total_sats,
            expires_at=invoice.expires_at,
        )
        self.hashes[invoice.payment_hash] = row
        self._set(row, _S.AWAITING)
        return _payment(row)

    def move(
        self, payment_id: int, to: PaymentState, *, reason: str, received_sats: int | None
    ) -> Payment | None:
        row = self._row(payment_id)
        if row.state not in sources(to):
            return None
        if to in _WITH_INVOICE and row.invoice is None:
            raise LedgerError("The database refuses this change: nothing was written.")
        self._change(row, to, reason=reason, received_sats=received_sats)
        return _payment(row)

    def complete(self, payment_id: int) -> Payment | None:
        row = self._row(payment_id)
        if any(each.state not in _DONE for each in row.transfers) or row.state is not _S.PAID:
            return None
        self._change(row, _S.COMPLETED, reason="", received_sats=None)
        return _payment(row)

    def payment(self, payment_id: int) -> Payment:
        return _payment(self._row(payment_id))

    def by_hash(self, payment_hash: str) -> Payment | None:
        row = self.hashes.get(payment_hash)
        return _payment(row) if row else None

    def watched(self, account_id: str) -> list[Payment]:
        since = self.clock() - WATCH_AFTER_EXPIRY
        return [
            _payment(row)
            for row in self.payments.values()
            if row.state in _WATCHED
            and row.plan.account.id == account_id
            and max(row.invoice.expires_at if row.invoice else 0, row.created_at) > since
        ]

    def unfinished(self, account_id: str) -> list[Payment]:
        found = [
            row
            for row in self.payments.values()
            if row.state is _S.PAID and row.plan.account.id == account_id
        ]
        return [_payment(row) for row in sorted(found, key=lambda row: (row.paid_at, row.id))]

    def claim(self, transfer_id: int, process: UUID, *, seconds: int) -> Transfer | None:
        row, now = self.transfers.get(transfer_id), self.clock()
        if row is None or row.state in _DONE:
            return None
        held = row.claimed_by is not None and row.claimed_by != process
        if held and now <= row.claimed_until <= now + 2 * seconds:
            return None
        row.claimed_by, row.claimed_until = process, now + seconds
        return _transfer(row)

    def release(self, transfer_id: int, process: UUID) -> None:
        row = self.transfers.get(transfer_id)
        if row is not None and row.claimed_by == process:
            row.claimed_by = None

    def begin_transfer_attempt(self, transfer_id: int, process: UUID) -> str:
        row = self.transfers.get(transfer_id)
        if row is None or row.claimed_by != process or row.state is not _T.PLANNED:
            raise TillError("Somebody else works on this transfer.", cause=str(transfer_id))
        row.attempt += 1
        external_id = f"bp-{LEDGER}-{transfer_id}-{row.attempt}"
        self.attempts[external_id] = (row, None)
        return external_id

    def store_recipient_invoice(
        self, transfer: Transfer, invoice: RecipientInvoice, process: UUID
    ) -> Transfer | None:
        row = self.transfers[transfer.id]
        attempt = self.attempts.get(invoice.external_id)
        if attempt is None or attempt[1] is not None or row.invoice is not None:
            return None
        if invoice.payment_hash in self.recipient_hashes:
            return None
        after = apply(transfer, TransferEvent.INVOICE_STORED)
        if row.state is not transfer.state or row.claimed_by != process:
            return None
        self.attempts[invoice.external_id] = (row, invoice)
        self.recipient_hashes[invoice.payment_hash] = row
        row.invoice = invoice
        self._set_transfer(row, after, "", TransferEvent.INVOICE_STORED, process)
        return _transfer(row)

    def record(
        self, transfer: Transfer, event: TransferEvent, process: UUID, *, reason: str
    ) -> Transfer | None:
        after = apply(transfer, event, reason=reason)
        row = self.transfers.get(transfer.id)
        if row is None or row.state is not transfer.state or row.claimed_by != process:
            return None
        self._set_transfer(row, after, reason, event, process)
        return after

    def tips(self, since: int) -> list[TipSummary]:
        found: defaultdict[str, list[TransferRow]] = defaultdict(list)
        for row in self.payments.values():
            if row.paid_at is not None and row.paid_at >= since:
                for transfer in row.transfers:
                    if transfer.planned.role is Role.TIP:
                        found[transfer.planned.recipient].append(transfer)
        summaries = [_summary(recipient, tips) for recipient, tips in found.items()]
        return sorted(summaries, key=lambda each: (-each.sats, each.recipient))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _row(self, payment_id: int) -> PaymentRow:
        try:
            return self.payments[payment_id]
        except KeyError:
            raise LedgerRowMissingError("The ledger has no such row.") from None

    def _change(
        self, row: PaymentRow, to: PaymentState, *, reason: str, received_sats: int | None
    ) -> None:
        if to is _S.PAID:
            received = row.plan.quote.total_sats if received_sats is None else received_sats
            if received <= 0:
                raise LedgerError("The database refuses this change: nothing was written.")
            row.received_sats, row.paid_at = received, int(self.clock())
            row.was_closed = row.was_closed or row.state is not _S.AWAITING
        row.reason = reason
        self._set(row, to)

    def _set(self, row: PaymentRow, to: PaymentState) -> None:
        before, row.state, row.view = row.state, to, None
        for told in self.on_payment:
            told(row, before)

    def _set_transfer(
        self, row: TransferRow, after: Transfer, reason: str, event: TransferEvent, process: UUID
    ) -> None:
        before, row.state = row.state, after.state
        row.reason, row.tries = reason, after.tries
        row.view = row.payment.view = None
        for told in self.on_transfer:
            told(row, before, event, process)


def _transfer(row: TransferRow) -> Transfer:
    if row.view is None:
        row.view = Transfer(
            id=row.id,
            role=row.planned.role,
            recipient=row.planned.recipient,
            sats=row.planned.sats,
            memo=row.planned.memo,
            state=row.state,
            invoice=row.invoice,
            reason=row.reason,
            tries=row.tries,
        )
    return row.view


def _payment(row: PaymentRow) -> Payment:
    if row.view is None:
        plan = row.plan
        row.view = Payment(
            id=row.id,
            state=row.state,
            network=plan.account.network,
            account_id=plan.account.id,
            wallet_id=plan.account.btc_wallet_id,
            till=plan.till,
            base=plan.quote.sale.base,
            tip=plan.quote.sale.tip,
            total_sats=plan.quote.total_sats,
            tip_sats=plan.quote.tip_sats,
            memo=plan.memo,
            created_at=row.created_at,
            invoice=row.invoice,
            received_sats=row.received_sats,
            paid_at=row.paid_at,
            was_closed=row.was_closed,
            reason=row.reason,
            transfers=tuple(_transfer(each) for each in row.transfers),
        )
    return row.view


def _summary(recipient: str, tips: list[TransferRow]) -> TipSummary:
    def of(state: TransferState) -> int:
        return sum(each.planned.sats for each in tips if each.state is state)

    sats = sum(each.planned.sats for each in tips)
    settled, attention, kept = of(_T.SETTLED), of(_T.ATTENTION), of(_T.KEPT)
    return TipSummary(
        recipient=recipient,
        count=len(tips),
        sats=sats,
        settled_sats=settled,
        open_sats=sats - settled - attention - kept,
        attention_sats=attention,
        kept_sats=kept,
        last_at=max(each.payment.paid_at or 0 for each in tips),
    )
