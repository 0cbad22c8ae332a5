"""What was seen and what was too much, as the ledger's model and PostgreSQL both have it."""

from __future__ import annotations

from dataclasses import replace

from blinkpos_desktop.domain.payment import PaymentState
from tests.simulation.ledgers import Ledger, Run, brought_to, settle

_P = PaymentState


def test_only_what_was_received_can_be_seen_and_only_once(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        open_ = await brought_to(ledger.one, _P.AWAITING)
        assert not await ledger.one.see(open_.id, "ana")
        assert not await ledger.one.see(10**9, "ana")
        paid = await brought_to(ledger.one, _P.PAID)
        assert not paid.is_seen
        assert await ledger.other.see(paid.id, "ana")
        assert not await ledger.one.see(paid.id, "ben")
        assert (await ledger.one.payment(paid.id)).is_seen

    run(body)


def test_late_money_is_listed_at_once_and_any_other_has_its_time(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        in_time, older, newer = [
            await ledger.one.move(payment.id, _P.PAID, reason="")
            for payment in [
                await brought_to(ledger.one, state)
                for state in (_P.AWAITING, _P.CANCELLED, _P.EXPIRED)
            ]
        ]
        assert in_time is not None
        assert older is not None
        assert newer is not None
        found = await ledger.other.unseen()
        assert [each.payment_id for each in found] == [newer.id, older.id]
        assert [(each.payment_hash, each.paid_at) for each in found] == [
            (each.payment_hash, each.paid_at) for each in (newer, older)
        ]
        assert {(each.sats, each.amount.minor, each.till, each.was_closed) for each in found} == {
            (110, 110, "counter", True)
        }
        await ledger.one.see(newer.id, "ana")
        assert [each.payment_id for each in await ledger.one.unseen()] == [older.id]

    run(body)


def test_what_a_process_has_shown_is_seen_with_its_completion(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        for completes in (ledger.one, ledger.other):
            payment = await brought_to(ledger.one, _P.PAID)
            ledger.one.mark_shown(payment.id)
            # It is noted, and not written before it is completed.
            assert not (await ledger.other.payment(payment.id)).is_seen
            assert await completes.complete(payment.id) is None
            for transfer in payment.transfers:
                await settle(ledger.one, transfer)
            completed = await completes.complete(payment.id)
            assert completed is not None
            assert completed == await ledger.other.payment(payment.id)
            # Another process has shown nothing.
            assert completed.is_seen is (completes is ledger.one)

    run(body)


def test_a_surplus_is_seen_as_it_was_listed(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        exact, payment = [await brought_to(ledger.one, _P.AWAITING) for _ in range(2)]
        await ledger.one.move(exact.id, _P.PAID, reason="", received_sats=110)
        await ledger.one.move(payment.id, _P.PAID, reason="", received_sats=150)
        [surplus] = await ledger.other.surpluses()
        assert (surplus.payment_id, surplus.payment_hash, surplus.sats, surplus.till) == (
            payment.id,
            payment.payment_hash,
            40,
            "counter",
        )
        assert surplus.paid_at > 0
        assert not await ledger.one.see_surplus(replace(surplus, sats=39), "ana")
        assert not await ledger.one.see_surplus(replace(surplus, payment_id=10**9), "ana")
        assert await ledger.one.see_surplus(surplus, "ana")
        assert not await ledger.other.see_surplus(surplus, "ben")
        assert not await ledger.other.surpluses()
        # To have seen what was too much is not to have seen the payment.
        assert not (await ledger.one.payment(payment.id)).is_seen

    run(body)
