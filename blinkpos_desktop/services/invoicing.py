"""Makes recipients' invoices: one maker a transfer, and never more than Blink allows."""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakValueDictionary

from blinkpos_desktop.domain.blink import RateLimitedError
from blinkpos_desktop.domain.transfer import Step, Transfer
from blinkpos_desktop.services.ports import BlinkGateway, CallKind, Store
from blinkpos_desktop.services.shop import Shop

CLAIM_SECONDS: Final = 15
CALLS_A_MINUTE: Final = 60
PREPARED_A_MINUTE: Final = 40
"""Preparing leaves room for what was paid and cannot wait."""
BLOCKED_SECONDS: Final = 300
BUSY: Final = "Blink asks us to slow down: it goes on by itself."


class WaitError(RateLimitedError):
    """No room for this call now; ``seconds`` until there is."""

    def __init__(self, seconds: int) -> None:
        """Keep how long to wait."""
        super().__init__(BUSY, cause=f"{seconds} s to wait")
        self.seconds = seconds


class Invoicing:
    """Gives a PLANNED transfer its one recipient's invoice."""

    def __init__(self, store: Store, gateway: BlinkGateway, shop: Shop) -> None:
        """Take what making needs."""
        self._store, self._gateway, self._shop = store, gateway, shop
        self._makers: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def make(self, transfer_id: int, *, ahead: bool = False) -> Transfer | None:
        """Return the transfer with its invoice; ``None`` when somebody else works on it.

        ``ahead`` of the payment it is made only in a BTC wallet, where it lives
        24 hours, and only while there is plenty of room.

        Raises:
            WaitError: Blink allows no more for now.
            TillError: Blink or the database did not do it; nothing is lost.
        """
        lock = self._makers.setdefault(transfer_id, asyncio.Lock())
        async with lock:
            claimed = await self._store.claim(transfer_id, seconds=CLAIM_SECONDS)
            if claimed is None or claimed.next_step is not Step.MAKE_INVOICE:
                return claimed
            wallet = await self._shop.wallet(claimed.recipient)
            if ahead and wallet.is_usd:
                return claimed
            most = PREPARED_A_MINUTE if ahead else CALLS_A_MINUTE
            kind = CallKind.RECIPIENT
            if wait := await self._store.count_call(wallet.wallet_id, kind, most=most):
                raise WaitError(wait)
            external_id = await self._store.begin_transfer_attempt(transfer_id)
            try:
                invoice = await self._gateway.create_recipient_invoice(
                    self._shop.account,
                    wallet,
                    sats=claimed.sats,
                    memo=claimed.memo,
                    external_id=external_id,
                )
            except RateLimitedError as error:
                if error.is_block:
                    await self._store.block_calls(wallet.wallet_id, kind, seconds=BLOCKED_SECONDS)
                    raise WaitError(BLOCKED_SECONDS) from error
                raise
            return await self._store.store_recipient_invoice(claimed, invoice)
