"""A barcode scanner types as a keyboard does, only faster than any hand: told apart by time.

What it types is taken as typed at first, so that no key ever waits; when Enter
ends a burst that no hand can have made, it was a code, and what it had typed is
taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blinkpos_desktop.domain.item import MAX_CODE, MIN_CODE

GAP_MS: Final = 60
"""Between two keys of one burst; a scanner leaves a few milliseconds, slow ones thirty."""
AVERAGE_MS: Final = 35
"""On average over the whole burst, Enter included. Fast typists need 80, rolling fingers 40."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Keys that came close together. Times are those of the keys themselves, in milliseconds."""

    text: str = ""
    first_ms: int = 0
    last_ms: int = 0


def feed(burst: Burst, letter: str, at_ms: int) -> Burst:
    """Return the burst with one more key, or the beginning of another one."""
    if burst.text and 0 <= at_ms - burst.last_ms <= GAP_MS and len(burst.text) < MAX_CODE:
        return Burst(text=burst.text + letter, first_ms=burst.first_ms, last_ms=at_ms)
    return Burst(text=letter, first_ms=at_ms, last_ms=at_ms)


def code_of(burst: Burst, enter_ms: int) -> str:
    """Return the code that a burst was when Enter ended it; empty if a hand may have typed it.

    Keys without a time of their own are taken for a hand's: they may have waited in a queue.
    """
    text = burst.text.strip()
    if len(text) < MIN_CODE or not burst.first_ms or not 0 <= enter_ms - burst.last_ms <= GAP_MS:
        return ""
    return text if enter_ms - burst.first_ms <= AVERAGE_MS * len(burst.text) else ""
