"""How often an invoice's status is asked for: pure numbers, no clock.

What Blink says counts, never our clock: time only decides how soon we ask again.
"""

from __future__ import annotations

from typing import Final

ON_SCREEN_EVERY: Final = 5
"""Seconds between two questions while somebody waits at the counter."""
FIRST_HOUR_EVERY: Final = 60
LATER_EVERY: Final = 600
WATCH_AFTER_EXPIRY: Final = 24 * 3600
"""A Blink customer can still pay an expired or cancelled invoice: seconds to go on asking."""


def next_question(
    *, now: int, asked_at: int | None, created_at: int, expires_at: int, on_screen: bool
) -> int | None:
    """Return when to ask next, in Unix seconds; ``None`` when it need not be watched any more."""
    if not on_screen and now > expires_at + WATCH_AFTER_EXPIRY:
        return None
    # Asked in the future: the clock was set back, and waiting for it could take days.
    if asked_at is None or asked_at > now:
        return now
    if on_screen:
        return asked_at + ON_SCREEN_EVERY
    return asked_at + (FIRST_HOUR_EVERY if now - created_at < 3600 else LATER_EVERY)  # noqa: PLR2004


def retry_delay(tries: int, jitter: float) -> float:
    """Return seconds to wait after ``tries`` failures in a row (≥ 1).

    Exponential from a second, at most a minute; ``jitter`` in [0, 1) spreads
    tills that failed together over the upper half.
    """
    ceiling = min(60.0, float(2 ** min(tries - 1, 6)))
    return ceiling * (0.5 + jitter / 2)
