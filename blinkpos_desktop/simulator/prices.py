"""Prices, exact: whole minor units per bitcoin, told as Blink's base and offset."""

from dataclasses import dataclass, field
from fractions import Fraction

from .currencies import CURRENCIES, DisplayCurrency
from .refusals import Refusal, TopLevelRefusal

SATS_PER_BTC = 100_000_000
MAX_SAFE_INT = 2**53 - 1
_OFFSET = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """`base / 10^offset` minor units."""

    base: int
    offset: int

    @classmethod
    def of(cls, value: Fraction) -> "Quote":
        """The finest quote of that value whose base is a SafeInt, cut off like Blink's."""
        offset = _OFFSET
        while (base := int(value * 10**offset)) > MAX_SAFE_INT:
            offset -= 1
        return cls(base=base, offset=offset)


@dataclass(slots=True)
class Prices:
    """The price of a bitcoin in every currency; `offline` makes the service fail."""

    offline: bool = False
    _minor_per_btc: dict[str, int] = field(
        default_factory=lambda: {c.id: c.minor_units_per_btc for c in CURRENCIES}
    )

    def set(self, currency: str, minor_units_per_btc: int) -> None:
        """Set the price of one bitcoin, in whole minor units of that currency."""
        if minor_units_per_btc <= 0:
            raise ValueError("a price is above zero")
        self._minor_per_btc[self.currency(currency).id] = minor_units_per_btc

    def currency(self, currency: str) -> DisplayCurrency:
        """The currency of that id."""
        for known in CURRENCIES:
            if known.id == currency:
                return known
        raise TopLevelRefusal(f"Invalid value for DisplayCurrency: {currency}")

    def per_sat(self, currency: str) -> Fraction:
        """Minor units of that currency per sat."""
        return Fraction(self._minor_per_btc[self.currency(currency).id], SATS_PER_BTC)

    def per_cent(self, currency: str) -> Fraction:
        """Minor units of that currency per US cent."""
        return self.per_sat(currency) / self.per_sat("USD")

    def require_online(self) -> None:
        """Refuse while the price service is said to be offline."""
        if self.offline:
            raise Refusal("PRICE_SERVICE_OFFLINE", "Realtime price is currently offline")

    def cents_of(self, sats: int) -> int:
        """Whole US cents that so many sats are worth, rounded down: what a receiver gets."""
        return int(sats * self.per_sat("USD"))

    def cents_for(self, sats: int) -> int:
        """Whole US cents that so many sats cost, rounded up: what a payer gives."""
        return -int(-(sats * self.per_sat("USD")) // 1)

    def sats_for(self, cents: int) -> int:
        """Whole sats that so many US cents cost, rounded up."""
        return -int(-(cents / self.per_sat("USD")) // 1)
