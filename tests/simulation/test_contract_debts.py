"""One suite for the modelled ledger and PostgreSQL: troubles, and debts that go along."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.refusals import owed
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import Transfer, TransferEvent, TransferState, Trouble
from blinkpos_desktop.services.ports import Store
from tests.simulation.ledgers import Ledger, Run, brought_to, invoice_of, made

_P, _T, _E = PaymentState, TransferState, TransferEvent
KEEP, RETRY = Choice(remedy=Remedy.KEEP), Choice(remedy=Remedy.RETRY)
WHO, OWN = "a person", "till"
DAY = 86_400.0


async def _tip(store: Store, state: PaymentState = _P.PAID) -> Transfer:
    """A claimed tip of 5 sats for elturco."""
    payment = await brought_to(store, state)
    held = await store.claim(payment.transfers[1].id, seconds=60)
    assert held is not None
    return held


async def _refused(store: Store, transfer: Transfer, trouble: Trouble) -> Transfer:
    """Its invoice was refused, and it waits for a day."""
    attempt = await store.begin_transfer_attempt(transfer.id)
    reason = owed(transfer.recipient).reason
    refused = await store.record(
        attempt.transfer, _E.INVOICE_REFUSED, reason=reason, trouble=trouble, wait_seconds=DAY
    )
    assert refused is not None
    return refused


async def _now(store: Store, transfer: Transfer) -> Transfer:
    for payment in await store.unfinished(OWN):
        for each in payment.transfers:
            if each.id == transfer.id:
                return each
    raise AssertionError("it is finished")


def test_what_waits_for_long_is_not_due_and_nobodys(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        refused = await _refused(ledger.one, await _tip(ledger.one), Trouble.RESTRICTED)
        assert (refused.state, refused.is_due, refused.tries) == (_T.PLANNED, False, 1)
        seen = await _now(ledger.other, refused)
        assert (seen, seen.is_due) == (refused, False)
        # Its claim was given back with it.
        claim = await ledger.other.claim(refused.id, seconds=60)
        assert claim is not None
        assert (claim, claim.is_due) == (refused, False)
        stored = await ledger.other.store_recipient_invoice(claim, await made(ledger.other, claim))
        assert stored is not None
        assert (stored.is_due, stored.trouble, stored.reason) == (True, Trouble.NONE, "")

    run(body)


@pytest.mark.parametrize("trouble", [Trouble.OWED, Trouble.RESTRICTED])
def test_tried_before_its_time_it_is_due_again_whatever_becomes_of_that(
    run: Run, trouble: Trouble
) -> None:
    """``reconcile --fix`` tries at once, and is killed with its number in hand."""

    async def body(ledger: Ledger) -> None:
        refused = await _refused(ledger.one, await _tip(ledger.one), trouble)
        assert await ledger.other.claim(refused.id, seconds=60) is not None
        await ledger.other.begin_transfer_attempt(refused.id)
        left = await _now(ledger.one, refused)
        assert (left.state, left.is_due) == (_T.PLANNED, True)
        # What is tried by itself goes with nobody, and what was restricted is still shown.
        assert left.trouble is (Trouble.NONE if trouble is Trouble.OWED else trouble)

    run(body)


def test_debts_go_with_the_next_transfer_and_settle_with_it(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        restricted = await _refused(ledger.one, await _tip(ledger.one), Trouble.RESTRICTED)
        debts = [await _refused(ledger.one, await _tip(ledger.one), Trouble.OWED) for _ in range(2)]
        unpaid = await _tip(ledger.one, _P.AWAITING)
        assert (await ledger.one.begin_transfer_attempt(unpaid.id)).transfer.carries == ()
        transfer = await _tip(ledger.other)
        attempt = await ledger.other.begin_transfer_attempt(transfer.id)
        assert [each.id for each in attempt.transfer.carries] == [each.id for each in debts]
        assert attempt.transfer.invoice_sats == 15
        for debt in debts:
            carried = await _now(ledger.one, debt)
            assert (carried.state, carried.trouble) == (_T.CARRIED, Trouble.OWED)
            assert f"transfer {transfer.id} " in carried.reason
            assert await ledger.one.claim(debt.id, seconds=60) is None
        assert (await _now(ledger.one, restricted)).state is _T.PLANNED
        # Another one finds nothing left to take along, and an invoice of another sum is no good.
        other = await _tip(ledger.one)
        assert (await ledger.one.begin_transfer_attempt(other.id)).transfer.carries == ()
        wrong = replace(invoice_of(attempt), sats=5)
        assert await ledger.other.store_recipient_invoice(attempt.transfer, wrong) is None
        current = await ledger.other.store_recipient_invoice(attempt.transfer, invoice_of(attempt))
        assert current is not None
        assert current.carries == attempt.transfer.carries
        for event in (_E.SEND_STARTED, _E.SEND_SUCCEEDED):
            assert current is not None
            current = await ledger.other.record(current, event)
        for debt in debts:
            payments = await ledger.one.unfinished(OWN)
            [settled] = [t for p in payments for t in p.transfers if t.id == debt.id]
            assert (settled.state, settled.trouble, settled.reason) == (_T.SETTLED, "", "")

    run(body)


def test_an_older_attempts_late_invoice_is_thrown_away(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _tip(ledger.one)
        older = await ledger.one.begin_transfer_attempt(transfer.id)
        newer = await ledger.one.begin_transfer_attempt(transfer.id)
        late = await ledger.one.store_recipient_invoice(older.transfer, invoice_of(older))
        assert late is None
        stored = await ledger.one.store_recipient_invoice(newer.transfer, invoice_of(newer))
        assert stored is not None

    run(body)


@pytest.mark.parametrize("why", ["too little together", "gave up", "retired"])
def test_debts_are_owed_again_when_no_invoice_covers_them(run: Run, why: str) -> None:
    async def body(ledger: Ledger) -> None:
        debt = await _refused(ledger.one, await _tip(ledger.one), Trouble.OWED)
        transfer = await _tip(ledger.one)
        attempt = await ledger.one.begin_transfer_attempt(transfer.id)
        assert len(attempt.transfer.carries) == 1
        # Restricted, it keeps them: its next invoice covers them as well.
        kept = await ledger.one.record(
            attempt.transfer, _E.INVOICE_REFUSED, reason="x", trouble=Trouble.RESTRICTED
        )
        assert kept is not None
        assert (await _now(ledger.one, debt)).state is _T.CARRIED
        again = await ledger.one.begin_transfer_attempt(transfer.id)
        assert len(again.transfer.carries) == 1
        if why == "too little together":
            await ledger.one.record(again.transfer, _E.INVOICE_REFUSED, trouble=Trouble.OWED)
        elif why == "gave up":
            await ledger.one.record(again.transfer, _E.GAVE_UP)
        else:
            stored = await ledger.one.store_recipient_invoice(again.transfer, invoice_of(again))
            assert stored is not None
            await ledger.one.record(stored, _E.GAVE_UP)
            assert (await _now(ledger.one, debt)).state is _T.CARRIED
            await ledger.one.choose(transfer.id, KEEP, WHO)
            await ledger.quieten(2 * QUIET_SECONDS)
            [waiting] = await ledger.one.waiting_choices(OWN)
            after = await ledger.one.carry_out(waiting)
            assert after is not None
            assert (after.state, after.carries) == (_T.KEPT, ())
        free = await _now(ledger.one, debt)
        assert (free.state, free.trouble, free.is_due) == (_T.PLANNED, Trouble.OWED, False)
        assert free.reason == debt.reason
        # And it goes with another one.
        next_one = await _tip(ledger.other)
        carried = (await ledger.other.begin_transfer_attempt(next_one.id)).transfer.carries
        assert debt.id in {each.id for each in carried}

    run(body)


def test_paid_meanwhile_it_settles_with_its_carrier(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        debt = await _refused(ledger.one, await _tip(ledger.one), Trouble.OWED)
        attempt = await ledger.one.begin_transfer_attempt((await _tip(ledger.one)).id)
        current = await ledger.one.store_recipient_invoice(attempt.transfer, invoice_of(attempt))
        for event in (_E.SEND_STARTED, _E.SEND_FAILED, _E.STATUS_UNPAID, _E.GAVE_UP):
            assert current is not None
            current = await ledger.one.record(current, event)
        assert current is not None
        await ledger.one.choose(current.id, KEEP, WHO)
        [waiting] = await ledger.one.waiting_choices(OWN)
        after = await ledger.one.carry_out(waiting, paid=True)
        assert after is not None
        assert after.state is _T.SETTLED
        found = [t for p in await ledger.one.unfinished(OWN) for t in p.transfers]
        assert [each.state for each in found if each.id == debt.id] == [_T.SETTLED]

    run(body)


@pytest.mark.parametrize("choice", [KEEP, RETRY], ids=lambda each: each.remedy)
@pytest.mark.parametrize("sent", [True, False])
def test_what_is_restricted_is_listed_and_chosen_for(
    run: Run,
    choice: Choice,
    sent: bool,  # noqa: FBT001 (a parameter)
) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _tip(ledger.one)
        if sent:
            stored = await ledger.one.store_recipient_invoice(
                transfer, await made(ledger.one, transfer)
            )
            assert stored is not None
            sending = await ledger.one.record(stored, _E.SEND_STARTED)
            assert sending is not None
            current = await ledger.one.record(
                sending, _E.SEND_FAILED, reason="limit", trouble=Trouble.RESTRICTED
            )
            assert current is not None
            # It is not known yet how it stands: listed, and not to be chosen for.
            [item] = await ledger.other.attention(OWN)
            assert item.transfer == current
            assert await ledger.other.choose(transfer.id, choice, WHO) is None
            waits = await ledger.one.record(current, _E.STATUS_UNPAID, wait_seconds=900)
        else:
            waits = await _refused(ledger.one, transfer, Trouble.RESTRICTED)
        assert waits is not None
        [item] = await ledger.other.attention(OWN)
        assert (item.transfer, item.transfer.trouble) == (waits, Trouble.RESTRICTED)
        claim = await ledger.one.claim(transfer.id, seconds=60)
        assert claim == waits
        after = await ledger.other.choose(transfer.id, choice, WHO)
        assert after is not None
        assert (after.trouble, after.is_due) == (Trouble.NONE, True)
        if choice is RETRY:
            assert after.state is (_T.UNKNOWN if sent else _T.PLANNED)
            assert await ledger.one.attention(OWN) == []
        else:
            assert after.state is (_T.ATTENTION if sent else _T.KEPT)
        # Whoever was about to go on with it finds it changed.
        event = _E.SEND_STARTED if sent else _E.INVOICE_REFUSED
        if choice is KEEP or sent:
            assert await ledger.one.record(waits, event) is None

    run(body)


def test_owed_is_listed_nowhere_and_nobody_chooses_for_it(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        debt = await _refused(ledger.one, await _tip(ledger.one), Trouble.OWED)
        assert await ledger.one.attention(OWN) == []
        for choice in (KEEP, RETRY):
            assert await ledger.one.choose(debt.id, choice, WHO) is None

    run(body)
