"""The life of a customer's payment: its states, the legal moves and their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.errors import IllegalMoveError
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.domain.transfer import Step, Transfer


class PaymentState(StrEnum):
    """Where a customer's payment stands."""

    INTENDED = "intended"
    """Written down; Blink has been told nothing that anybody could pay."""
    AWAITING = "awaiting"
    """Its invoice is stored, and may be on a screen."""
    CANCELLING = "cancelling"
    """Given up at the counter; Blink has not answered yet."""
    CANCELLED = "cancelled"
    """Given up; a Blink customer can still pay it, so it is watched."""
    EXPIRED = "expired"
    """Its time is over; a Blink customer can still pay it, so it is watched."""
    FAILED = "failed"
    """No invoice was ever made that somebody was told of."""
    PAID = "paid"
    """The money is in the collecting wallet; transfers are open."""
    COMPLETED = "completed"
    """Every transfer has settled or is kept by rule."""


_S = PaymentState

MOVES: Final[Mapping[PaymentState, Mapping[PaymentState, str]]] = {
    _S.INTENDED: {
        _S.AWAITING: "the invoice was made, checked and stored",
        _S.FAILED: "no invoice could be had",
        _S.CANCELLED: "given up before there was an invoice",
    },
    _S.AWAITING: {
        _S.PAID: "Blink says it is paid",
        _S.CANCELLING: "given up at the counter, or its wait is over",
        _S.EXPIRED: "Blink says its time is over",
    },
    _S.CANCELLING: {
        _S.PAID: "Blink says it is paid: money before wishes",
        _S.CANCELLED: "Blink has answered, and not that it is paid",
        _S.EXPIRED: "Blink says its time is over, or the wait for it is",
    },
    # Late money is still money: expiry and cancelling bind only payers from outside Blink.
    _S.CANCELLED: {_S.PAID: "paid after it was cancelled"},
    _S.EXPIRED: {_S.PAID: "paid after it had expired"},
    _S.FAILED: {},
    _S.PAID: {_S.COMPLETED: "every transfer has settled or is kept"},
    _S.COMPLETED: {},
}

INVOICE_SECONDS: Final = 15 * 60
"""How long a customer's invoice lives."""

WATCHED: Final = frozenset({_S.AWAITING, _S.CANCELLING, _S.CANCELLED, _S.EXPIRED})
"""States in which money may still arrive."""

RECEIVED: Final = frozenset({_S.PAID, _S.COMPLETED})
"""States in which the customer's money has arrived."""


def reason_for(before: PaymentState, after: PaymentState) -> str:
    """Return why a payment may go from ``before`` to ``after``.

    Raises:
        IllegalMoveError: it may not.
    """
    try:
        return MOVES[before][after]
    except KeyError:
        raise IllegalMoveError(
            "This payment cannot change that way.", cause=f"{before} → {after}"
        ) from None


def sources(after: PaymentState) -> tuple[PaymentState, ...]:
    """Return the states from which ``after`` can be reached."""
    return tuple(before for before, moves in MOVES.items() if after in moves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A bolt11 invoice that has been decoded and checked. ``expires_at`` is in Unix seconds."""

    payment_request: str
    payment_hash: str
    sats: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One sale's row, with its transfers. Times are Unix seconds, amounts whole."""

    id: int
    state: PaymentState
    network: str
    account_id: str
    wallet_id: str
    till: str
    base: Money
    tip: Money
    total_sats: int
    tip_sats: int
    memo: str
    created_at: int
    invoice: Invoice | None = None
    received_sats: int | None = None
    paid_at: int | None = None
    was_closed: bool = False
    """It had been cancelled or had expired before it was paid."""
    is_seen: bool = False
    """It went green on a screen, or a person has acknowledged it."""
    reason: str = ""
    transfers: tuple[Transfer, ...] = ()

    @property
    def base_sats(self) -> int:
        """The merchant's part, in sats."""
        return self.total_sats - self.tip_sats

    @property
    def total(self) -> Money:
        """What the customer was asked for, in the sale's own currency."""
        return Money(minor=self.base.minor + self.tip.minor, currency=self.base.currency)

    @property
    def payment_hash(self) -> str:
        """The hash of the customer's invoice; empty before there is one."""
        return self.invoice.payment_hash if self.invoice else ""

    @property
    def has_work(self) -> bool:
        """Whether a till can do something for it now: go on with a transfer, or complete it."""
        return self.is_finished or any(
            each.is_due and each.next_step is not Step.REST for each in self.transfers
        )

    @property
    def has_questions(self) -> bool:
        """Whether there is work even while nothing may be sent: Blink is asked, or it is over."""
        return self.is_finished or any(
            each.is_due and each.next_step in {Step.ASK, Step.LOOK_UP} for each in self.transfers
        )

    @property
    def is_finished(self) -> bool:
        """Whether every transfer has settled or is kept."""
        return all(transfer.is_finished for transfer in self.transfers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """A sale that was just written down, and the ``externalId`` of its invoice's first attempt.

    It has none when Blink's limits leave no room for the call.
    """

    payment: Payment
    external_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEnd:
    """What a request came to: its transfer, and its payment when that was the last one of it."""

    transfer: Transfer
    completed: Payment | None = None
