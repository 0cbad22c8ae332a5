"""What was measured of a till, before anybody judges it. Times are seconds, sizes bytes.

``sentence`` says in words why something is as it is; it is empty when there is nothing to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from blinkpos_desktop.domain.blink import Account, Allowance
from blinkpos_desktop.domain.money import Price
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.pricing import PriceMove


class KeyState(StrEnum):
    """How the Blink key stands."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    """It is stored, and can't be had: locked, or the keychain is silent."""
    REFUSED = "refused"
    """Blink does not accept it."""
    UNKNOWN = "unknown"
    """Blink could not be asked."""
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMeasure:
    """The Blink key, or the two together. ``account`` has the scopes of both."""

    state: KeyState
    sentence: str = ""
    source: str = ""
    """Where it was found, in words."""
    account: Account | None = None
    has_payer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlinkMeasure:
    """Blink over HTTP. ``skew`` is by how much our clock is ahead of Blink's."""

    is_there: bool
    key: KeyMeasure
    sentence: str = ""
    network: str = ""
    latency: float | None = None
    skew: float | None = None
    allowance: Allowance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatesMeasure:
    """Blink's updates over the WebSocket."""

    health: Health
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMeasure:
    """The price of the shop's currency. ``age`` is by our clock, ``skew`` is that one's lead."""

    code: str
    """As it is set."""
    is_listed: bool = True
    price: Price | None = None
    age: float | None = None
    is_failing: bool = False
    """The last attempt to renew it brought none, or an old one."""
    skew: float | None = None
    move: PriceMove | None = None
    """How it moved too far, until a person agrees to it."""


class DatabaseState(StrEnum):
    """How PostgreSQL is."""

    UP = "up"
    AWAY = "away"
    ASLEEP = "asleep"
    """The built-in one, which runs while a till does."""
    NOT_MADE = "not_made"
    """The built-in one before the first start."""
    MOVED = "moved"
    """The built-in one, whose ledger lives on a server now."""
    MOVING = "moving"
    """The built-in one, whose ledger is on its way to a server."""


class History(StrEnum):
    """How a database's migrations stand to this program's."""

    CURRENT = "current"
    NONE = "none"
    """No tables yet."""
    OLDER = "older"
    NEWER = "newer"
    OTHER = "other"
    """Made by another edition of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerMeasure:
    """What is open in the ledger. ``None`` stands for never."""

    unfinished: int
    """Paid sales that are not passed on wholly."""
    oldest_unfinished: float | None
    is_held: bool
    """Nothing is forwarded until a comparison with Blink has ended."""
    attention: int
    last_backup: float | None
    """Seconds since the moment that the youngest verified backup shows."""


class Hearing(StrEnum):
    """How a till hears of what others write."""

    AT_ONCE = "at_once"
    ASKING = "asking"
    """A pooler lets no notification through: it asks every two seconds."""
    PAST_POOLER = "past_pooler"
    """At once, on the direct address."""
    DEAF = "deaf"
    """The direct address can't be reached, or leads through a pooler too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseMeasure:
    """PostgreSQL. What is ``None`` could not be asked."""

    state: DatabaseState
    is_embedded: bool
    sentence: str = ""
    target: str = ""
    """Where its ledger has moved or is on its way to, without a password."""
    version: str = ""
    major: int = 0
    latency: float | None = None
    is_standby: bool = False
    size: int | None = None
    connections: int | None = None
    most_connections: int | None = None
    hearing: Hearing = Hearing.AT_ONCE
    history: History | None = None
    applied: int = 0
    known: int = 0
    ledger: LedgerMeasure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMeasure:
    """A running till's own connections."""

    size: int
    most: int
    lent: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisMeasure:
    """Redis; ``OFF`` where none is set up. ``most_memory`` 0 is no limit.

    Without a ``version`` its user may not ask for it, nor for what follows.
    """

    health: Health
    sentence: str = ""
    sentinels: int = 0
    """How many are asked which server takes writes; 0 without any."""
    version: str = ""
    is_replica: bool = False
    latency: float | None = None
    memory: int = 0
    most_memory: int = 0
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskMeasure:
    """The disk that holds the till's own files."""

    folder: str
    free: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMeasure:
    """The log file. ``sentence`` says why it is not written."""

    path: str
    is_written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """All of it. ``None`` is what did not answer within its limit."""

    blink: BlinkMeasure | None = None
    updates: UpdatesMeasure | None = None
    price: PriceMeasure | None = None
    database: DatabaseMeasure | None = None
    pool: PoolMeasure | None = None
    redis: RedisMeasure | None = None
    disk: DiskMeasure | None = None
    log: LogMeasure | None = None
