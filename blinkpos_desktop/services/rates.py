"""Prices with an age: a stale one is fetched anew, and without one nothing is sold in fiat."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import PriceChanged
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway, Clock

FRESH_SECONDS: Final = 120
USABLE_SECONDS: Final = 600
REFRESH_SECONDS: Final = 60.0


class Rates:
    """The prices that Blink told, by currency."""

    def __init__(self, gateway: BlinkGateway, feed: Feed, clock: Clock) -> None:
        """Start without any price."""
        self._gateway, self._feed, self._clock = gateway, feed, clock
        self._prices: dict[str, tuple[Price, float]] = {}

    async def price(self, currency: Currency) -> Price | None:
        """Return a usable price of a currency; ``None`` for sats, which need none.

        One that we have had for over two minutes is fetched before it is used;
        one of over ten minutes that can't be renewed is not used.

        Raises:
            UnavailableError: there is no usable price.
        """
        if currency.is_sats:
            return None
        held = self._prices.get(currency.code)
        # A clock that was set back counts as an old price.
        if held and 0 <= self._clock.now() - held[1] < FRESH_SECONDS:
            return held[0]
        try:
            return await self.refresh(currency)
        except UnavailableError as error:
            if held and 0 <= self._clock.now() - held[1] < USABLE_SECONDS:
                return held[0]
            raise UnavailableError(
                f"There is no price for {currency.code} now: try again, or sell in sats.",
                cause=error.cause,
            ) from error

    def known(self, code: str) -> Price | None:
        """Return a usable price that is held already; nobody is asked for it."""
        held = self._prices.get(code)
        return held[0] if held and 0 <= self._clock.now() - held[1] < USABLE_SECONDS else None

    async def refresh(self, currency: Currency) -> Price:
        """Fetch a price and tell it."""
        price = await self._gateway.price(currency)
        self._prices[currency.code] = (price, self._clock.now())
        self._feed.publish(PriceChanged(price=price))
        return price

    async def run(self, currency: Currency) -> None:
        """Keep the shop's currency fresh until cancelled."""
        while True:
            # Its age shows, and a sale asks again by itself.
            with suppress(UnavailableError):
                await self.refresh(currency)
            await self._clock.sleep(REFRESH_SECONDS)
