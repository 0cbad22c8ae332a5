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
    """One transfer of this process at a time sends from a wallet, and one process of all."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Start with nobody's turn."""
        self._store, self._clock = store, clock
        self._wallets: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def taken(self, wallet_id: str) -> AsyncIterator[bool]:
        """Wait for this process's turn; ``False`` when it is another process's."""
        async with self._wallet(wallet_id):
            if not await self._store.take_turn(wallet_id, seconds=CLAIM_SECONDS):
                yield False
                return
            try:
                yield True
            finally:
                await self._leave(wallet_id)

    @asynccontextmanager
    async def renewed(self, wallet_id: str, transfer_id: int) -> AsyncIterator[None]:
        """Renew a claim, and the turn that goes with it, while this process lives."""
        renewing = asyncio.create_task(
            self._renew(wallet_id, transfer_id), name=f"renew-{transfer_id}"
        )
        try:
            yield
        finally:
            await end(renewing)

    async def _renew(self, wallet_id: str, transfer_id: int) -> None:
        while True:
            await self._clock.sleep(RENEW_SECONDS)
            try:
                await self._store.claim(transfer_id, seconds=CLAIM_SECONDS)
                if self._wallet(wallet_id).locked():
                    await self._store.take_turn(wallet_id, seconds=CLAIM_SECONDS)
            except TillError as error:
                _log.info("a claim was not renewed: %s", error)

    async def _leave(self, wallet_id: str) -> None:
        try:
            await self._store.leave_turn(wallet_id)
        except TillError as error:
            # It runs out by itself.
            _log.info("a turn was not given back: %s", error)

    def _wallet(self, wallet_id: str) -> asyncio.Lock:
        return self._wallets.setdefault(wallet_id, asyncio.Lock())
