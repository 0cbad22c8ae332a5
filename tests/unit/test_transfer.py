"""The life of one transfer: nothing is settled without a proof, no invoice is ever lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from blinkpos_desktop.domain.errors import IllegalMoveError
from blinkpos_desktop.domain.transfer import (
    MOVES,
    RecipientInvoice,
    Role,
    Step,
    Transfer,
    TransferEvent,
    TransferState,
    apply,
)

S, E = TransferState, TransferEvent
INVOICE = RecipientInvoice(
    external_id="ours-1", payment_request="lnbc1", payment_hash="ab" * 32, expires_at=900
)


def transfer(state: TransferState, *, invoice: bool = True, tries: int = 0) -> Transfer:
    return Transfer(
        id=7,
        role=Role.TIP,
        recipient="elturco",
        sats=2,
        memo="m",
        state=state,
        invoice=INVOICE if invoice else None,
        tries=tries,
    )


def test_every_state_has_its_moves_and_its_next_step() -> None:
    assert set(MOVES) == set(TransferState)
    assert {state: transfer(state).next_step for state in TransferState} == {
        S.PLANNED: Step.MAKE_INVOICE,
        S.PREPARED: Step.SEND,
        S.SENDING: Step.ASK,
        S.UNKNOWN: Step.ASK,
        S.IN_FLIGHT: Step.LOOK_UP,
        S.ATTENTION: Step.REST,
        S.SETTLED: Step.REST,
        S.KEPT: Step.REST,
    }


def test_every_event_can_happen_somewhere() -> None:
    assert {event for moves in MOVES.values() for event in moves} == set(TransferEvent)


@pytest.mark.parametrize("end", [S.SETTLED, S.KEPT])
@pytest.mark.parametrize("event", TransferEvent)
def test_nothing_leads_out_of_an_end(end: TransferState, event: TransferEvent) -> None:
    with pytest.raises(IllegalMoveError) as caught:
        apply(transfer(end), event)
    assert caught.value.sentence == "This transfer cannot change that way."
    assert caught.value.cause == f"transfer 7: {event} in {end}"


@pytest.mark.parametrize("state", TransferState)
@pytest.mark.parametrize("event", TransferEvent)
def test_the_table_is_what_happens(state: TransferState, event: TransferEvent) -> None:
    has_invoice = state is not S.PLANNED and event not in {E.SEND_CHOSEN, E.KEEP_CHOSEN}
    before = transfer(state, invoice=has_invoice)
    expected = MOVES[state].get(event)
    if expected is None:
        with pytest.raises(IllegalMoveError):
            apply(before, event)
        return
    after = apply(before, event, reason="because", recipient="ana")
    if event is not E.RETRY_CHOSEN:
        assert after.state is expected
    assert after.reason == "because"
    assert (after.sats, after.id) == (before.sats, before.id)
    assert after.invoice == (None if event is E.INVOICE_RETIRED else before.invoice)
    assert after.recipient == ("ana" if event is E.SEND_CHOSEN else before.recipient)


@pytest.mark.parametrize("event", [E.SEND_FAILED, E.SEND_LOST])
def test_a_failure_proves_nothing(event: TransferEvent) -> None:
    after = apply(transfer(S.SENDING), event)
    assert (after.state, after.next_step) == (S.UNKNOWN, Step.ASK)


def test_settled_is_reached_by_a_success_or_a_status_paid_only() -> None:
    to_settled = {
        event for moves in MOVES.values() for event, after in moves.items() if after is S.SETTLED
    }
    assert to_settled == {E.SEND_SUCCEEDED, E.STATUS_PAID}


def test_a_status_paid_is_believed_wherever_a_request_may_have_been() -> None:
    for state in (S.SENDING, S.UNKNOWN, S.IN_FLIGHT, S.ATTENTION):
        assert MOVES[state][E.STATUS_PAID] is S.SETTLED


def test_what_may_be_under_way_is_neither_given_up_nor_kept() -> None:
    for state in (S.SENDING, S.UNKNOWN, S.IN_FLIGHT):
        choices = {E.KEEP_CHOSEN, E.RETRY_CHOSEN, E.SEND_CHOSEN}
        assert not (choices | {E.GAVE_UP, E.INVOICE_RETIRED, E.INVOICE_STORED}) & set(MOVES[state])


@pytest.mark.parametrize("event", [E.SEND_CHOSEN, E.KEEP_CHOSEN])
def test_a_live_invoice_is_retired_before_its_money_goes_elsewhere(event: TransferEvent) -> None:
    with pytest.raises(IllegalMoveError) as caught:
        apply(transfer(S.ATTENTION), event, recipient="ana")
    assert caught.value.sentence == "Its live invoice must be retired first."
    retired = apply(transfer(S.ATTENTION, tries=3), E.INVOICE_RETIRED)
    assert (retired.state, retired.invoice, retired.tries) == (S.ATTENTION, None, 3)
    after = apply(retired, event, recipient="ana")
    assert after.state is (S.PLANNED if event is E.SEND_CHOSEN else S.KEPT)


def test_an_invoice_is_retired_in_attention_only() -> None:
    for event in (E.INVOICE_RETIRED, E.SEND_CHOSEN, E.KEEP_CHOSEN, E.RETRY_CHOSEN):
        assert [state for state, moves in MOVES.items() if event in moves] == [S.ATTENTION]


def test_sending_is_written_down_before_any_answer() -> None:
    for event in (E.SEND_SUCCEEDED, E.SEND_FAILED, E.SEND_LOST):
        assert [state for state, moves in MOVES.items() if event in moves] == [S.SENDING]


def test_only_a_person_keeps_what_was_planned() -> None:
    to_kept = [
        (state, event)
        for state, moves in MOVES.items()
        for event, after in moves.items()
        if after is S.KEPT
    ]
    assert to_kept == [(S.ATTENTION, E.KEEP_CHOSEN)]


def test_another_try_asks_about_the_invoice_there_is() -> None:
    """A request that was given up as lost may have arrived: what is PENDING is not paid again."""
    again = apply(transfer(S.ATTENTION, tries=4), E.RETRY_CHOSEN)
    assert (again.state, again.invoice, again.tries) == (S.UNKNOWN, INVOICE, 0)
    assert again.next_step is Step.ASK
    anew = apply(transfer(S.ATTENTION, invoice=False, tries=4), E.RETRY_CHOSEN)
    assert (anew.state, anew.invoice, anew.tries) == (S.PLANNED, None, 0)


def test_tries_count_the_requests_that_did_not_settle_it() -> None:
    lost = apply(apply(transfer(S.PREPARED), E.SEND_STARTED), E.SEND_LOST)
    again = apply(lost, E.STATUS_UNPAID)
    failed = apply(apply(again, E.SEND_STARTED), E.SEND_FAILED)
    assert (lost.tries, again.tries, failed.tries) == (1, 1, 2)


class TransferWalk(RuleBasedStateMachine):
    """Any event in any order; the invoice is stored as the forwarder does it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = transfer(S.PLANNED, invoice=False)
        self.proof = False
        self.kept_by_choice = False
        self.stored: RecipientInvoice | None = None
        self.invoices = 0

    @rule(event=st.sampled_from(TransferEvent))
    def happen(self, event: TransferEvent) -> None:
        before = self.now
        try:
            after = apply(before, event)
        except IllegalMoveError:
            alive = event in {E.SEND_CHOSEN, E.KEEP_CHOSEN} and before.invoice is not None
            assert alive or event not in MOVES[before.state]
            return
        if event is E.INVOICE_RETIRED:
            self.stored = None
        if event is E.INVOICE_STORED:
            assert before.invoice is None
            assert self.stored is None
            self.invoices += 1
            self.stored = replace(INVOICE, external_id=f"ours-{self.invoices}")
            after = replace(after, invoice=self.stored)
        self.proof = self.proof or event in {E.SEND_SUCCEEDED, E.STATUS_PAID}
        self.kept_by_choice = self.kept_by_choice or event is E.KEEP_CHOSEN
        self.now = after

    @rule()
    def go_on(self) -> None:
        """What the forwarder does next, answered well: most walks get far by it."""
        event = {
            Step.MAKE_INVOICE: E.INVOICE_STORED,
            Step.SEND: E.SEND_STARTED,
            Step.ASK: E.STATUS_UNPAID,
            Step.LOOK_UP: E.STATUS_UNPAID,
        }.get(self.now.next_step)
        if event is not None:
            self.happen(event)

    @invariant()
    def settled_means_proven(self) -> None:
        assert (self.now.state is S.SETTLED) == self.proof

    @invariant()
    def kept_means_chosen(self) -> None:
        assert (self.now.state is S.KEPT) == self.kept_by_choice

    @invariant()
    def an_invoice_is_only_dropped_by_retiring_it(self) -> None:
        assert self.now.invoice is self.stored

    @invariant()
    def nothing_is_sent_without_a_stored_invoice(self) -> None:
        if self.now.state in {S.PREPARED, S.SENDING, S.UNKNOWN, S.IN_FLIGHT}:
            assert self.now.invoice is not None

    @invariant()
    def finished_is_settled_or_kept(self) -> None:
        assert self.now.is_finished == (self.now.state in {S.SETTLED, S.KEPT})


TestTransferWalk = TransferWalk.TestCase
