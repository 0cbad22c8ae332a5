"""Redis in memory: what the till's cache gives, which may be gone, stale or another sale's."""

from __future__ import annotations

import random

from blinkpos_desktop.domain.payment import Payment
from tests.simulation.story import Story


class RedisModel:
    """The same two doors as ``services.store.redis.RedisCache``."""

    def __init__(self, chances: random.Random, story: Story) -> None:
        self._random, self._story = chances, story
        self._held: dict[str, Payment] = {}

    def put(self, payment: Payment) -> None:
        """Hold a payment under way; now and then everything is lost, or this is not heard."""
        roll = self._random.random()
        if roll < 0.02:
            self._story.count("Redis: erased")
            self._held.clear()
        elif roll < 0.1:
            self._story.count("Redis: write lost")
        elif payment.invoice is not None:
            self._held[payment.payment_hash] = payment

    async def get(self, payment_hash: str) -> Payment | None:
        """Return what is held, or another sale's, or nothing."""
        roll = self._random.random()
        if roll < 0.05 and self._held:
            self._story.count("Redis: another sale's")
            return next(iter(self._held.values()))
        if roll < 0.1:
            self._story.count("Redis: away")
            return None
        return self._held.get(payment_hash)
