"""One suite for the modelled choices and PostgreSQL's: taken, waiting, carried out, retired."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from blinkpos_desktop.domain.attention import AttentionItem, Choice, Remedy
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import Transfer, TransferEvent, TransferState
from blinkpos_desktop.services.ports import Store
from tests.simulation.ledgers import FAR, Ledger, Run, brought_to, claimed, made

_T, _E = TransferState, TransferEvent
KEEP, RETRY = Choice(remedy=Remedy.KEEP), Choice(remedy=Remedy.RETRY)
TO_ANA = Choice(remedy=Remedy.SEND, recipient="ana")
SEEN = Choice(remedy=Remedy.SEEN)
WHO: Final = "a person"
OWN: Final = "till"


async def _needing(store: Store, *, sent: bool, why: str = "gone") -> Transfer:
    """A transfer that waits for a person, with a live invoice that a request carried, or none."""
    current: Transfer | None = await claimed(store)
    assert current is not None
    if sent:
        current = await store.store_recipient_invoice(current, await made(store, current))
        for event in (_E.SEND_STARTED, _E.SEND_FAILED, _E.STATUS_UNPAID):
            assert current is not None
            current = await store.record(current, event)
    assert current is not None
    gave_up = await store.record(current, _E.GAVE_UP, reason=why)
    assert gave_up is not None
    await store.release(gave_up.id)
    return gave_up


async def _item(store: Store) -> AttentionItem:
    [item] = await store.attention(OWN)
    return item


def test_what_waits_is_listed_with_its_choice(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        assert not await ledger.one.attention(OWN)
        transfer = await _needing(ledger.one, sent=True)
        payment = (await ledger.one.unfinished(OWN))[0]
        item = await _item(ledger.other)
        assert (item.payment_id, item.payment_hash) == (payment.id, payment.payment_hash)
        assert (item.transfer, item.paid_at) == (transfer, payment.paid_at)
        assert (item.choice, item.choice_by, item.paid_retired) == (None, "", "")
        assert await ledger.one.choose(transfer.id, KEEP, WHO) == transfer
        item = await _item(ledger.other)
        assert (item.choice, item.choice_by, item.transfer) == (KEEP, WHO, transfer)
        # Without an account's id nobody is another's; of another account all that is unfinished is.
        assert len(await ledger.one.attention("")) == 1
        foreign = await ledger.one.attention("another")
        assert {each.is_foreign for each in foreign} == {True}
        assert len(foreign) == 3

    run(body)


def test_only_what_waits_for_a_person_is_chosen_for(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        current: Transfer | None = await claimed(ledger.one)
        assert current is not None
        seen = [current.state]
        current = await ledger.one.store_recipient_invoice(current, await made(ledger.one, current))
        for event in (_E.SEND_STARTED, _E.SEND_LOST, _E.SEND_PENDING):
            assert current is not None
            seen.append(current.state)
            for choice in (KEEP, RETRY, TO_ANA, SEEN):
                assert await ledger.other.choose(current.id, choice, WHO) is None
            current = await ledger.one.record(current, event)
        assert current is not None
        assert await ledger.other.choose(current.id, KEEP, WHO) is None
        assert [*seen, current.state] == [_T.PLANNED, _T.PREPARED, _T.SENDING, _T.UNKNOWN,
                                          _T.IN_FLIGHT]  # fmt: skip
        assert await ledger.other.choose(10**9, KEEP, WHO) is None
        assert not await ledger.one.waiting_choices(OWN)

    run(body)


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("choice", [KEEP, RETRY, TO_ANA], ids=lambda each: each.remedy)
def test_what_nothing_has_to_be_asked_for_is_carried_out_at_once(
    run: Run,
    choice: Choice,
    sent: bool,  # noqa: FBT001 (a parameter)
) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _needing(ledger.one, sent=sent)
        after = await ledger.other.choose(transfer.id, choice, WHO)
        expected = {
            (Remedy.RETRY, True): _T.UNKNOWN,
            (Remedy.RETRY, False): _T.PLANNED,
            (Remedy.KEEP, False): _T.KEPT,
        }.get((choice.remedy, sent), _T.ATTENTION)
        assert after is not None
        assert (after.state, after.invoice) == (expected, transfer.invoice)
        waiting = await ledger.one.waiting_choices(OWN)
        assert len(waiting) == (expected is _T.ATTENTION)
        if expected is _T.KEPT:
            assert after.reason == f"Kept by choice of {WHO}."
        elif waiting:
            assert (waiting[0].choice, waiting[0].who) == (choice, WHO)
            assert (waiting[0].transfer, waiting[0].wallet_id) == (transfer, "till/btc")
            assert (waiting[0].quiet_seconds is None) is not sent
        assert await ledger.one.waiting_choices("another") == []

    run(body)


@pytest.mark.parametrize("choice", [KEEP, TO_ANA], ids=lambda each: each.remedy)
def test_a_live_invoice_is_retired_after_ten_quiet_minutes_with_what_was_chosen(
    run: Run, choice: Choice
) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _needing(ledger.one, sent=True)
        assert transfer.invoice is not None
        await ledger.one.choose(transfer.id, choice, WHO)
        await ledger.quieten(QUIET_SECONDS - 30)
        [waiting] = await ledger.other.waiting_choices(OWN)
        assert await ledger.other.carry_out(waiting) is None
        assert await ledger.one.retired() == []
        await ledger.quieten(60)
        [waiting] = await ledger.other.waiting_choices(OWN)
        assert waiting.quiet_seconds is not None
        assert waiting.quiet_seconds >= QUIET_SECONDS
        after = await ledger.other.carry_out(waiting)
        assert after is not None
        assert after.invoice is None
        kept = choice is KEEP
        assert after.state is (_T.KEPT if kept else _T.PLANNED)
        assert after.recipient == (transfer.recipient if kept else "ana")
        assert await ledger.one.carry_out(waiting) is None, "a choice is carried out once"
        [retired] = await ledger.one.retired()
        assert (retired.transfer_id, retired.payment_hash) == (
            transfer.id,
            transfer.invoice.payment_hash,
        )
        assert retired.expires_at == FAR
        # Nobody sends a retired invoice, whatever he remembers.
        assert (await ledger.one.claim(transfer.id, seconds=60) is None) is kept
        prepared = replace(transfer, state=_T.PREPARED)
        assert await ledger.one.record(prepared, _E.SEND_STARTED) is None
        if not kept:
            claim = await ledger.one.claim(transfer.id, seconds=60)
            assert claim == after
            again = await ledger.one.store_recipient_invoice(after, await made(ledger.one, after))
            assert again is not None
            stale = replace(again, invoice=transfer.invoice)
            assert await ledger.one.record(stale, _E.SEND_STARTED) is None
            assert await ledger.one.record(again, _E.SEND_STARTED) is not None

    run(body)


def test_a_choice_is_carried_out_only_for_what_it_was_made_for(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _needing(ledger.one, sent=True)
        await ledger.quieten(2 * QUIET_SECONDS)
        await ledger.one.choose(transfer.id, KEEP, WHO)
        [older] = await ledger.one.waiting_choices(OWN)
        await ledger.one.choose(transfer.id, TO_ANA, "another person")
        assert await ledger.one.carry_out(older) is None, "a later choice took its place"
        [waiting] = await ledger.one.waiting_choices(OWN)
        assert (waiting.choice, waiting.who) == (TO_ANA, "another person")
        assert (
            await ledger.one.carry_out(replace(waiting, transfer=replace(transfer, tries=9)))
            is None
        )
        # Tried again and given up once more, it is another matter, and a request has just left.
        assert await ledger.one.choose(transfer.id, RETRY, WHO) is not None
        current = await ledger.one.claim(transfer.id, seconds=60)
        for event in (
            _E.STATUS_UNPAID, _E.SEND_STARTED, _E.SEND_FAILED, _E.STATUS_UNPAID, _E.GAVE_UP
        ):  # fmt: skip
            assert current is not None
            current = await ledger.one.record(current, event)
        assert current is not None
        assert await ledger.one.carry_out(waiting) is None
        assert await ledger.one.waiting_choices(OWN) == []
        assert (await _item(ledger.one)).choice is None

    run(body)


def test_what_is_paid_meanwhile_is_settled_whatever_was_chosen(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _needing(ledger.one, sent=True)
        await ledger.one.choose(transfer.id, KEEP, WHO)
        [waiting] = await ledger.one.waiting_choices(OWN)
        # Money that has arrived waits for no ten minutes.
        after = await ledger.other.carry_out(waiting, paid=True)
        assert after is not None
        assert (after.state, after.invoice) == (_T.SETTLED, transfer.invoice)
        assert await ledger.one.attention(OWN) == []
        assert await ledger.one.retired() == []
        assert await ledger.one.choose(transfer.id, KEEP, WHO) is None

    run(body)


def test_a_choice_that_cannot_be_is_dropped_and_says_why(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _needing(ledger.one, sent=False)
        await ledger.one.choose(transfer.id, TO_ANA, WHO)
        [waiting] = await ledger.one.waiting_choices(OWN)
        dropped = await ledger.other.drop_choice(waiting, "Blink knows nobody named ana.")
        assert dropped is not None
        assert (dropped.state, dropped.reason) == (_T.ATTENTION, "Blink knows nobody named ana.")
        assert await ledger.one.drop_choice(waiting, "again") is None
        assert await ledger.one.carry_out(waiting) is None
        item = await _item(ledger.one)
        assert (item.choice, item.transfer) == (None, dropped)

    run(body)


def test_a_retired_invoice_that_was_paid_is_a_finding_until_it_is_seen(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await _needing(ledger.one, sent=True)
        assert transfer.invoice is not None
        payment_hash = transfer.invoice.payment_hash
        assert await ledger.one.find_retired_paid(payment_hash) is None, "it is not retired"
        await ledger.one.choose(transfer.id, KEEP, WHO)
        await ledger.quieten(2 * QUIET_SECONDS)
        [waiting] = await ledger.one.waiting_choices(OWN)
        kept = await ledger.one.carry_out(waiting)
        assert await ledger.one.attention(OWN) == []
        assert await ledger.one.find_retired_paid(payment_hash) == kept
        assert await ledger.other.find_retired_paid(payment_hash) is None, "it is known"
        assert await ledger.one.retired() == []
        item = await _item(ledger.one)
        assert (item.transfer, item.paid_retired) == (kept, payment_hash)
        assert await ledger.one.choose(transfer.id, KEEP, WHO) is None
        assert await ledger.one.choose(transfer.id, SEEN, WHO) == kept
        assert await ledger.one.choose(transfer.id, SEEN, WHO) is None
        assert await ledger.one.attention(OWN) == []

    run(body)


def test_an_invoice_made_for_who_was_the_recipient_before_is_never_stored(run: Run) -> None:
    """A till slept with it in its hand; meanwhile a person has chosen another recipient."""

    async def body(ledger: Ledger) -> None:
        before = await claimed(ledger.one, seconds=0)
        asleep = await made(ledger.one, before)
        await ledger.quieten(0)
        claim = await _until_claimed(ledger.other, before)
        gave_up = await ledger.other.record(claim, _E.GAVE_UP, reason="gone")
        assert gave_up is not None
        await ledger.other.release(before.id)
        await ledger.other.choose(before.id, TO_ANA, WHO)
        [waiting] = await ledger.other.waiting_choices(OWN)
        planned = await ledger.other.carry_out(waiting)
        assert planned is not None
        assert (planned.state, planned.recipient) == (_T.PLANNED, "ana")
        # It wakes and renews its claim: the state is as it was, and the recipient is not.
        assert await ledger.one.claim(before.id, seconds=60) == planned
        assert await ledger.one.store_recipient_invoice(before, asleep) is None
        assert await ledger.one.claim(before.id, seconds=60) == planned
        assert await ledger.one.record(before, _E.GAVE_UP, reason="elturco: gone") is None

    run(body)


def test_a_completed_payment_may_have_kept_parts(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, PaymentState.PAID)
        for transfer in payment.transfers:
            assert await ledger.one.complete(payment.id) is None
            claim = await ledger.one.claim(transfer.id, seconds=60)
            assert claim is not None
            assert await ledger.one.record(claim, _E.GAVE_UP, reason="gone") is not None
            assert await ledger.one.choose(transfer.id, KEEP, WHO) is not None
        completed = await ledger.one.complete(payment.id)
        assert completed is not None
        assert {each.state for each in completed.transfers} == {_T.KEPT}

    run(body)


async def _until_claimed(store: Store, transfer: Transfer) -> Transfer:
    claim = await store.claim(transfer.id, seconds=60)
    while claim is None:
        claim = await store.claim(transfer.id, seconds=60)
    return claim
