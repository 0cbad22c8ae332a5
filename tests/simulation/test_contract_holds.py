"""One suite for the modelled ledger and PostgreSQL: held, compared, freed; what was sent anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.blink import Direction, TransactionStatus, WalletTransaction
from blinkpos_desktop.domain.difference import Difference, Kind, NotOurs, Report
from blinkpos_desktop.domain.hold import NUMBER_STEP, HeldError, HoldCause
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
)
from tests.simulation.ledgers import (
    FAR,
    Ledger,
    Run,
    brought_to,
    claimed,
    intend,
    made,
    new_hash,
    plan,
)

_P, _T, _E = PaymentState, TransferState, TransferEvent
OWN, WALLET, WHO = "till", "till/btc", "a person"
KEEP, RETRY = Choice(remedy=Remedy.KEEP), Choice(remedy=Remedy.RETRY)


def _report(*remaining: Difference, highest: int | None = None) -> Report:
    return Report(
        since=0,
        asked=0,
        transactions=0,
        not_ours=NotOurs(),
        found=remaining,
        remaining=remaining,
        highest=highest,
    )


async def _prepared(ledger: Ledger) -> Transfer:
    transfer = await claimed(ledger.one)
    stored = await ledger.one.store_recipient_invoice(transfer, await made(ledger.one, transfer))
    assert stored is not None
    return stored


def test_held_nothing_is_sent_and_all_else_goes_on(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        assert await ledger.one.held(OWN) is None
        prepared, planned = await _prepared(ledger), await claimed(ledger.one)
        needing = await claimed(ledger.one)
        await ledger.one.record(needing, _E.GAVE_UP)
        await ledger.other.hold(HoldCause.ID_TAKEN, "bp-x-1-1")
        hold = await ledger.one.held(OWN)
        assert hold is not None
        assert (hold.cause, hold.external_id) == (HoldCause.ID_TAKEN, "bp-x-1-1")
        assert (hold.differing, hold.for_person, hold.can_release) == (None, None, False)
        with pytest.raises(HeldError):
            await ledger.one.record(prepared, _E.SEND_STARTED)
        with pytest.raises(HeldError):
            await ledger.one.begin_transfer_attempt(planned.id)
        for choice in (KEEP, RETRY):
            with pytest.raises(HeldError):
                await ledger.one.choose(needing.id, choice, WHO)
        assert await ledger.one.claim(prepared.id, seconds=60) == prepared
        assert (await brought_to(ledger.one, _P.PAID)).state is _P.PAID
        given_up = await ledger.one.record(prepared, _E.GAVE_UP)
        assert given_up is not None
        assert not await ledger.one.release_hold(OWN, WHO)

    run(body)


def test_a_choice_that_waits_is_not_carried_out_under_a_hold(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        prepared = await _prepared(ledger)
        assert await ledger.one.record(prepared, _E.GAVE_UP)
        await ledger.one.choose(prepared.id, KEEP, WHO)
        await ledger.one.hold(HoldCause.RESTORED)
        [waiting] = await ledger.one.waiting_choices(OWN)
        assert await ledger.one.carry_out(waiting) is None
        # What is paid is recorded whatever else is held.
        assert await ledger.one.carry_out(waiting, paid=True) is not None

    run(body)


def test_a_complete_comparison_without_a_difference_frees_its_account(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        prepared = await _prepared(ledger)
        early = await ledger.books.begin(OWN, None)
        await ledger.one.hold(HoldCause.ID_TAKEN, "x")
        other = await ledger.books.begin("another", None)
        older = await ledger.books.begin(OWN, None)
        await ledger.one.hold(HoldCause.ID_TAKEN, "y")
        gap = await ledger.books.begin(OWN, FAR)
        for each in (early, other, older, gap):
            assert not await ledger.books.finish(each, _report())
        assert (early.hold_id, other.hold_id) == (None, None)
        assert older.hold_id not in {None, gap.hold_id}
        with pytest.raises(HeldError):
            await ledger.one.record(prepared, _E.SEND_STARTED)
        # Something can still be recorded by itself: neither freed, nor a person's to free.
        sent = Difference(kind=Kind.SENT, sats=1, at=0, payment_id=1, can_fix=True)
        lost = Difference(kind=Kind.NO_ROW, sats=1, at=0, payment_hash="a")
        for left, can_release in (((sent, lost), False), ((lost,), True)):
            again = await ledger.books.begin(OWN, None)
            assert not await ledger.books.finish(again, _report(*left))
            hold = await ledger.other.held("")
            assert hold is not None
            assert (hold.differing, hold.can_release) == (len(left), can_release)
        # What is only owed is no difference.
        last = await ledger.books.begin(OWN, None)
        owed = Difference(kind=Kind.OWED, sats=1, at=0, payment_id=1, transfer_id=2)
        before = (await intend(ledger.one, plan())).id
        assert await ledger.books.finish(last, _report(owed, highest=before + 500))
        assert await ledger.one.held(OWN) is None
        assert not await ledger.books.finish(last, _report())
        after = await intend(ledger.one, plan())
        assert after.id > before + 500 + NUMBER_STEP
        assert await ledger.one.record(prepared, _E.SEND_STARTED)

    run(body)


def test_no_old_number_is_taken_again(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        old = await ledger.one.begin_transfer_attempt(transfer.id)
        await ledger.one.hold(HoldCause.ID_TAKEN, old.external_id)
        # From here on selling is safe.
        assert (await brought_to(ledger.one, _P.PAID)).id > transfer.id + NUMBER_STEP
        assert await ledger.books.finish(await ledger.books.begin(OWN, None), _report())
        await ledger.one.claim(transfer.id, seconds=60)
        new = await ledger.one.begin_transfer_attempt(transfer.id)
        assert int(new.external_id.rsplit("-", 1)[1]) > 1000

    run(body)


def test_a_person_frees_it_and_doubts_the_debts(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        await ledger.one.record(transfer, _E.INVOICE_REFUSED, reason="x", trouble=Trouble.OWED)
        await ledger.one.hold(HoldCause.RESTORED)
        lost = Difference(kind=Kind.NO_ROW, sats=1, at=0, payment_hash="a")
        await ledger.books.finish(await ledger.books.begin(OWN, None), _report(lost))
        assert not await ledger.one.release_hold("another", WHO)
        assert await ledger.one.release_hold(OWN, WHO)
        assert await ledger.one.held("") is None
        [item] = await ledger.one.attention(OWN)
        assert (item.transfer.id, item.transfer.state) == (transfer.id, _T.ATTENTION)
        assert item.transfer.trouble is Trouble.NONE

    run(body)


def _newer(transfer: Transfer, external_id: str, sats: int | None = None) -> RecipientInvoice:
    payment_hash = new_hash()
    return RecipientInvoice(
        external_id=external_id,
        payment_request=f"ln{payment_hash}",
        payment_hash=payment_hash,
        sats=transfer.invoice_sats if sats is None else sats,
        expires_at=FAR,
    )


@pytest.mark.parametrize("is_known", [True, False])
def test_what_a_newer_copy_paid_is_adopted(
    run: Run,
    is_known: bool,  # noqa: FBT001 (a parameter)
) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        external_id = f"bp-newer-{transfer.id}-7"
        if is_known:
            # Its number was refused here as taken.
            external_id = (await ledger.one.begin_transfer_attempt(transfer.id)).external_id
        invoice = _newer(transfer, external_id)
        other = _newer(transfer, external_id, sats=transfer.sats + 1)
        assert await ledger.other.adopt(transfer, invoice, quiet_seconds=0) is None, "not claimed"
        assert await ledger.one.adopt(transfer, other, quiet_seconds=0) is None
        await ledger.one.hold(HoldCause.RESTORED)
        adopted = await ledger.one.adopt(transfer, invoice, quiet_seconds=0)
        assert adopted is not None
        assert adopted.state is _T.SETTLED
        assert await ledger.one.adopt(transfer, invoice, quiet_seconds=0) is None
        [payment] = await ledger.one.unfinished(OWN)
        assert payment.transfers[0].invoice == invoice
        [sent] = (await ledger.books.rows(WALLET, 0, [])).sends
        assert (sent.payment_hash, sent.sats, sent.is_live) == (invoice.payment_hash, 100, True)

    run(body)


def test_what_a_newer_copy_sent_alone_is_adopted_without_the_debts(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        debt = await claimed(ledger.one)
        await ledger.one.record(debt, _E.INVOICE_REFUSED, trouble=Trouble.OWED, wait_seconds=9)
        transfer = await claimed(ledger.one)
        attempt = await ledger.one.begin_transfer_attempt(transfer.id)
        assert attempt.transfer.invoice_sats == 200
        invoice = _newer(attempt.transfer, attempt.external_id, sats=100)
        adopted = await ledger.one.adopt(attempt.transfer, invoice, quiet_seconds=0)
        assert adopted is not None
        assert (adopted.state, adopted.carries) == (_T.SETTLED, ())
        found = [t for p in await ledger.one.unfinished(OWN) for t in p.transfers]
        [owed] = [each for each in found if each.id == debt.id]
        assert (owed.state, owed.trouble, owed.is_due) == (_T.PLANNED, Trouble.OWED, False)

    run(body)


def test_its_own_live_invoice_is_retired_with_it_after_ten_quiet_minutes(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        current: Transfer | None = await _prepared(ledger)
        for event in (_E.SEND_STARTED, _E.SEND_LOST, _E.STATUS_UNPAID):
            assert current is not None
            current = await ledger.one.record(current, event)
        assert current is not None
        assert current.invoice is not None
        invoice = _newer(current, f"bp-newer-{current.id}-7")
        adopt = ledger.one.adopt
        assert await adopt(current, invoice, quiet_seconds=QUIET_SECONDS) is None
        await ledger.quieten(QUIET_SECONDS + 30)
        assert await adopt(current, invoice, quiet_seconds=QUIET_SECONDS + 60) is None
        adopted = await adopt(current, invoice, quiet_seconds=QUIET_SECONDS)
        assert adopted is not None
        [retired] = await ledger.one.retired()
        assert retired.payment_hash == current.invoice.payment_hash

    run(body)


def test_only_what_was_paid_for_is_adopted(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, _P.AWAITING)
        transfer = await ledger.one.claim(payment.transfers[0].id, seconds=60)
        assert transfer is not None
        invoice = _newer(transfer, "bp-newer-1-1")
        assert await ledger.one.adopt(transfer, invoice, quiet_seconds=0) is None

    run(body)


def test_transfers_whose_numbers_blink_shows_as_sent_are_read(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        attempt = await ledger.one.begin_transfer_attempt(transfer.id)
        shown = WalletTransaction(
            direction=Direction.SEND,
            status=TransactionStatus.SUCCESS,
            sats=100,
            payment_hash=new_hash(),
            external_id=attempt.external_id,
            created_at=FAR,
        )
        [named] = (await ledger.books.rows(WALLET, 0, [shown])).named
        assert (named.transfer_id, named.recipient, named.sats) == (transfer.id, "cafe", 100)
        assert (named.state, named.invoiced_at) == (_T.PLANNED, FAR - 900)
        assert (await ledger.books.rows(WALLET, 0, [])).named == ()
        # Its own stored invoice is no newer copy's.
        made_here = await made(ledger.one, transfer)
        stored = await ledger.one.store_recipient_invoice(transfer, made_here)
        assert stored is not None
        own = replace(shown, payment_hash=made_here.payment_hash, external_id=made_here.external_id)
        assert (await ledger.books.rows(WALLET, 0, [own])).named == ()

    run(body)
