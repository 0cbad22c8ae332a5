"""What Blink's refusals of a transfer mean: what passes soon, later, with the next one or never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from blinkpos_desktop.domain.blink import (
    BelowOneCentError,
    BlinkRefusedError,
    CannotReceiveError,
    SendAnswer,
    SendStatus,
    UnknownRecipientError,
)
from blinkpos_desktop.domain.errors import RefusedError
from blinkpos_desktop.domain.money import Price
from blinkpos_desktop.domain.transfer import Trouble

RESTRICTED_SECONDS: Final = 15 * 60.0
OWED_SECONDS: Final = 24 * 3600.0
"""A debt under a cent is tried by itself so seldom: prices change, and wallets are opened."""
WRONG_INVOICES: Final = 5
"""So many invoices in a row that are not what was asked are a person's to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a transfer does not go on: its trouble, and the sentence that a person reads."""

    trouble: Trouble = Trouble.NONE
    reason: str = ""


_OF_PAYMENT: Final[Mapping[str, Refusal]] = {
    "TRANSACTION_RESTRICTED": Refusal(
        trouble=Trouble.RESTRICTED,
        reason="Blink restricts sending, mostly by the daily limit: tried again.",
    ),
    "INSUFFICIENT_BALANCE": Refusal(
        trouble=Trouble.RESTRICTED,
        reason="The collecting wallet holds too little: tried again.",
    ),
    "RECEIVE_DISABLED": Refusal(
        trouble=Trouble.LASTING,
        reason="This Blink account can no longer receive: its owner must ask Blink.",
    ),
    "CANT_PAY_SELF": Refusal(
        trouble=Trouble.LASTING,
        reason="This has become the collecting account itself: choose where it goes.",
    ),
}
_NO_INVOICE: Final = "Blink makes no invoice for this part now, so it waits: tried again."
_WRONG: Final = "Blink's invoices for this part are not what was asked."
_NONE: Final = Refusal()


def of_payment(answer: SendAnswer, recipient: str) -> Refusal:
    """Return what a payment's answer says of why it failed; nothing for what passes soon."""
    if answer.status is not SendStatus.FAILURE:
        return _NONE
    known = _OF_PAYMENT.get(answer.code, _NONE)
    if known.trouble is Trouble.LASTING:
        return Refusal(trouble=known.trouble, reason=f"{recipient}: {known.reason}")
    return known


def of_invoice(error: RefusedError, recipient: str, tries: int) -> Refusal:
    """Return why there is no recipient's invoice, after so many tries before this one."""
    if isinstance(error, UnknownRecipientError | CannotReceiveError):
        return Refusal(trouble=Trouble.LASTING, reason=f"{recipient}: {error.sentence}")
    if isinstance(error, BelowOneCentError):
        return owed(recipient)
    if isinstance(error, BlinkRefusedError):
        return Refusal(trouble=Trouble.RESTRICTED, reason=f"{recipient}: {_NO_INVOICE}")
    # It is not what was asked, and perhaps the next one is.
    trouble = Trouble.LASTING if tries + 1 >= WRONG_INVOICES else Trouble.NONE
    return Refusal(trouble=trouble, reason=f"{recipient}: {_WRONG}")


def owed(recipient: str) -> Refusal:
    """Return that it is too little for a USD wallet."""
    return Refusal(
        trouble=Trouble.OWED,
        reason=f"{recipient}: under one cent, which a USD wallet can't get by itself: "
        "it goes with the next one.",
    )


def is_below_a_cent(sats: int, price: Price | None) -> bool:
    """Whether so many sats are surely under one cent, by a price in US cents.

    Surely is under half a cent: however Blink rounds, and if the price has moved a little.
    """
    if price is None or price.currency.code != "USD" or price.currency.digits != 2:  # noqa: PLR2004
        return False
    return 2 * sats * price.base < int(10**price.offset)
