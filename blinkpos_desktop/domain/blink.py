"""What Blink says, as values: everything that crosses the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from blinkpos_desktop.domain.errors import RefusedError, UnavailableError


class Scope(StrEnum):
    """What a key may do."""

    READ = "READ"
    RECEIVE = "RECEIVE"
    WRITE = "WRITE"


class InvoiceStatus(StrEnum):
    """What Blink says of an invoice; PENDING only means "not paid yet"."""

    PENDING = "PENDING"
    PAID = "PAID"
    EXPIRED = "EXPIRED"


class SendStatus(StrEnum):
    """How Blink answers a payment."""

    SUCCESS = "SUCCESS"
    ALREADY_PAID = "ALREADY_PAID"
    PENDING = "PENDING"
    """In flight: neither paid nor failed."""
    FAILURE = "FAILURE"
    """No proof that nothing was paid: ask for the invoice's status."""


class TransactionStatus(StrEnum):
    """How a wallet's own transaction stands."""

    SUCCESS = "SUCCESS"
    PENDING = "PENDING"
    FAILURE = "FAILURE"


class Direction(StrEnum):
    """Which way a transaction went, seen from our wallet."""

    SEND = "SEND"
    RECEIVE = "RECEIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletTransaction:
    """One of our wallet's own transactions, as Blink shows it."""

    direction: Direction
    status: TransactionStatus
    sats: int
    """Above 0 or 0, in both directions."""
    payment_hash: str
    """Empty when it was not initiated by a Lightning invoice."""
    external_id: str
    """Empty when it carries none."""
    created_at: int
    """Unix seconds on Blink's clock."""
    payment_request: str = ""
    """The invoice's text; empty when it was not initiated by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPage:
    """Transactions, newest first, and where the next page begins; ``None`` after the last."""

    transactions: tuple[WalletTransaction, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The collecting account that the key belongs to."""

    id: str
    network: str
    username: str | None
    btc_wallet_id: str
    wallet_ids: frozenset[str]
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What an account may still send inside Blink within ``seconds``, in US cents."""

    remaining_cents: int
    total_cents: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientWallet:
    """A username's wallet; ``is_usd`` when it has no BTC wallet."""

    username: str
    wallet_id: str
    is_usd: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAnswer:
    """Blink's answer to a payment; ``code`` and ``message`` for the log and the retry rule."""

    status: SendStatus
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidUpdate:
    """An ``LnUpdate``: the invoice of this hash has been paid. ``received_sats`` when told."""

    payment_hash: str
    received_sats: int | None
    received_cents: int | None = None
    """What came into the account's USD wallet instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainUpdate:
    """Something came into our account without an invoice: sent by another user, or on-chain.

    ``id`` is the transaction's own.
    """

    id: str
    received_sats: int | None
    received_cents: int | None = None


class BlinkRefusedError(RefusedError):
    """Blink answered with an error of its own; ``code`` may be empty."""

    def __init__(self, sentence: str, *, code: str = "", cause: str = "") -> None:
        """Keep Blink's ``code`` beside the sentence."""
        super().__init__(sentence, cause=cause)
        self.code = code


class RateLimitedError(UnavailableError):
    """Blink wants us to slow down: HTTP 429 or ``TOO_MANY_REQUEST``.

    ``is_block`` tells the second: this kind of call is refused for five minutes.
    """

    def __init__(self, sentence: str, *, cause: str = "", is_block: bool = False) -> None:
        """Keep which of the two it is."""
        super().__init__(sentence, cause=cause)
        self.is_block = is_block


class UnknownRecipientError(BlinkRefusedError):
    """Blink knows no such username."""


class CannotReceiveError(BlinkRefusedError):
    """The recipient's account can no longer receive."""


class IdTakenError(BlinkRefusedError):
    """Blink has seen this ``externalId`` before: a ledger newer than ours has acted."""


class BelowOneCentError(BlinkRefusedError):
    """A USD wallet gets no invoice for so little."""
