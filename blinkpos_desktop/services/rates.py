"""Prices with an age: a stale one is fetched anew, and without one nothing is sold in fiat."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import PriceChanged
from blinkpos_desktop.domain.health import Finding, Mark
from blinkpos_desktop.domain.health_words import words
from blinkpos_desktop.domain.judging_price import price_verdict
from blinkpos_desktop.domain.measures import PriceMeasure
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.pricing import (
    HOUR_SECONDS,
    USABLE_SECONDS,
    ClockAheadError,
    PriceMove,
    PriceMovedError,
    has_moved,
    is_clock_ahead,
    is_fresh,
    is_usable,
    moved,
)
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway, Clock, PriceBook, SharedPrices

REFRESH_SECONDS: Final = 60.0
LOOKS: Final = 6
"""So often meanwhile what has become of it is told."""
OWN_SECONDS: Final = 600
"""So long a price of Blink's own vouches for what other tills tell."""
NEAR: Final = Fraction(1, 100)
"""What they tell may differ from it by so much: a wrong one costs nobody more."""
_UNTOLD: Final = {
    Finding.NOT_KNOWN: Health.STARTING,
    Finding.PRICE_NOT_NEEDED: Health.OFF,
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A price that Blink told, in Unix seconds of our clock, and whether it may be sold at.

    ``since`` is Blink's own time of it, or when we heard it where that is yet to come.
    """

    price: Price
    at: float
    since: float
    is_kept: bool = False
    """It was compared with those of the last hour."""


class Rates:
    """The prices that Blink told, by currency."""

    def __init__(
        self,
        gateway: BlinkGateway,
        feed: Feed,
        clock: Clock,
        shared: SharedPrices | None = None,
        book: PriceBook | None = None,
        skew: Callable[[], float | None] = lambda: None,
    ) -> None:
        """Start without any price.

        ``shared`` spares Blink the same question by every till; ``book`` remembers the last
        hour's prices for all of them; ``skew`` tells our clock's lead over Blink's, once known.
        """
        self._gateway, self._feed, self._clock = gateway, feed, clock
        self._shared, self._book, self._skew = shared, book, skew
        self._own: dict[str, tuple[Price, float]] = {}
        self._prices: dict[str, _Held] = {}
        self._failing: set[str] = set()
        """Currencies whose last attempt brought no price, or an old one."""
        self._moves: dict[str, PriceMove] = {}
        self._watched: Currency | None = None
        self._told: PartChanged | None = None

    async def price(self, currency: Currency, agreed: Price | None = None) -> Price | None:
        """Return a usable price of a currency; ``None`` for sats, which need none.

        One that is over two minutes old is fetched before it is used; one of
        over ten minutes that can't be renewed is not used. One that moved far
        from those of the last hour is used when a person has ``agreed`` to it.

        Raises:
            PriceMovedError: a person must agree to it first.
            UnavailableError: there is no usable price.
        """
        if currency.is_sats:
            return None
        held = self._prices.get(currency.code)
        if held is None or not is_fresh(self._age(held)):
            held = await self._renewed(currency, held)
        return (held if held.is_kept else await self._kept(held, agreed)).price

    def known(self, code: str) -> Price | None:
        """Return a price that was heard a short while ago; nobody is asked for it."""
        held = self._prices.get(code)
        # A clock that was set back counts as an old price.
        is_known = held and 0 <= self._clock.now() - held.at < USABLE_SECONDS
        return held.price if held and is_known else None

    async def refresh(self, currency: Currency) -> Price:
        """Fetch a price from Blink and tell it."""
        self._failing.add(currency.code)
        price = await self._gateway.price(currency)
        now = self._clock.now()
        if is_fresh(now - min(now, price.as_of)):
            self._failing.discard(currency.code)
        self._own[currency.code] = (price, now)
        if self._shared is not None:
            self._shared.tell_price(price)
        self._hold(_Held(price=price, at=now, since=min(now, price.as_of)))
        return price

    def _age(self, held: _Held) -> float:
        return self._clock.now() - held.since

    async def _renewed(self, currency: Currency, held: _Held | None) -> _Held:
        cause = ""
        try:
            await self.refresh(currency)
            held = self._prices[currency.code]
        except UnavailableError as error:
            cause = error.cause or error.sentence
        if held is not None and not cause and not is_usable(self._age(held)):
            skew = self._skew()
            if skew is not None and is_clock_ahead(self._age(held), skew):
                raise ClockAheadError(skew)
        if held is None or not is_usable(self._age(held)):
            raise UnavailableError(
                f"There is no price for {currency.code} now: try again, or sell in sats.",
                cause=cause
                or "the price that Blink tells is old, or this machine's clock is wrong",
            )
        return held

    async def _kept(self, held: _Held, agreed: Price | None = None) -> _Held:
        """Compare a price with those of the last hour, at every till, and keep it as one."""
        price = held.price
        if self._book is not None:
            earlier = await self._book.prices(price.currency, since=price.as_of - HOUR_SECONDS)
            move = moved(price, earlier)
            if move is not None and (agreed is None or has_moved(price, agreed)):
                self._moves[price.currency.code] = move
                raise PriceMovedError(move)
            if move is not None:
                _log.warning("somebody agreed to it: %s", PriceMovedError(move))
            await self._book.keep(price, is_agreed=move is not None)
        self._moves.pop(price.currency.code, None)
        kept = replace(held, is_kept=True)
        if self._prices.get(price.currency.code) is held:
            self._hold(kept)
        return kept

    def _hold(self, held: _Held) -> None:
        self._prices[held.price.currency.code] = held
        self._feed.publish(PriceChanged(price=held.price, since=held.since, is_sure=held.is_kept))

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
        at = now - REFRESH_SECONDS
        self._hold(_Held(price=told, at=at, since=min(at, told.as_of)))
        return True

    def measure(self) -> PriceMeasure | None:
        """Return how the price of the shop's currency is; ``None`` before that one is known."""
        return None if self._watched is None else self.measure_of(self._watched)

    def measure_of(self, currency: Currency) -> PriceMeasure:
        """Return how the price of a currency is; nobody is asked for it."""
        code = currency.code
        held = self._prices.get(code)
        return PriceMeasure(
            code=code,
            price=held.price if held else None,
            age=self._age(held) if held else None,
            is_failing=code in self._failing,
            skew=self._skew(),
            move=self._moves.get(code),
        )

    def _tell(self) -> None:
        """Tell how the price is, if that is new: a line of the screen says it."""
        measure = self.measure()
        if measure is None:
            return
        verdict = price_verdict(measure)
        health = Health.OK if verdict.mark is Mark.OK else Health.AWAY
        if verdict.finding in _UNTOLD:
            health = _UNTOLD[verdict.finding]
        sentence = words(verdict)[0] if health is Health.AWAY else ""
        told = PartChanged(part=Part.PRICE, health=health, sentence=sentence)
        if told != self._told:
            self._told = told
            self._feed.publish(told)

    async def run(self, currency: Currency) -> None:
        """Keep the shop's currency fresh until cancelled, and tell how its price is."""
        self._watched = currency
        self._tell()
        if currency.is_sats:
            return
        while True:
            # Its age shows, and a sale asks again by itself.
            with suppress(UnavailableError):
                if not await self._take_shared(currency):
                    await self.refresh(currency)
            held = self._prices.get(currency.code)
            if held is not None and not held.is_kept:
                # What is only shown is an earlier price too for the next sale, here or elsewhere.
                with suppress(TillError):
                    await self._kept(held)
            for _ in range(LOOKS):
                self._tell()
                await self._clock.sleep(REFRESH_SECONDS / LOOKS)
