"""What of Blink's behaviour a test may want to turn: limits, times, answers."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Settings:
    """Blink's own figures by default, but for the send's work time."""

    network: str = "regtest"
    """The network of every invoice: mainnet, testnet, signet or regtest."""
    stated_network: str | None = None
    """What `globals { network }` says when that is to be a lie."""
    invoices_per_window: int = 60
    """Created invoices an account may have per window, for each kind."""
    window_seconds: int = 60
    block_seconds: int = 300
    """How long the account is blocked for that kind after one too many."""
    already_paid_seconds: int = 300
    """Up to this age of its first attempt a repeat says ALREADY_PAID."""
    daily_limit_cents: int = 100_000_000
    """What an account may send to others within a day, unless it has its own limit."""
    hidden_memo_below_sats: int = 50
    hidden_memo_below_cents: int = 5
    send_work_milliseconds: int = 0
    """How long a send holds the lock of its wallet."""
    lock_poll_milliseconds: tuple[int, int] = (400, 800)
    """A send that finds the lock taken waits a time out of this range."""
    lock_attempts: int = 10
    lock_life_seconds: int = 180
    latency_milliseconds: int = 0
    """Added to every answer over HTTP."""
    idempotency_seconds: int = 3600
    ping_seconds: float = 12.0
    """How often the server pings a WebSocket; read when the simulator starts."""
