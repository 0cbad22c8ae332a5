"""Blink's limits: invoices per minute, and cents per day."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import StrEnum

from .accounts import Account
from .clock import Clock
from .refusals import Refusal
from .settings import Settings

DAY_SECONDS = 86_400


class InvoiceKind(StrEnum):
    """The limiter counts them apart."""

    OWN = "own"
    ON_BEHALF = "on_behalf"


@dataclass(slots=True)
class _Window:
    since: float
    count: int = 0
    blocked_until: float | None = None


@dataclass(slots=True)
class RateLimiter:
    """So many created invoices per window and account; one more, and it is blocked."""

    clock: Clock
    settings: Settings
    _windows: dict[tuple[InvoiceKind, str], _Window] = field(default_factory=dict)

    def count(self, kind: InvoiceKind, account_id: str) -> None:
        """Count one created invoice, or refuse it."""
        now = self.clock.now()
        window = self._windows.get((kind, account_id))
        if window is None or self._is_over(window, now):
            window = self._windows[kind, account_id] = _Window(since=now)
        window.count += 1
        if window.count <= self.settings.invoices_per_window:
            return
        if window.blocked_until is None:
            window.blocked_until = now + self.settings.block_seconds
        raise Refusal(
            "TOO_MANY_REQUEST", "Too many requests, please wait for a while and try again."
        )

    def _is_over(self, window: _Window, now: float) -> bool:
        if window.blocked_until is not None:
            return now >= window.blocked_until
        return now >= window.since + self.settings.window_seconds


@dataclass(slots=True)
class DailyLimit:
    """What each account has sent to others within the last day, in cents."""

    clock: Clock
    settings: Settings
    _sent: defaultdict[str, deque[tuple[float, int]]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def total(self, account: Account) -> int:
        """The account's limit, in cents a day."""
        own = account.daily_limit_cents
        return self.settings.daily_limit_cents if own is None else own

    def remaining(self, account: Account) -> int:
        """What the account may still send, in cents."""
        sent = self._sent[account.id]
        while sent and sent[0][0] <= self.clock.now() - DAY_SECONDS:
            sent.popleft()
        return max(0, self.total(account) - sum(cents for _, cents in sent))

    def check(self, account: Account, cents: int) -> None:
        """Refuse what goes beyond the limit."""
        if cents > self.remaining(account):
            raise Refusal(
                "TRANSACTION_RESTRICTED",
                f"Cannot transfer more than {self.total(account)} cents in 24 hours",
            )

    def count(self, account: Account, cents: int) -> None:
        """Remember what has been sent."""
        self._sent[account.id].append((self.clock.now(), cents))
