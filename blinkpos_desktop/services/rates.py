"""Prices with an age: a stale one is fetched anew, and without one nothing is sold in fiat."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import PriceChanged
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway, Clock, SharedPrices

FRESH_SECONDS: Final = 120
USABLE_SECONDS: Final = 600
REFRESH_SECONDS: Final = 60.0
OWN_SECONDS: Final = 600
"""So long a price of Blink's own vouches for what other tills tell."""
NEAR: Final = Fraction(1, 100)
"""What they tell may differ from it by so much: a wrong one costs nobody more."""


class Rates:
    """The prices that Blink told, by currency."""

    def __init__(
        self, gateway: BlinkGateway, feed: Feed, clock: Clock, shared: SharedPrices | None = None
    ) -> None:
        """Start without any price; ``shared`` spares Blink the same question by every till."""
        self._gateway, self._feed, self._clock = gateway, feed, clock
        self._shared = shared
        self._own: dict[str, tuple[Price, float]] = {}
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
        """Fetch a price from Blink and tell it."""
        price = await self._gateway.price(currency)
        held = self._own[currency.code] = (price, self._clock.now())
        if self._shared is not None:
            self._shared.tell_price(price)
        self._hold(held)
        return price

    def _hold(self, held: tuple[Price, float]) -> None:
        self._prices[held[0].currency.code] = held
        self._feed.publish(PriceChanged(price=held[0]))

    async def _take_shared(self, currency: Currency) -> bool:
        """Take what another till has just heard of Blink, if it is near what Blink told us."""
        own = self._own.get(currency.code)
        if self._shared is None or own is None:
            return False
        now = self._clock.now()
        if not 0 <= now - own[1] < OWN_SECONDS:
            return False
        told = await self._shared.told_price(currency)
        if told is None or told.as_of < own[0].as_of:
            return False
        if abs(told.minor_per_sat - own[0].minor_per_sat) > NEAR * own[0].minor_per_sat:
            return False
        # It is as old as what is told can be.
        self._hold((told, now - REFRESH_SECONDS))
        return True

    async def run(self, currency: Currency) -> None:
        """Keep the shop's currency fresh until cancelled."""
        while True:
            # Its age shows, and a sale asks again by itself.
            with suppress(UnavailableError):
                if not await self._take_shared(currency):
                    await self.refresh(currency)
            await self._clock.sleep(REFRESH_SECONDS)
