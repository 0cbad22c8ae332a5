"""What a shop sells at a tap: an item with its price, its button's colour and its code."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.money import Currency, Money, parse_amount

MAX_NAME: Final = 40
MAX_CATEGORY: Final = 24
MIN_CODE: Final = 6
"""Shorter codes can't be told from what fast fingers type."""
MAX_CODE: Final = 64
MAX_PRICE_DIGITS: Final = 12
MAX_ON_SHELF: Final = 500
"""As many items as one shop's buttons can show."""
_CODE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)


class Tint(StrEnum):
    """The colours that a button can have; the theme says what each looks like."""

    PLAIN = "plain"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    VIOLET = "violet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item as it is on the shelf. ``id`` and ``version`` are 0 until it is stored.

    ``version`` is what an edit is compared with: whoever edits an older one has
    not seen what another till wrote.
    """

    name: str
    price: Money
    tint: Tint = Tint.PLAIN
    category: str = ""
    code: str = ""
    """What a scanner reads, or nothing."""
    is_sold_out: bool = False
    id: int = 0
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse what can't be a button: no name, no price, texts that don't fit.

        Raises:
            InputError: a sentence for whoever edits it.
        """
        object.__setattr__(self, "name", tidy(self.name))
        object.__setattr__(self, "category", tidy(self.category))
        object.__setattr__(self, "code", self.code.strip())
        if not self.name:
            raise InputError("Give the item a name.")
        if len(self.name) > MAX_NAME:
            raise InputError(f"A name has at most {MAX_NAME} letters.")
        if len(self.category) > MAX_CATEGORY:
            raise InputError(f"A category has at most {MAX_CATEGORY} letters.")
        if self.price.minor <= 0:
            raise InputError("A price must be above zero.")
        if len(str(self.price.minor)) > MAX_PRICE_DIGITS:
            raise InputError("That price is too high.")
        if self.code:
            check_code(self.code)


def check_code(code: str) -> None:
    """Refuse a code that no scanner reads, or that fast typing could be taken for.

    Raises:
        InputError: it is too short, too long, or has other signs than a barcode's.
    """
    if not MIN_CODE <= len(code) <= MAX_CODE:
        raise InputError(f"A code has {MIN_CODE} to {MAX_CODE} letters and digits.")
    if not _CODE.fullmatch(code):
        raise InputError("A code has plain letters, digits and signs only.")


def parse_price(text: str, currency: Currency) -> Money:
    """Read a price as the owner types it; a comma is a dot.

    Raises:
        InputError: not a number above zero with the currency's decimals.
    """
    if not text.strip():
        raise InputError("Type a price.")
    return parse_amount(text.replace(",", "."), currency)


def tidy(text: str) -> str:
    """Return ``text`` on one line, without what a database or a screen cannot hold."""
    unfit = {"Cc", "Cs"}  # control characters, and halves of surrogate pairs
    fit = (" " if unicodedata.category(char) in unfit else char for char in text)
    return " ".join("".join(fit).split())


def categories_of(items: tuple[Item, ...]) -> tuple[str, ...]:
    """Return the categories in the order in which the shelf has them; none is left out."""
    return tuple(dict.fromkeys(item.category for item in items if item.category))


def same_currency(one: Currency, other: Currency) -> bool:
    """Whether amounts in both can be added: their symbols may differ."""
    return (one.code, one.digits) == (other.code, other.digits)
