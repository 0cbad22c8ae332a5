"""What the store costs a sale: with a merchant and one tip recipient, from OK to COMPLETED.

The calls are those that a till's services make of the store, one after another
(tests/integration/test_round_trips.py holds them against a real sale). Blink is
left out: it would take its own time.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import TypeVar
from uuid import uuid4

from blinkpos_desktop.domain.blink import Account, RecipientWallet, Scope
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.plan import PaymentPlan, plan_payment
from blinkpos_desktop.domain.sale import Sale, parse_recipients, quote
from blinkpos_desktop.domain.transfer import Attempt, RecipientInvoice, TransferEvent
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.store.redis import RedisCache

CALLS_A_MINUTE = 1_000_000
CLAIM_SECONDS = 15
FAR = 4_000_000_000
_numbers = count(1)
_T = TypeVar("_T")


@dataclass(slots=True)
class Times:
    """Milliseconds of each call, by its name."""

    of: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def take(self, name: str, call: Awaitable[_T]) -> _T:
        """Wait for a call and keep how long it took."""
        began = time.perf_counter()
        result = await call
        self.of[name].append((time.perf_counter() - began) * 1000)
        return result

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Return the 50th, 95th and 99th percentile of each call."""
        return {
            name: {f"p{each}": _percentile(times, each) for each in (50, 95, 99)}
            for name, times in sorted(self.of.items())
        }


@asynccontextmanager
async def opened(conninfo: str, redis_url: str | None) -> AsyncIterator[HybridStore]:
    """Open a till's store, with its Redis connected if there is one."""
    postgres = PostgresStore(conninfo, process=uuid4(), till="counter 1")
    await postgres.open()
    try:
        async with connected(redis_url) as redis:
            yield HybridStore(postgres, redis)
    finally:
        await postgres.close()


@asynccontextmanager
async def connected(redis_url: str | None) -> AsyncIterator[RedisCache | None]:
    """Lend a connected Redis; ``None`` without one."""
    if redis_url is None:
        yield None
        return
    is_there = asyncio.Event()
    redis = RedisCache(redis_url, lambda health: is_there.set() if health is Health.OK else None)
    running = asyncio.create_task(redis.run())
    try:
        await is_there.wait()
        yield redis
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def sell(store: HybridStore, lane: int, times: Times) -> None:
    """Make one sale, from the keypad's OK to its completion. A lane has a wallet of its own."""
    plan = _plan(lane)
    intended = await times.take("store", store.intend(plan, most=CALLS_A_MINUTE))
    payment = intended.payment
    attached = await times.take("attach", store.attach_invoice(payment.id, _invoice(payment)))
    assert attached is not None
    wanted = [(each, f"{each.recipient}-{lane}") for each in attached.transfers]
    attempts = await times.take(
        "claim", store.begin_ahead(wanted, most=CALLS_A_MINUTE, seconds=CLAIM_SECONDS)
    )
    for attempt in attempts:
        invoice = _recipient_invoice(attempt)
        await times.take(
            "prepare", store.store_recipient_invoice(attempt.transfer, invoice, releases=True)
        )
    sats = payment.total_sats
    await times.take(
        "paid", store.move(payment.id, PaymentState.PAID, reason="", received_sats=sats)
    )
    now = await times.take("look", store.payment(payment.id))
    completed: Payment | None = None
    for transfer in now.transfers:
        start = await times.take(
            "start send", store.start_send(transfer, now.wallet_id, seconds=CLAIM_SECONDS)
        )
        assert start.transfer is not None
        is_last = transfer is now.transfers[-1]
        ended = await times.take(
            "complete" if is_last else "end send",
            store.end_send(start.transfer, TransferEvent.SEND_SUCCEEDED, now.wallet_id),
        )
        assert ended is not None
        completed = ended.completed
    assert completed is not None


async def sell_many(store: HybridStore, *, at_once: int, sales: int) -> tuple[float, Times]:
    """Make so many sales, so many at once; return sales a second and the calls' times."""
    times, left = Times(), iter(range(sales))

    async def lane(number: int) -> None:
        for _ in left:
            await sell(store, number, times)

    began = time.perf_counter()
    await asyncio.gather(*(lane(number) for number in range(at_once)))
    return sales / (time.perf_counter() - began), times


async def read_many(store: HybridStore, redis_url: str | None, reads: int) -> Times:
    """Read one sale under way by its hash: from PostgreSQL, and from Redis if there is one."""
    times = Times()
    payment = (await store.intend(_plan(0), most=CALLS_A_MINUTE)).payment
    attached = await store.attach_invoice(payment.id, _invoice(payment))
    assert attached is not None
    for _ in range(reads):
        await times.take(
            "cold read: a sale by its hash, from PostgreSQL", store.by_hash(attached.payment_hash)
        )
    async with connected(redis_url) as redis:
        if redis is not None:
            redis.put(attached)
            while await redis.get(attached.payment_hash) is None:  # noqa: ASYNC110 (told to nobody)
                await asyncio.sleep(0.01)
            for _ in range(reads):
                assert await times.take(
                    "hot read: the same from Redis", redis.get(attached.payment_hash)
                )
    return times


def _plan(lane: int) -> PaymentPlan:
    account = Account(
        id="account-1",
        network="regtest",
        username="till",
        btc_wallet_id=f"wallet-{lane}",
        wallet_ids=frozenset({f"wallet-{lane}"}),
        scopes=frozenset(Scope),
    )
    sale = Sale(
        currency=SATS,
        items=(2100,),
        tip_percent=Fraction(10),
        recipients=parse_recipients(["elturco"]),
    )
    cafe, elturco = (
        RecipientWallet(username=name, wallet_id=f"{name}-{lane}", is_usd=False)
        for name in ("cafe", "elturco")
    )
    return plan_payment(
        quote(sale),
        account=account,
        till="counter 1",
        merchant=cafe,
        tip_wallets={"elturco": elturco},
    )


def _invoice(payment: Payment) -> Invoice:
    return Invoice(
        payment_request=f"lnbcrt{payment.id}" + 300 * "q",
        payment_hash=_hash(),
        sats=payment.total_sats,
        expires_at=FAR,
    )


def _recipient_invoice(attempt: Attempt) -> RecipientInvoice:
    return RecipientInvoice(
        external_id=attempt.external_id,
        payment_request=f"lnbcrt{attempt.external_id}" + 300 * "q",
        payment_hash=_hash(),
        sats=attempt.transfer.invoice_sats,
        expires_at=FAR,
    )


def _hash() -> str:
    return f"{next(_numbers):08x}" + uuid4().hex + uuid4().hex[:24]


def _percentile(times: list[float], percent: int) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
