"""Sends in PostgreSQL: the intent is committed before a request leaves, its end right after it."""

from __future__ import annotations

from dataclasses import replace

from blinkpos_desktop.domain.hold import HELD, HeldError
from blinkpos_desktop.domain.payment import Payment, PaymentState, SendEnd, reason_for
from blinkpos_desktop.domain.transfer import (
    SendStart,
    Transfer,
    TransferEvent,
    Trouble,
    apply,
    for_carried,
)
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store.connections import Connections
from blinkpos_desktop.services.store.holds import settle_on_server
from blinkpos_desktop.services.store.transfers import change_of, record_in


class SendRows:
    """The part of the ledger that says what may be on its way."""

    connections: Connections
    shown: set[int]
    """Payments that this process shows in green, until that is written."""

    async def start_send(self, transfer: Transfer, wallet_id: str, *, seconds: int) -> SendStart:
        """PREPARED → SENDING: the claim, the turn at the wallet and the intent in one commit.

        Where a standby has taken the server's place, this holds the ledger.

        Raises:
            HeldError: nothing of its account may be sent.
        """
        after = apply(transfer, TransferEvent.SEND_STARTED)
        async with self.connections.single() as ledger:
            row = await ledger.one(
                "start_send",
                **change_of(transfer, TransferEvent.SEND_STARTED, after),
                payment_hash=transfer.invoice.payment_hash if transfer.invoice else None,
                wallet_id=wallet_id,
                seconds=seconds,
            )
            if row["has_turn"] and not row["is_started"]:
                await ledger.run("leave_turn", wallet_id=wallet_id)
        if not row["is_same_server"]:
            await settle_on_server(self.connections)
        if (row["is_held"] or not row["is_same_server"]) and not row["is_started"]:
            raise HeldError(HELD, cause=f"transfer {transfer.id}")
        return SendStart(transfer=after if row["is_started"] else None, has_turn=row["has_turn"])

    async def end_send(
        self,
        transfer: Transfer,
        event: TransferEvent,
        wallet_id: str,
        *,
        reason: str = "",
        error: str = "",
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> SendEnd | None:
        """Record what a request came to, leave the wallet, and complete the payment if that is all.

        ``None`` when the transfer is no longer as given and claimed by this process.
        """
        after = apply(transfer, event, reason=reason, trouble=trouble)
        if transfer.carries and for_carried(event, after):
            # What goes with it, of other payments, follows in the same transaction.
            async with self.connections.transaction() as ledger:
                await ledger.run("leave_turn", wallet_id=wallet_id)
                recorded = await record_in(
                    ledger,
                    transfer,
                    event,
                    reason=reason,
                    error=error,
                    trouble=trouble,
                    wait_seconds=wait_seconds,
                )
                await ledger.run("release", id=transfer.id)
            return SendEnd(transfer=recorded) if recorded else None
        async with self.connections.single() as ledger:
            row = await ledger.one(
                "end_send",
                **change_of(transfer, event, after),
                error=error[:2000],
                wait_seconds=wait_seconds,
                wallet_id=wallet_id,
                shown=list(self.shown),
                why_completed=reason_for(PaymentState.PAID, PaymentState.COMPLETED),
            )
        if not row["is_changed"]:
            return None
        after = replace(after, is_due=wait_seconds <= 0)
        completed = None if row["id"] is None else _with(rows.payment(row), after)
        if completed is not None and completed.is_seen:
            self.shown.discard(completed.id)
        return SendEnd(transfer=after, completed=completed)


def _with(payment: Payment, transfer: Transfer) -> Payment:
    """Return a payment with one of its transfers as it is now."""
    return replace(
        payment,
        transfers=tuple(transfer if each.id == transfer.id else each for each in payment.transfers),
    )
