"""Payments under way in Redis: a cache that may be erased, hung or away at any moment.

Writes go through a bounded queue that one task empties, so a sale never waits
for Redis; reads have a short limit. After a failure a breaker keeps everybody
off for some seconds, and closes again by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.services.store import codec, redis_address
from blinkpos_desktop.services.store.redis_address import LIMIT_SECONDS
from blinkpos_desktop.services.store.redis_primary import RedisPrimary

PENDING_SECONDS: Final = 15 * 60
PROCESSING_SECONDS: Final = 30 * 60
PRICE_SECONDS: Final = 60
_BELT: Final = 2 * LIMIT_SECONDS
"""Only for what the client's own limit misses: cancelled in its clean-up it leaks its socket."""
_RETRY_EVERY: Final = 2.0
_CHECK_EVERY: Final = 10.0
_QUEUE: Final = 1000
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


def key_of_price(code: str) -> str:
    """Return the key of a currency's price."""
    return f"blinkpos:rate:{code}"


def key_of(payment_hash: str) -> str:
    """Return the key of a payment under way."""
    return f"blinkpos:payment:{payment_hash}"


async def _within_belt(request: Awaitable[_T]) -> _T:
    async with asyncio.timeout(_BELT):
        return await _heard(request)


async def _heard(request: Awaitable[_T]) -> _T:
    answer = await request
    # The client sends by asyncio.wait_for, which on Python 3.11 loses a cancellation that comes
    # in the same turn as its result: the task would go on for ever.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return answer


def trouble_of(error: Exception) -> str:
    """Return what an owner can do something about; empty for what passes by itself."""
    match error:
        case AuthenticationError() | NoPermissionError():
            return "Redis refuses the user or the password: see BLINKPOS_REDIS_URL."
        case ResponseError():
            return "Redis answers and refuses to be written to: it may be full or only a replica."
        case _ if "certificate" in str(error).lower():
            return "Redis' certificate is not accepted: see BLINKPOS_REDIS_URL."
        case _:
            return ""


class RedisCache:
    """Redis behind a breaker. ``on_health`` is told of every change."""

    def __init__(self, url: str, on_health: Callable[[Health], None]) -> None:
        """Keep the address; nothing is connected yet.

        Raises:
            SettingsError: the address can't be used.
        """
        self._primary = RedisPrimary(redis_address.read(url))
        self._on_health = on_health
        self._health = Health.STARTING
        self.trouble = ""
        """What an owner can mend while it is away, in a sentence."""
        self._writes: deque[tuple[str, str | None, int]] = deque()
        self._wake = asyncio.Event()
        self._looked_at = 0.0

    def put(self, payment: Payment) -> None:
        """Hold a payment under way, or drop it when it is done; returns at once."""
        if payment.invoice is None:
            return
        key = key_of(payment.payment_hash)
        if payment.state is PaymentState.AWAITING:
            self._queue(key, codec.encode(payment), PENDING_SECONDS)
        elif payment.state in {PaymentState.PAID, PaymentState.CANCELLING}:
            self._queue(key, codec.encode(payment), PROCESSING_SECONDS)
        else:
            self._queue(key, None, 0)

    async def get(self, payment_hash: str) -> Payment | None:
        """Return what Redis holds of a payment; ``None`` when it has nothing or is away."""
        text = await self._get(key_of(payment_hash))
        found = None if text is None else codec.decode(text)
        return found if found and found.payment_hash == payment_hash else None

    def tell_price(self, price: Price) -> None:
        """Tell the other tills a price for a minute, now or never; returns at once."""
        if self._health is Health.OK:
            key = key_of_price(price.currency.code)
            self._queue(key, codec.encode_price(price), PRICE_SECONDS)

    async def told_price(self, currency: Currency) -> Price | None:
        """Return what a till told within the last minute; ``None`` without it."""
        text = await self._get(key_of_price(currency.code))
        return None if text is None else codec.decode_price(text, currency)

    async def _get(self, key: str) -> bytes | None:
        if self._health is not Health.OK:
            return None
        try:
            text = await _within_belt(self._primary.client.get(key))
        except ResponseError:
            return None  # it answers: somebody keeps another kind of value under our key
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        return text if isinstance(text, bytes) else None

    async def run(self) -> None:
        """Connect, empty the queue and keep checking, until cancelled."""
        try:
            while True:
                await self._attend()
        finally:
            await self._primary.aclose()

    async def drain(self) -> None:
        """Write what is queued, if Redis answers: for a process that is about to end."""
        try:
            if self._writes and self._health is not Health.AWAY and await self._look():
                await self._write_all()
        finally:
            await self._primary.aclose()

    async def _attend(self) -> None:
        # It is there when it answers and takes what waits: one that is full or may only be read
        # would otherwise come and go with every check.
        if await self._is_there() and await self._write_all():
            self.trouble = ""
            self._set_health(Health.OK)
            await self._wait(_CHECK_EVERY, wake=True)
        else:
            await self._wait(_RETRY_EVERY, wake=False)

    async def _is_there(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._health is Health.OK and now - self._looked_at < _CHECK_EVERY:
            return True  # woken by a write
        self._looked_at = now
        return await self._look()

    async def _look(self) -> bool:
        try:
            await _heard(self._primary.look())
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return False
        return True

    async def _write_all(self) -> bool:
        while self._writes:
            key, text, seconds = self._writes[0]
            try:
                if text is None:
                    await _within_belt(self._primary.client.delete(key))
                else:
                    await _within_belt(self._primary.client.set(key, text, ex=seconds))
            except (RedisError, OSError, TimeoutError) as error:
                self._failed(error)
                return False
            if self._writes and self._writes[0] == (key, text, seconds):
                self._writes.popleft()
        return True

    def _queue(self, key: str, text: str | None, seconds: int) -> None:
        if len(self._writes) >= _QUEUE:
            self._writes.popleft()
        self._writes.append((key, text, seconds))
        self._wake.set()

    async def _wait(self, seconds: float, *, wake: bool) -> None:
        if not wake:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        finally:
            self._wake.clear()

    def _failed(self, error: Exception) -> None:
        trouble = trouble_of(error)
        if self._health is not Health.AWAY or trouble != self.trouble:
            # Its own message may repeat what was sent.
            why = trouble or type(error).__name__
            _log.warning("Redis is away, PostgreSQL goes on alone: %s", why)
            self.trouble, self._health = trouble, Health.AWAY
            self._on_health(Health.AWAY)
        # Whoever found out, it is tried again soon, and not at the next check.
        self._wake.set()

    def _set_health(self, health: Health) -> None:
        if health is not self._health:
            self._health = health
            self._on_health(health)
