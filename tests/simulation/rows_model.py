"""The rows of the modelled ledger, and how they are read as domain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from blinkpos_desktop.domain.attention import Choice
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.plan import PaymentPlan, PlannedTransfer
from blinkpos_desktop.domain.transfer import (
    Carried,
    RecipientInvoice,
    Transfer,
    TransferState,
    Trouble,
)

_TOO_FAR: Final = 2 * 86_400.0
"""A time to come so far off was set before the database's clock was set back."""


@dataclass(slots=True, eq=False, kw_only=True)
class ChoiceRow:
    """A row of ``choices`` that has not ended."""

    id: int
    choice: Choice
    who: str


@dataclass(slots=True, eq=False, kw_only=True)
class AttemptRow:
    """A row of ``recipient_invoices``: an attempt, and its invoice once that is stored."""

    transfer: TransferRow
    made_at: float
    sats: int
    invoice: RecipientInvoice | None = None
    retired_at: float | None = None
    paid_retired: bool = False
    seen: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class TransferRow:
    """A row of ``transfers`` with its live invoice. ``clock`` is the database's."""

    id: int
    clock: Callable[[], float]
    payment: PaymentRow
    planned: PlannedTransfer
    recipient: str
    state: TransferState
    reason: str
    tries: int = 0
    attempt: int = 0
    claimed_by: object = None
    claimed_until: float = 0.0
    last_sent_at: float | None = None
    settled_at: float | None = None
    invoice: RecipientInvoice | None = None
    trouble: Trouble = Trouble.NONE
    due_at: float | None = None
    carried_by: TransferRow | None = None
    carries: list[TransferRow] = field(default_factory=list)
    choice: ChoiceRow | None = None
    view: Transfer | None = None

    @property
    def is_due(self) -> bool:
        """Whether its time to be tried again has come."""
        now = self.clock()
        return self.due_at is None or self.due_at <= now or self.due_at > now + _TOO_FAR


@dataclass(slots=True, eq=False, kw_only=True)
class PaymentRow:
    """A row of ``payments``."""

    id: int
    plan: PaymentPlan
    created_at: int
    state: PaymentState = PaymentState.INTENDED
    attempt: int = 0
    invoice: Invoice | None = None
    received_sats: int | None = None
    paid_at: int | None = None
    was_closed: bool = False
    is_seen: bool = False
    surplus_seen: int = 0
    reason: str = ""
    transfers: list[TransferRow] = field(default_factory=list)
    view: Payment | None = None


def transfer_of(row: TransferRow) -> Transfer:
    """Return a row as the store returns it."""
    if row.view is None:
        row.view = Transfer(
            id=row.id,
            role=row.planned.role,
            recipient=row.recipient,
            sats=row.planned.sats,
            memo=row.planned.memo,
            state=row.state,
            invoice=row.invoice,
            reason=row.reason,
            tries=row.tries,
            trouble=row.trouble,
            carries=tuple(
                Carried(
                    id=each.id,
                    payment_id=each.payment.id,
                    sats=each.planned.sats,
                    memo=each.planned.memo,
                )
                for each in sorted(row.carries, key=lambda each: each.id)
            ),
        )
    return row.view if row.is_due else replace(row.view, is_due=False)


def payment_of(row: PaymentRow) -> Payment:
    """Return a row with its transfers as the store returns it."""
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
            is_seen=row.is_seen,
            reason=row.reason,
            transfers=tuple(transfer_of(each) for each in row.transfers),
        )
    if any(each.due_at is not None for each in row.transfers):
        return replace(row.view, transfers=tuple(transfer_of(each) for each in row.transfers))
    return row.view
