"""What the world tells its listeners."""

from collections.abc import Callable
from dataclasses import dataclass

from .transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LightningReceived:
    """An invoice of that account has been paid: an `LnUpdate`."""

    account_id: str
    transaction: Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class IntraLedgerMoved:
    """A plain send between wallets: an `IntraLedgerUpdate` for either side."""

    account_id: str
    transaction: Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMoved:
    """The price of that currency has changed."""

    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMoved:
    """The control side has moved the clock: invoices may have expired."""


Event = LightningReceived | IntraLedgerMoved | PriceMoved | ClockMoved
Listener = Callable[[Event], None]
