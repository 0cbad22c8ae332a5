"""Payments in PostgreSQL: each change of state is compare-and-set with its event, in a commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

import psycopg
from psycopg.types.json import Jsonb

from blinkpos_desktop.domain.errors import RefusedError, TillError
from blinkpos_desktop.domain.money import Money, round_half_up
from blinkpos_desktop.domain.payment import (
    Intended,
    Invoice,
    Payment,
    PaymentState,
    reason_for,
    sources,
)
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.domain.transfer import Transfer
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store import sold as sold_lines
from blinkpos_desktop.services.store.connections import Connections, Transaction


class PaymentRows:
    """The part of the ledger that holds the customers' payments."""

    connections: Connections
    shown: set[int]
    """Payments that this process shows in green, until that is written."""

    async def intend(self, plan: PaymentPlan, *, most: int) -> Intended:
        """Write a sale with its first attempt, if ``most`` calls a minute allow it: one commit."""
        async with self.connections.single() as ledger:
            row = await ledger.one("intend", **_values(plan), most=most)
        payment = _planned(plan, row)
        external_id = f"bp-{row['ledger']}-{payment.id}-{row['attempt']}"
        return Intended(payment=payment, external_id=external_id if row["attempt"] else None)

    async def begin_attempt(self, payment_id: int) -> str:
        """Take the next attempt of the customer's invoice; return its ``externalId``."""
        async with self.connections.single() as ledger:
            row = await ledger.maybe("begin_attempt", id=payment_id)
        if row is None:
            raise TillError("This sale was given up.", cause=f"payment {payment_id}")
        return f"bp-{row['ledger']}-{payment_id}-{row['attempt']}"

    async def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        """INTENDED → AWAITING with the invoice; ``None`` when it was given up meanwhile."""
        async with self.connections.single() as ledger:
            try:
                row = await ledger.maybe(
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
        return rows.payment(row) if row else None

    async def move(
        self,
        payment_id: int,
        to: PaymentState,
        *,
        reason: str,
        received_sats: int | None = None,
    ) -> Payment | None:
        """Move a payment along its table of moves; ``None`` when it could not go there."""
        async with self.connections.single() as ledger:
            return await _set_state(
                ledger, payment_id, to, reason=reason, received_sats=received_sats
            )

    async def complete(self, payment_id: int) -> Payment | None:
        """PAID → COMPLETED, if every transfer is finished."""
        async with self.connections.transaction() as ledger:
            # The payment's row is locked first, so that two last transfers see each other.
            await ledger.one("lock_payment", id=payment_id)
            row = await ledger.one("unfinished_transfers", id=payment_id)
            if row["unfinished"]:
                return None
            was_shown = payment_id in self.shown
            after = await _set_state(
                ledger, payment_id, PaymentState.COMPLETED, was_shown=was_shown
            )
        if after is not None and after.is_seen:
            self.shown.discard(payment_id)
        return after

    async def payment(self, payment_id: int) -> Payment:
        """Return one payment with its transfers."""
        async with self.connections.single() as ledger:
            return await payment_of(ledger, payment_id)

    async def payments_of(self, ids: Collection[int]) -> Sequence[Payment]:
        """Return those payments of ``ids`` that there are, read at one moment."""
        return await self._all("payments_by_ids", ids=list(ids))

    async def by_hash(self, payment_hash: str) -> Payment | None:
        """Return a payment by its invoice's hash."""
        async with self.connections.single() as ledger:
            row = await ledger.maybe("payment_by_hash", payment_hash=payment_hash)
        return rows.payment(row) if row else None

    async def watched(self, account_id: str) -> Sequence[Payment]:
        """Return the payments for which money may still arrive, oldest first."""
        return await self._all(
            "watched_payments", account_id=account_id, watch_seconds=WATCH_AFTER_EXPIRY
        )

    async def unfinished(self, account_id: str) -> Sequence[Payment]:
        """Return the paid payments that are not completed, oldest first."""
        return await self._all("unfinished_payments", account_id=account_id)

    async def _all(self, query: str, **values: object) -> Sequence[Payment]:
        async with self.connections.single() as ledger:
            return [rows.payment(row) for row in await ledger.rows(query, **values)]


async def payment_of(ledger: Transaction, payment_id: int) -> Payment:
    """Return a payment with its transfers, as this transaction sees it."""
    return rows.payment(await ledger.one("payment_by_id", id=payment_id))


async def _set_state(
    ledger: Transaction,
    payment_id: int,
    to: PaymentState,
    *,
    reason: str = "",
    received_sats: int | None = None,
    was_shown: bool = False,
) -> Payment | None:
    before = sources(to)
    row = await ledger.one(
        "set_state",
        id=payment_id,
        to=to,
        sources=list(before),
        reasons=[reason_for(each, to) for each in before],
        reason=reason,
        received_sats=received_sats,
        was_shown=was_shown,
    )
    return None if row["id"] is None else rows.payment(row)


def _planned(plan: PaymentPlan, row: rows.Row) -> Payment:
    """Return what ``intend`` has just written, without reading it again."""
    quote, sale = plan.quote, plan.quote.sale
    # A currency's full name is not kept.
    currency = replace(sale.currency, name="")
    return Payment(
        id=row["id"],
        state=PaymentState.INTENDED,
        network=plan.account.network,
        account_id=plan.account.id,
        wallet_id=plan.account.btc_wallet_id,
        till=plan.till,
        base=Money(minor=sale.base.minor, currency=currency),
        tip=Money(minor=sale.tip.minor, currency=currency),
        total_sats=quote.total_sats,
        tip_sats=quote.tip_sats,
        memo=plan.memo,
        created_at=row["created_at"],
        transfers=tuple(
            Transfer(
                id=number,
                role=part.role,
                recipient=part.recipient,
                sats=part.sats,
                memo=part.memo,
                state=part.state,
                reason=part.reason,
            )
            for number, part in zip(row["transfers"], plan.transfers, strict=True)
        ),
    )


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
        "sold": Jsonb(sold_lines.to_object(sale.sold)) if sale.sold else None,
        "memo": plan.memo,
        "roles": [part.role for part in plan.transfers],
        "recipients": [part.recipient for part in plan.transfers],
        "parts_sats": [part.sats for part in plan.transfers],
        "memos": [part.memo for part in plan.transfers],
        "states": [part.state for part in plan.transfers],
        "reasons": [part.reason for part in plan.transfers],
    }
