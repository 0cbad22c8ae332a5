"""What is being typed on the keypad: a frozen value and one function that presses a key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.money import MAX_SATS, Currency, Money

MAX_DIGITS: Final = 14
"""As many digits as the origin's keypad takes."""
MAX_ITEMS: Final = 50


class Key(StrEnum):
    """The keys that change what is typed."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    DOT = "."
    PLUS = "+"
    CLEAR = "C"
    BACKSPACE = "⌫"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The typed text and the items added so far, in minor units of ``currency``."""

    currency: Currency
    text: str = ""
    items: tuple[int, ...] = ()

    @property
    def typed_minor(self) -> int:
        """The typed amount alone, in minor units."""
        return _minor(self.text, self.currency.digits)

    @property
    def total(self) -> Money:
        """All items and what is typed."""
        return Money(minor=sum(self.items) + self.typed_minor, currency=self.currency)

    @property
    def parts(self) -> tuple[int, ...]:
        """The items, with the typed amount last if there is one, in minor units."""
        typed = self.typed_minor
        return (*self.items, typed) if typed else self.items

    @property
    def is_chargeable(self) -> bool:
        """Whether the amount is valid by itself (a price may still make it too small)."""
        return self.total.minor > 0 and (not self.currency.is_sats or self.total.minor <= MAX_SATS)

    @property
    def shown(self) -> str:
        """The amount line: the running total of the items and what is typed: ``3.50 + 2``."""
        total = Money(minor=sum(self.items), currency=self.currency).decimal()
        if self.items and self.text:
            return f"{total} + {self.text}"
        return self.text or (total if self.items else "0")

    @property
    def sum_line(self) -> str:
        """The line below: ``3.50 + 2.00 = 5.50``; empty without items."""
        if not self.items:
            return ""
        texts = [Money(minor=part, currency=self.currency).decimal() for part in self.parts]
        return f"{' + '.join(texts)} = {self.total.decimal()}"


def press(entry: Entry, key: Key) -> Entry:
    """Return what is typed after ``key``; a key that cannot apply changes nothing."""
    if key is Key.CLEAR:
        return Entry(currency=entry.currency)
    if key is Key.BACKSPACE:
        # "0." was put there by one key, so it goes with one.
        text = "" if entry.text == "0." else entry.text[:-1]
        return replace(entry, text=text)
    if key is Key.PLUS:
        return _add_item(entry)
    if key is Key.DOT:
        return _type_dot(entry)
    return _type_digit(entry, key.value)


def _add_item(entry: Entry) -> Entry:
    typed = entry.typed_minor
    if typed == 0 or len(entry.items) >= MAX_ITEMS:
        return entry
    return replace(entry, text="", items=(*entry.items, typed))


def _type_dot(entry: Entry) -> Entry:
    if entry.currency.digits == 0 or "." in entry.text:
        return entry
    return replace(entry, text=(entry.text or "0") + ".")


def _type_digit(entry: Entry, digit: str) -> Entry:
    text = entry.text
    if len(text.replace(".", "")) >= MAX_DIGITS:
        return entry
    if not text and digit == "0":
        return replace(entry, text="0.") if entry.currency.digits else entry
    whole, dot, decimals = text.partition(".")
    if dot and len(decimals) >= entry.currency.digits:
        return entry
    return replace(entry, text=whole + dot + decimals + digit)


def _minor(text: str, digits: int) -> int:
    whole, _, decimals = text.partition(".")
    return int((whole or "0") + decimals.ljust(digits, "0"))
