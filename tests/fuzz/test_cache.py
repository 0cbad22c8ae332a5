"""What Redis gives back, spoiled: a payment as it stands there, or none; the ledger decides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.services.store import codec
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.redis import RedisCache, key_of
from tests.fuzz.nonsense import dumped, garbled, spoiled
from tests.fuzz.profile import FUZZ
from tests.integration.stores import awaiting, store_at

PAYMENT = Payment(
    id=7,
    state=PaymentState.AWAITING,
    network="regtest",
    account_id="account-1",
    wallet_id="wallet-1",
    till="counter 1",
    base=Money(minor=21, currency=SATS),
    tip=Money(minor=2, currency=SATS),
    total_sats=23,
    tip_sats=2,
    memo="21 + 10% tip = 23 sats",
    created_at=1_790_000_000,
    invoice=Invoice(
        payment_request="lnbcrt1", payment_hash="ab" * 32, sats=23, expires_at=1_790_000_900
    ),
)
GOOD: Any = json.loads(codec.encode(PAYMENT))


def test_what_was_written_is_read() -> None:
    found = codec.decode(codec.encode(PAYMENT))
    assert found is not None
    assert json.loads(codec.encode(found)) == GOOD


@FUZZ
@given(spoiled(GOOD))
def test_json_with_something_wrong_in_it(value: object) -> None:
    found = codec.decode(dumped(value))
    if found is not None:
        # Only what was written so is read, and then all of it as it stands there.
        assert json.loads(codec.encode(found)) == value


@FUZZ
@given(st.one_of(garbled(GOOD).map(lambda each: each[0]), st.binary(max_size=200)))
def test_bytes_that_are_hardly_json(text: bytes) -> None:
    found = codec.decode(text)
    if found is not None:
        assert json.loads(codec.encode(found)) == json.loads(text)


@dataclass(frozen=True, slots=True)
class Place:
    """One sale in a real ledger, and the place where Redis would hold it."""

    runner: asyncio.Runner
    redis: Redis
    redis_url: str
    database_url: str


@pytest.fixture
def place(redis_url: str, database_url: str) -> Iterator[Place]:
    with asyncio.Runner() as runner, Redis.from_url(redis_url) as redis:
        yield Place(runner, redis, redis_url, database_url)


def test_whatever_redis_holds_the_ledger_decides(place: Place) -> None:
    async def sale() -> Payment:
        async with store_at(place.database_url) as store:
            await awaiting(store)
            return await awaiting(store)

    payment = place.runner.run(sale())
    good = json.loads(codec.encode(payment))
    held: list[bytes] = []

    @FUZZ
    @given(st.one_of(spoiled(good).map(dumped), garbled(good).map(lambda each: each[0])))
    def collect(text: bytes) -> None:
        held.append(text)

    collect()

    async def look() -> None:
        healthy = asyncio.Event()
        cache = RedisCache(
            place.redis_url, lambda health: healthy.set() if health is Health.OK else None
        )
        running = asyncio.create_task(cache.run())
        await asyncio.wait_for(healthy.wait(), 20)
        async with store_at(place.database_url) as postgres:
            store = HybridStore(postgres, cache)
            for text in held:
                place.redis.set(key_of(payment.payment_hash), text)
                found = await store.by_hash(payment.payment_hash)
                assert found == payment, text
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    place.runner.run(look())
