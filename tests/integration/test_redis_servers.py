"""Redis as others run it: over TLS, with users, full, forgetful, behind Sentinels."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import TransferEvent
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.rates import Rates
from blinkpos_desktop.services.store import codec
from blinkpos_desktop.services.store import redis as redis_module
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.store.redis import key_of, key_of_price
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, aside, running
from tests.integration.stores import awaiting, claimed, recipient_invoice, store_at
from tests.integration.test_redis import Cache, _sale, caching
from tests.support.certificates import make_certificates
from tests.support.sentinels import watched_redis
from tests.support.servers import free_port, redis_program, serving

RIGHTS = "~blinkpos:* resetchannels -@all +@connection +get +set +del"
"""What docs/settings.md says that a till needs."""


@pytest.fixture
def program() -> Path:
    found = redis_program()
    if found is None:
        pytest.skip("there is no redis-server on this machine, and no wheel brings one")
    return found


@pytest.fixture(autouse=True)
def _hasty_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_module, "_RETRY_EVERY", 0.05)
    monkeypatch.setattr(redis_module, "_CHECK_EVERY", 0.05)


@pytest.fixture
async def payment(database_url: str) -> Payment:
    async with store_at(database_url) as store:
        return await awaiting(store)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await aside(holds):  # noqa: ASYNC110 (another program tells nobody)
            await asyncio.sleep(0.02)


async def _complete(store: PostgresStore, payment: Payment) -> None:
    """Take a payment to its end, on a way that Redis hears nothing of."""
    moved = await store.move(payment.id, PaymentState.PAID, reason="", received_sats=23)
    assert moved is not None
    for transfer in moved.transfers:
        mine = await claimed(store, transfer)
        external_id = await store.begin_transfer_attempt(mine.id)
        ready = await store.store_recipient_invoice(mine, recipient_invoice(external_id))
        assert ready is not None
        sending = await store.record(ready, TransferEvent.SEND_STARTED)
        assert sending is not None
        assert await store.record(sending, TransferEvent.SEND_SUCCEEDED)
    done = await store.complete(payment.id)
    assert done is not None
    assert done.state is PaymentState.COMPLETED


async def test_over_tls_as_a_user_with_few_rights(
    program: Path, tmp_path: Path, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    right = make_certificates(tmp_path / "right")
    other = make_certificates(tmp_path / "other")
    elsewhere = make_certificates(tmp_path / "elsewhere", "DNS:redis.example")
    users = tmp_path / "users.acl"
    users.write_text(
        f"user default off\nuser till on >secret {RIGHTS}\nuser guest on >secret -@all\n"
    )
    port, foreign = free_port(), free_port()

    def command(port: int, certificate: Path, key: Path) -> list[str]:
        return [
            *(str(program), "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"),
            *("--tls-cert-file", str(certificate), "--tls-key-file", str(key)),
            *("--tls-auth-clients", "no", "--save", "", "--aclfile", str(users)),
        ]

    def url(authority: Path = right.authority, user: str = "till:secret", at: int = port) -> str:
        return f"rediss://{user}@127.0.0.1:{at}/0?ssl_ca_certs={authority}"

    try:
        servers = (
            serving(command(port, right.certificate, right.key), port, tmp_path),
            serving(command(foreign, elsewhere.certificate, elsewhere.key), foreign, tmp_path),
        )
        with servers[0], servers[1]:
            async with caching(url()) as cache:
                await cache.until(Health.OK)
                cache.cache.put(payment)
                held = None
                async with asyncio.timeout(LIMIT):
                    while held is None:
                        await asyncio.sleep(0.02)
                        held = await cache.cache.get(payment.payment_hash)
                assert held.id == payment.id
                assert cache.cache.trouble == ""
            for wrong, sentence in (
                (url(user="till:wrong_secret"), "user or the password"),
                (url(user="guest:secret"), "user or the password"),
                (url(other.authority), "certificate"),
                (url(elsewhere.authority, at=foreign), "certificate"),
                (url().replace("rediss", "redis").partition("?")[0], ""),
            ):
                async with caching(wrong) as cache:
                    cache.cache.put(payment)
                    await cache.until(Health.AWAY)
                    assert sentence in cache.cache.trouble
                    assert bool(sentence) == bool(cache.cache.trouble)
    except TimeoutError:
        if _has_tls(program):
            raise
        pytest.skip("this redis-server was built without TLS")
    assert "secret" not in caplog.text


def _has_tls(program: Path) -> bool:
    said = subprocess.run(
        [str(program), "--tls-port", "0", "--version"], check=False, capture_output=True, text=True
    )
    return said.returncode == 0


async def test_a_full_one_is_away_for_us_until_it_has_room(
    program: Path, tmp_path: Path, payment: Payment
) -> None:
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with serving(command, port, tmp_path), Redis(port=port) as redis:
        async with caching(f"redis://127.0.0.1:{port}/0") as cache:
            await cache.until(Health.OK)
            redis.config_set("maxmemory", "1")
            cache.cache.put(payment)
            await cache.until(Health.AWAY)
            assert "full" in cache.cache.trouble
            for _ in range(3):
                await asyncio.sleep(0.1)
                assert cache.healths.empty(), "it does not come and go"
            redis.config_set("maxmemory", "0")
            await cache.until(Health.OK)
            assert redis.exists(key_of(payment.payment_hash))


async def test_what_was_evicted_is_read_from_the_ledger_and_held_again(
    program: Path, tmp_path: Path, database_url: str
) -> None:
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--maxmemory-policy", "allkeys-lru"]
    with serving(command, port, tmp_path), Redis(port=port) as redis:
        async with (
            caching(f"redis://127.0.0.1:{port}/0") as cache,
            store_at(database_url) as postgres,
        ):
            await cache.until(Health.OK)
            store = HybridStore(postgres, cache.cache)
            waiting = await awaiting(postgres)
            key = key_of(waiting.payment_hash)
            assert await store.by_hash(waiting.payment_hash) == waiting
            await _until(lambda: bool(redis.exists(key)))
            used = int(str(redis.info("memory")["used_memory"]))
            redis.config_set("maxmemory", str(used + 500_000))
            others = 0
            while redis.exists(key):
                # Somebody else's keys, of whom ours is the least lately used.
                redis.set(f"other:{others}", "x" * 5000)
                others += 1
                assert others < 10_000
            assert await store.by_hash(waiting.payment_hash) == waiting
            await _until(lambda: bool(redis.exists(key)))
            assert cache.healths.empty(), "it is not away"


async def test_a_deletion_that_it_missed_brings_no_old_state_back(
    program: Path, tmp_path: Path, database_url: str
) -> None:
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    url = f"redis://127.0.0.1:{port}/0"
    async with store_at(database_url) as postgres:
        waiting = await awaiting(postgres)
        key = key_of(waiting.payment_hash)
        with serving(command, port, tmp_path), Redis(port=port) as redis:
            cache = Cache(url)
            cache.cache.put(waiting)
            await cache.cache.drain()
            assert redis.exists(key)
        # Redis is killed; the sale ends, and whoever would have deleted it is gone too.
        await _complete(postgres, waiting)
        with serving(command, port, tmp_path), Redis(port=port) as redis:
            async with caching(url) as again:
                await again.until(Health.OK)
                old = await again.cache.get(waiting.payment_hash)
                assert old is not None
                assert old.state is PaymentState.AWAITING, "it has come back with the old state"
                store = HybridStore(postgres, again.cache)
                found = await store.by_hash(waiting.payment_hash)
                assert found is not None
                assert found.state is PaymentState.COMPLETED
                assert found == await postgres.payment(waiting.id)
                # And what it was told again it drops.
                await _until(lambda: not redis.exists(key))


USD = Currency(code="USD", digits=2, symbol="$")


class Blink(SystemClock):
    """Tells a price and the time, and counts."""

    def __init__(self) -> None:
        self.base, self.asked, self.at = 1_000_000, 0, 1_000_000.0

    def now(self) -> float:
        return self.at

    async def price(self, currency: Currency) -> Price:
        self.asked += 1
        return self.of(currency, self.base)

    def of(self, currency: Currency, base: int, *, age: float = 0) -> Price:
        return Price(currency=currency, base=base, offset=6, as_of=int(self.at - age))


async def test_tills_tell_one_another_prices_that_nobody_else_can_move(redis_url: str) -> None:
    blink, key = Blink(), key_of_price("USD")

    def rates(cache: Cache) -> Rates:
        return Rates(blink, Feed(), blink, cache.cache)  # type: ignore[arg-type]  # enough

    async with caching(redis_url) as one, caching(redis_url) as two:
        for cache in (one, two):
            await cache.until(Health.OK)
        with Redis.from_url(redis_url) as redis:
            first, second = rates(one), rates(two)
            # Who has asked Blink nothing yet takes nobody's word for it.
            redis.set(key, codec.encode_price(blink.of(USD, 1)))
            assert not await second._take_shared(USD)
            for each in (first, second):
                await each.refresh(USD)
            told = codec.encode_price(blink.of(USD, 1_000_000))
            await _until(lambda: redis.get(key) == told.encode())
            assert 0 < int(str(redis.ttl(key))) <= 60
            asked, blink.at, blink.base = blink.asked, blink.at + 100, 1_005_000
            await first.refresh(USD)
            fresh = codec.encode_price(blink.of(USD, 1_005_000))
            await _until(lambda: redis.get(key) == fresh.encode())
            assert await second._take_shared(USD)
            price = await second.price(USD)
            assert price is not None
            assert (price.base, blink.asked) == (1_005_000, asked + 1)
            # What is not so is not taken, and Redis is not away for it.
            for wrong in (
                codec.encode_price(blink.of(USD, 1_020_000)),
                codec.encode_price(blink.of(USD, 1)),
                codec.encode_price(blink.of(USD, 1_005_000, age=200)),
                fresh.replace("USD", "EUR"),
                fresh.replace('"digits": 2', '"digits": 0'),
                fresh.replace("1005000", "1005000.5"),
                fresh.replace('"offset": 6', '"offset": -6'),
                "garbage",
                "[]",
                "",
            ):
                redis.set(key, wrong)
                assert not await second._take_shared(USD), wrong
            redis.delete(key)
            redis.lpush(key, fresh)
            assert not await second._take_shared(USD)
            assert two.healths.empty()
            # Ten minutes on, Blink itself is asked again.
            redis.delete(key)
            blink.at += 600
            redis.set(key, codec.encode_price(blink.of(USD, 1_005_000)))
            assert not await second._take_shared(USD)


@pytest.mark.usefixtures("hasty")
async def test_every_key_is_ours_by_its_name(
    make_settings: SettingsMaker, simulator: Simulator, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.set("somebody", "else's")
        settings = make_settings(redis_url=Secret(redis_url), currency="USD")
        async with running(settings, simulator) as till:
            await till.facts.wait_for(
                PartChanged, lambda f: (f.part, f.health) == (Part.REDIS, Health.OK)
            )
            payment = await till.charge()
            await _until(lambda: bool(redis.exists(key_of(payment.payment_hash))))
            await _sale(till)
            await till.engine.rates.refresh(USD)
            await _until(lambda: bool(redis.exists(key_of_price("USD"))))
            keys = {key.decode() for key in redis.scan_iter()}
        assert {key for key in keys if not key.startswith("blinkpos:")} == {"somebody"}
        assert redis.get("somebody") == b"else's"


@pytest.mark.long
@pytest.mark.usefixtures("hasty")
async def test_sales_go_on_while_sentinels_choose_and_the_till_follows(
    program: Path, tmp_path: Path, make_settings: SettingsMaker, simulator: Simulator
) -> None:
    with watched_redis(program, tmp_path) as watched:
        first, second = watched.servers
        async with running(make_settings(redis_url=Secret(watched.url)), simulator) as till:

            async def redis_is(health: Health, after: int) -> int:
                fact = await till.facts.wait_for(
                    PartChanged, lambda f: (f.part, f.health) == (Part.REDIS, health), after=after
                )
                return till.facts.facts.index(fact, after)

            def holds(port: int, payment: Payment) -> bool:
                try:
                    with watched.look(port) as redis:
                        return bool(redis.exists(key_of(payment.payment_hash)))
                except RedisError:
                    return False

            await redis_is(Health.OK, 0)
            await _until(lambda: _is_linked_as(watched.look(second), "slave"))
            under_way = await till.charge()
            await _until(lambda: holds(first, under_way) and holds(second, under_way))
            sold = 1
            # The primary is killed.
            told = len(till.facts.facts)
            watched.servers[first].kill()
            await aside(watched.servers[first].wait)
            await _sale(till)
            told = await redis_is(Health.AWAY, told)
            while watched.primary() != second:
                await _sale(till)
                sold += 1
            sold += 1
            await redis_is(Health.OK, told)
            # What is under way is held at the new primary; it was never told again.
            fresh = await till.charge()
            await _until(lambda: holds(second, fresh))
            for payment in (under_way, fresh):
                await till.customer_pays(payment)
            sold += 1
            # The old one comes back and is a replica now; then the new one hangs.
            watched.serve(first, replica_of=second)
            await _until(lambda: _is_linked_as(watched.look(first), "slave"))
            told = len(till.facts.facts)
            watched.servers[second].send_signal(signal.SIGSTOP)
            try:
                await _sale(till)
                sold += 1
                await redis_is(Health.AWAY, told)
                await _until(lambda: watched.primary() == first)
                await redis_is(Health.OK, told)
                last = await till.charge()
                await _until(lambda: holds(first, last))
            finally:
                watched.servers[second].send_signal(signal.SIGCONT)
            await till.customer_pays(last)
            sold += 1
            await _until(lambda: simulator.control.balances()["cafe"]["BTC"] == 21 * sold)
        simulator.control.verify()


def _is_linked_as(redis: Redis, role: str) -> bool:
    try:
        with redis:
            info = redis.info("replication")
    except RedisError:
        return False
    assert isinstance(info, dict)
    is_linked = role == "master" or info.get("master_link_status") == "up"
    return info["role"] == role and is_linked
