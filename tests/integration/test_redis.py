"""Redis holds what is under way, and may hang, die, forget or lie without costing a sale."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from blinkpos_desktop.domain.facts import PaymentCompleted
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.services.store import codec
from blinkpos_desktop.services.store import redis as redis_module
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.redis import RedisCache, key_of
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, running
from tests.integration.stores import awaiting, paid, store_at
from tests.support.servers import redis_program, redis_server


@pytest.fixture
def redis_at(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A redis-server that the test may stop, with its process."""
    program = redis_program()
    if program is None:
        pytest.skip("there is no redis-server on this machine, and no wheel brings one")
    with redis_server(program, tmp_path) as (url, process):
        yield url, process


@pytest.fixture
def redis(redis_at: tuple[str, subprocess.Popen[bytes]]) -> Iterator[Redis]:
    """The test's own look into it."""
    with Redis.from_url(redis_at[0]) as client:
        yield client


class Cache:
    """A running cache with its states of health."""

    def __init__(self, url: str) -> None:
        self.healths: asyncio.Queue[Health] = asyncio.Queue()
        self.cache = RedisCache(url, self.healths.put_nowait)

    async def until(self, wanted: Health) -> None:
        async with asyncio.timeout(LIMIT):
            while await self.healths.get() is not wanted:
                pass


@asynccontextmanager
async def caching(url: str) -> AsyncIterator[Cache]:
    cache = Cache(url)
    task = asyncio.create_task(cache.cache.run())
    try:
        yield cache
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
async def payment(database_url: str) -> Payment:
    async with store_at(database_url) as store:
        return await awaiting(store)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not holds():  # noqa: ASYNC110 (another program's keys tell nobody)
            await asyncio.sleep(0.01)


async def _holds(redis: Redis, payment: Payment, *, there: bool = True) -> None:
    await _until(lambda: bool(redis.exists(key_of(payment.payment_hash))) is there)


async def test_what_is_under_way_is_held_for_its_time_and_gone_when_done(
    redis_at: tuple[str, subprocess.Popen[bytes]], redis: Redis, database_url: str
) -> None:
    async with caching(redis_at[0]) as cache, store_at(database_url) as postgres:
        await cache.until(Health.OK)
        store = HybridStore(postgres, cache.cache)
        waiting = await awaiting(postgres)
        assert await store.by_hash(waiting.payment_hash)
        await _holds(redis, waiting)
        key = key_of(waiting.payment_hash)
        assert 0 < int(str(redis.ttl(key))) <= 15 * 60
        held = await cache.cache.get(waiting.payment_hash)
        assert held is not None
        assert (held.id, held.state) == (waiting.id, PaymentState.AWAITING)
        assert await store.move(waiting.id, PaymentState.PAID, reason="", received_sats=23)
        await _until(lambda: int(str(redis.ttl(key))) > 15 * 60)
        assert int(str(redis.ttl(key))) <= 30 * 60
        for transfer in (await postgres.payment(waiting.id)).transfers:
            assert await postgres.claim(transfer.id, seconds=60)
        assert await store.complete(waiting.id) is None, "not yet: it stays"
        assert redis.exists(key)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"garbage",
        b"\xff\xfe\x00",
        b"[]",
        b"7",
        b"null",
        b'{"format": 2}',
        b'{"format": 1}',
        b"[" * 50_000,
        "another payment",
        "a currency that cannot be",
        "a list",
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_what_others_put_under_our_keys_is_ignored(
    redis_at: tuple[str, subprocess.Popen[bytes]],
    redis: Redis,
    payment: Payment,
    value: bytes | str,
) -> None:
    key = key_of(payment.payment_hash)
    async with caching(redis_at[0]) as cache:
        await cache.until(Health.OK)
        if value == "a list":
            redis.lpush(key, "x")
        elif value == "another payment":
            redis.set(key, codec.encode(payment).replace(payment.payment_hash, "0" * 64))
        elif value == "a currency that cannot be":
            text = json.loads(codec.encode(payment))
            redis.set(key, json.dumps({**text, "currency": ["USD", -5, "$"]}))
        else:
            redis.set(key, value)
        assert await cache.cache.get(payment.payment_hash) is None
        assert cache.healths.empty(), "it answers: it is not away"
        cache.cache.put(payment)
        await _until(lambda: redis.type(key) == b"string")
        await _until(lambda: redis.get(key) == codec.encode(payment).encode())
        assert await cache.cache.get(payment.payment_hash) is not None


async def test_an_id_from_another_database_does_not_pay_a_sale_of_this_one(
    redis_at: tuple[str, subprocess.Popen[bytes]], redis: Redis, database_url: str
) -> None:
    """Redis outlives a database that was made anew: its ids then are other sales."""
    async with caching(redis_at[0]) as cache, store_at(database_url) as postgres:
        await cache.until(Health.OK)
        store = HybridStore(postgres, cache.cache)
        waiting = await awaiting(postgres)
        old = "ab" * 32
        text = codec.encode(waiting).replace(waiting.payment_hash, old)
        redis.set(key_of(old), text)
        assert await cache.cache.get(old), "a value like any of ours"
        assert await store.by_hash(old) is None
        missing = text.replace(f'"id": {waiting.id}', '"id": 4000000')
        redis.set(key_of(waiting.payment_hash), missing.replace(old, waiting.payment_hash))
        found = await store.by_hash(waiting.payment_hash)
        assert found is not None
        assert found.id == waiting.id


