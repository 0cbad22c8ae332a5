"""What becomes of a sale that was on the screen when the program ended: the ledger decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from blinkpos_desktop.domain.blink import Account
from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSale:
    """A hint that a payment's QR was on the screen; no proof of anything."""

    payment_id: int
    payment_hash: str


class Fate(StrEnum):
    """What a hint comes to."""

    OFFER = "offer"
    """It is open, and somebody may take it up again."""
    ANNOUNCE = "announce"
    """It was paid while nobody looked: it must be seen."""
    FORGET = "forget"


def is_meant(hint: OpenSale, payment: Payment | None, account: Account) -> bool:
    """Tell whether the ledger's row is the hint's sale, made on this account and network."""
    return (
        payment is not None
        and payment.id == hint.payment_id
        and payment.payment_hash == hint.payment_hash
        and (payment.account_id, payment.network) == (account.id, account.network)
    )


def fate(payment: Payment, *, is_known_open: bool, now: float) -> Fate:
    """Decide by the ledger's row.

    ``is_known_open`` is Blink's word that it is neither paid nor expired; our
    clock, ``now`` in Unix seconds, counts only where Blink does not answer.
    """
    if payment.state in RECEIVED:
        # It went green just before the end, or somebody has acknowledged it since.
        return Fate.FORGET if payment.is_seen else Fate.ANNOUNCE
    invoice = payment.invoice
    if payment.state is not PaymentState.AWAITING or invoice is None:
        return Fate.FORGET
    return Fate.OFFER if is_known_open or now < invoice.expires_at else Fate.FORGET
