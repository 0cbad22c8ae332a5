"""The ledger as it is compared with Blink (``services.ports.Books``)."""

from __future__ import annotations

from collections.abc import Sequence
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
from blinkpos_desktop.domain.transfer import TransferState
from blinkpos_desktop.services.store.connections import Connections
from blinkpos_desktop.services.store.holds import free_account

SECONDS: Final = 120.0
"""A window may be all of a shop's history."""


class PostgresBooks:
    """Reads beside the store's, and the record of each comparison."""

    def __init__(self, connections: Connections) -> None:
        """Take the way to the database."""
        self._connections = connections

    async def begin(self, account_id: str, since: int | None) -> Run:
        """Write that a comparison begins, by default from where the last complete one ended."""
        async with self._connections.transaction() as transaction:
            [row] = await transaction.rows(
                "begin_reconciliation", account_id=account_id, since=since
            )
        return Run(**row)

    async def rows(
        self, wallet_id: str, since: int, transactions: Sequence[WalletTransaction]
    ) -> LedgerRows:
        """Return what the ledger has since a moment, and whatever those transactions name."""
        external_ids = {each.external_id for each in transactions if each.external_id}
        async with self._connections.transaction(SECONDS) as transaction:
            [ledger] = await transaction.rows("ledger")
            numbers = {number_of(each, ledger["id"]) for each in external_ids}
            names = {
                "wallet_id": wallet_id,
                "since": since,
                "hashes": list({each.payment_hash for each in transactions if each.payment_hash}),
                "external_ids": list(external_ids),
                "numbers": [each for each in numbers if each is not None],
            }
            payments = await transaction.rows("payments_to_reconcile", **names)
            sends = await transaction.rows("sends_to_reconcile", **names)
            left = await transaction.rows("open_transfers", **names)
            stored = {row["payment_hash"] for row in sends}
            sent = {
                number_of(each.external_id, ledger["id"])
                for each in transactions
                if each.direction is Direction.SEND and each.payment_hash not in stored
            }
            named = await transaction.rows(
                "transfers_named",
                wallet_id=wallet_id,
                numbers=[each for each in sent if each is not None],
                invoice_seconds=INVOICE_SECONDS,
            )
        return LedgerRows(
            payments=tuple(
                LedgerPayment(**{**row, "state": PaymentState(row["state"])}) for row in payments
            ),
            sends=tuple(
                LedgerSend(**{**row, "state": TransferState(row["state"])}) for row in sends
            ),
            open=tuple(
                OpenTransfer(**{**row, "state": TransferState(row["state"])}) for row in left
            ),
            named=tuple(
                NamedTransfer(**{**row, "state": TransferState(row["state"])}) for row in named
            ),
        )

    async def correct_received(self, payment_id: int, *, before: int, sats: int) -> bool:
        """Record that more sats came in than was known; ``False`` when somebody else did."""
        async with self._connections.transaction() as transaction:
            changed = await transaction.rows(
                "correct_received", id=payment_id, before=before, sats=sats
            )
            for row in changed:
                await transaction.tell(
                    payment_id,
                    "received_more",
                    before=row["state"],
                    after=row["state"],
                    reason=f"Blink shows {sats} sats, {before} were known",
                )
        return bool(changed)

    async def finish(self, run: Run, report: Report) -> bool:
        """Write what a comparison came to; ``True`` when it has ended a hold."""
        async with self._connections.transaction() as transaction:
            await transaction.run(
                "finish_reconciliation",
                id=run.id,
                reaches_back=run.reaches_back,
                asked=report.asked,
                transactions=report.transactions,
                not_ours=report.not_ours.count,
                found=len(report.found),
                fixed=len(report.fixed),
                remaining=len(report.remaining),
                differing=len(report.differing),
                for_person=len(report.for_person),
                highest=report.highest,
                oldest=min((each.at for each in report.remaining if each.is_dated), default=None),
            )
            if run.hold_id is None or not run.reaches_back or report.differing:
                return False
            await transaction.one("lock_ledger")
            return await free_account(
                transaction,
                run.hold_id,
                run.account_id,
                highest=report.highest,
                outcome=f"comparison {run.id}",
            )
