"""Makes recipients' invoices: one maker a transfer, and never more than Blink allows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from weakref import WeakValueDictionary

from blinkpos_desktop.domain.blink import (
    BelowOneCentError,
    IdTakenError,
    RateLimitedError,
    RecipientWallet,
)
from blinkpos_desktop.domain.hold import HELD, HeldError
from blinkpos_desktop.domain.memo import joined_memo
from blinkpos_desktop.domain.money import Price
from blinkpos_desktop.domain.refusals import is_below_a_cent
from blinkpos_desktop.domain.transfer import Attempt, RecipientInvoice, Step, Transfer
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.ports import BlinkGateway, CallKind, Store
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.turns import CLAIM_SECONDS

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

    def __init__(
        self,
        store: Store,
        gateway: BlinkGateway,
        shop: Shop,
        holding: Holding,
        usd_price: Callable[[], Price | None],
    ) -> None:
        """Take what making needs; ``usd_price`` is the price that is known anyhow, if it is."""
        self._store, self._gateway, self._shop = store, gateway, shop
        self._holding, self._usd_price = holding, usd_price
        self._makers: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def make(self, transfer_id: int, *, ahead: bool = False) -> Transfer | None:
        """Return the transfer with its invoice; ``None`` when somebody else works on it.

        ``ahead`` of the payment it is made only in a BTC wallet, where it lives
        24 hours, and only while there is plenty of room. What is owed to the
        same recipient goes with it.

        Raises:
            WaitError: Blink allows no more for now.
            HeldError: the ledger is held, from now on or already.
            TillError: Blink or the database did not do it; nothing is lost.
        """
        lock = self._makers.setdefault(transfer_id, asyncio.Lock())
        async with lock:
            await self._holding.settle()
            claimed = await self._store.claim(transfer_id, seconds=CLAIM_SECONDS)
            if claimed is None or claimed.next_step is not Step.MAKE_INVOICE:
                return claimed
            if not ahead:
                return await self._make(claimed, most=CALLS_A_MINUTE)
            try:
                return await self._make(claimed, most=PREPARED_A_MINUTE, is_ahead=True)
            finally:
                # Whoever sees the payment first goes on at once, another till perhaps.
                await self._store.release(transfer_id)

    async def _make(
        self, claimed: Transfer, *, most: int, is_ahead: bool = False
    ) -> Transfer | None:
        wallet = await self._shop.wallet(claimed.recipient)
        if is_ahead and wallet.is_usd:
            return claimed
        kind = CallKind.RECIPIENT
        if wait := await self._store.count_call(wallet.wallet_id, kind, most=most):
            raise WaitError(wait)
        attempt = await self._store.begin_transfer_attempt(claimed.id)
        if attempt.transfer.recipient != claimed.recipient:
            # A person has chosen another one meanwhile: this wallet is nobody's here any more.
            return attempt.transfer
        try:
            invoice = await self._ask_for(wallet, attempt)
        except RateLimitedError as error:
            if error.is_block:
                await self._store.block_calls(wallet.wallet_id, kind, seconds=BLOCKED_SECONDS)
                raise WaitError(BLOCKED_SECONDS) from error
            raise
        except IdTakenError as error:
            await self._holding.place(attempt.external_id)
            raise HeldError(HELD, cause=str(error)) from error
        return await self._store.store_recipient_invoice(attempt.transfer, invoice)

    async def _ask_for(self, wallet: RecipientWallet, attempt: Attempt) -> RecipientInvoice:
        transfer, sats = attempt.transfer, attempt.transfer.invoice_sats
        if wallet.is_usd and is_below_a_cent(sats, self._usd_price()):
            raise BelowOneCentError("Less than a cent can't be sent to a USD wallet.")
        return await self._gateway.create_recipient_invoice(
            self._shop.account,
            wallet,
            sats=sats,
            memo=joined_memo(transfer.memo, [each.memo for each in transfer.carries]),
            external_id=attempt.external_id,
        )
