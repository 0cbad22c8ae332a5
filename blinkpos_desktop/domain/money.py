"""Money: whole sats, whole minor units, exact prices, one rounding rule.

A minor unit is ``10 ** -digits`` of a currency's major unit (a cent for USD,
a yen for JPY), as in Blink's ``currencyList``. No float ever touches money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.errors import InputError, quoted

MAX_SATS: Final = 21_000_000 * 100_000_000
"""All the bitcoin there will ever be, in sats."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+", re.ASCII)
_PERCENT_DECIMALS: Final = 4


def round_half_up(value: Fraction) -> int:
    """Return the nearest whole number, halves upwards (0.5 → 1). Money is never negative."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A currency as Blink lists it; ``digits`` is the number of its decimals."""

    code: str
    digits: int
    symbol: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse digits that no currency has."""
        if not 0 <= self.digits <= 8:  # noqa: PLR2004 (bitcoin itself has the most: 8)
            raise InputError(f"{self.code} cannot have {self.digits} decimals.")

    @property
    def is_sats(self) -> bool:
        """Whether an amount in this currency is in sats itself."""
        return self.code == "SATS"


SATS: Final = Currency(code="SATS", digits=0, symbol="", name="Satoshi")


_ODD_DIGITS: Final = {
    code: digits
    for digits, codes in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
    )
    for code in codes.split()
}


def likely_currency(code: str) -> Currency:
    """Return a currency as ISO 4217 has it, for the keypad before Blink's own list is there."""
    if code == SATS.code:
        return SATS
    return Currency(code=code, digits=_ODD_DIGITS.get(code, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A whole number of minor units (of sats, when the currency is :data:`SATS`)."""

    minor: int
    currency: Currency

    def decimal(self) -> str:
        """Return the plain number with the currency's decimals: ``0.80``, ``21``."""
        digits = self.currency.digits
        if digits == 0:
            return str(self.minor)
        whole, rest = divmod(abs(self.minor), 10**digits)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}.{rest:0{digits}d}"

    def __str__(self) -> str:
        """Return the amount as a person reads it: ``$0.80``, ``CHF 3.50``, ``21 sats``."""
        if self.currency.is_sats:
            return format_sats(self.minor)
        symbol = self.currency.symbol or self.currency.code
        space = " " if symbol[-1].isalpha() and symbol[-1].isascii() else ""
        return f"{symbol}{space}{self.decimal()}"


def format_sats(sats: int) -> str:
    """Return ``21 sats``, and ``1 sat`` for one."""
    return f"{sats} sat" if sats == 1 else f"{sats} sats"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one sat costs in a currency's minor unit: exactly ``base / 10**offset``.

    ``as_of`` is Blink's own timestamp in Unix seconds.
    Source: ``realtimePrice { btcSatPrice { base offset } timestamp }``.
    """

    currency: Currency
    base: int
    offset: int
    as_of: int

    def __post_init__(self) -> None:
        """Refuse a price that nothing can be bought at."""
        if self.base <= 0 or not 0 <= self.offset <= 60:  # noqa: PLR2004 (Blink uses 12)
            raise InputError(f"The price of {self.currency.code} makes no sense.")

    @property
    def minor_per_sat(self) -> Fraction:
        """The price of one sat, in minor units."""
        return Fraction(self.base, 10**self.offset)

    def to_sats(self, minor: int) -> int:
        """Return ``minor`` units in whole sats, rounded half up."""
        return round_half_up(minor / self.minor_per_sat)

    def to_minor(self, sats: int) -> int:
        """Return ``sats`` in whole minor units, rounded half up."""
        return round_half_up(sats * self.minor_per_sat)


def parse_amount(text: str, currency: Currency) -> Money:
    """Read an amount as a person writes it, digits and at most one dot.

    Raises:
        InputError: not a number, zero, negative, or with too many decimals.
    """
    text = text.strip()
    if text.startswith("-"):
        raise InputError("An amount must be above zero.")
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{quoted(text)} is not an amount: use digits and at most one dot.")
    whole, _, decimals = text.partition(".")
    if len(decimals) > currency.digits:
        raise InputError(f"{currency.code} has {_decimals_of(currency)}.")
    whole = whole.lstrip("0")
    # Length first: int() of a very long text is slow, and refused above 4,300 digits.
    if len(whole) > len(str(MAX_SATS)):
        raise InputError("That is more than all the bitcoin there is.")
    minor = int((whole or "0") + decimals.ljust(currency.digits, "0"))
    if minor == 0:
        raise InputError("An amount must be above zero.")
    if currency.is_sats and minor > MAX_SATS:
        raise InputError("That is more than all the bitcoin there is.")
    return Money(minor=minor, currency=currency)


def _decimals_of(currency: Currency) -> str:
    if not currency.digits:
        return "no decimals"
    return f"at most {currency.digits} decimal{'s' if currency.digits > 1 else ''}"


def parse_percent(text: str) -> Fraction:
    """Read a tip percentage between 0 and 100, exactly.

    Raises:
        InputError: not a number, out of range, or with more than four decimals.
    """
    text = text.strip().removesuffix("%").strip()
    if text.startswith("-"):
        raise InputError("A tip is between 0 and 100 percent.")
    decimals = text.partition(".")[2]
    if len(text) > 12 or not _NUMBER.fullmatch(text) or len(decimals) > _PERCENT_DECIMALS:  # noqa: PLR2004 (100.0000 with room)
        raise InputError(
            f"{quoted(text)} is not a percentage: use 0 to 100 with at most four decimals."
        )
    percent = Fraction(text)
    if percent > 100:  # noqa: PLR2004 (per cent)
        raise InputError("A tip is between 0 and 100 percent.")
    return percent


def format_percent(percent: Fraction) -> str:
    """Return ``10%`` or ``7.5%``: exact, without trailing zeros."""
    scaled = round_half_up(percent * 10**_PERCENT_DECIMALS)
    whole, rest = divmod(scaled, 10**_PERCENT_DECIMALS)
    decimals = f"{rest:0{_PERCENT_DECIMALS}d}".rstrip("0")
    return f"{whole}.{decimals}%" if decimals else f"{whole}%"
