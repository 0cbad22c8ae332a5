"""Turns at a wallet, and claims that last as long as a step takes.

Parallel sends of one wallet only wait for Blink's own lock: one after another
is faster, within a process and between tills. No step's safety rests on either.
"""

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


class Turns:
    """One transfer of this process at a time sends from a wallet; all processes' turn is stored."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Start with nobody's turn."""
        self._store, self._clock = store, clock
        self._wallets: dict[str, asyncio.Lock] = {}

    def of(self, wallet_id: str) -> asyncio.Lock:
        """Return what this process's transfers wait for; the store's turn comes with a send."""
        return self._wallets.setdefault(wallet_id, asyncio.Lock())

    @asynccontextmanager
    async def renewed(self, transfer_id: int, wallet_id: str = "") -> AsyncIterator[None]:
        """Renew a claim, and with a wallet the turn at it too, while this process lives."""
        renewing = asyncio.create_task(
            self._renew(transfer_id, wallet_id), name=f"renew-{transfer_id}"
        )
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
