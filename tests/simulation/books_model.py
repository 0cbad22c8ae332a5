"""The modelled ledger as it is compared with Blink (``services.ports.Books``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from blinkpos_desktop.domain.blink import Direction, WalletTransaction
from blinkpos_desktop.domain.difference import Report, Run
from blinkpos_desktop.domain.payment import INVOICE_SECONDS, PaymentState
from blinkpos_desktop.domain.reconciliation import (
    LedgerPayment,
    LedgerRows,
    LedgerSend,
    NamedTransfer,
    OpenTransfer,
    number_of,
)
from blinkpos_desktop.domain.transfer import Trouble
from tests.simulation.rows_model import AttemptRow, PaymentRow, transfer_of
from tests.simulation.store_model import LEDGER, StoreModel
from tests.simulation.turns_model import Do

_S = PaymentState
_OPEN: Final = frozenset({_S.AWAITING, _S.CANCELLING})
_CLOSED: Final = frozenset({_S.EXPIRED, _S.CANCELLED})
_DAY: Final = 86_400.0


@dataclass(slots=True, eq=False, kw_only=True)
class _RunRow:
    account_id: str
    started_at: float
    next_start: float | None = None


@dataclass(slots=True, eq=False)
class BooksModel:
    """The rows of ``reconciliations``, and the queries of a comparison."""

    ledger: StoreModel
    runs: list[_RunRow] = field(default_factory=list)
    on_report: list[Callable[[Report], None]] = field(default_factory=list)
    on_corrected: list[Callable[[PaymentRow], None]] = field(default_factory=list)

    def begin(self, account_id: str, since: int | None) -> Run:
        ended = [each.next_start for each in self.runs if each.account_id == account_id]
        known = [each for each in ended if each is not None]
        if known:
            usual = known[-1]
        else:
            made = [row.created_at for row in self.ledger.payments.values()]
            usual = min([self.ledger.made_at, *made]) - _DAY
        start = usual if since is None else float(since)
        self.runs.append(_RunRow(account_id=account_id, started_at=self.ledger.clock()))
        holds = self.ledger.holds
        return Run(
            id=len(self.runs),
            ledger=LEDGER,
            since=round(start),
            reaches_back=start <= usual,
            account_id=account_id,
            hold_id=holds.hold_id if account_id in holds.accounts else None,
        )

    def rows(
        self, wallet_id: str, since: int, transactions: Sequence[WalletTransaction]
    ) -> LedgerRows:
        hashes = {each.payment_hash for each in transactions if each.payment_hash}
        external_ids = {each.external_id for each in transactions if each.external_id}
        numbers = {number_of(each, LEDGER) for each in external_ids}
        ledger = self.ledger
        payments = [
            row for row in ledger.payments.values() if row.plan.account.btc_wallet_id == wallet_id
        ]
        sends = [
            each
            for each in ledger.attempts.values()
            if each.transfer.payment.plan.account.btc_wallet_id == wallet_id
        ]
        return LedgerRows(
            payments=tuple(
                _payment(row, since)
                for row in payments
                if row.invoice is not None
                and (
                    row.state in _OPEN
                    or (row.state in _CLOSED and row.created_at >= since)
                    or (row.paid_at is not None and row.paid_at >= since)
                    or row.invoice.payment_hash in hashes
                    or row.id in numbers
                )
            ),
            sends=tuple(
                _send(each, since)
                for each in sends
                if each.invoice is not None
                and (
                    _is_recent(each, since)
                    or each.invoice.payment_hash in hashes
                    or each.invoice.external_id in external_ids
                )
            ),
            open=tuple(
                OpenTransfer(
                    payment_id=row.id,
                    transfer_id=each.id,
                    recipient=each.recipient,
                    sats=each.planned.sats,
                    state=each.state,
                    reason=each.reason,
                    at=row.paid_at or 0,
                    is_debt=each.trouble is Trouble.OWED,
                )
                for row in payments
                if row.state is _S.PAID
                for each in row.transfers
                if each.state not in {"settled", "kept"}
            ),
            named=self._named(wallet_id, transactions),
        )

    def _named(
        self, wallet_id: str, transactions: Sequence[WalletTransaction]
    ) -> tuple[NamedTransfer, ...]:
        stored = {
            each.invoice.payment_hash
            for each in self.ledger.attempts.values()
            if each.invoice is not None
        }
        numbers = {
            number_of(each.external_id, LEDGER)
            for each in transactions
            if each.direction is Direction.SEND and each.payment_hash not in stored
        }
        rows = (self.ledger.transfers.get(each) for each in numbers if each is not None)
        return tuple(
            NamedTransfer(
                payment_id=row.payment.id,
                transfer_id=row.id,
                recipient=row.recipient,
                state=row.state,
                sats=transfer_of(row).invoice_sats,
                own_sats=row.planned.sats,
                invoiced_at=row.payment.invoice.expires_at - INVOICE_SECONDS,
            )
            for row in rows
            if row is not None
            and row.payment.invoice is not None
            and row.payment.plan.account.btc_wallet_id == wallet_id
        )

    def correct_received(self, payment_id: int, *, before: int, sats: int) -> bool:
        row = self.ledger.payments.get(payment_id)
        if row is None or row.received_sats != before or before >= sats:
            return False
        row.received_sats, row.view = sats, None
        for told in self.on_corrected:
            told(row)
        return True

    def finish(self, run: Run, report: Report) -> bool:
        row = self.runs[run.id - 1]
        if run.reaches_back:
            dated = [each.at for each in report.remaining if each.is_dated]
            row.next_start = min([row.started_at, *dated]) - _DAY
        for told in self.on_report:
            told(report)
        return self.ledger.holds.compared(run, report)


@dataclass(slots=True)
class BooksLine:
    """One process's way to them."""

    model: BooksModel
    do: Do

    async def begin(self, account_id: str, since: int | None) -> Run:
        return await self.do("begin to reconcile", lambda: self.model.begin(account_id, since))

    async def rows(
        self, wallet_id: str, since: int, transactions: Sequence[WalletTransaction]
    ) -> LedgerRows:
        return await self.do(
            "rows to reconcile", lambda: self.model.rows(wallet_id, since, transactions)
        )

    async def correct_received(self, payment_id: int, *, before: int, sats: int) -> bool:
        return await self.do(
            f"correct what {payment_id} received",
            lambda: self.model.correct_received(payment_id, before=before, sats=sats),
        )

    async def finish(self, run: Run, report: Report) -> bool:
        return await self.do("finish reconciling", lambda: self.model.finish(run, report))


def _payment(row: PaymentRow, since: int) -> LedgerPayment:
    return LedgerPayment(
        id=row.id,
        state=row.state,
        payment_hash=row.invoice.payment_hash if row.invoice else "",
        external_id=f"bp-{LEDGER}-{row.id}-{row.attempt}",
        total_sats=row.plan.quote.total_sats,
        received_sats=row.received_sats,
        created_at=row.created_at,
        is_recent=row.paid_at is not None and row.paid_at >= since,
    )


def _send(attempt: AttemptRow, since: int) -> LedgerSend:
    invoice, row = attempt.invoice, attempt.transfer
    assert invoice is not None, "only stored ones are compared"
    return LedgerSend(
        payment_id=row.payment.id,
        transfer_id=row.id,
        recipient=row.recipient,
        sats=attempt.sats,
        state=row.state,
        payment_hash=invoice.payment_hash,
        external_id=invoice.external_id,
        is_live=attempt.retired_at is None,
        at=round(attempt.made_at if row.settled_at is None else row.settled_at),
        is_recent=_is_recent(attempt, since),
    )


def _is_recent(attempt: AttemptRow, since: int) -> bool:
    settled_at = attempt.transfer.settled_at
    return settled_at is not None and settled_at >= since
