"""Makes recipients' invoices: one maker a transfer, and never more than Blink allows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Final
from weakref import WeakValueDictionary

from blinkpos_desktop.domain.blink import (
    BelowOneCentError,
    IdTakenError,
    RateLimitedError,
    RecipientWallet,
)
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.hold import HELD, HeldError
from blinkpos_desktop.domain.memo import joined_memo
from blinkpos_desktop.domain.money import Price
from blinkpos_desktop.domain.refusals import is_below_a_cent
from blinkpos_desktop.domain.transfer import Attempt, RecipientInvoice, Step, Transfer
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.ports import BlinkGateway, CallKind, Clock, Store
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.turns import CLAIM_SECONDS

CALLS_A_MINUTE: Final = 60
PREPARED_A_MINUTE: Final = 40
"""Preparing leaves room for what was paid and cannot wait."""
BLOCKED_SECONDS: Final = 300
BUSY: Final = "Blink asks us to slow down: it goes on by itself."
_log = logging.getLogger(__name__)


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
        clock: Clock,
        usd_price: Callable[[], Price | None],
    ) -> None:
        """Take what making needs; ``usd_price`` is the price that is known anyhow, if it is."""
        self._store, self._gateway, self._shop = store, gateway, shop
        self._holding, self._usd_price = holding, usd_price
        self._clock = clock
        self._begun: dict[int, Attempt] = {}
        """Attempts ahead that nothing has been asked for yet, by their transfers."""
        self._makers: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def make(self, transfer_id: int) -> Transfer | None:
        """Return the transfer with its invoice; ``None`` when somebody else works on it.

        What is owed to the same recipient goes with it.

        Raises:
            WaitError: Blink allows no more for now.
            HeldError: the ledger is held, from now on or already.
            TillError: Blink or the database did not do it; nothing is lost.
        """
        async with self._maker(transfer_id):
            # The money is there: it does not wait until what was begun ahead is asked for.
            begun = self._begun.pop(transfer_id, None)
            await self._holding.settle()
            claimed = await self._store.claim(transfer_id, seconds=CLAIM_SECONDS)
            if claimed is None or claimed.next_step is not Step.MAKE_INVOICE:
                return claimed
            wallet = await self._shop.wallet(claimed.recipient)
            if begun is not None and begun.transfer == claimed:
                # Its number was never asked for. It is not left behind: an older copy of this
                # ledger would come by it, and Blink could not tell.
                invoice = await self._ask_for(wallet, begun)
                return await self._store.store_recipient_invoice(claimed, invoice)
            kind = CallKind.RECIPIENT
            if wait := await self._store.count_call(wallet.wallet_id, kind, most=CALLS_A_MINUTE):
                raise WaitError(wait)
            attempt = await self._store.begin_transfer_attempt(claimed.id)
            if attempt.transfer.recipient != claimed.recipient:
                # A person has chosen another one meanwhile: this wallet is nobody's here any more.
                return attempt.transfer
            invoice = await self._ask_for(wallet, attempt)
            return await self._store.store_recipient_invoice(attempt.transfer, invoice)

    async def make_ahead(
        self, transfers: Sequence[Transfer], until_quiet: Callable[[], Awaitable[None]]
    ) -> None:
        """Make the invoices of PLANNED transfers before their payment, as far as can be.

        Only in BTC wallets, where they live 24 hours, and only while there is plenty
        of room; one after another, each ``until_quiet``. What fails is left for the payment.
        """
        await until_quiet()
        await self._holding.settle()
        wallets: dict[int, RecipientWallet] = {}
        for transfer in transfers:
            try:
                wallet = await self._shop.wallet(transfer.recipient)
            except TillError as error:
                _not_prepared(transfer, error)
                continue
            if not wallet.is_usd:
                wallets[transfer.id] = wallet
        begun_at = self._clock.boot()
        attempts = await self._begin_ahead(
            [each for each in transfers if each.id in wallets], wallets
        )
        try:
            for number, attempt in enumerate(attempts):
                if number:
                    await until_quiet()
                is_old = self._clock.boot() - begun_at > CLAIM_SECONDS / 3
                await self._fill_ahead(wallets[attempt.transfer.id], attempt, is_old=is_old)
        finally:
            # Whoever sees the payment first goes on at once, another till perhaps.
            for attempt in attempts:
                await self._leave_ahead(attempt)

    async def _begin_ahead(
        self, transfers: Sequence[Transfer], wallets: Mapping[int, RecipientWallet]
    ) -> Sequence[Attempt]:
        async with AsyncExitStack() as makers:
            for transfer in transfers:
                await makers.enter_async_context(self._maker(transfer.id))
            attempts = await self._store.begin_ahead(
                [(each, wallets[each.id].wallet_id) for each in transfers],
                most=PREPARED_A_MINUTE,
                seconds=CLAIM_SECONDS,
            )
            self._begun |= {attempt.transfer.id: attempt for attempt in attempts}
        return attempts

    async def _fill_ahead(self, wallet: RecipientWallet, attempt: Attempt, *, is_old: bool) -> None:
        transfer = attempt.transfer
        async with self._maker(transfer.id):
            if self._begun.get(transfer.id) is not attempt:
                return  # it was paid for meanwhile, and is made for that
            try:
                if is_old and transfer != await self._store.claim(
                    transfer.id, seconds=CLAIM_SECONDS
                ):
                    return  # somebody else has taken it over, or it is for somebody else
                # Once it is asked for it is nobody's to ask for again.
                del self._begun[transfer.id]
                invoice = await self._ask_for(wallet, attempt)
                stored = await self._store.store_recipient_invoice(transfer, invoice, releases=True)
            except HeldError:
                await self._give_back(transfer.id)
                raise
            except TillError as error:
                _not_prepared(transfer, error)
                stored = None
            if stored is None and transfer.id not in self._begun:
                await self._give_back(transfer.id)

    async def _leave_ahead(self, attempt: Attempt) -> None:
        """Give the claim of an attempt back that nothing was asked for, here or on payment."""
        transfer_id = attempt.transfer.id
        async with self._maker(transfer_id):
            if self._begun.get(transfer_id) is attempt:
                del self._begun[transfer_id]
                await self._give_back(transfer_id)

    async def _give_back(self, transfer_id: int) -> None:
        with suppress(TillError):
            await self._store.release(transfer_id)

    def _maker(self, transfer_id: int) -> asyncio.Lock:
        return self._makers.setdefault(transfer_id, asyncio.Lock())

    async def _ask_for(self, wallet: RecipientWallet, attempt: Attempt) -> RecipientInvoice:
        try:
            return await self._request(wallet, attempt)
        except RateLimitedError as error:
            if error.is_block:
                kind = CallKind.RECIPIENT
                await self._store.block_calls(wallet.wallet_id, kind, seconds=BLOCKED_SECONDS)
                raise WaitError(BLOCKED_SECONDS) from error
            raise
        except IdTakenError as error:
            await self._holding.place(attempt.external_id)
            raise HeldError(HELD, cause=str(error)) from error

    async def _request(self, wallet: RecipientWallet, attempt: Attempt) -> RecipientInvoice:
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


def _not_prepared(transfer: Transfer, error: TillError) -> None:
    _log.info("transfer %d is not prepared: %s", transfer.id, error)
