"""Rows become domain values here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blinkpos_desktop.domain.announcement import Announcement, SurplusItem
from blinkpos_desktop.domain.attention import (
    AttentionItem,
    Choice,
    Remedy,
    RetiredInvoice,
    WaitingChoice,
)
from blinkpos_desktop.domain.hold import Hold, HoldCause
from blinkpos_desktop.domain.money import Currency, Money
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.domain.transfer import (
    Carried,
    RecipientInvoice,
    Role,
    Transfer,
    TransferState,
    Trouble,
)

Row = Mapping[str, Any]


def payment(row: Row) -> Payment:
    """Return the payment of a ``payment_now`` row."""
    currency = currency_of(row)
    invoice = None
    if row["payment_hash"] is not None:
        invoice = Invoice(
            payment_request=row["payment_request"],
            payment_hash=row["payment_hash"],
            sats=row["total_sats"],
            expires_at=row["expires_at"],
        )
    return Payment(
        id=row["id"],
        state=PaymentState(row["state"]),
        network=row["network"],
        account_id=row["account_id"],
        wallet_id=row["wallet_id"],
        till=row["till"],
        base=Money(minor=row["base_minor"], currency=currency),
        tip=Money(minor=row["tip_minor"], currency=currency),
        total_sats=row["total_sats"],
        tip_sats=row["tip_sats"],
        memo=row["memo"],
        created_at=row["created_at"],
        invoice=invoice,
        received_sats=row["received_sats"],
        paid_at=row["paid_at"],
        was_closed=row["was_closed"],
        is_seen=row["is_seen"],
        reason=row["reason"],
        transfers=tuple(transfer(each) for each in row["transfers"]),
    )


def transfer(row: Row) -> Transfer:
    """Return the transfer of a row of ``transfers_now``."""
    invoice = None
    if row["payment_hash"] is not None:
        invoice = RecipientInvoice(
            external_id=row["external_id"],
            payment_request=row["payment_request"],
            payment_hash=row["payment_hash"],
            sats=row["invoice_sats"],
            expires_at=row["expires_at"],
        )
    return Transfer(
        id=row["id"],
        role=Role(row["role"]),
        recipient=row["recipient"],
        sats=row["sats"],
        memo=row["memo"],
        state=TransferState(row["state"]),
        invoice=invoice,
        reason=row["reason"],
        tries=row["tries"],
        trouble=Trouble(row["trouble"]),
        carries=tuple(Carried(**each) for each in row["carries"]),
        is_due=row["is_due"],
    )


def tip_summary(row: Row) -> TipSummary:
    """Return the summary of a ``tips_since`` row."""
    done = row["settled_sats"] + row["attention_sats"] + row["kept_sats"]
    return TipSummary(
        recipient=row["recipient"],
        count=row["count"],
        sats=row["sats"],
        settled_sats=row["settled_sats"],
        open_sats=row["sats"] - done,
        attention_sats=row["attention_sats"],
        kept_sats=row["kept_sats"],
        last_at=row["last_at"],
    )


def attention_item(row: Row) -> AttentionItem:
    """Return what waits for a person, of an ``attention_items`` row."""
    return AttentionItem(
        payment_id=row["payment_id"],
        payment_hash=row["customer_hash"],
        transfer=transfer(row),
        paid_at=row["paid_at"],
        choice=_choice(row) if row["remedy"] else None,
        choice_by=row["who"] or "",
        paid_retired=row["paid_retired"] or "",
        is_foreign=row["is_foreign"],
    )


def waiting_choice(row: Row) -> WaitingChoice:
    """Return the choice of a ``waiting_choices`` row."""
    return WaitingChoice(
        id=row["choice_id"],
        choice=_choice(row),
        who=row["who"],
        payment_id=row["payment_id"],
        payment_hash=row["customer_hash"],
        wallet_id=row["wallet_id"],
        transfer=transfer(row),
        quiet_seconds=row["quiet_seconds"],
    )


def retired_invoice(row: Row) -> RetiredInvoice:
    """Return the invoice of a ``retired_invoices`` row."""
    return RetiredInvoice(
        transfer_id=row["transfer_id"],
        payment_hash=row["payment_hash"],
        retired_at=row["retired_at"],
        expires_at=row["expires_at"],
    )


def hold(row: Row) -> Hold:
    """Return the hold of a ``current_hold`` row."""
    return Hold(
        id=row["id"],
        cause=HoldCause(row["cause"]),
        external_id=row["external_id"],
        held_at=row["held_at"],
        differing=row["differing"],
        for_person=row["for_person"],
    )


def announcement(row: Row) -> Announcement:
    """Return the announcement of an ``unseen_payments`` row."""
    return Announcement(
        payment_id=row["payment_id"],
        payment_hash=row["payment_hash"],
        amount=Money(minor=row["total_minor"], currency=currency_of(row)),
        sats=row["received_sats"],
        paid_at=row["paid_at"],
        till=row["till"],
        was_closed=row["was_closed"],
    )


def surplus_item(row: Row) -> SurplusItem:
    """Return the surplus of a ``surpluses`` row."""
    return SurplusItem(**row)


def currency_of(row: Row) -> Currency:
    """Return the currency of a row that names one."""
    return Currency(
        code=row["currency"], digits=row["currency_digits"], symbol=row["currency_symbol"]
    )


def _choice(row: Row) -> Choice:
    return Choice(remedy=Remedy(row["remedy"]), recipient=row["choice_recipient"])
