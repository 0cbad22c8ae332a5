"""The ledger on a real PostgreSQL: one transaction each, compare-and-set, and only growing."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from blinkpos_desktop.domain.errors import (
    RefusedError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.payment import MOVES, PaymentState
from blinkpos_desktop.domain.transfer import Role, TransferEvent, TransferState
from blinkpos_desktop.services.store import connections as connections_module
from blinkpos_desktop.services.store.connections import LedgerError, LedgerRowMissingError
from blinkpos_desktop.services.store.postgres import PostgresStore
from tests.integration.stores import (
    another_account,
    awaiting,
    claimed,
    intend,
    invoice_for,
    paid,
    plan,
    recipient_invoice,
    store_at,
)
from tests.support.servers import PostgresServer, frozen, processes_of

S, E = TransferState, TransferEvent


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    async with store_at(database_url) as opened:
        yield opened


@pytest.fixture
async def other(database_url: str, store: PostgresStore) -> AsyncIterator[PostgresStore]:  # noqa: ARG001 (opened first)
    async with store_at(database_url, "counter 2") as opened:
        yield opened


def rows(url: str, sql: str, *values: object) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(sql.encode(), values).fetchall()


def change(url: str, sql: str, *values: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(sql.encode(), values)


async def test_a_sale_its_transfers_and_its_story_are_written_at_once(
    store: PostgresStore, database_url: str
) -> None:
    payment = await intend(store, plan(recipients=("ana", "ben")))
    assert payment.state is PaymentState.INTENDED
    assert [(t.role, t.recipient, t.sats, t.state) for t in payment.transfers] == [
        (Role.MERCHANT, "cafe", 21, S.PLANNED),
        (Role.TIP, "ana", 1, S.PLANNED),
        (Role.TIP, "ben", 1, S.PLANNED),
    ]
    written = rows(database_url, "SELECT event, xmin::text AS x FROM events ORDER BY id")
    assert [row["event"] for row in written] == ["planned", "planned", "planned", "intended"]
    others = rows(
        database_url,
        "SELECT xmin::text AS x FROM payments UNION ALL SELECT xmin::text FROM transfers",
    )
    assert len({row["x"] for row in written + others}) == 1, "one transaction"


async def test_a_sale_that_cannot_be_written_whole_is_not_written_at_all(
    store: PostgresStore, database_url: str
) -> None:
    whole = plan()
    bad = replace(whole, transfers=(whole.transfers[0], replace(whole.transfers[1], memo="")))
    with pytest.raises(LedgerError, match="nothing was written"):
        await intend(store, bad)
    assert rows(database_url, "SELECT 1 FROM payments UNION ALL SELECT 1 FROM events") == []


async def test_attempts_have_their_own_durable_ids(store: PostgresStore) -> None:
    payment = await intend(store, plan())
    first, second = [await store.begin_attempt(payment.id) for _ in range(2)]
    assert first != second
    assert second == f"{first[:-1]}2"
    assert (await intend(store, plan())).id > max(t.id for t in payment.transfers)
    await store.move(payment.id, PaymentState.CANCELLED, reason="")
    with pytest.raises(TillError, match="given up"):
        await store.begin_attempt(payment.id)


async def test_an_invoice_after_the_cancel_is_not_attached(store: PostgresStore) -> None:
    payment = await intend(store, plan())
    assert await store.move(payment.id, PaymentState.CANCELLED, reason="Enough.")
    assert await store.attach_invoice(payment.id, invoice_for(payment)) is None
    assert (await store.payment(payment.id)).invoice is None


async def test_one_invoice_is_one_sales_only(store: PostgresStore) -> None:
    first, second = await awaiting(store), await intend(store, plan())
    assert first.invoice is not None
    with pytest.raises(RefusedError, match="not a new one"):
        await store.attach_invoice(second.id, first.invoice)
    assert (await store.payment(second.id)).state is PaymentState.INTENDED


async def test_every_move_is_in_the_table_or_does_not_happen(store: PostgresStore) -> None:
    for before in (PaymentState.INTENDED, PaymentState.AWAITING, PaymentState.CANCELLING):
        for after in PaymentState:
            if after in {PaymentState.AWAITING, PaymentState.COMPLETED}:
                continue  # they have methods of their own
            payment = await intend(store, plan())
            if before is not PaymentState.INTENDED:
                await store.attach_invoice(payment.id, invoice_for(payment))
            if before is PaymentState.CANCELLING:
                await store.move(payment.id, before, reason="")
            moved = await store.move(payment.id, after, reason="", received_sats=23)
            assert (moved is not None) == (after in MOVES[before]), (before, after)
            now = (await store.payment(payment.id)).state
            assert now is (after if moved else before)


async def test_of_many_movers_one_wins(
    store: PostgresStore, other: PostgresStore, database_url: str
) -> None:
    payment = await awaiting(store)
    moves = [
        each.move(payment.id, PaymentState.PAID, reason="", received_sats=23)
        for each in (store, other) * 4
    ]
    won = [each for each in await asyncio.gather(*moves) if each]
    assert len(won) == 1
    assert len(rows(database_url, "SELECT 1 FROM events WHERE event = 'paid'")) == 1


async def test_paid_and_cancelled_at_once_is_paid(
    store: PostgresStore, other: PostgresStore
) -> None:
    for _ in range(5):
        payment = await awaiting(store)
        await asyncio.gather(
            store.move(payment.id, PaymentState.PAID, reason="", received_sats=23),
            other.move(payment.id, PaymentState.CANCELLING, reason=""),
        )
        # Whichever came first, the money is not lost sight of.
        assert (await store.payment(payment.id)).state is PaymentState.PAID


async def test_a_sum_that_the_ledger_cannot_hold_is_refused_and_nothing_wedges(
    store: PostgresStore,
) -> None:
    payment = await awaiting(store)
    for impossible in (0, -1, 10**30):
        with pytest.raises(LedgerError):
            await store.move(payment.id, PaymentState.PAID, reason="", received_sats=impossible)
    moved = await store.move(payment.id, PaymentState.PAID, reason="", received_sats=None)
    assert moved is not None
    assert moved.received_sats == 23


async def test_the_story_only_grows(store: PostgresStore, database_url: str) -> None:
    payment = await paid(store)
    for sql in (
        "UPDATE events SET reason = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "TRUNCATE payments CASCADE",
        "DELETE FROM events WHERE id < 0",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="only ever added"):
            change(database_url, sql)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        change(database_url, "DELETE FROM payments WHERE id = %s", payment.id)


async def test_a_stored_invoice_is_never_written_over(
    store: PostgresStore, database_url: str
) -> None:
    payment = await paid(store)
    transfer = await claimed(store, payment.transfers[0])
    external_id = await store.begin_transfer_attempt(transfer.id)
    assert await store.store_recipient_invoice(transfer, recipient_invoice(external_id))
    for sql in (
        "UPDATE payments SET payment_request = 'x'",
        "UPDATE payments SET wallet_id = 'x'",
        "UPDATE payments SET total_sats = 22",
        "UPDATE recipient_invoices SET payment_request = 'x'",
        (
            "UPDATE recipient_invoices SET payment_hash = NULL, payment_request = NULL, "
            "expires_at = NULL"
        ),
        "DELETE FROM recipient_invoices",
        "TRUNCATE recipient_invoices",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="never written over"):
            change(database_url, sql)
    change(database_url, "UPDATE recipient_invoices SET retired_at = now()")


async def test_a_claim_is_one_processs_until_it_is_given_back_or_over(
    store: PostgresStore, other: PostgresStore, database_url: str
) -> None:
    transfer = (await paid(store)).transfers[0]
    assert await store.claim(transfer.id, seconds=60)
    assert await store.claim(transfer.id, seconds=60), "renewed"
    assert await other.claim(transfer.id, seconds=60) is None
    await other.release(transfer.id)
    assert await other.claim(transfer.id, seconds=60) is None, "not his to give back"
    await store.release(transfer.id)
    assert await other.claim(transfer.id, seconds=60)
    change(database_url, "UPDATE transfers SET claimed_until = now() - interval '1 second'")
    assert await store.claim(transfer.id, seconds=60), "its time was over"
    # Made before the database's clock was set back by a day.
    change(database_url, "UPDATE transfers SET claimed_until = now() + interval '1 day'")
    assert await other.claim(transfer.id, seconds=60)


async def test_without_the_claim_nothing_is_written(
    store: PostgresStore, other: PostgresStore
) -> None:
    transfer = (await paid(store)).transfers[0]
    held = await claimed(store, transfer)
    with pytest.raises(TillError, match="Somebody else"):
        await other.begin_transfer_attempt(transfer.id)
    external_id = await store.begin_transfer_attempt(transfer.id)
    made = recipient_invoice(external_id)
    assert await other.store_recipient_invoice(held, made) is None
    assert await other.record(held, E.GAVE_UP, reason="x") is None
    stored = await store.store_recipient_invoice(held, made)
    assert stored is not None
    assert (stored.state, stored.invoice) == (S.PREPARED, made)
    sending = await store.record(stored, E.SEND_STARTED)
    assert sending is not None
    assert await store.record(stored, E.SEND_STARTED) is None, "it has moved on"
    assert await other.record(sending, E.SEND_SUCCEEDED) is None


async def test_of_two_makers_of_a_recipients_invoice_one_wins(
    store: PostgresStore, other: PostgresStore, database_url: str
) -> None:
    transfer = (await paid(store)).transfers[0]
    mine = await claimed(store, transfer)
    first = await store.begin_transfer_attempt(transfer.id)
    change(database_url, "UPDATE transfers SET claimed_until = now() - interval '1 second'")
    his = await claimed(other, transfer)
    second = await other.begin_transfer_attempt(transfer.id)
    results = await asyncio.gather(
        store.store_recipient_invoice(mine, recipient_invoice(first)),
        other.store_recipient_invoice(his, recipient_invoice(second)),
    )
    assert results[0] is None, "its claim was over"
    assert results[1] is not None
    [live] = rows(database_url, "SELECT * FROM recipient_invoices WHERE payment_hash IS NOT NULL")
    assert live["external_id"] == second.external_id
    # The same process may be too late for itself as well.
    assert await other.store_recipient_invoice(his, recipient_invoice(first)) is None
    again = await store.payment((await paid(store)).id)
    assert again.transfers[0].invoice is None


async def test_one_recipients_invoice_serves_one_transfer(store: PostgresStore) -> None:
    payment = await paid(store)
    one, two = [await claimed(store, each) for each in payment.transfers]
    first, second = [await store.begin_transfer_attempt(each.id) for each in (one, two)]
    assert await store.store_recipient_invoice(one, recipient_invoice(first))
    twice = replace(recipient_invoice(second), payment_hash=recipient_invoice(first).payment_hash)
    assert await store.store_recipient_invoice(two, twice) is None
    assert (await store.payment(payment.id)).transfers[1].state is S.PLANNED


async def test_complete_is_when_all_is_settled_or_kept(
    store: PostgresStore, other: PostgresStore, database_url: str
) -> None:
    payment = await paid(store)
    assert await store.complete(payment.id) is None
    change(
        database_url,
        "UPDATE transfers SET state = 'settled', settled_at = now() WHERE position = 0",
    )
    change(database_url, "UPDATE transfers SET state = 'attention' WHERE position = 1")
    assert await store.complete(payment.id) is None
    change(database_url, "UPDATE transfers SET state = 'kept' WHERE position = 1")
    both = await asyncio.gather(store.complete(payment.id), other.complete(payment.id))
    assert len([each for each in both if each]) == 1
    assert (await store.payment(payment.id)).state is PaymentState.COMPLETED
    unpaid = await awaiting(store)
    change(database_url, "UPDATE transfers SET state = 'kept' WHERE payment_id = %s", unpaid.id)
    assert await store.complete(unpaid.id) is None


async def test_what_is_watched_and_unfinished_is_the_accounts_own(store: PostgresStore) -> None:
    mine, his = await awaiting(store), await awaiting(store, another_account())
    assert [each.id for each in await store.watched("account-1")] == [mine.id]
    assert [each.id for each in await store.watched("account-2")] == [his.id]
    await store.move(mine.id, PaymentState.CANCELLING, reason="")
    await store.move(mine.id, PaymentState.CANCELLED, reason="")
    assert [each.id for each in await store.watched("account-1")] == [mine.id]
    await store.move(mine.id, PaymentState.PAID, reason="", received_sats=23)
    assert await store.watched("account-1") == []
    assert [each.id for each in await store.unfinished("account-1")] == [mine.id]
    assert await store.unfinished("account-2") == []


async def test_what_expired_long_ago_by_both_clocks_is_watched_no_more(
    store: PostgresStore, database_url: str
) -> None:
    payment = await awaiting(store, expires_at=1_600_000_000)
    # Blink's clock and ours differ by years: what was made today is watched all the same.
    assert [each.id for each in await store.watched("account-1")] == [payment.id]
    change(database_url, "UPDATE payments SET created_at = now() - interval '25 hours'")
    assert await store.watched("account-1") == []


async def test_tips_are_summed_by_recipient_and_state(
    store: PostgresStore, database_url: str
) -> None:
    for _ in range(3):
        await paid(store)
    await awaiting(store)
    ids = [
        row["id"]
        for row in rows(
            database_url,
            "SELECT t.id FROM transfers t JOIN payments p ON p.id = t.payment_id "
            "WHERE role = 'tip' AND p.state = 'paid' ORDER BY t.id",
        )
    ]
    change(
        database_url,
        "UPDATE transfers SET state = 'settled', settled_at = now() WHERE id = %s",
        ids[0],
    )
    change(database_url, "UPDATE transfers SET state = 'attention' WHERE id = %s", ids[1])
    [summary] = await store.tips(0)
    assert (summary.recipient, summary.count, summary.sats) == ("elturco", 3, 6)
    assert (summary.settled_sats, summary.attention_sats) == (2, 2)
    assert (summary.open_sats, summary.kept_sats) == (2, 0)
    assert await store.tips(summary.last_at + 3600) == []


async def test_what_is_not_there_is_said_so(store: PostgresStore) -> None:
    with pytest.raises(LedgerRowMissingError):
        await store.payment(4_000_000_000)
    assert await store.by_hash("0" * 64) is None


async def test_a_database_belongs_to_one_network(store: PostgresStore) -> None:
    await store.bind_network("signet")
    await store.bind_network("signet")
    with pytest.raises(SettingsError, match="belongs to signet and the key to mainnet"):
        await store.bind_network("mainnet")


async def test_a_lock_that_somebody_holds_is_not_waited_for_for_ever(
    store: PostgresStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await awaiting(store)
    monkeypatch.setattr(connections_module, "ANSWER_SECONDS", 0.3)
    async with await psycopg.AsyncConnection.connect(database_url) as blocker:
        await blocker.execute("LOCK TABLE payments")
        with pytest.raises(UnavailableError):
            await store.move(payment.id, PaymentState.CANCELLING, reason="")
        await blocker.rollback()
    # Whether it is still carried out then nobody knows; asked again it is done, and once.
    await store.move(payment.id, PaymentState.CANCELLING, reason="")
    assert (await store.payment(payment.id)).state is PaymentState.CANCELLING
    told = rows(database_url, "SELECT event FROM events WHERE event = 'cancelling'")
    assert len(told) == 1


async def test_more_askers_than_connections_all_have_their_turn(store: PostgresStore) -> None:
    payments = await asyncio.gather(*(intend(store, plan()) for _ in range(40)))
    assert len({each.id for each in payments}) == 40


async def test_a_server_that_is_killed_is_away_and_then_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "CONNECT_SECONDS", 1)
    server = PostgresServer(tmp_path)
    try:
        async with store_at(server.fresh_database()) as store:
            payment = await awaiting(store)
            _signal_server(tmp_path, signal.SIGKILL)
            with pytest.raises(UnavailableError, match="can't be reached"):
                await store.payment(payment.id)
            await asyncio.to_thread(server.embedded.start)
            assert (await store.payment(payment.id)).state is PaymentState.AWAITING
            assert await store.move(payment.id, PaymentState.CANCELLING, reason="")
    finally:
        server.stop()


async def test_a_server_that_hangs_is_away_and_then_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("ANSWER_SECONDS", 0.3), ("CHECK_SECONDS", 0.3)):
        monkeypatch.setattr(connections_module, name, seconds)
    monkeypatch.setattr(connections_module, "CONNECT_SECONDS", 1)
    server = PostgresServer(tmp_path)
    try:
        async with store_at(server.fresh_database()) as store:
            payment = await awaiting(store)
            with frozen(tmp_path), pytest.raises(UnavailableError):
                await store.payment(payment.id)
            monkeypatch.setattr(connections_module, "CHECK_SECONDS", 5.0)
            monkeypatch.setattr(connections_module, "ANSWER_SECONDS", 5.0)
            assert (await store.payment(payment.id)).state is PaymentState.AWAITING
    finally:
        server.stop()


async def test_a_line_that_breaks_under_an_answer_is_no_refusal(store: PostgresStore) -> None:
    """libpq says so by a result without a code; psycopg makes the plainest of its errors of it."""
    broke = psycopg.errors.get_base_exception("")("server closed the connection unexpectedly")
    for said, kind in (
        (broke, UnavailableError),
        (psycopg.errors.AdminShutdown(), UnavailableError),
        (psycopg.errors.CheckViolation(), LedgerError),
    ):
        with pytest.raises(kind):
            async with store.connections.transaction():
                raise said


@pytest.mark.parametrize("tail", ["%zz", "?nonsense=1", "?connect_timeout=x"])
async def test_an_address_that_cannot_be_read_is_refused_without_its_password(
    tail: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(connections_module, "CONNECT_SECONDS", 1)
    with pytest.raises(TillError) as caught:
        async with store_at(f"postgresql://me:s3cret-pass{tail}@127.0.0.1:1/x{tail}"):
            pass
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in caplog.text


def _signal_server(folder: Path, what: signal.Signals) -> None:
    for pid in processes_of(folder):
        # Without its postmaster a process of the server's ends by itself.
        with suppress(ProcessLookupError):
            os.kill(pid, what)
