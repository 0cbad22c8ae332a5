"""Transfers in PostgreSQL: claimed by one process, each with one stored invoice that lives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psycopg
from psycopg.rows import DictRow

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.hold import HELD, HeldError
from blinkpos_desktop.domain.refusals import OWED_SECONDS, owed
from blinkpos_desktop.domain.transfer import (
    Attempt,
    RecipientInvoice,
    Step,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
    apply,
    for_carried,
)
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
        async with self.connections.single() as ledger:
            await ledger.run("release", id=transfer_id)

    async def begin_ahead(
        self, wanted: Sequence[tuple[Transfer, str]], *, most: int, seconds: int
    ) -> Sequence[Attempt]:
        """Claim PLANNED transfers and begin their attempts in one commit, as far as there is room.

        Each comes with the wallet whose calls are counted.
        """
        by_id = {transfer.id: transfer for transfer, _wallet in wanted}
        async with self.connections.single() as ledger:
            begun = await ledger.rows(
                "begin_ahead",
                ids=list(by_id),
                recipients=[transfer.recipient for transfer in by_id.values()],
                wallets=[wallet_id for _transfer, wallet_id in wanted],
                most=most,
                seconds=seconds,
            )
        return [
            Attempt(external_id=row["external_id"], transfer=by_id[row["transfer_id"]])
            for row in begun
        ]

    async def begin_transfer_attempt(self, transfer_id: int) -> Attempt:
        """Take the next attempt of a recipient's invoice, and along what is owed to him."""
        async with self.connections.transaction() as ledger:
            if await ledger.maybe("begin_transfer_attempt", id=transfer_id) is None:
                await _check_hold(ledger, transfer_id)
                raise TillError("Somebody else works on this transfer.", cause=str(transfer_id))
            reason = f"It goes along with transfer {transfer_id} to the same recipient."
            for joined in await ledger.rows(
                "join_debts", id=transfer_id, after=TransferState.CARRIED, reason=reason
            ):
                await ledger.tell(
                    joined["payment_id"],
                    TransferEvent.JOINED,
                    transfer_id=joined["id"],
                    before=TransferState.PLANNED,
                    after=TransferState.CARRIED,
                    reason=reason,
                )
            transfer = await transfer_of(ledger, transfer_id)
            row = await ledger.one(
                "insert_transfer_attempt", id=transfer_id, sats=transfer.invoice_sats
            )
        return Attempt(external_id=row["external_id"], transfer=transfer)

    async def store_recipient_invoice(
        self, transfer: Transfer, invoice: RecipientInvoice, *, releases: bool = False
    ) -> Transfer | None:
        """PLANNED → PREPARED with the latest attempt's invoice, if it has none and is claimed.

        With ``releases`` the claim is given back in the same commit.
        """
        event = TransferEvent.INVOICE_STORED
        if transfer.next_step is not Step.MAKE_INVOICE:
            return None
        after = replace(apply(transfer, event), invoice=invoice)
        async with self.connections.single() as ledger:
            try:
                stored = await ledger.maybe(
                    "store_recipient_invoice",
                    **change_of(transfer, event, after),
                    external_id=invoice.external_id,
                    payment_hash=invoice.payment_hash,
                    payment_request=invoice.payment_request,
                    sats=invoice.sats,
                    expires_at=invoice.expires_at,
                    releases=releases,
                )
            except psycopg.errors.UniqueViolation:
                return None
        return after if stored else None

    async def record(
        self,
        transfer: Transfer,
        event: TransferEvent,
        *,
        reason: str = "",
        error: str = "",
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> Transfer | None:
        """Apply an event to a transfer that is still as given and claimed by this process."""
        async with self.connections.transaction() as ledger:
            return await record_in(
                ledger,
                transfer,
                event,
                reason=reason,
                error=error,
                trouble=trouble,
                wait_seconds=wait_seconds,
            )

    async def adopt(
        self, transfer: Transfer, invoice: RecipientInvoice, *, quiet_seconds: float
    ) -> Transfer | None:
        """Settle a claimed transfer that a newer copy of this ledger has paid by ``invoice``."""
        async with self.connections.transaction() as ledger:
            if await ledger.maybe("lock_paid_transfer", id=transfer.id) is None:
                return None
            current = await transfer_of(ledger, transfer.id)
            is_sum = invoice.sats in {transfer.sats, transfer.invoice_sats}
            if current != transfer or not is_sum:
                return None
            if transfer.invoice is not None:
                retired = await ledger.run(
                    "retire_superseded", id=transfer.id, quiet_seconds=quiet_seconds
                )
                if not retired:
                    return None
            if invoice.sats != transfer.invoice_sats:
                # The newer copy sent it alone: what goes with it here is owed as before.
                await _free_carried(ledger, transfer)
                transfer = replace(transfer, carries=())
            adopted = await ledger.run(
                "adopt_invoice",
                id=transfer.id,
                external_id=invoice.external_id,
                sats=invoice.sats,
                payment_hash=invoice.payment_hash,
                payment_request=invoice.payment_request,
                expires_at=invoice.expires_at,
            )
            settled = await record_in(
                ledger, transfer, TransferEvent.FOUND_SENT, error=invoice.payment_hash
            )
            if not adopted or settled is None:
                raise TillError(
                    "What a newer copy of this ledger sent can't be recorded.",
                    cause=f"transfer {transfer.id}: {invoice.external_id}",
                )
            return settled


async def transfer_of(ledger: Transaction, transfer_id: int) -> Transfer:
    """Return a transfer with its live invoice, as this transaction sees it."""
    return rows.transfer(await ledger.one("transfer_by_id", id=transfer_id))


async def change_carried(ledger: Transaction, event: TransferEvent, after: Transfer) -> None:
    """Let those that go with a transfer follow it, in its own transaction."""
    follows = for_carried(event, after)
    if follows is TransferEvent.CARRIER_GONE:
        await _free_carried(ledger, after)
    elif follows is TransferEvent.CARRIER_SETTLED:
        settled = await ledger.rows("settle_carried", id=after.id)
        reason = f"with transfer {after.id}"
        await _tell_carried(ledger, settled, follows, TransferState.SETTLED, reason)


async def _free_carried(ledger: Transaction, carrier: Transfer) -> None:
    reason = owed(carrier.recipient).reason
    freed = await ledger.rows(
        "free_carried", id=carrier.id, reason=reason, wait_seconds=OWED_SECONDS
    )
    event = TransferEvent.CARRIER_GONE
    await _tell_carried(ledger, freed, event, TransferState.PLANNED, reason)


async def _tell_carried(
    ledger: Transaction,
    changed: Sequence[DictRow],
    event: TransferEvent,
    after: TransferState,
    reason: str,
) -> None:
    for row in changed:
        await ledger.tell(
            row["payment_id"],
            event,
            transfer_id=row["id"],
            before=TransferState.CARRIED,
            after=after,
            reason=reason,
        )


async def _check_hold(ledger: Transaction, transfer_id: int) -> None:
    row = await ledger.maybe("lock_account_free", id=transfer_id)
    if row is not None and not row["is_free"]:
        raise HeldError(HELD, cause=f"transfer {transfer_id}")


async def record_in(
    ledger: Transaction,
    transfer: Transfer,
    event: TransferEvent,
    *,
    reason: str = "",
    error: str = "",
    trouble: Trouble = Trouble.NONE,
    wait_seconds: float = 0.0,
) -> Transfer | None:
    """Apply an event in somebody's transaction, with what follows from it for those it carries."""
    after = apply(transfer, event, reason=reason, trouble=trouble)
    values = change_of(transfer, event, after)
    if after.state is TransferState.SENDING:
        live = transfer.invoice.payment_hash if transfer.invoice else None
        changed = await ledger.maybe("start_claimed_send", payment_hash=live, **values)
        if changed is None:
            await _check_hold(ledger, transfer.id)
    else:
        changed = await ledger.maybe("set_transfer", wait_seconds=wait_seconds, **values)
    if changed is None:
        return None
    await ledger.tell(
        changed["payment_id"],
        event.value,
        transfer_id=transfer.id,
        before=transfer.state,
        after=after.state,
        reason=after.reason,
        error=error,
    )
    await change_carried(ledger, event, after)
    return replace(after, is_due=wait_seconds <= 0)


def change_of(transfer: Transfer, event: TransferEvent, after: Transfer) -> dict[str, object]:
    """Return what names a compare-and-set of a transfer."""
    return {
        "id": transfer.id,
        "before": transfer.state,
        "recipient": transfer.recipient,
        "event": event,
        "after": after.state,
        "reason": after.reason,
        "trouble": after.trouble,
        "tries": after.tries,
    }
