"""Blink's own books in its model: double entry, and each wallet's transactions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from blinkpos_desktop.domain.blink import (
    Direction,
    TransactionPage,
    TransactionStatus,
    WalletTransaction,
)

EPOCH: Final = 1_790_000_000
OUTSIDE: Final = "outside"
IN_FLIGHT: Final = "in flight"
PAGE_SIZE: Final = 20


@dataclass(slots=True, eq=False)
class Wallet:
    """A wallet; one in USD is counted by its sats' worth."""

    id: str
    account: str
    is_usd: bool = False
    receive_disabled: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class ModelInvoice:
    """An invoice as Blink keeps it. Times are Blink's Unix seconds."""

    wallet: Wallet
    sats: int
    memo: str
    external_id: str
    payment_hash: str
    expires_at: int
    cancelled: bool = False
    received: int | None = None

    @property
    def payment_request(self) -> str:
        """Its text, which only this model can read."""
        return f"lnmodel1{self.payment_hash}"


@dataclass(slots=True, eq=False, kw_only=True)
class Entry:
    """One wallet's side of a movement, as its owner sees it."""

    direction: Direction
    sats: int
    invoice: ModelInvoice | None
    status: TransactionStatus
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Sats on their way from one holder to another, as the ledger has it."""

    reason: str
    source: str
    target: str
    sats: int
    invoice: ModelInvoice | None


@dataclass(slots=True)
class BlinkBooks:
    """Movements, balances and statements. ``on_moved`` is told at once of each movement."""

    now: Callable[[], int]
    balances: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    ledger: list[Movement] = field(default_factory=list)
    statements: defaultdict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    on_moved: list[Callable[[Movement], None]] = field(default_factory=list)
    _sends: defaultdict[tuple[str, str], list[Entry]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def move(
        self, reason: str, source: str, target: str, sats: int, invoice: ModelInvoice | None
    ) -> None:
        """Move sats."""
        movement = Movement(reason=reason, source=source, target=target, sats=sats, invoice=invoice)
        self.ledger.append(movement)
        self.balances[source] -= sats
        self.balances[target] += sats
        for told in self.on_moved:
            told(movement)

    def write(
        self,
        wallet_id: str,
        direction: Direction,
        sats: int,
        invoice: ModelInvoice | None = None,
        status: TransactionStatus = TransactionStatus.SUCCESS,
    ) -> Entry:
        """Write one wallet's side down."""
        entry = Entry(
            direction=direction, sats=sats, invoice=invoice, status=status, created_at=self.now()
        )
        self.statements[wallet_id].append(entry)
        if direction is Direction.SEND and invoice is not None:
            self._sends[wallet_id, invoice.payment_hash].append(entry)
        return entry

    def sent(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        """Return how a wallet's own payment stands: a success or a pending one counts first."""
        states = {each.status for each in self._sends.get((wallet_id, payment_hash), ())}
        return next((state for state in TransactionStatus if state in states), None)

    def page(self, wallet_id: str, after: str | None) -> TransactionPage:
        """Return a page of a wallet's transactions, newest first."""
        entries = self.statements[wallet_id]
        # A cursor is a place in the list, which grows at its other end.
        end = len(entries) if after is None else int(after)
        start = max(end - PAGE_SIZE, 0)
        return TransactionPage(
            transactions=tuple(_shown(each) for each in reversed(entries[start:end])),
            after=str(start) if start else None,
        )

    def verify(self) -> None:
        """Count the ledger anew: no sat out of nothing, no wallet in debt, none paid twice."""
        counted: defaultdict[str, int] = defaultdict(int)
        arrivals: defaultdict[str, int] = defaultdict(int)
        for each in self.ledger:
            counted[each.source] -= each.sats
            counted[each.target] += each.sats
            if each.invoice and each.reason in {"settle", "arrive"}:
                arrivals[each.invoice.payment_hash] += 1
        for holder, sats in counted.items():
            assert self.balances[holder] == sats, f"{holder} was miscounted"
            assert sats >= 0 or holder == OUTSIDE, f"{holder} owes {-sats} sats"
        twice = [payment_hash for payment_hash, times in arrivals.items() if times > 1]
        assert not twice, f"paid twice: {twice}"


def _shown(entry: Entry) -> WalletTransaction:
    invoice = entry.invoice
    return WalletTransaction(
        direction=entry.direction,
        status=entry.status,
        sats=entry.sats,
        payment_hash=invoice.payment_hash if invoice else "",
        external_id=invoice.external_id if invoice else "",
        created_at=entry.created_at,
        payment_request=invoice.payment_request if invoice else "",
    )
