"""Invoices: made by their owner or on his behalf, cancelled, expired, paid."""

import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from . import bolt11_text
from .accounts import Account, Accounts, Currency, Wallet
from .bolt11_text import Terms
from .clock import Clock
from .limits import InvoiceKind, RateLimiter
from .prices import Prices
from .refusals import Refusal, TopLevelRefusal, invalid_input, receive_disabled
from .settings import Settings

EXTERNAL_ID = re.compile(r"[a-z0-9_-]{1,100}")
MEMO_BYTES = 639
_BTC_MINUTES = range(1, 24 * 60 + 1)
_BTC_DEFAULT_MINUTES = 4 * 60
_USD_MINUTES = range(1, 5 + 1)
_USD_DEFAULT_MINUTES = 5


class InvoiceStatus(StrEnum):
    """What the status query says; cancelled is not among it."""

    PENDING = "PENDING"
    PAID = "PAID"
    EXPIRED = "EXPIRED"


@dataclass(slots=True, kw_only=True)
class Invoice:
    """An invoice of a wallet here."""

    wallet: Wallet
    terms: Terms
    payment_request: str
    preimage: str
    external_id: str
    on_behalf: bool
    cents: int | None
    """What a USD wallet gets for it, fixed when it was made."""
    cancelled: bool = False
    paid_at: int | None = None
    received: int | None = None
    """What came in, in the wallet's sats or cents."""

    @property
    def payment_hash(self) -> str:
        """The hash of its preimage."""
        return self.terms.payment_hash

    @property
    def sats(self) -> int:
        """What it asks for."""
        return self.terms.sats

    @property
    def expires_at(self) -> int:
        """Unix seconds; it binds payers from outside only."""
        return self.terms.date + self.terms.expiry_seconds

    def status(self, now: int) -> InvoiceStatus:
        """What Blink says of it at `now`: a cancelled one stays PENDING until its expiry."""
        if self.paid_at is not None:
            return InvoiceStatus.PAID
        return InvoiceStatus.EXPIRED if now >= self.expires_at else InvoiceStatus.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOrder:
    """What a creating mutation asks for. Either `sats` or, on a USD wallet, `cents`."""

    sats: int | None = None
    cents: int | None = None
    memo: str | None = None
    minutes: int | None = None
    external_id: str | None = None
    description_hash: str | None = None


@dataclass(slots=True)
class Invoices:
    """All invoices of all wallets."""

    accounts: Accounts
    clock: Clock
    settings: Settings
    prices: Prices
    limiter: RateLimiter
    _by_hash: dict[str, Invoice] = field(default_factory=dict)
    _external_ids: dict[tuple[str, str], str] = field(default_factory=dict)

    def create(
        self, wallet: Wallet, currency: Currency, order: InvoiceOrder, *, on_behalf: bool
    ) -> Invoice:
        """Make an invoice on that wallet, which must be of that currency."""
        owner = self.accounts.owner(wallet)
        if wallet.currency is not currency:
            raise invalid_input(f"Invalid wallet currency: the wallet must be a {currency} one")
        kind = InvoiceKind.ON_BEHALF if on_behalf else InvoiceKind.OWN
        self.limiter.count(kind, owner.id)
        if owner.receive_disabled:
            raise receive_disabled()
        sats, cents = self._amounts(currency, order)
        self._check_external_id(owner, order.external_id)
        preimage = secrets.token_bytes(32)
        terms = Terms(
            network=self.settings.network,
            sats=sats,
            payment_hash=sha256(preimage).hexdigest(),
            payment_secret=secrets.token_hex(32),
            memo=order.memo or "",
            description_hash=order.description_hash,
            date=self.clock.seconds(),
            expiry_seconds=_life_minutes(currency, order.minutes) * 60,
        )
        invoice = Invoice(
            wallet=wallet,
            terms=terms,
            payment_request=bolt11_text.write(terms),
            preimage=preimage.hex(),
            # Without one of its own Blink takes the hash for it.
            external_id=order.external_id or terms.payment_hash,
            on_behalf=on_behalf,
            cents=cents,
        )
        self._by_hash[invoice.payment_hash] = invoice
        self._external_ids[owner.id, invoice.external_id] = invoice.payment_hash
        return invoice

    def cancel(self, wallet: Wallet, payment_hash: str) -> None:
        """Cancel an open invoice; every refusal but an unknown hash reads the same."""
        invoice = self._by_hash.get(payment_hash)
        if invoice is None or invoice.wallet.id != wallet.id:
            raise Refusal("NOT_FOUND", f"Invoice does not exist for hash {payment_hash}")
        is_open = invoice.status(self.clock.seconds()) is InvoiceStatus.PENDING
        if not is_open or invoice.cancelled:
            raise invalid_input("The invoice has already been processed")
        invoice.cancelled = True

    def find(self, payment_hash: str) -> Invoice | None:
        """The invoice of that hash, if it is one of ours."""
        return self._by_hash.get(payment_hash)

    def get(self, payment_hash: str) -> Invoice:
        """The invoice of that hash."""
        invoice = self._by_hash.get(payment_hash)
        if invoice is None:
            raise TopLevelRefusal(f"Couldn't find invoice for payment hash: {payment_hash}")
        return invoice

    def of_wallets(self, wallet_ids: set[str]) -> list[Invoice]:
        """The invoices of those wallets, newest first."""
        return [i for i in reversed(self._by_hash.values()) if i.wallet.id in wallet_ids]

    def all(self) -> list[Invoice]:
        """Every invoice, oldest first."""
        return list(self._by_hash.values())

    def _amounts(self, currency: Currency, order: InvoiceOrder) -> tuple[int, int | None]:
        if currency is Currency.BTC:
            if not order.sats:
                raise invalid_input("A valid satoshi amount is required")
            return order.sats, None
        self.prices.require_online()
        if order.cents is not None:
            if not order.cents:
                raise invalid_input("A valid usd amount is required")
            return self.prices.sats_for(order.cents), order.cents
        if not order.sats:
            raise invalid_input("A valid satoshi amount is required")
        cents = self.prices.cents_of(order.sats)
        if cents < 1:
            raise invalid_input("Amount sent was too low for recipient's usd wallet.")
        return order.sats, cents

    def _check_external_id(self, owner: Account, external_id: str | None) -> None:
        if external_id is None:
            return
        if not EXTERNAL_ID.fullmatch(external_id):
            raise invalid_input(f"Invalid external id: {external_id}")
        if (owner.id, external_id) in self._external_ids:
            raise invalid_input(f"External id {external_id} already exists")


def _life_minutes(currency: Currency, minutes: int | None) -> int:
    """What is out of range silently becomes the default."""
    allowed, default = (
        (_BTC_MINUTES, _BTC_DEFAULT_MINUTES)
        if currency is Currency.BTC
        else (_USD_MINUTES, _USD_DEFAULT_MINUTES)
    )
    return minutes if minutes is not None and minutes in allowed else default
