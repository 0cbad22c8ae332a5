"""One suite for the modelled ledger and PostgreSQL: attempts ahead, and a send from end to end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blinkpos_desktop.domain.hold import HeldError, HoldCause
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import (
    Attempt,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
)
from blinkpos_desktop.services.ports import CallKind, Store
from tests.simulation.ledgers import Ledger, Run, brought_to, invoice_of, plan

_P, _T, _E = PaymentState, TransferState, TransferEvent
WALLET = "till/btc"
SECONDS = 15


async def _begun(store: Store, payment: Payment, *, most: int = 40) -> list[Attempt]:
    """Attempts at all invoices of a payment, each of a wallet of its own."""
    wanted = [(each, f"{each.recipient}/btc") for each in payment.transfers]
    return sorted(
        await store.begin_ahead(wanted, most=most, seconds=SECONDS),
        key=lambda attempt: attempt.transfer.id,
    )


async def _prepared(store: Store, state: PaymentState = _P.PAID) -> Payment:
    """A payment all of whose transfers have their invoices."""
    payment = await brought_to(store, _P.AWAITING)
    for attempt in await _begun(store, payment):
        invoice = invoice_of(attempt)
        assert await store.store_recipient_invoice(attempt.transfer, invoice, releases=True)
    if state is _P.PAID:
        assert await store.move(payment.id, _P.PAID, reason="")
    return await store.payment(payment.id)


async def _started(store: Store, transfer: Transfer) -> Transfer:
    start = await store.start_send(transfer, WALLET, seconds=SECONDS)
    assert start.transfer is not None
    assert start.transfer.state is _T.SENDING
    return start.transfer


def test_a_sale_has_its_first_attempt_if_there_is_room(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        first = await ledger.one.intend(plan(), most=2)
        assert first.external_id is not None
        assert first.external_id.endswith(f"-{first.payment.id}-1")
        assert await ledger.one.payment(first.payment.id) == first.payment
        assert (await ledger.other.intend(plan(), most=2)).external_id is not None
        # The third is written down all the same, and takes its number when there is room.
        third = await ledger.one.intend(plan(), most=2)
        assert third.external_id is None
        assert await ledger.one.count_call("till", CallKind.INVOICE, most=2) > 0
        number = await ledger.one.begin_attempt(third.payment.id)
        assert number.endswith(f"-{third.payment.id}-1")

    run(body)


def test_attempts_ahead_are_begun_once_and_claimed(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, _P.AWAITING)
        attempts = await _begun(ledger.one, payment)
        assert [each.transfer for each in attempts] == list(payment.transfers)
        assert [each.external_id.rsplit("-", 2)[1:] for each in attempts] == [
            [str(each.id), "1"] for each in payment.transfers
        ]
        assert await _begun(ledger.other, payment) == []
        assert await ledger.other.claim(payment.transfers[0].id, seconds=SECONDS) is None
        stored = await ledger.one.store_recipient_invoice(
            attempts[0].transfer, invoice_of(attempts[0]), releases=True
        )
        assert stored is not None
        # What is prepared is anybody's; what is not yet, is still its maker's.
        assert await ledger.other.claim(payment.transfers[0].id, seconds=SECONDS) == stored
        assert await ledger.other.claim(payment.transfers[1].id, seconds=SECONDS) is None
        assert await ledger.one.store_recipient_invoice(
            attempts[1].transfer, invoice_of(attempts[1])
        )
        assert await ledger.other.claim(payment.transfers[1].id, seconds=SECONDS) is None

    run(body)


def test_attempts_ahead_leave_out_what_has_no_room_or_is_another_by_now(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        store, wallet = ledger.one, "elturco/btc"
        payment = await brought_to(store, _P.AWAITING)
        for _ in range(3):
            await store.count_call(wallet, CallKind.RECIPIENT, most=40)
        begun = await _begun(store, payment, most=3)
        assert [each.transfer.recipient for each in begun] == ["cafe", "ana"]
        # Two of one wallet have room for both, or neither has.
        payment = await brought_to(store, _P.AWAITING)
        wanted = [(each, "one/btc") for each in payment.transfers]
        assert await store.count_call("one/btc", CallKind.RECIPIENT, most=40) == 0
        assert await store.begin_ahead(wanted, most=3, seconds=SECONDS) == []
        assert len(await store.begin_ahead(wanted, most=4, seconds=SECONDS)) == 3
        # Nothing is begun under a hold.
        payment = await brought_to(store, _P.AWAITING)
        await ledger.other.hold(HoldCause.RESTORED)
        assert await _begun(store, payment) == []

    run(body)


def test_attempts_ahead_leave_what_was_paid_for_to_its_payment(run: Run) -> None:
    """It takes debts along, and another till may be trying it."""

    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, _P.PAID)
        assert await _begun(ledger.one, payment) == []
        for each in payment.transfers:
            claim = await ledger.other.claim(each.id, seconds=SECONDS)
            assert claim is not None
            assert (await ledger.other.begin_transfer_attempt(each.id)).external_id.endswith("-1")

    run(body)


def test_attempts_ahead_are_for_who_is_the_recipient_now(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, _P.AWAITING)
        looked_up = [replace(each, recipient="former") for each in payment.transfers]
        wanted = [(each, "former/btc") for each in looked_up]
        assert await ledger.one.begin_ahead(wanted, most=40, seconds=SECONDS) == []
        assert len(await _begun(ledger.one, payment)) == 3

    run(body)


@pytest.mark.parametrize("trouble", [Trouble.NONE, Trouble.RESTRICTED, Trouble.LASTING])
def test_what_was_tried_since_it_was_read_is_not_sent_as_it_was_read(
    run: Run, trouble: Trouble
) -> None:
    """Two tills see the same payment; what Blink restricts is tried once for both."""

    async def body(ledger: Ledger) -> None:
        payment = await _prepared(ledger.one)
        read = payment.transfers[0]
        sending = await _started(ledger.other, read)
        ended = await ledger.other.end_send(sending, _E.SEND_FAILED, WALLET, trouble=trouble)
        assert ended is not None
        wait = 900.0 if trouble is Trouble.RESTRICTED else 0.0
        unpaid = await ledger.other.record(
            ended.transfer, _E.STATUS_UNPAID, trouble=trouble, wait_seconds=wait
        )
        assert unpaid is not None
        await ledger.other.release(read.id)
        start = await ledger.one.start_send(read, WALLET, seconds=SECONDS)
        assert (start.transfer, start.has_turn) == (None, True)
        now = (await ledger.one.payment(payment.id)).transfers[0]
        assert (now.state, now.trouble, now.is_due) == (_T.PREPARED, trouble, not wait)
        # Who has read it as it is may try it, before its time too: then it is due.
        assert (await _started(ledger.one, now)).is_due
        assert (await ledger.other.payment(payment.id)).transfers[0].is_due

    run(body)


def test_one_process_starts_a_send_and_has_the_turn(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await _prepared(ledger.one)
        merchant, tip, _ana = payment.transfers
        sending = await _started(ledger.one, merchant)
        assert sending.invoice == merchant.invoice
        start = await ledger.other.start_send(tip, WALLET, seconds=SECONDS)
        assert (start.transfer, start.has_turn) == (None, False)
        assert await ledger.other.end_send(sending, _E.SEND_SUCCEEDED, WALLET) is None
        ended = await ledger.one.end_send(sending, _E.SEND_FAILED, WALLET, error="no")
        assert ended is not None
        assert (ended.transfer.state, ended.completed) == (_T.UNKNOWN, None)
        # How it stands is its sender's to ask; the turn at the wallet is the next one's.
        assert await ledger.other.claim(merchant.id, seconds=SECONDS) is None
        assert (await _started(ledger.other, tip)).id == tip.id

    run(body)


def test_what_is_not_as_given_is_not_sent_and_keeps_no_turn(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await _prepared(ledger.one)
        merchant, tip, ana = payment.transfers
        assert await ledger.other.claim(merchant.id, seconds=SECONDS)
        start = await ledger.one.start_send(merchant, WALLET, seconds=SECONDS)
        assert (start.transfer, start.has_turn) == (None, True)
        sending = await _started(ledger.other, tip)
        await ledger.other.end_send(sending, _E.SEND_SUCCEEDED, WALLET)
        start = await ledger.one.start_send(tip, WALLET, seconds=SECONDS)
        assert (start.transfer, start.has_turn) == (None, True)
        assert await ledger.other.take_turn(WALLET, seconds=SECONDS)
        await ledger.other.leave_turn(WALLET)
        await ledger.other.hold(HoldCause.RESTORED)
        with pytest.raises(HeldError):
            await ledger.one.start_send(ana, WALLET, seconds=SECONDS)
        assert await ledger.other.take_turn(WALLET, seconds=SECONDS)
        assert await ledger.other.claim(ana.id, seconds=SECONDS) == ana

    run(body)


def test_the_last_end_completes_the_payment(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await _prepared(ledger.one)
        ledger.one.mark_shown(payment.id)
        completed: list[Payment | None] = []
        for store, transfer in zip(
            (ledger.one, ledger.other, ledger.one), payment.transfers, strict=True
        ):
            assert (await ledger.one.payment(payment.id)).state is _P.PAID
            sending = await _started(store, transfer)
            ended = await store.end_send(sending, _E.SEND_SUCCEEDED, WALLET)
            assert ended is not None
            assert ended.transfer.state is _T.SETTLED
            completed.append(ended.completed)
        last = await ledger.other.payment(payment.id)
        assert completed == [None, None, last]
        assert (last.state, last.is_seen) == (_P.COMPLETED, True)
        assert await ledger.one.complete(payment.id) is None

    run(body)
