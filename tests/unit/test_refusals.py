"""What Blink's refusals mean for a transfer: who waits, for how long, and who must act."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.blink import (
    BelowOneCentError,
    BlinkRefusedError,
    CannotReceiveError,
    SendAnswer,
    SendStatus,
    UnknownRecipientError,
)
from blinkpos_desktop.domain.errors import RefusedError
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.refusals import (
    WRONG_INVOICES,
    Refusal,
    is_below_a_cent,
    of_invoice,
    of_payment,
    owed,
)
from blinkpos_desktop.domain.transfer import Trouble

USD = Currency(code="USD", digits=2, symbol="$")
PRICE = Price(currency=USD, base=43_623_050_781, offset=12, as_of=0)
"""0.0436 cents a sat: 23 sats are a cent."""


@pytest.mark.parametrize(
    ("code", "trouble", "words"),
    [
        ("TRANSACTION_RESTRICTED", Trouble.RESTRICTED, "daily limit"),
        ("INSUFFICIENT_BALANCE", Trouble.RESTRICTED, "too little"),
        ("RECEIVE_DISABLED", Trouble.LASTING, "ana: This Blink account can no longer receive"),
        ("CANT_PAY_SELF", Trouble.LASTING, "ana: This has become the collecting account"),
        ("LIGHTNING_PAYMENT_ERROR", Trouble.NONE, ""),
        ("UNEXPECTED_CLIENT_ERROR", Trouble.NONE, ""),
        ("", Trouble.NONE, ""),
    ],
)
def test_a_payments_failure(code: str, trouble: Trouble, words: str) -> None:
    refusal = of_payment(SendAnswer(status=SendStatus.FAILURE, code=code), "ana")
    assert refusal.trouble is trouble
    assert words in refusal.reason
    assert bool(refusal.reason) is (trouble is not Trouble.NONE)
    # What is paid or under way is refused by nobody, whatever else the answer says.
    for status in set(SendStatus) - {SendStatus.FAILURE}:
        assert of_payment(SendAnswer(status=status, code=code), "ana") == Refusal()


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (UnknownRecipientError("Blink knows nobody."), Trouble.LASTING),
        (CannotReceiveError("It can no longer receive."), Trouble.LASTING),
        (BelowOneCentError("Less than a cent."), Trouble.OWED),
        (BlinkRefusedError("Blink refuses."), Trouble.RESTRICTED),
        (RefusedError("Not what was asked."), Trouble.NONE),
    ],
)
def test_an_invoices_refusal_names_the_recipient(error: RefusedError, trouble: Trouble) -> None:
    refusal = of_invoice(error, "ana", tries=0)
    assert refusal.trouble is trouble
    assert refusal.reason.startswith("ana: ")
    assert refusal.reason.endswith(".")


def test_wrong_invoices_are_a_persons_after_some() -> None:
    wrong = RefusedError("Not what was asked.")
    troubles = [of_invoice(wrong, "ana", tries=tries).trouble for tries in range(WRONG_INVOICES)]
    assert troubles == [Trouble.NONE] * (WRONG_INVOICES - 1) + [Trouble.LASTING]


def test_owed_says_what_becomes_of_it() -> None:
    assert owed("dana").trouble is Trouble.OWED
    assert owed("dana").reason == (
        "dana: under one cent, which a USD wallet can't get by itself: it goes with the next one."
    )


@pytest.mark.parametrize(("sats", "below"), [(1, True), (11, True), (12, False), (23, False)])
def test_surely_below_a_cent_is_under_half_a_cent(
    sats: int,
    below: bool,  # noqa: FBT001 (a parameter)
) -> None:
    assert is_below_a_cent(sats, PRICE) is below


@given(sats=st.integers(1, 10**6), base=st.integers(1, 10**13))
def test_nothing_that_blink_could_take_is_called_below(sats: int, base: int) -> None:
    price = Price(currency=USD, base=base, offset=12, as_of=0)
    if is_below_a_cent(sats, price):
        # Even rounded half up, it is none.
        assert int(Fraction(sats * base, 10**12) + Fraction(1, 2)) == 0


@pytest.mark.parametrize("code", ["EUR", "JPY"])
def test_without_a_price_in_cents_blink_is_asked(code: str) -> None:
    assert not is_below_a_cent(1, None)
    euro = Price(currency=Currency(code=code, digits=2, symbol="€"), base=1, offset=12, as_of=0)
    assert not is_below_a_cent(1, euro)
