"""Numbers as the locale writes them: its decimal mark, its groups, its place for a currency's sign.

The digits are 0 to 9 everywhere, as on the keys. Where no locale is set, and where a locale has
other digits, the house has its own way: ``1 000 000.50`` with the sign in front.
"""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QLocale

_GAP: Final = "\N{NARROW NO-BREAK SPACE}"
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_GROUPED_FROM: Final = 5
"""Four digits read well as they are."""
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?", re.ASCII)
_SIGN: Final = "¤"


def decimal_point() -> str:
    """Return what parts the whole from the decimals: one letter."""
    locale = _locale()
    return "." if locale is None else locale.decimalPoint()


def grouped(number: str) -> str:
    """Return a plain number (``1000000.50``) with its groups, so that it reads across a counter."""
    whole, dot, decimals = number.partition(".")
    return _whole(whole) + (decimal_point() if dot else "") + decimals


def all_grouped(text: str) -> str:
    """Return a text with each plain number in it as :func:`grouped` writes it."""
    return _NUMBER.sub(lambda found: grouped(found[0]), text)


def with_point(number: str) -> str:
    """Return a plain number to be edited: without groups."""
    return number.replace(".", decimal_point())


def around(sign: str) -> tuple[str, str]:
    """Return what stands before and behind a number with a currency's sign."""
    locale = _locale()
    # The whole number alone: nothing of an amount is ever a float.
    pattern = _SIGN if locale is None else locale.toCurrencyString(1, _SIGN)
    if not pattern.startswith(_SIGN):
        return "", f"{_NO_BREAK}{sign}"
    is_word = sign[-1].isascii() and sign[-1].isalpha()
    return (f"{sign} " if is_word else sign), ""


def _whole(digits: str) -> str:
    locale = _locale()
    if locale is not None and digits.isdecimal() and not digits.startswith("0"):
        return locale.toString(int(digits))
    if len(digits) < _GROUPED_FROM:
        return digits
    head = len(digits) % 3
    groups = [digits[:head]] if head else []
    groups += [digits[i : i + 3] for i in range(head, len(digits), 3)]
    return _GAP.join(groups)


def _locale() -> QLocale | None:
    """Return the locale, if it says how to write a number in our digits."""
    locale = QLocale()
    if locale.language() is QLocale.Language.C or locale.zeroDigit() != "0":
        return None
    return locale
