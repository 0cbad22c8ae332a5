"""Stores and plans for the tests of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from fractions import Fraction
from uuid import uuid4

from blinkpos_desktop.domain.blink import Account, RecipientWallet, Scope
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.plan import PaymentPlan, plan_payment
from blinkpos_desktop.domain.sale import Sale, parse_recipients, quote
from blinkpos_desktop.domain.transfer import Attempt, RecipientInvoice, Transfer
from blinkpos_desktop.services.store.postgres import PostgresStore

ACCOUNT = Account(
    id="account-1",
    network="regtest",
    username="till",
    btc_wallet_id="wallet-1",
    wallet_ids=frozenset({"wallet-1", "wallet-2"}),
    scopes=frozenset(Scope),
)


@asynccontextmanager
async def store_at(url: str, till: str = "counter 1") -> AsyncIterator[PostgresStore]:
    """An open store: a process of its own, as far as claims are concerned."""
    store = PostgresStore(url, process=uuid4(), till=till)
    try:
        await store.open()
        yield store
    finally:
        await store.close()


def plan(
    sats: int = 21, *, account: Account = ACCOUNT, recipients: tuple[str, ...] = ("elturco",)
) -> PaymentPlan:
    sale = Sale(
        currency=SATS,
        items=(sats,),
        tip_percent=Fraction(10),
        recipients=parse_recipients(list(recipients)),
    )
    wallets = {
        each.username: RecipientWallet(username=each.username, wallet_id="w", is_usd=False)
        for each in sale.recipients
    }
    return plan_payment(
        quote(sale),
        account=account,
        till="counter 1",
        merchant=RecipientWallet(username="cafe", wallet_id="cafe-1", is_usd=False),
        tip_wallets=wallets,
    )


async def intend(store: PostgresStore, plan: PaymentPlan) -> Payment:
    """A payment that was written down, with no attempt at its invoice yet."""
    return (await store.intend(plan, most=0)).payment


def hash_of(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()


def invoice_for(payment: Payment, *, expires_at: int = 2_000_000_000) -> Invoice:
    return Invoice(
        payment_request=f"lnbcrt{payment.id}",
        payment_hash=hash_of(payment.id),
        sats=payment.total_sats,
        expires_at=expires_at,
    )


def recipient_invoice(attempt: Attempt) -> RecipientInvoice:
    external_id = attempt.external_id
    return RecipientInvoice(
        external_id=external_id,
        sats=attempt.transfer.invoice_sats,
        payment_request=f"lnbcrt-{external_id}",
        payment_hash=hash_of(external_id),
        expires_at=2_000_000_000,
    )


async def awaiting(
    store: PostgresStore, account: Account = ACCOUNT, *, expires_at: int = 2_000_000_000
) -> Payment:
    """A payment whose invoice is stored."""
    payment = await intend(store, plan(account=account))
    invoice = invoice_for(payment, expires_at=expires_at)
    attached = await store.attach_invoice(payment.id, invoice)
    assert attached is not None
    return attached


async def paid(store: PostgresStore, account: Account = ACCOUNT) -> Payment:
    payment = await awaiting(store, account)
    moved = await store.move(payment.id, PaymentState.PAID, reason="", received_sats=23)
    assert moved is not None
    return moved


async def claimed(store: PostgresStore, transfer: Transfer) -> Transfer:
    held = await store.claim(transfer.id, seconds=60)
    assert held is not None
    return held


def another_account() -> Account:
    return replace(ACCOUNT, id="account-2", btc_wallet_id="wallet-9")
