"""The double-entry ledger: every movement's postings sum to zero in each currency."""

from collections import defaultdict
from dataclasses import dataclass, field

from .accounts import Currency

OUTSIDE = "outside"
"""The Lightning network beyond Blink."""
DEALER = "dealer"
"""Who swaps BTC and USD inside Blink."""
IN_FLIGHT = "in-flight"
"""Sends that have left their wallet and haven't arrived."""
_NOT_WALLETS = frozenset({OUTSIDE, DEALER, IN_FLIGHT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An amount into (positive) or out of (negative) a wallet, in sats or cents."""

    holder: str
    currency: Currency
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement."""

    number: int
    at: int
    """Unix seconds."""
    reason: str
    payment_hash: str | None
    external_id: str | None
    postings: tuple[Posting, ...]


@dataclass(slots=True)
class Ledger:
    """All movements, in order; it only grows."""

    entries: list[Entry] = field(default_factory=list)
    _balances: defaultdict[tuple[str, Currency], int] = field(
        default_factory=lambda: defaultdict(int)
    )

    def post(
        self,
        *,
        at: int,
        reason: str,
        postings: tuple[Posting, ...],
        payment_hash: str | None = None,
        external_id: str | None = None,
    ) -> Entry:
        """Write a movement down."""
        _assert_balanced(postings)
        entry = Entry(
            number=len(self.entries) + 1,
            at=at,
            reason=reason,
            payment_hash=payment_hash,
            external_id=external_id,
            postings=postings,
        )
        self.entries.append(entry)
        for posting in postings:
            self._balances[posting.holder, posting.currency] += posting.amount
        return entry

    def balance(self, holder: str, currency: Currency) -> int:
        """What that wallet holds, in sats or cents."""
        return self._balances[holder, currency]

    def verify(self) -> None:
        """Count everything anew; raise AssertionError when anything is wrong."""
        counted: defaultdict[tuple[str, Currency], int] = defaultdict(int)
        arrivals: defaultdict[str, int] = defaultdict(int)
        for entry in self.entries:
            _assert_balanced(entry.postings)
            for posting in entry.postings:
                counted[posting.holder, posting.currency] += posting.amount
                if entry.payment_hash is not None and entry.reason in {"settle", "arrive"}:
                    arrivals[entry.payment_hash] += posting.amount > 0 and (
                        posting.holder not in {DEALER, IN_FLIGHT}
                    )
        for holder_currency, amount in counted.items():
            holder, currency = holder_currency
            if self._balances[holder_currency] != amount:
                raise AssertionError(f"the balance of {holder} in {currency} was miscounted")
            if holder not in _NOT_WALLETS and amount < 0:
                raise AssertionError(f"{holder} owes {-amount} {currency}")
        for payment_hash, times in arrivals.items():
            if times > 1:
                raise AssertionError(f"{payment_hash} was settled {times} times")


def _assert_balanced(postings: tuple[Posting, ...]) -> None:
    sums: defaultdict[Currency, int] = defaultdict(int)
    for posting in postings:
        sums[posting.currency] += posting.amount
    for currency, amount in sums.items():
        if amount != 0:
            raise AssertionError(f"a movement makes {amount} {currency} out of nothing")
