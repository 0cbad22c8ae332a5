"""What two processes do to one payment at the same moment, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import psycopg
import pytest

from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import Transfer, TransferEvent
from blinkpos_desktop.services.store import auditing
from blinkpos_desktop.services.store.postgres import PostgresStore
from tests.integration.stores import awaiting, claimed, paid, recipient_invoice, store_at
from tests.support.ledger import rows

P, E = PaymentState, TransferEvent
_WAITING = """SELECT FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()"""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    async with store_at(database_url) as opened:
        yield opened


@asynccontextmanager
async def while_another_changes(
    url: str, payment: Payment, before: PaymentState, after: PaymentState
) -> AsyncIterator[list[Coroutine[object, object, object]]]:
    """Another till moves a payment and has not committed yet when ours come; then it has."""
    waiting: list[Coroutine[object, object, object]] = []
    async with await psycopg.AsyncConnection.connect(url) as other:
        await other.execute(
            "UPDATE payments SET state = %s, "
            "paid_at = CASE WHEN %s = 'paid' THEN now() END, "
            "received_sats = CASE WHEN %s = 'paid' THEN total_sats END WHERE id = %s",
            (after, after, after, payment.id),
        )
        await other.execute(
            "INSERT INTO events (payment_id, till, process, event, state_before, state_after) "
            "VALUES (%s, 'counter 2', gen_random_uuid(), %s, %s, %s)",
            (payment.id, after, before, after),
        )
        yield waiting
        tasks = [asyncio.ensure_future(each) for each in waiting]
        while len(rows(url, _WAITING)) < len(tasks):  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)
        await other.commit()
        await asyncio.gather(*tasks)


async def test_a_move_is_from_the_state_that_another_has_left_it_in(
    store: PostgresStore, database_url: str
) -> None:
    payment = await awaiting(store)
    async with while_another_changes(database_url, payment, P.AWAITING, P.CANCELLING) as waiting:
        waiting.append(store.move(payment.id, P.PAID, reason="", received_sats=23))
    now = await store.payment(payment.id)
    assert (now.state, now.was_closed) == (P.PAID, True)
    told = rows(database_url, "SELECT state_before, reason FROM events WHERE event = 'paid'")
    assert told == [
        {"state_before": "cancelling", "reason": "Blink says it is paid: money before wishes"}
    ]
    assert (await auditing.audit(store.connections)).holds


async def test_a_move_that_another_has_made_impossible_is_not_made(
    store: PostgresStore, database_url: str
) -> None:
    payment = await awaiting(store)
    async with while_another_changes(database_url, payment, P.AWAITING, P.PAID) as waiting:
        waiting.append(store.move(payment.id, P.EXPIRED, reason=""))
        waiting.append(store.move(payment.id, P.PAID, reason="", received_sats=99))
    now = await store.payment(payment.id)
    assert (now.state, now.received_sats) == (P.PAID, 23)
    assert (await auditing.audit(store.connections)).holds


async def _sending(store: PostgresStore, transfer: Transfer, wallet_id: str) -> Transfer:
    held = await claimed(store, transfer)
    attempt = await store.begin_transfer_attempt(held.id)
    invoice = recipient_invoice(attempt)
    prepared = await store.store_recipient_invoice(attempt.transfer, invoice)
    assert prepared is not None
    start = await store.start_send(prepared, wallet_id, seconds=60)
    assert start.transfer is not None
    return start.transfer


async def test_two_last_ends_at_once_complete_it_once(
    store: PostgresStore, database_url: str
) -> None:
    async with store_at(database_url, "counter 2") as other:
        for _ in range(10):
            payment = await paid(store)
            merchant, tip = payment.transfers
            # As if the turns had run out: each its own.
            one, two = await _sending(store, merchant, "a"), await _sending(other, tip, "b")
            ended = await asyncio.gather(
                store.end_send(one, E.SEND_SUCCEEDED, "a"),
                other.end_send(two, E.SEND_SUCCEEDED, "b"),
            )
            completed = [each.completed for each in ended if each and each.completed]
            # Whoever has not completed it looks again.
            completed += [each for each in (await store.complete(payment.id),) if each is not None]
            assert [each.state for each in completed] == [P.COMPLETED]
        told = rows(database_url, "SELECT count(*) AS n FROM events WHERE event = 'completed'")
        assert told == [{"n": 10}]
        assert (await auditing.audit(store.connections)).holds


async def test_two_starts_at_once_are_one(store: PostgresStore, database_url: str) -> None:
    async with store_at(database_url, "counter 2") as other:
        for _ in range(10):
            payment = await awaiting(store)
            wanted = [(each, each.recipient) for each in payment.transfers]
            begun = await asyncio.gather(
                *(each.begin_ahead(wanted, most=1000, seconds=60) for each in (store, other))
            )
            assert sorted(len(each) for each in begun) == [0, 2]
            maker = store if begun[0] else other
            attempt = (begun[0] or begun[1])[0]
            invoice = recipient_invoice(attempt)
            prepared = await maker.store_recipient_invoice(attempt.transfer, invoice, releases=True)
            assert prepared is not None
            starts = await asyncio.gather(
                store.start_send(prepared, "a", seconds=60),
                other.start_send(prepared, "b", seconds=60),
            )
            assert [each.transfer is not None for each in starts].count(True) == 1
            assert all(each.has_turn for each in starts)
            left = rows(database_url, "SELECT wallet_id FROM wallet_turns")
            assert len(left) == 1
            winner, wallet = (store, "a") if starts[0].transfer else (other, "b")
            await winner.turns.leave(wallet)
