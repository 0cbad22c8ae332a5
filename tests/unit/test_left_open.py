"""What becomes of a sale that was on the screen when the program ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blinkpos_desktop.domain.blink import Account, Scope
from blinkpos_desktop.domain.left_open import Fate, OpenSale, fate, is_meant
from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.payment import RECEIVED, Invoice, Payment, PaymentState

EXPIRES = 1_800_000_900
ACCOUNT = Account(
    id="till",
    network="mainnet",
    username="till",
    btc_wallet_id="w",
    wallet_ids=frozenset({"w"}),
    scopes=frozenset(Scope),
)
OPEN = Payment(
    id=7,
    state=PaymentState.AWAITING,
    network="mainnet",
    account_id="till",
    wallet_id="w",
    till="counter",
    base=Money(minor=21, currency=SATS),
    tip=Money(minor=0, currency=SATS),
    total_sats=21,
    tip_sats=0,
    memo="",
    created_at=EXPIRES - 900,
    invoice=Invoice(payment_request="lnbc", payment_hash="ab" * 32, sats=21, expires_at=EXPIRES),
)
HINT = OpenSale(payment_id=7, payment_hash="ab" * 32)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 8},
        {"account_id": "another"},
        {"network": "signet"},
        {"invoice": None},
    ],
    ids=str,
)
def test_a_hint_means_one_row_of_one_account_and_network(changes: dict[str, object]) -> None:
    assert is_meant(HINT, OPEN, ACCOUNT)
    assert not is_meant(HINT, None, ACCOUNT)
    assert not is_meant(HINT, replace(OPEN, **changes), ACCOUNT)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", PaymentState)
def test_what_is_paid_is_announced_and_what_is_closed_forgotten(state: PaymentState) -> None:
    found = fate(replace(OPEN, state=state), is_known_open=True, now=0)
    if state in RECEIVED:
        assert found is Fate.ANNOUNCE
        seen = replace(OPEN, state=state, is_seen=True)
        assert fate(seen, is_known_open=True, now=0) is Fate.FORGET
    else:
        assert found is (Fate.OFFER if state is PaymentState.AWAITING else Fate.FORGET)


def test_blinks_word_counts_and_our_clock_only_without_it() -> None:
    assert fate(OPEN, is_known_open=True, now=EXPIRES + 3600) is Fate.OFFER
    assert fate(OPEN, is_known_open=False, now=EXPIRES - 1) is Fate.OFFER
    assert fate(OPEN, is_known_open=False, now=EXPIRES) is Fate.FORGET
