"""The life of one transfer: nothing is settled without a proof, no invoice is ever lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from blinkpos_desktop.domain.errors import IllegalMoveError
from blinkpos_desktop.domain.transfer import (
    MOVES,
    Carried,
    RecipientInvoice,
    Role,
    Step,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
    apply,
    for_carried,
)

S, E = TransferState, TransferEvent
INVOICE = RecipientInvoice(
    external_id="ours-1", payment_request="lnbc1", payment_hash="ab" * 32, sats=2, expires_at=900
)


def transfer(
    state: TransferState,
    *,
    invoice: bool = True,
    tries: int = 0,
    trouble: Trouble = Trouble.NONE,
) -> Transfer:
    return Transfer(
        id=7,
        role=Role.TIP,
        recipient="elturco",
        sats=2,
        memo="m",
        state=state,
        invoice=INVOICE if invoice else None,
        tries=tries,
        trouble=trouble,
    )


NEEDED = {
    (S.PLANNED, E.SET_ASIDE): Trouble.RESTRICTED,
    (S.PREPARED, E.SET_ASIDE): Trouble.RESTRICTED,
    (S.PLANNED, E.RETRY_CHOSEN): Trouble.RESTRICTED,
    (S.PREPARED, E.RETRY_CHOSEN): Trouble.RESTRICTED,
    (S.PLANNED, E.JOINED): Trouble.OWED,
}
"""What can only happen to a transfer with that trouble."""


def test_every_state_has_its_moves_and_its_next_step() -> None:
    assert set(MOVES) == set(TransferState)
    assert {state: transfer(state).next_step for state in TransferState} == {
        S.PLANNED: Step.MAKE_INVOICE,
        S.PREPARED: Step.SEND,
        S.CARRIED: Step.REST,
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
    without = {S.PLANNED, S.CARRIED}
    has_invoice = state not in without and event not in {E.SEND_CHOSEN, E.KEEP_CHOSEN}
    trouble = NEEDED.get((state, event), Trouble.NONE)
    before = transfer(state, invoice=has_invoice, trouble=trouble)
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


def test_settled_is_reached_by_blinks_word_or_with_its_carrier_only() -> None:
    to_settled = {
        event for moves in MOVES.values() for event, after in moves.items() if after is S.SETTLED
    }
    assert to_settled == {E.SEND_SUCCEEDED, E.STATUS_PAID, E.FOUND_SENT, E.CARRIER_SETTLED}
    # Where a request of ours may be under way, that one is asked about first.
    found = [state for state, moves in MOVES.items() if E.FOUND_SENT in moves]
    assert found == [S.PLANNED, S.PREPARED, S.ATTENTION]
    assert [state for state, moves in MOVES.items() if E.CARRIER_SETTLED in moves] == [S.CARRIED]


@pytest.mark.parametrize(("state", "event"), NEEDED)
@pytest.mark.parametrize("trouble", Trouble)
def test_what_a_person_may_hurry_is_restricted_and_what_goes_along_is_owed(
    state: TransferState, event: TransferEvent, trouble: Trouble
) -> None:
    has_invoice = state is S.PREPARED
    before = transfer(state, invoice=has_invoice, trouble=trouble)
    if trouble is NEEDED[state, event]:
        assert apply(before, event).state is MOVES[state][event]
    else:
        with pytest.raises(IllegalMoveError):
            apply(before, event)


def test_what_takes_others_along_goes_along_with_nobody() -> None:
    carried = Carried(id=8, payment_id=1, sats=3, memo="m")
    owed = transfer(S.PLANNED, invoice=False, trouble=Trouble.OWED)
    assert apply(owed, E.JOINED).state is S.CARRIED
    with pytest.raises(IllegalMoveError):
        apply(replace(owed, carries=(carried,)), E.JOINED)
    assert replace(owed, carries=(carried, carried)).invoice_sats == 2 + 3 + 3


def test_the_trouble_stays_until_something_else_is_known() -> None:
    sending = transfer(S.SENDING)
    failed = apply(sending, E.SEND_FAILED, reason="limit", trouble=Trouble.RESTRICTED)
    unpaid = apply(failed, E.STATUS_UNPAID)
    again = apply(unpaid, E.SEND_STARTED)
    for each in (failed, unpaid, again):
        assert (each.trouble, each.reason) == (Trouble.RESTRICTED, "limit")
    for event in (E.SEND_SUCCEEDED, E.SEND_LOST, E.SEND_PENDING, E.STATUS_PAID):
        assert apply(again, event).trouble is Trouble.NONE
    aside = apply(unpaid, E.SET_ASIDE, reason=unpaid.reason)
    assert (aside.state, aside.trouble, aside.reason) == (S.ATTENTION, Trouble.NONE, "limit")


@pytest.mark.parametrize(
    ("before", "event", "trouble", "follows"),
    [
        (transfer(S.SENDING), E.SEND_SUCCEEDED, Trouble.NONE, E.CARRIER_SETTLED),
        (transfer(S.UNKNOWN), E.STATUS_PAID, Trouble.NONE, E.CARRIER_SETTLED),
        (transfer(S.PREPARED), E.FOUND_SENT, Trouble.NONE, E.CARRIER_SETTLED),
        # No invoice covers them, and there may be none for long.
        (transfer(S.PLANNED, invoice=False), E.INVOICE_REFUSED, Trouble.OWED, E.CARRIER_GONE),
        (transfer(S.PLANNED, invoice=False), E.GAVE_UP, Trouble.NONE, E.CARRIER_GONE),
        (transfer(S.ATTENTION), E.INVOICE_RETIRED, Trouble.NONE, E.CARRIER_GONE),
        (transfer(S.ATTENTION, invoice=False), E.SEND_CHOSEN, Trouble.NONE, E.CARRIER_GONE),
        (transfer(S.ATTENTION, invoice=False), E.KEEP_CHOSEN, Trouble.NONE, E.CARRIER_GONE),
        # It is about to have one, or has one that lives.
        (transfer(S.PLANNED, invoice=False), E.INVOICE_REFUSED, Trouble.RESTRICTED, None),
        (transfer(S.PLANNED, invoice=False), E.INVOICE_STORED, Trouble.NONE, None),
        (transfer(S.PREPARED), E.GAVE_UP, Trouble.NONE, None),
        (transfer(S.SENDING), E.SEND_LOST, Trouble.NONE, None),
        (transfer(S.SENDING), E.SEND_FAILED, Trouble.RESTRICTED, None),
        (transfer(S.ATTENTION), E.RETRY_CHOSEN, Trouble.NONE, None),
    ],
)
def test_what_goes_along_follows_its_carrier(
    before: Transfer, event: TransferEvent, trouble: Trouble, follows: TransferEvent | None
) -> None:
    after = apply(before, event, recipient="ana", trouble=trouble)
    assert for_carried(event, after) is follows


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
    for event in (E.INVOICE_RETIRED, E.SEND_CHOSEN, E.KEEP_CHOSEN):
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


PROOFS = {E.SEND_SUCCEEDED, E.STATUS_PAID, E.FOUND_SENT, E.CARRIER_SETTLED}


class TransferWalk(RuleBasedStateMachine):
    """Any event in any order; the invoice is stored as the forwarder does it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = transfer(S.PLANNED, invoice=False)
        self.proof = False
        self.kept_by_choice = False
        self.stored: RecipientInvoice | None = None
        self.invoices = 0

    @rule(event=st.sampled_from(TransferEvent), trouble=st.sampled_from(Trouble))
    def happen(self, event: TransferEvent, trouble: Trouble = Trouble.NONE) -> None:
        before = self.now
        try:
            after = apply(before, event, trouble=trouble)
        except IllegalMoveError:
            alive = event in {E.SEND_CHOSEN, E.KEEP_CHOSEN} and before.invoice is not None
            needed = NEEDED.get((before.state, event), before.trouble)
            allowed = event in MOVES[before.state] and before.trouble is needed
            assert alive or not allowed
            return
        if event is E.INVOICE_RETIRED:
            self.stored = None
        if event is E.INVOICE_STORED:
            assert before.invoice is None
            assert self.stored is None
            self.invoices += 1
            self.stored = replace(INVOICE, external_id=f"ours-{self.invoices}")
            after = replace(after, invoice=self.stored)
        self.proof = self.proof or after.state is S.SETTLED
        assert event in PROOFS or after.state is not S.SETTLED
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
