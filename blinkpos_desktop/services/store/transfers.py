"""Transfers in PostgreSQL: claimed by one process, each with one stored invoice that lives."""

from __future__ import annotations

import psycopg

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.transfer import RecipientInvoice, Transfer, TransferEvent, apply
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store.connections import Connections, Transaction


class TransferRows:
    """The part of the ledger that holds the transfers and the recipients' invoices."""

    connections: Connections

    async def claim(self, transfer_id: int, *, seconds: int) -> Transfer | None:
        """Claim a transfer for this process, or renew the claim."""
        async with self.connections.transaction() as ledger:
            if await ledger.maybe("claim", id=transfer_id, seconds=seconds) is None:
                return None
            return await transfer_of(ledger, transfer_id)

    async def release(self, transfer_id: int) -> None:
        """Give a claim back."""
        async with self.connections.transaction() as ledger:
            await ledger.run("release", id=transfer_id)

    async def begin_transfer_attempt(self, transfer_id: int) -> str:
        """Take the next attempt of a recipient's invoice; return its ``externalId``."""
        async with self.connections.transaction() as ledger:
            row = await ledger.maybe("begin_transfer_attempt", id=transfer_id)
        if row is None:
            raise TillError("Somebody else works on this transfer.", cause=str(transfer_id))
        external_id: str = row["external_id"]
        return external_id

    async def store_recipient_invoice(
        self, transfer: Transfer, invoice: RecipientInvoice
    ) -> Transfer | None:
        """PLANNED → PREPARED with the invoice, if it has none and the claim is ours."""
        async with self.connections.transaction() as ledger:
            try:
                async with ledger.savepoint():
                    stored = await ledger.run(
                        "store_recipient_invoice",
                        external_id=invoice.external_id,
                        transfer_id=transfer.id,
                        payment_hash=invoice.payment_hash,
                        payment_request=invoice.payment_request,
                        expires_at=invoice.expires_at,
                    )
                    if not stored:
                        return None
                    if not await _record(ledger, transfer, TransferEvent.INVOICE_STORED):
                        # Without the state the invoice must not stand either.
                        raise psycopg.Rollback
            except psycopg.errors.UniqueViolation:
                return None
            current = await transfer_of(ledger, transfer.id)
        is_ours = current.invoice and current.invoice.payment_hash == invoice.payment_hash
        return current if is_ours else None

    async def record(
        self, transfer: Transfer, event: TransferEvent, *, reason: str = "", error: str = ""
    ) -> Transfer | None:
        """Apply an event to a transfer that is still as given and claimed by this process."""
        async with self.connections.transaction() as ledger:
            return await _record(ledger, transfer, event, reason=reason, error=error)


async def transfer_of(ledger: Transaction, transfer_id: int) -> Transfer:
    """Return a transfer with its live invoice, as this transaction sees it."""
    return rows.transfer(await ledger.one("transfer_by_id", id=transfer_id))


async def _record(
    ledger: Transaction,
    transfer: Transfer,
    event: TransferEvent,
    *,
    reason: str = "",
    error: str = "",
) -> Transfer | None:
    after = apply(transfer, event, reason=reason)
    changed = await ledger.maybe(
        "set_transfer",
        id=transfer.id,
        before=transfer.state,
        after=after.state,
        recipient=transfer.recipient,
        reason=reason,
        tries=after.tries,
        payment_hash=transfer.invoice.payment_hash if transfer.invoice else None,
    )
    if changed is None:
        return None
    await ledger.tell(
        changed["payment_id"],
        event.value,
        transfer_id=transfer.id,
        before=transfer.state,
        after=after.state,
        reason=reason,
        error=error,
    )
    return after
