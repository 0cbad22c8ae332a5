"""One suite for the ledger's model and for PostgreSQL: what the simulation rests on is so."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from blinkpos_desktop.domain.errors import IllegalMoveError, RefusedError, TillError
from blinkpos_desktop.domain.payment import MOVES, PaymentState
from blinkpos_desktop.domain.transfer import TransferEvent, TransferState
from blinkpos_desktop.services.store.connections import LedgerRowMissingError
from tests.simulation.ledgers import (
    FAR,
    PATHS,
    Ledger,
    Run,
    brought_to,
    claimed,
    intend,
    invoice_for,
    made,
    new_hash,
    plan,
    settle,
)

_P, _T, _E = PaymentState, TransferState, TransferEvent


def test_a_sale_is_read_as_it_was_written(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        written = await intend(ledger.one, plan(merchant=False))
        read = await ledger.other.payment(written.id)
        assert read == written
        assert (read.state, read.total_sats, read.tip_sats) == (_P.INTENDED, 110, 10)
        assert [(t.recipient, t.sats, t.state) for t in read.transfers] == [
            ("", 100, _T.KEPT),
            ("elturco", 5, _T.PLANNED),
            ("ana", 5, _T.PLANNED),
        ]

    run(body)


def test_several_are_read_at_once_and_those_that_are_not_there_left_out(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        written = [await intend(ledger.one, plan()) for _ in range(3)]
        ids = [each.id for each in written]
        assert await ledger.other.payments_of([10**9, ids[2], ids[0]]) == [written[0], written[2]]
        assert await ledger.other.payments_of([]) == []

    run(body)


def test_no_attempts_id_is_ever_used_again(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        ids = []
        for store in (ledger.one, ledger.other):
            payment = await intend(store, plan())
            ids += [await store.begin_attempt(payment.id) for _ in range(2)]
            assert ids[-1].endswith(f"-{payment.id}-2")
        transfer = await claimed(ledger.one)
        attempts = [await ledger.one.begin_transfer_attempt(transfer.id) for _ in range(2)]
        ids += [each.external_id for each in attempts]
        assert len(set(ids)) == 6
        given_up = await brought_to(ledger.one, _P.FAILED)
        with pytest.raises(TillError):
            await ledger.one.begin_attempt(given_up.id)

    run(body)


def test_an_invoice_is_attached_once_and_to_one_sale(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment, another = [await intend(ledger.one, plan()) for _ in range(2)]
        invoice = invoice_for(payment)
        attached = await ledger.one.attach_invoice(payment.id, invoice)
        assert attached is not None
        assert attached.invoice == invoice
        assert await ledger.other.attach_invoice(payment.id, invoice_for(payment)) is None
        with pytest.raises(RefusedError):
            await ledger.other.attach_invoice(another.id, invoice)
        found = await ledger.other.by_hash(invoice.payment_hash)
        assert found == attached
        assert await ledger.other.by_hash(new_hash()) is None

    run(body)


@pytest.mark.parametrize("before", PATHS)
def test_a_payment_moves_by_its_table_alone(run: Run, before: PaymentState) -> None:
    async def body(ledger: Ledger) -> None:
        for to in PaymentState:
            if to in {_P.AWAITING, _P.COMPLETED}:
                continue  # those have doors of their own
            payment = await brought_to(ledger.one, before)
            moved = await ledger.other.move(payment.id, to, reason="why")
            assert (moved is not None) == (to in MOVES[before]), to
            after = await ledger.one.payment(payment.id)
            assert after == (moved or payment)
            assert await ledger.one.move(payment.id, to, reason="again") is None

    run(body)


def test_what_was_never_made_cannot_move(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        with pytest.raises(LedgerRowMissingError):
            await ledger.one.payment(10**9)
        with pytest.raises(LedgerRowMissingError):
            await ledger.one.move(10**9, _P.PAID, reason="")
        payment = await intend(ledger.one, plan())
        with pytest.raises(TillError):
            await ledger.one.move(payment.id, _P.AWAITING, reason="")
        assert (await ledger.one.payment(payment.id)).state is _P.INTENDED

    run(body)


@pytest.mark.parametrize(
    ("before", "late"), [(_P.AWAITING, False), (_P.CANCELLED, True), (_P.EXPIRED, True)]
)
def test_received_is_what_came_in_or_what_was_asked(
    run: Run,
    before: PaymentState,
    late: bool,  # noqa: FBT001 (a parameter)
) -> None:
    async def body(ledger: Ledger) -> None:
        for came, recorded in ((None, 110), (150, 150)):
            payment = await brought_to(ledger.one, before)
            paid = await ledger.one.move(payment.id, _P.PAID, reason="", received_sats=came)
            assert paid is not None
            assert (paid.received_sats, paid.was_closed) == (recorded, late)
            assert paid.paid_at is not None

    run(body)


def test_open_and_unfinished_sales_are_found_oldest_first(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        numbers = {state: (await brought_to(ledger.one, state)).id for state in PATHS}
        watched = [each.id for each in await ledger.other.watched("till")]
        states = (_P.AWAITING, _P.CANCELLING, _P.CANCELLED, _P.EXPIRED)
        assert watched == [numbers[state] for state in states]
        assert [each.id for each in await ledger.other.unfinished("till")] == [numbers[_P.PAID]]
        assert not await ledger.one.watched("another")
        assert not await ledger.one.unfinished("another")

    run(body)


def test_a_claim_is_one_processs_until_it_lapses(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        assert await ledger.other.claim(transfer.id, seconds=60) is None
        await ledger.other.release(transfer.id)
        assert await ledger.other.claim(transfer.id, seconds=60) is None
        assert await ledger.one.claim(transfer.id, seconds=0) is not None
        await asyncio.sleep(0.01)
        assert await ledger.other.claim(transfer.id, seconds=60) is not None
        await ledger.other.release(transfer.id)
        assert await ledger.one.claim(transfer.id, seconds=60) is not None
        assert await ledger.one.claim(10**9, seconds=60) is None

    run(body)


def test_a_finished_transfer_is_nobodys(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        await settle(ledger.one, transfer)
        assert await ledger.one.claim(transfer.id, seconds=60) is None

    run(body)


def test_an_attempt_needs_the_claim_and_a_transfer_without_invoice(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        with pytest.raises(TillError):
            await ledger.other.begin_transfer_attempt(transfer.id)
        stored = await ledger.one.store_recipient_invoice(
            transfer, await made(ledger.one, transfer)
        )
        assert stored is not None
        with pytest.raises(TillError):
            await ledger.one.begin_transfer_attempt(transfer.id)

    run(body)


def test_two_makers_never_store_two_invoices(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one, seconds=0)
        first, second = [await made(ledger.one, transfer) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert await ledger.other.claim(transfer.id, seconds=60) is not None
        # The claim is another's now: nothing of the first maker's is stored, not even in part.
        assert await ledger.one.store_recipient_invoice(transfer, first) is None
        third = await made(ledger.other, transfer)
        stored = await ledger.other.store_recipient_invoice(transfer, third)
        assert stored is not None
        assert (stored.state, stored.invoice) == (_T.PREPARED, third)
        assert await ledger.other.store_recipient_invoice(transfer, second) is None
        assert await ledger.other.store_recipient_invoice(stored, third) is None
        unknown = replace(second, external_id="bp-never-begun-1")
        assert await ledger.other.store_recipient_invoice(transfer, unknown) is None
        assert await ledger.other.claim(transfer.id, seconds=60) == stored

    run(body)


def test_one_recipients_invoice_serves_one_transfer(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer, another = [await claimed(ledger.one) for _ in range(2)]
        invoice = await made(ledger.one, transfer)
        assert await ledger.one.store_recipient_invoice(transfer, invoice) is not None
        same = replace(await made(ledger.one, another), payment_hash=invoice.payment_hash)
        assert await ledger.one.store_recipient_invoice(another, same) is None

    run(body)


def test_an_event_is_recorded_on_the_state_and_by_the_claims_owner_alone(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        stored = await ledger.one.store_recipient_invoice(
            transfer, await made(ledger.one, transfer)
        )
        assert stored is not None
        assert await ledger.other.record(stored, _E.SEND_STARTED) is None
        sending = await ledger.one.record(stored, _E.SEND_STARTED)
        assert sending is not None
        assert await ledger.one.record(stored, _E.SEND_STARTED) is None
        unknown = await ledger.one.record(sending, _E.SEND_LOST, reason="lost", error="silence")
        assert unknown is not None
        assert (unknown.state, unknown.tries, unknown.reason) == (_T.UNKNOWN, 1, "lost")
        assert await ledger.one.claim(transfer.id, seconds=60) == unknown
        with pytest.raises(IllegalMoveError):
            await ledger.one.record(unknown, _E.SEND_STARTED)

    run(body)


def test_a_payment_is_completed_when_all_its_transfers_are_finished(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, _P.PAID)
        for transfer in payment.transfers:
            assert await ledger.other.complete(payment.id) is None
            await settle(ledger.one, transfer)
        completed = await ledger.other.complete(payment.id)
        assert completed is not None
        assert completed.state is _P.COMPLETED
        assert await ledger.one.complete(payment.id) is None

    run(body)


def test_tips_are_summed_by_recipient(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, _P.PAID)
        await brought_to(ledger.one, _P.AWAITING)
        await settle(ledger.one, payment.transfers[1])
        tips = await ledger.other.tips(0)
        assert [
            (each.recipient, each.count, each.sats, each.settled_sats, each.open_sats)
            for each in tips
        ] == [("ana", 1, 5, 0, 5), ("elturco", 1, 5, 5, 0)]
        assert not await ledger.one.tips(FAR)

    run(body)
