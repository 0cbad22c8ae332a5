"""Transactions as a wallet's owner sees them: one for each side of a movement."""

from dataclasses import dataclass, field
from enum import StrEnum

from .accounts import Currency, Wallet


class Direction(StrEnum):
    """Seen from the wallet."""

    SEND = "SEND"
    RECEIVE = "RECEIVE"


class TransactionStatus(StrEnum):
    """PENDING and FAILURE occur on the sending side only."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One wallet's view of a movement."""

    id: str
    wallet: Wallet
    direction: Direction
    status: TransactionStatus
    amount: int
    """Sats or cents, negative for what was sent."""
    created_at: int
    """Unix seconds."""
    memo: str | None
    external_id: str | None
    settled_inside: bool
    """Settled between two wallets here, by whatever way it was initiated."""
    payment_hash: str | None = None
    payment_request: str | None = None
    preimage: str | None = None
    other_username: str | None = None
    other_wallet_id: str | None = None

    @property
    def currency(self) -> Currency:
        """The wallet's currency."""
        return self.wallet.currency


@dataclass(slots=True)
class Transactions:
    """All transactions of all wallets."""

    _all: list[Transaction] = field(default_factory=list)

    def add(self, transaction: Transaction) -> None:
        """Write one down."""
        self._all.append(transaction)

    def next_id(self) -> str:
        """An id shaped like Blink's, in the order of making."""
        return f"{len(self._all) + 1:024x}"

    def of_wallets(self, wallet_ids: set[str]) -> list[Transaction]:
        """The transactions of those wallets, newest first."""
        return [t for t in reversed(self._all) if t.wallet.id in wallet_ids]

    def of_hash(self, wallet_id: str, payment_hash: str) -> list[Transaction]:
        """That wallet's transactions of that hash, newest first."""
        return [t for t in self.of_wallets({wallet_id}) if t.payment_hash == payment_hash]
