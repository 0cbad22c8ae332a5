"""What Blink's model counts: invoices a minute, and what a wallet sends within a day."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from blinkpos_desktop.domain.blink import RateLimitedError

WINDOW_SECONDS: Final = 60.0
WINDOW_INVOICES: Final = 60
BLOCK_SECONDS: Final = 300.0
DAY_SECONDS: Final = 86_400.0


@dataclass(slots=True)
class _Window:
    since: float
    count: int = 0
    blocked_until: float | None = None


@dataclass(slots=True)
class InvoiceLimit:
    """So many invoices a minute for each account and kind; one more blocks for five minutes."""

    now: Callable[[], float]
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)

    def block(self, kind: str, account: str) -> None:
        """Block an account's making of invoices, as one too many does."""
        until = self.now() + BLOCK_SECONDS
        self._windows[kind, account] = _Window(self.now(), WINDOW_INVOICES, until)

    def count(self, kind: str, account: str) -> None:
        """Count one, or refuse it."""
        now = self.now()
        window = self._windows.get((kind, account))
        if window is None or now >= (
            window.since + WINDOW_SECONDS if window.blocked_until is None else window.blocked_until
        ):
            window = self._windows[kind, account] = _Window(now)
        window.count += 1
        if window.count > WINDOW_INVOICES:
            if window.blocked_until is None:
                window.blocked_until = now + BLOCK_SECONDS
            raise RateLimitedError("Too many requests.", cause="TOO_MANY_REQUEST", is_block=True)


@dataclass(slots=True)
class DailyLimit:
    """What a wallet may send within any 24 hours: a rolling sum, which passes with time."""

    now: Callable[[], float]
    most: dict[str, int] = field(default_factory=dict)
    """Sats, by wallet; one that is not here has no limit."""
    _sent: defaultdict[str, deque[tuple[float, int]]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def allows(self, wallet_id: str, sats: int) -> bool:
        """Whether so much more may leave a wallet now."""
        most = self.most.get(wallet_id)
        if most is None:
            return True
        sent = self._sent[wallet_id]
        while sent and sent[0][0] <= self.now() - DAY_SECONDS:
            sent.popleft()
        return sum(each for _, each in sent) + sats <= most

    def count(self, wallet_id: str, sats: int) -> None:
        """Count what has left; what comes back later counts all the same."""
        if wallet_id in self.most:
            self._sent[wallet_id].append((self.now(), sats))
