"""Payments in PostgreSQL: each change of state is compare-and-set with its event, in a commit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import psycopg

from blinkpos_desktop.domain.errors import RefusedError, TillError
from blinkpos_desktop.domain.money import round_half_up
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState, reason_for, sources
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store.connections import Connections, Transaction


class PaymentRows:
    """The part of the ledger that holds the customers' payments."""

    connections: Connections
    shown: set[int]
    """Payments that this process shows in green, until that is written."""

    async def intend(self, plan: PaymentPlan) -> Payment:
        """Write a payment, its transfers and its first event in one transaction."""
        async with self.connections.transaction() as ledger:
            payment_id: int = (await ledger.one("insert_payment", **_values(plan)))["id"]
            for position, transfer in enumerate(plan.transfers):
                row = await ledger.one(
                    "insert_transfer",
                    payment_id=payment_id,
                    position=position,
                    role=transfer.role,
                    recipient=transfer.recipient,
                    sats=transfer.sats,
                    memo=transfer.memo,
                    state=transfer.state,
                    reason=transfer.reason,
                )
                await ledger.tell(
                    payment_id,
                    "planned",
                    transfer_id=row["id"],
                    after=transfer.state,
                    reason=transfer.reason,
                )
            await ledger.tell(payment_id, "intended", after=PaymentState.INTENDED)
            return await payment_of(ledger, payment_id)

    async def begin_attempt(self, payment_id: int) -> str:
        """Take the next attempt of the customer's invoice; return its ``externalId``."""
        async with self.connections.transaction() as ledger:
            row = await ledger.maybe("begin_attempt", id=payment_id)
        if row is None:
            raise TillError("This sale was given up.", cause=f"payment {payment_id}")
        return f"bp-{row['ledger']}-{payment_id}-{row['attempt']}"

    async def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        """INTENDED → AWAITING with the invoice; ``None`` when it was given up meanwhile."""
        async with self.connections.transaction() as ledger:
            row = await ledger.one("lock_payment", id=payment_id)
            try:
                changed = await ledger.run(
                    "attach_invoice",
                    id=payment_id,
                    payment_hash=invoice.payment_hash,
                    payment_request=invoice.payment_request,
                    expires_at=invoice.expires_at,
                )
            except psycopg.errors.UniqueViolation as error:
                raise RefusedError(
                    "Blink's invoice is not a new one: nothing was sold.",
                    cause=f"payment {payment_id}: {invoice.payment_hash} is another sale's",
                ) from error
            if not changed:
                return None
            await ledger.tell(
                payment_id, "invoice_attached", before=row["state"], after=PaymentState.AWAITING
            )
            return await payment_of(ledger, payment_id)

    async def move(
        self,
        payment_id: int,
        to: PaymentState,
        *,
        reason: str,
        received_sats: int | None = None,
    ) -> Payment | None:
        """Move a payment along its table of moves; ``None`` when it could not go there."""
        async with self.connections.transaction() as ledger:
            row = await ledger.one("lock_payment", id=payment_id)
            before = PaymentState(row["state"])
            if before not in sources(to):
                return None
            return await _set_state(
                ledger, payment_id, before, to, reason=reason, received_sats=received_sats
            )

    async def complete(self, payment_id: int) -> Payment | None:
        """PAID → COMPLETED, if every transfer is finished."""
        async with self.connections.transaction() as ledger:
            # The payment's row is locked first, so that two last transfers see each other.
            await ledger.one("lock_payment", id=payment_id)
            row = await ledger.one("unfinished_transfers", id=payment_id)
            if row["unfinished"]:
                return None
            paid, completed = PaymentState.PAID, PaymentState.COMPLETED
            after = await _set_state(
                ledger, payment_id, paid, completed, was_shown=payment_id in self.shown
            )
        if after is not None and after.is_seen:
            self.shown.discard(payment_id)
        return after

    async def payment(self, payment_id: int) -> Payment:
        """Return one payment with its transfers."""
        async with self.connections.transaction() as ledger:
            return await payment_of(ledger, payment_id)

    async def by_hash(self, payment_hash: str) -> Payment | None:
        """Return a payment by its invoice's hash."""
        async with self.connections.transaction() as ledger:
            row = await ledger.maybe("id_by_hash", payment_hash=payment_hash)
            return await payment_of(ledger, row["id"]) if row else None

    async def watched(self, account_id: str) -> Sequence[Payment]:
        """Return the payments for which money may still arrive, oldest first."""
        return await self._all(
            "watched_ids", account_id=account_id, watch_seconds=WATCH_AFTER_EXPIRY
        )

    async def unfinished(self, account_id: str) -> Sequence[Payment]:
        """Return the paid payments that are not completed, oldest first."""
        return await self._all("unfinished_ids", account_id=account_id)

    async def _all(self, query: str, **values: object) -> Sequence[Payment]:
        async with self.connections.transaction() as ledger:
            found = await ledger.rows(query, **values)
            return [await payment_of(ledger, row["id"]) for row in found]


async def payment_of(ledger: Transaction, payment_id: int) -> Payment:
    """Return a payment with its transfers, as this transaction sees it."""
    row = await ledger.one("payment_by_id", id=payment_id)
    return rows.payment(row, await ledger.rows("transfers_of", payment_ids=[payment_id]))


async def _set_state(
    ledger: Transaction,
    payment_id: int,
    before: PaymentState,
    to: PaymentState,
    *,
    reason: str = "",
    received_sats: int | None = None,
    was_shown: bool = False,
) -> Payment | None:
    changed = await ledger.run(
        "set_state",
        id=payment_id,
        before=before,
        to=to,
        reason=reason,
        received_sats=received_sats,
        was_shown=was_shown,
    )
    if not changed:
        return None
    await ledger.tell(
        payment_id,
        to.value,
        before=before,
        after=to,
        reason=reason or reason_for(before, to),
    )
    return await payment_of(ledger, payment_id)


def _values(plan: PaymentPlan) -> dict[str, object]:
    quote, sale, price = plan.quote, plan.quote.sale, plan.quote.price
    percent = Decimal(round_half_up(sale.tip_percent * 10_000)).scaleb(-4)
    return {
        "network": plan.account.network,
        "account_id": plan.account.id,
        "wallet_id": plan.account.btc_wallet_id,
        "currency": sale.currency.code,
        "currency_digits": sale.currency.digits,
        "currency_symbol": sale.currency.symbol,
        "items_minor": list(sale.items),
        "base_minor": sale.base.minor,
        "tip_minor": sale.tip.minor,
        "tip_percent": percent,
        "price_base": price.base if price else None,
        "price_offset": price.offset if price else None,
        "price_as_of": price.as_of if price else None,
        "total_sats": quote.total_sats,
        "tip_sats": quote.tip_sats,
        "note": sale.note,
        "memo": plan.memo,
    }
