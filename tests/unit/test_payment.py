"""The life of a customer's payment."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from blinkpos_desktop.domain.errors import IllegalMoveError
from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.payment import (
    MOVES,
    RECEIVED,
    WATCHED,
    Invoice,
    Payment,
    PaymentState,
    reason_for,
    sources,
)
from blinkpos_desktop.domain.transfer import Role, Transfer, TransferState

S = PaymentState


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(PaymentState)


def test_every_legal_move_has_a_reason() -> None:
    for before, moves in MOVES.items():
        for after, reason in moves.items():
            assert reason
            assert reason_for(before, after) == reason


def test_every_state_can_be_reached_and_none_leads_to_itself() -> None:
    reached = {S.INTENDED}
    for _ in PaymentState:
        reached |= {after for before in reached for after in MOVES[before]}
    assert reached == set(PaymentState)
    assert not any(state in MOVES[state] for state in PaymentState)


@pytest.mark.parametrize("end", [S.COMPLETED, S.FAILED])
def test_nothing_leads_out_of_an_end(end: PaymentState) -> None:
    for after in PaymentState:
        with pytest.raises(IllegalMoveError):
            reason_for(end, after)


@pytest.mark.parametrize("late", [S.EXPIRED, S.CANCELLED, S.CANCELLING])
def test_late_money_is_still_money(late: PaymentState) -> None:
    assert S.PAID in MOVES[late]


def test_money_received_is_never_expired_cancelled_or_failed() -> None:
    assert set(MOVES[S.PAID]) == {S.COMPLETED}
    assert frozenset({S.PAID, S.COMPLETED}) == RECEIVED


def test_whatever_can_still_be_paid_is_watched_and_nothing_else() -> None:
    assert set(sources(S.PAID)) == WATCHED
    assert not WATCHED & RECEIVED


def test_completed_comes_after_paid_only() -> None:
    assert sources(S.COMPLETED) == (S.PAID,)


def test_an_illegal_move_names_both_states_for_the_log() -> None:
    with pytest.raises(IllegalMoveError) as caught:
        reason_for(S.PAID, S.EXPIRED)
    assert caught.value.sentence == "This payment cannot change that way."
    assert caught.value.cause == "paid → expired"


class PaymentWalk(RuleBasedStateMachine):
    """Any event in any order, by the tables."""

    def __init__(self) -> None:
        super().__init__()
        self.state = S.INTENDED
        self.received = False

    @rule(after=st.sampled_from(PaymentState))
    def move(self, after: PaymentState) -> None:
        legal = after in MOVES[self.state]
        try:
            reason = reason_for(self.state, after)
        except IllegalMoveError:
            assert not legal
            return
        assert legal
        assert reason
        self.received = self.received or after is S.PAID
        self.state = after

    @invariant()
    def received_money_stays_received(self) -> None:
        assert self.received == (self.state in RECEIVED)


TestPaymentWalk = PaymentWalk.TestCase


def transfer(state: TransferState) -> Transfer:
    return Transfer(id=1, role=Role.TIP, recipient="elturco", sats=2, memo="m", state=state)


def payment(*states: TransferState, invoice: Invoice | None = None) -> Payment:
    return Payment(
        id=1,
        state=S.PAID,
        network="mainnet",
        account_id="a",
        wallet_id="w",
        till="counter 1",
        base=Money(minor=21, currency=SATS),
        tip=Money(minor=2, currency=SATS),
        total_sats=23,
        tip_sats=2,
        memo="m",
        created_at=0,
        invoice=invoice,
        transfers=tuple(map(transfer, states)),
    )


def test_a_payment_is_finished_when_every_transfer_settled_or_is_kept() -> None:
    settled, kept = TransferState.SETTLED, TransferState.KEPT
    assert payment(settled, kept).is_finished
    for state in set(TransferState) - {settled, kept}:
        assert not payment(settled, state).is_finished


@pytest.mark.parametrize(
    ("state", "is_there"),
    [
        (TransferState.PLANNED, False),
        (TransferState.PREPARED, False),
        (TransferState.ATTENTION, False),
        (TransferState.SENDING, True),
        (TransferState.UNKNOWN, True),
        (TransferState.IN_FLIGHT, True),
        (TransferState.SETTLED, True),
    ],
)
def test_while_nothing_may_be_sent_only_questions_are_work(
    state: TransferState,
    is_there: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    assert payment(state).has_questions is is_there


def test_a_payment_knows_its_parts_and_its_hash() -> None:
    invoice = Invoice(payment_request="lnbc", payment_hash="ab" * 32, sats=23, expires_at=900)
    paid = payment(invoice=invoice)
    assert (paid.base_sats, paid.tip_sats, paid.total.minor) == (21, 2, 23)
    assert paid.payment_hash == "ab" * 32
    assert payment().payment_hash == ""
