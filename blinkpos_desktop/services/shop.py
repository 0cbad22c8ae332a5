"""What the shop is at Blink: its account, currencies and recipients, looked up once and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from blinkpos_desktop.domain.blink import (
    Account,
    RecipientWallet,
    Scope,
    UnknownRecipientError,
)
from blinkpos_desktop.domain.errors import InputError, SettingsError, UnavailableError
from blinkpos_desktop.domain.facts import ShopReady
from blinkpos_desktop.domain.money import SATS, Currency
from blinkpos_desktop.domain.sale import Recipient
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway

NOT_READY: Final = "The till is still connecting to Blink: try again in a moment."


class Shop:
    """The account behind the key. ``open`` must have ended well before anything is sold."""

    def __init__(
        self,
        gateway: BlinkGateway,
        feed: Feed,
        *,
        merchant: str | None,
        recipients: tuple[Recipient, ...],
        currency: str,
    ) -> None:
        """Take what the owner has set."""
        self._gateway, self._feed = gateway, feed
        self._merchant, self._recipients, self._currency = merchant, recipients, currency
        self._account: Account | None = None
        self._currencies: dict[str, Currency] = {}
        self._wallets: dict[str, RecipientWallet] = {}

    def use(
        self, *, merchant: str | None, recipients: tuple[Recipient, ...], currency: str
    ) -> bool:
        """Take what the owner has set anew, for the next sale; tell whether it is anything else.

        ``announce`` is due then. What is planned keeps its recipients: they are the ledger's.
        """
        before = (self._merchant, self._recipients, self._currency)
        self._merchant, self._recipients, self._currency = merchant, recipients, currency
        return before != (merchant, recipients, currency)

    @property
    def account(self) -> Account:
        """The collecting account.

        Raises:
            UnavailableError: Blink has not been reached yet.
        """
        if self._account is None:
            raise UnavailableError(NOT_READY)
        return self._account

    async def open(self) -> Account:
        """Ask Blink who we are; every scope that a till needs must be there.

        Raises:
            SettingsError: the key is wrong or lacks a scope.
        """
        account = await self._gateway.account()
        missing = [scope.value for scope in Scope if scope not in account.scopes]
        if missing:
            raise SettingsError(
                f"The API key lacks {' and '.join(missing)}: make one with the scopes "
                "READ, RECEIVE and WRITE at Blink."
            )
        self._account = account
        return account

    async def announce(self) -> None:
        """Look up the shop's currency and recipients, and tell that it can sell."""
        account, currency = self.account, await self.currency(self._currency)
        await self.merchant()
        await asyncio.gather(*(self.wallet(each.username) for each in self._recipients))
        self._feed.publish(
            ShopReady(network=account.network, currency=currency, tip_recipients=self._recipients)
        )

    async def currency(self, code: str) -> Currency:
        """Return a currency by its code.

        Raises:
            InputError: Blink does not list it.
        """
        if code.upper() == SATS.code:
            return SATS
        if not self._currencies:
            listed: Sequence[Currency] = await self._gateway.currencies()
            self._currencies = {each.code: each for each in listed}
        try:
            return self._currencies[code.upper()]
        except KeyError:
            raise InputError(
                f"Blink has no currency {code[:20]}: use SATS or a code such as USD or EUR."
            ) from None

    async def merchant(self) -> RecipientWallet | None:
        """Return the merchant's wallet; ``None`` when no merchant is set.

        Raises:
            SettingsError: Blink does not know the merchant.
        """
        if self._merchant is None:
            return None
        try:
            return await self.wallet(self._merchant)
        except UnknownRecipientError as error:
            raise SettingsError(
                f"Blink knows no merchant named {self._merchant}: check BLINKPOS_MERCHANT.",
                cause=error.cause,
            ) from error

    async def wallet(self, username: str) -> RecipientWallet:
        """Return a username's wallet, from what was found before or from Blink.

        Raises:
            BlinkRefusedError: Blink knows no such username, or refuses.
        """
        if username not in self._wallets:
            self._wallets[username] = await self._gateway.recipient(username)
        return self._wallets[username]

    def forget_wallet(self, username: str) -> None:
        """Look a username up anew the next time: its wallet may have changed."""
        self._wallets.pop(username, None)
