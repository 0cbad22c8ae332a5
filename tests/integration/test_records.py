"""What owners ask of a real PostgreSQL: sums that always hold, and sales found again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.history import FOREVER, Page, Search, Span, Step, spans
from blinkpos_desktop.domain.money import SATS, Currency, Money
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.domain.transfer import Role, Transfer, TransferEvent
from blinkpos_desktop.services.store import auditing
from blinkpos_desktop.services.store.books import PostgresBooks
from blinkpos_desktop.services.store.postgres import PostgresStore
from tests.integration.stores import (
    ACCOUNT,
    awaiting,
    claimed,
    paid,
    recipient_invoice,
    store_at,
)
from tests.support.ledger import rows

EVER = [Span(start=0, end=FOREVER)]
E = TransferEvent


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    async with store_at(database_url) as opened:
        yield opened


async def _sums(store: PostgresStore) -> list[TipSummary]:
    """All tips of all times, once the books have been proven with them."""
    books = await auditing.audit(store.connections)
    assert books.findings == ()
    [found] = await store.records.tips(EVER)
    return list(found)


def _tip(payment: Payment) -> Transfer:
    return next(each for each in payment.transfers if each.role is Role.TIP)


async def _settle(store: PostgresStore, transfer: Transfer) -> None:
    now: Transfer | None = await claimed(store, transfer)
    external_id = await store.begin_transfer_attempt(transfer.id)
    assert now is not None
    now = await store.store_recipient_invoice(now, recipient_invoice(external_id))
    for event in (E.SEND_STARTED, E.SEND_SUCCEEDED):
        assert now is not None
        before, now = now, await store.record(now, event)
        # A replay changes nothing.
        assert await store.record(before, event) is None
    await store.release(transfer.id)


async def test_the_sums_follow_every_change(store: PostgresStore, database_url: str) -> None:
    open_sale = await awaiting(store)
    assert await _sums(store) == []
    payment = await paid(store)
    assert await store.move(payment.id, PaymentState.PAID, reason="") is None
    [tip] = await _sums(store)
    assert (tip.recipient, tip.count, tip.sats, tip.open_sats) == ("elturco", 1, 2, 2)
    await _settle(store, _tip(payment))
    [tip] = await _sums(store)
    assert (tip.settled_sats, tip.open_sats) == (2, 0)

    # Another is given up, and a person sends it to somebody else, who keeps what he had.
    other = await paid(store)
    held = await claimed(store, _tip(other))
    await store.record(held, E.GAVE_UP, reason="elturco is gone.")
    [tip] = await _sums(store)
    assert (tip.count, tip.settled_sats, tip.attention_sats) == (2, 2, 2)
    await store.choose(held.id, Choice(remedy=Remedy.SEND, recipient="ana"), "Eva")
    [waiting] = await store.waiting_choices(ACCOUNT.id)
    assert await store.carry_out(waiting)
    ana, elturco = await _sums(store)
    assert (ana.recipient, ana.count, ana.open_sats) == ("ana", 1, 2)
    assert (elturco.count, elturco.sats, elturco.settled_sats) == (1, 2, 2)

    # More is found to have come in; the late one of the first hour comes at last.
    books = PostgresBooks(store.connections)
    assert await books.correct_received(other.id, before=23, sats=40)
    await store.move(open_sale.id, PaymentState.PAID, reason="", received_sats=None)
    await _sums(store)
    [[takings]] = await store.records.takings(EVER)
    assert (takings.sales, takings.total_sats, takings.tip_sats) == (3, 69, 6)
    assert takings.received_sats == 23 + 40 + 23
    assert takings.base == Money(minor=63, currency=takings.base.currency)

    # The views are the same sums.
    [row] = rows(database_url, "SELECT * FROM payment_statistics")
    assert (row["sales"], row["received_sats"]) == (3, 86)
    names = rows(database_url, "SELECT recipient, tips, sats FROM top_tip_recipients")
    assert [(each["recipient"], each["tips"]) for each in names] == [("elturco", 2), ("ana", 1)]
    [row] = rows(database_url, "SELECT paid, unfinished FROM system_metrics")
    assert (row["paid"], row["unfinished"]) == (3, 3)
    active = rows(database_url, "SELECT state, unfinished_transfers FROM active_payments")
    assert sorted(each["unfinished_transfers"] for each in active) == [1, 2, 2]


_PAY = (
    "UPDATE payments SET state = 'paid', paid_at = now(), received_sats = total_sats WHERE id = %s"
)
_GIVE_UP = "UPDATE transfers SET state = 'attention' WHERE role = 'tip' AND payment_id = %s"
_EVENTS = (
    """INSERT INTO events (payment_id, till, process, event, state_before, state_after)
    SELECT id, till, gen_random_uuid(), 'x', 'awaiting', 'paid' FROM payments WHERE id = %s""",
    """INSERT INTO events (payment_id, transfer_id, till, process, event, state_before, state_after)
    SELECT payment_id, id, '', gen_random_uuid(), 'x', 'planned', 'attention'
    FROM transfers WHERE role = 'tip' AND payment_id = %s""",
)
_WAITING = """SELECT FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()"""


@pytest.mark.parametrize(("first", "second"), [(_PAY, _GIVE_UP), (_GIVE_UP, _PAY)])
async def test_changes_at_the_same_moment_are_summed_one_after_the_other(
    store: PostgresStore, database_url: str, first: str, second: str
) -> None:
    payment = await awaiting(store)
    async with (
        await psycopg.AsyncConnection.connect(database_url) as one,
        await psycopg.AsyncConnection.connect(database_url) as other,
    ):
        await one.execute(first.encode(), (payment.id,))
        waiting = asyncio.create_task(other.execute(second.encode(), (payment.id,)))
        while not rows(database_url, _WAITING):  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)
        for event in _EVENTS:
            await one.execute(event.encode(), (payment.id,))
        await one.commit()
        await waiting
    [tip] = await _sums(store)
    assert (tip.count, tip.attention_sats, tip.open_sats) == (1, 2, 0)


def _spread(database_url: str, ids: list[int], moments: list[datetime]) -> None:
    """Move sales to moments of the past, as if they had been made and paid then."""
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE payments SET created_at = %s, "
            "paid_at = CASE WHEN paid_at IS NOT NULL THEN %s::timestamptz END WHERE id = %s",
            [(moment, moment, each) for each, moment in zip(ids, moments, strict=True)],
        )


async def test_a_shops_days_are_its_own(store: PostgresStore, database_url: str) -> None:
    first, last = date(2026, 3, 27), date(2026, 4, 2)
    ids = [(await paid(store)).id for _ in range(24)]
    begin = datetime(2026, 3, 26, 12, tzinfo=UTC)
    # Every seven hours and a bit: on both sides of many midnights, and of a change of clocks.
    moments = [begin + timedelta(hours=7, minutes=13) * number for number in range(len(ids))]
    _spread(database_url, ids, moments)
    await _sums(store)
    paid_at = {
        row["id"]: int(row["at"])
        for row in rows(database_url, "SELECT id, extract(epoch FROM paid_at) AS at FROM payments")
    }
    for zone in (ZoneInfo("Europe/Vienna"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/Lima")):
        for step in Step:
            cut = spans(first, last, step, zone)
            found = await store.records.tips(cut)
            takings = await store.records.takings(cut)
            for span, tips, of_it in zip(cut, found, takings, strict=True):
                count = sum(span.start <= at < span.end for at in paid_at.values())
                assert [each.count for each in tips] == ([count] if count else [])
                assert [each.total_sats for each in of_it] == ([23 * count] if count else [])
                if tips:
                    assert tips[0].last_at == max(at for at in paid_at.values() if at < span.end)
    # A span may begin and end within one hour.
    at = paid_at[ids[3]]
    [inside, before] = await store.records.tips(
        [Span(start=at, end=at + 1), Span(start=at - 2, end=at)]
    )
    assert ([each.count for each in inside], list(before)) == ([1], [])


async def _found(store: PostgresStore, search: Search) -> list[int]:
    """Every sale that a search finds, page by page."""
    numbers: list[int] = []
    page: Page | None = None
    while page is None or page.end is not None:
        page = await store.records.sales(search, behind=page.end if page else None, limit=2)
        numbers += [each.payment_id for each in page.sales]
    return numbers


async def test_sales_are_found_again(store: PostgresStore, database_url: str) -> None:
    made = [await awaiting(store) for _ in range(2)] + [await paid(store) for _ in range(3)]
    ids = [each.id for each in made]
    start = datetime(2026, 8, 1, tzinfo=UTC)
    # The last two of the same microsecond.
    _spread(database_url, ids, [start + timedelta(days=day) for day in (0, 1, 2, 3, 3)])
    with psycopg.connect(database_url) as connection:
        for number, note in enumerate(["Table 7, Grüner Tee", "table 70", "", "TABLE 7", "7up"]):
            connection.execute("UPDATE payments SET note = %s WHERE id = %s", (note, ids[number]))
        connection.execute(
            "UPDATE payments SET currency = 'EUR', currency_digits = 2, base_minor = 350, "
            "tip_minor = 35 WHERE id = %s",
            (ids[1],),
        )
    newest_first = ids[::-1]
    assert await _found(store, Search()) == newest_first
    assert await _found(store, Search(received_only=True)) == newest_first[:3]
    seconds = int(start.timestamp())
    day = 86400
    assert await _found(store, Search(since=seconds + day, until=seconds + 3 * day)) == [
        ids[2],
        ids[1],
    ]
    assert await _found(store, Search(words="table 7")) == [ids[3], ids[0]]
    assert await _found(store, Search(words="grüner TABLE")) == [ids[0]]
    assert await _found(store, Search(words="tab")) == []
    assert await _found(store, Search(words="!")) == []
    assert await _found(store, Search(payment_hash=made[2].payment_hash)) == [ids[2]]
    assert await _found(store, Search(least_sats=23, most_sats=23)) == newest_first
    assert await _found(store, Search(least_sats=24)) == []
    eur = Currency(code="EUR", digits=2)
    price = Money(minor=385, currency=eur)
    assert await _found(store, Search(least_price=price, most_price=price)) == [ids[1]]

    page = await store.records.sales(Search(payment_hash=made[4].payment_hash))
    [sale] = page.sales
    assert (sale.made_at, page.end) == (seconds + 3 * day, None)
    assert (sale.state, sale.received_sats, sale.recipients) == (
        PaymentState.PAID,
        23,
        ("elturco",),
    )
    assert (sale.base.minor, sale.tip.minor, sale.base.currency.code) == (21, 2, SATS.code)
    assert not sale.needs_attention
    held = await claimed(store, _tip(made[4]))
    await store.record(held, E.GAVE_UP, reason="elturco is gone.")
    [sale] = (await store.records.sales(Search(payment_hash=made[4].payment_hash))).sales
    assert sale.needs_attention


async def test_words_are_found_however_old(store: PostgresStore, database_url: str) -> None:
    ids = [(await paid(store)).id for _ in range(7)]
    now = datetime.now(UTC)
    # Some within the days that are looked through first, and some before, years apart.
    _spread(database_url, ids, [now - timedelta(days=day) for day in (900, 500, 40, 31, 20, 2, 1)])
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE payments SET note = 'table 17' WHERE id <> %s", (ids[4],))
    expected = [each for each in ids[::-1] if each != ids[4]]
    assert await _found(store, Search(words="17 table")) == expected
    since = int((now - timedelta(days=100)).timestamp())
    assert await _found(store, Search(words="17", since=since)) == expected[:4]
    assert await _found(store, Search(words="17", until=since)) == expected[4:]


async def test_a_story_is_read_back_whole(store: PostgresStore) -> None:
    payment = await paid(store)
    tip = _tip(payment)
    await _settle(store, tip)
    story = await store.records.story_of(payment.id)
    assert story is not None
    assert [each.event for each in story.events if each.transfer_id == tip.id] == [
        "planned",
        "invoice_stored",
        "send_started",
        "send_succeeded",
    ]
    assert [each.state_after for each in story.events if each.transfer_id is None] == [
        "intended",
        "awaiting",
        "paid",
    ]
    assert {each.till for each in story.events} == {"counter 1"}
    assert {each.process for each in story.events} == {str(store.connections.process)}
    [invoice] = story.invoices
    assert (invoice.transfer_id, invoice.retired_at) == (tip.id, None)
    # Any number and any hash of it lead to it.
    for key in (tip.id, payment.payment_hash, invoice.payment_hash):
        assert await store.records.story_of(key) == story
    for key in (4_000_000_000, "0" * 64):
        assert await store.records.story_of(key) is None
