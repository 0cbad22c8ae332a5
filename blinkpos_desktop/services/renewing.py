"""Keeps claims, and a turn at a wallet, while a step takes its time and its process lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.services.ending import end
from blinkpos_desktop.services.ports import Clock, Store

CLAIM_SECONDS: Final = 15
RENEW_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class Renewing:
    """Renews what runs out by itself."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take the way to the database."""
        self._store, self._clock = store, clock

    @asynccontextmanager
    async def claim(self, transfer_id: int, wallet_id: str = "") -> AsyncIterator[None]:
        """Keep the claim of a transfer within the block; with a wallet, the turn at it too."""
        name = f"renew-{transfer_id}"
        renewing = asyncio.create_task(self._renew(transfer_id, wallet_id), name=name)
        try:
            yield
        finally:
            await end(renewing)

    async def _renew(self, transfer_id: int, wallet_id: str) -> None:
        while True:
            await self._clock.sleep(RENEW_SECONDS)
            try:
                await self._store.claim(transfer_id, seconds=CLAIM_SECONDS)
                if wallet_id:
                    await self._store.take_turn(wallet_id, seconds=CLAIM_SECONDS)
            except TillError as error:
                _log.info("a claim was not renewed: %s", error)
