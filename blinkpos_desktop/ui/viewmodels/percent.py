"""A custom tip's percentage while it is typed: 0 to 100, halves allowed."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.entry import Key

_WHOLE_OR_HALF: Final = re.compile(r"(?:100|[1-9]?[0-9])(?:\.[05]?)?", re.ASCII)


def press_percent(text: str, key: Key) -> str:
    """Return the text after ``key``; a key that cannot apply changes nothing."""
    if key is Key.CLEAR:
        return ""
    if key is Key.BACKSPACE:
        return text[:-1]
    if key is Key.PLUS:
        return text
    typed = ("0" if not text and key is Key.DOT else text) + key.value
    typed = typed.removeprefix("0") if re.fullmatch(r"0[0-9]", typed, re.ASCII) else typed
    fits = _WHOLE_OR_HALF.fullmatch(typed) and Fraction(typed.rstrip(".")) <= 100  # noqa: PLR2004
    return typed if fits else text


def percent_of(text: str) -> Fraction | None:
    """Return the typed percentage, or None while there is none."""
    return Fraction(text.rstrip(".")) if text.rstrip(".") else None
