"""Retiring a recipient's invoice: all three conditions, in their order, and no other evidence."""

from __future__ import annotations

from itertools import product

import pytest

from blinkpos_desktop.domain.blink import InvoiceStatus, TransactionStatus
from blinkpos_desktop.domain.errors import IllegalMoveError
from blinkpos_desktop.domain.retiring import QUIET_SECONDS, Proof, Retiring

NOT_PAID = [each for each in InvoiceStatus if each is not InvoiceStatus.PAID]
QUIET = [None, float(QUIET_SECONDS), QUIET_SECONDS + 1e6]


@pytest.mark.parametrize("quiet", [0.0, 1.0, QUIET_SECONDS - 0.001, -5.0])
def test_nothing_is_asked_before_ten_quiet_minutes(quiet: float) -> None:
    retiring = Retiring(quiet_seconds=quiet)
    assert retiring.next_proof is Proof.WAIT
    with pytest.raises(IllegalMoveError):
        retiring.asked(InvoiceStatus.PENDING)
    with pytest.raises(IllegalMoveError):
        retiring.looked_up(None)


def test_ten_minutes_are_ten_minutes() -> None:
    assert QUIET_SECONDS == 600


@pytest.mark.parametrize(("quiet", "status"), list(product(QUIET, NOT_PAID)))
def test_the_three_conditions_in_their_order(quiet: float | None, status: InvoiceStatus) -> None:
    """A status of any kind but PAID lets it go on, and is never enough by itself."""
    retiring = Retiring(quiet_seconds=quiet)
    assert retiring.next_proof is Proof.ASK_STATUS
    with pytest.raises(IllegalMoveError):
        # A look-up before the status proves nothing.
        retiring.looked_up(None)
    asked = retiring.asked(status)
    assert asked.next_proof is Proof.LOOK_UP
    with pytest.raises(IllegalMoveError):
        asked.asked(status)
    assert asked.looked_up(None).next_proof is Proof.RETIRE


@pytest.mark.parametrize(
    ("sent", "then"),
    [
        (None, Proof.RETIRE),
        (TransactionStatus.FAILURE, Proof.RETIRE),
        (TransactionStatus.PENDING, Proof.WAIT),
        (TransactionStatus.SUCCESS, Proof.SETTLE),
    ],
)
def test_our_own_wallets_word(sent: TransactionStatus | None, then: Proof) -> None:
    asked = Retiring(quiet_seconds=None).asked(InvoiceStatus.PENDING)
    assert asked.looked_up(sent).next_proof is then


def test_paid_is_paid() -> None:
    paid = Retiring(quiet_seconds=None).asked(InvoiceStatus.PAID)
    assert paid.next_proof is Proof.SETTLE
    with pytest.raises(IllegalMoveError):
        paid.looked_up(None)