async def test_a_hung_redis_is_left_and_taken_up_again(
    redis_at: tuple[str, subprocess.Popen[bytes]],
    redis: Redis,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_module, "_CHECK_EVERY", 0.05)
    monkeypatch.setattr(redis_module, "_RETRY_EVERY", 0.05)
    url, process = redis_at
    async with caching(url) as cache, store_at(database_url) as postgres:
        await cache.until(Health.OK)
        store = HybridStore(postgres, cache.cache)
        waiting = await awaiting(postgres)
        process.send_signal(signal.SIGSTOP)
        try:
            found = await store.by_hash(waiting.payment_hash)
            assert found == waiting
            await cache.until(Health.AWAY)
            # Nobody asks it any more: this would take its time-out each.
            for _ in range(100):
                assert await store.by_hash(waiting.payment_hash) == waiting
        finally:
            process.send_signal(signal.SIGCONT)
        await cache.until(Health.OK)
        await _holds(redis, waiting)
        # An answer that came late is never taken for the next question's.
        assert await cache.cache.get("0" * 64) is None
        held = await cache.cache.get(waiting.payment_hash)
        assert held is not None
        assert held.id == waiting.id


async def test_an_end_is_heard_whenever_it_comes(
    redis_at: tuple[str, subprocess.Popen[bytes]], payment: Payment
) -> None:
    """Python 3.11's wait_for, by which the client sends, loses some cancellations."""
    cache = Cache(redis_at[0])
    for turns in range(40):
        task = asyncio.create_task(cache.cache.run())
        await cache.until(Health.OK)
        cache.healths.put_nowait(Health.OK)  # told once: the next round begins with it
        cache.cache.put(payment)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_queue_is_bounded_while_redis_is_away(
    payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_module, "_QUEUE", 5)
    async with caching("redis://127.0.0.1:9/0") as cache:
        await cache.until(Health.AWAY)
        for _ in range(50):
            cache.cache.put(payment)
        assert len(cache.cache._writes) == 5
        assert await cache.cache.get(payment.payment_hash) is None
        await cache.cache.drain()


async def test_what_is_queued_is_written_before_the_end(
    redis_at: tuple[str, subprocess.Popen[bytes]], redis: Redis, payment: Payment
) -> None:
    cache = Cache(redis_at[0])
    cache.cache.put(payment)
    await cache.cache.drain()
    assert redis.exists(key_of(payment.payment_hash))


async def _sale(till: Till) -> Payment:
    payment = await till.charge()
    await till.customer_pays(payment)
    done = await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
    return done.payment


@pytest.mark.usefixtures("hasty")
async def test_a_sale_goes_on_whatever_becomes_of_redis(
    make_settings: SettingsMaker,
    simulator: Simulator,
    redis_at: tuple[str, subprocess.Popen[bytes]],
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_module, "_RETRY_EVERY", 0.05)
    monkeypatch.setattr(redis_module, "_CHECK_EVERY", 0.05)
    url, process = redis_at
    async with running(make_settings(redis_url=Secret(url)), simulator) as till:

        async def redis_is(health: Health, after: int) -> None:
            await till.facts.wait_for(
                PartChanged, lambda f: (f.part, f.health) == (Part.REDIS, health), after=after
            )

        await redis_is(Health.OK, 0)
        await _holds(redis, await _sale(till), there=False)
        # Flushed between the invoice and the payment.
        payment = await till.charge()
        await _holds(redis, payment)
        redis.flushall()
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
        # Hung.
        told = len(till.facts.facts)
        process.send_signal(signal.SIGSTOP)
        await _sale(till)
        await redis_is(Health.AWAY, told)
        await _sale(till)
        told = len(till.facts.facts)
        process.send_signal(signal.SIGCONT)
        await redis_is(Health.OK, told)
        # Killed.
        told = len(till.facts.facts)
        process.kill()
        await aside(process.wait)
        await _sale(till)
        await redis_is(Health.AWAY, told)
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["till"]["BTC"]) == (21 * 5, 0)
    simulator.control.verify()


async def test_a_completed_payment_leaves_redis_only_then(
    redis_at: tuple[str, subprocess.Popen[bytes]], redis: Redis, database_url: str
) -> None:
    async with caching(redis_at[0]) as cache, store_at(database_url) as postgres:
        await cache.until(Health.OK)
        done = await paid(postgres)
        cache.cache.put(done)
        await _holds(redis, done)
        cache.cache.put(replace(done, state=PaymentState.COMPLETED))
        await _holds(redis, done, there=False)
