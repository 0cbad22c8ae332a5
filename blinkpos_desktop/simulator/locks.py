"""The lock of a sending wallet, which the server polls for."""

import asyncio
import random
from dataclasses import dataclass, field

from .clock import Clock
from .refusals import Refusal
from .settings import Settings


@dataclass(slots=True)
class WalletLocks:
    """Who holds a wallet, and until when; a lock outlives nobody by more than its life."""

    clock: Clock
    settings: Settings
    _until: dict[str, float] = field(default_factory=dict)

    def try_take(self, wallet_id: str, seconds: float | None = None) -> bool:
        """Take the lock if it is free."""
        now = self.clock.now()
        if self._until.get(wallet_id, now) > now:
            return False
        life = self.settings.lock_life_seconds if seconds is None else seconds
        self._until[wallet_id] = now + life
        return True

    def free(self, wallet_id: str) -> None:
        """Give the lock back."""
        self._until.pop(wallet_id, None)

    async def take(self, wallet_id: str) -> None:
        """Poll for the lock as Blink's server does, then give up: nothing was done."""
        least, most = self.settings.lock_poll_milliseconds
        for _ in range(self.settings.lock_attempts):
            if self.try_take(wallet_id):
                return
            pause = random.randint(least, most)  # noqa: S311 - jitter
            await asyncio.sleep(pause / 1000)
        raise Refusal(
            "UNEXPECTED_CLIENT_ERROR",
            "Something went wrong. Please contact support. "
            "(code: ResourceAttemptsRedlockServiceError)",
        )
