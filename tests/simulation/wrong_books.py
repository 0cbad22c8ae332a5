"""Wrong comparisons with Blink: what is not proven is recorded, what differs is not found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from blinkpos_desktop.domain.blink import Direction, TransactionStatus, WalletTransaction
from blinkpos_desktop.domain.difference import Difference, Kind, Run
from blinkpos_desktop.domain.payment import WATCHED
from blinkpos_desktop.domain.reconciliation import Comparison, LedgerRows, compare, number_of
from blinkpos_desktop.services import reconciling
from blinkpos_desktop.services.reconciling import Reconciling, _Seen
from tests.simulation.books_model import BooksModel
from tests.simulation.mutating import Family, model_of

wrong = Family("Comparing with Blink")

_begin, _fix = BooksModel.begin, Reconciling._fix


def _taken_for_sent(status: TransactionStatus) -> object:
    """A comparison to which a transaction of that status is as good as a success."""

    def instead(
        ledger: str,
        rows: LedgerRows,
        transactions: Sequence[WalletTransaction],
        paid: Iterable[str],
    ) -> Comparison:
        taken = [
            replace(each, status=TransactionStatus.SUCCESS) if each.status is status else each
            for each in transactions
        ]
        return compare(ledger, rows, taken, paid)

    return instead


for _status in (TransactionStatus.PENDING, TransactionStatus.FAILURE):
    wrong.value(f"take a {_status} for sent", reconciling, "compare", _taken_for_sent(_status))


@wrong.function("record a transaction that is not ours", reconciling, "compare")
def _by_guess(
    ledger: str,
    rows: LedgerRows,
    transactions: Sequence[WalletTransaction],
    paid: Iterable[str],
) -> Comparison:
    found = compare(ledger, rows, transactions, paid)
    waiting = [each for each in rows.payments if each.state in WATCHED]
    strangers = [
        each
        for each in transactions
        if each.direction is Direction.RECEIVE and number_of(each.external_id, ledger) is None
    ]
    guessed = tuple(
        Difference(
            kind=Kind.RECEIVED,
            sats=income.sats,
            at=income.created_at,
            payment_id=payment.id,
            received_sats=income.sats,
            can_fix=True,
        )
        for payment, income in zip(waiting, strangers, strict=False)
    )
    return replace(found, differences=(*found.differences, *guessed))


@wrong.function("settle by the sum instead of the hash", reconciling, "compare")
def _by_sum(
    ledger: str,
    rows: LedgerRows,
    transactions: Sequence[WalletTransaction],
    paid: Iterable[str],
) -> Comparison:
    found = compare(ledger, rows, transactions, paid)
    sent = {each.sats for each in transactions if each.direction is Direction.SEND}
    alike = tuple(
        Difference(
            kind=Kind.SENT,
            sats=each.sats,
            at=each.at,
            payment_id=each.payment_id,
            transfer_id=each.transfer_id,
            can_fix=True,
        )
        for each in rows.open
        if each.sats in sent
    )
    return replace(found, differences=(*found.differences, *alike))


@wrong.function("settle by the sum instead of the hash", Reconciling, "_settle")
async def _whatever_hash(
    self: Reconciling, payment_id: int, transfer_id: int, payment_hash: str
) -> None:
    del payment_hash
    row = model_of(self._store).transfers[transfer_id]
    if row.invoice is not None:
        await _settle(self, payment_id, transfer_id, row.invoice.payment_hash)


_settle = Reconciling._settle


@wrong.function("record what was asked instead of what Blink shows", Reconciling, "_fix")
async def _as_asked(self: Reconciling, difference: Difference, seen: _Seen) -> None:
    if difference.kind is Kind.RECEIVED and difference.payment_id is not None:
        payment = await self._store.payment(difference.payment_id)
        difference = replace(difference, received_sats=payment.total_sats)
    await _fix(self, difference, seen)


@wrong.function("add what came in once more", BooksModel, "correct_received")
def _added(self: BooksModel, payment_id: int, *, before: int, sats: int) -> bool:
    row = self.ledger.payments[payment_id]
    row.received_sats, row.view = before + sats, None
    for told in self.on_corrected:
        told(row)
    return True


@wrong.function("look at Blink's newest page only", Reconciling, "_walk")
async def _newest(self: Reconciling, wallet_id: str, since: int) -> list[WalletTransaction]:
    page = await self._statement.transaction_page(wallet_id, None)
    return [each for each in page.transactions if each.created_at >= since]


@wrong.function("compare from now on only", BooksModel, "begin")
def _no_window(self: BooksModel, account_id: str, since: int | None) -> Run:
    run = _begin(self, account_id, since)
    return replace(run, since=int(self.ledger.clock()))
