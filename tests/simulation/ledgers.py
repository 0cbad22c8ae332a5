"""One ledger for the contract suites, modelled or in PostgreSQL, and steps that bring it along."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast
from uuid import uuid4

from blinkpos_desktop.domain.blink import RecipientWallet
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.plan import PaymentPlan, plan_payment
from blinkpos_desktop.domain.sale import Recipient, Sale, quote
from blinkpos_desktop.domain.transfer import (
    Attempt,
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
)
from blinkpos_desktop.services.ports import Books, Store
from blinkpos_desktop.services.store.books import PostgresBooks
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.postgres import PostgresStore
from tests.simulation.blink_books import EPOCH
from tests.simulation.books_model import BooksLine, BooksModel
from tests.simulation.calm import Calm, Immortal
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.store_line import StoreFaults, StoreLine
from tests.simulation.store_model import StoreModel
from tests.simulation.tills import account

_P, _T, _E = PaymentState, TransferState, TransferEvent
FAR: Final = 2 * EPOCH
"""No clock of any machine's is there."""
PATHS: Final = {
    _P.INTENDED: (),
    _P.AWAITING: (_P.AWAITING,),
    _P.CANCELLING: (_P.AWAITING, _P.CANCELLING),
    _P.CANCELLED: (_P.AWAITING, _P.CANCELLING, _P.CANCELLED),
    _P.EXPIRED: (_P.AWAITING, _P.EXPIRED),
    _P.FAILED: (_P.FAILED,),
    _P.PAID: (_P.AWAITING, _P.PAID),
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """One ledger as two processes see it."""

    one: Store
    other: Store
    books: Books
    quieten: Callable[[float], Awaitable[None]]
    """Let so many seconds pass since the last requests that may have carried an invoice."""


Body = Callable[[Ledger], Awaitable[None]]
Run = Callable[[Body], None]


def run_on_model(body: Body) -> None:
    """Run a body with the model."""
    calm = Calm()
    model = StoreModel(clock=calm.now)
    choices, books = ChoicesModel(model), BooksModel(model)
    faults = StoreFaults(chances=calm.chances, random=calm.random, story=calm.story, loop=calm.loop)

    def line() -> StoreLine:
        return StoreLine(
            model=model, choices=choices, faults=faults, process=Immortal(), owner=uuid4()
        )

    async def quieten(seconds: float) -> None:
        for row in model.transfers.values():
            if row.last_sent_at is not None:
                row.last_sent_at -= seconds

    async def with_ledger() -> None:
        one, other = (HybridStore(cast("PostgresStore", line()), None) for _ in range(2))
        await body(Ledger(one, other, BooksLine(books, line().do), quieten))

    calm.loop.run(with_ledger())


def run_on_postgres(body: Body, database_url: str) -> None:
    """Run a body with PostgreSQL."""
    asyncio.run(_run_on_postgres(body, database_url))


async def _run_on_postgres(body: Body, database_url: str) -> None:
    stores = [PostgresStore(database_url, process=uuid4(), till="counter") for _ in range(2)]

    async def quieten(seconds: float) -> None:
        async with stores[0].connections.transaction() as ledger:
            await ledger.connection.execute(
                "UPDATE transfers SET last_sent_at = last_sent_at - make_interval(secs => %s)",
                [seconds],
            )

    try:
        for store in stores:
            await store.open()
        one, other = (HybridStore(store, None) for store in stores)
        await body(Ledger(one, other, PostgresBooks(stores[0].connections), quieten))
    finally:
        for store in stores:
            await store.close()


def plan(*, merchant: bool = True, sats: int = 100) -> PaymentPlan:
    sale = Sale(
        currency=SATS,
        items=(sats,),
        tip_percent=Fraction(10),
        recipients=(Recipient(username="elturco"), Recipient(username="ana")),
    )
    wallets = {
        name: RecipientWallet(username=name, wallet_id=f"{name}/btc", is_usd=False)
        for name in ("cafe", "elturco", "ana")
    }
    return plan_payment(
        quote(sale),
        account=account(),
        till="counter",
        merchant=wallets["cafe"] if merchant else None,
        tip_wallets=wallets,
    )


async def intend(store: Store, plan: PaymentPlan) -> Payment:
    """A payment that was written down, with no attempt at its invoice yet."""
    return (await store.intend(plan, most=0)).payment


def new_hash() -> str:
    return uuid4().hex * 2


def invoice_for(payment: Payment) -> Invoice:
    payment_hash = new_hash()
    return Invoice(
        payment_request=f"ln{payment_hash}",
        payment_hash=payment_hash,
        sats=payment.total_sats,
        expires_at=FAR,
    )


async def brought_to(store: Store, state: PaymentState) -> Payment:
    """Bring a new payment into a state."""
    payment = await intend(store, plan())
    for step in PATHS[state]:
        if step is _P.AWAITING:
            moved = await store.attach_invoice(payment.id, invoice_for(payment))
        else:
            moved = await store.move(payment.id, step, reason="")
        assert moved is not None
        payment = moved
    assert payment.state is state
    return payment


async def claimed(store: Store, seconds: int = 60) -> Transfer:
    payment = await brought_to(store, _P.PAID)
    held = await store.claim(payment.transfers[0].id, seconds=seconds)
    assert held is not None
    return held


async def made(store: Store, transfer: Transfer) -> RecipientInvoice:
    return invoice_of(await store.begin_transfer_attempt(transfer.id))


def invoice_of(attempt: Attempt) -> RecipientInvoice:
    payment_hash = new_hash()
    return RecipientInvoice(
        external_id=attempt.external_id,
        sats=attempt.transfer.invoice_sats,
        payment_request=f"ln{payment_hash}",
        payment_hash=payment_hash,
        expires_at=FAR,
    )


async def settle(store: Store, transfer: Transfer) -> None:
    held = await store.claim(transfer.id, seconds=60)
    assert held is not None
    current = await store.store_recipient_invoice(held, await made(store, held))
    for event in (_E.SEND_STARTED, _E.SEND_SUCCEEDED):
        assert current is not None
        current = await store.record(current, event)
    assert current is not None
    assert current.state is _T.SETTLED
