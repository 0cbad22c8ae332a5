"""What one till writes down, the others tell at once; without a word they ask, as before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from blinkpos_desktop.domain.announcement import LedgerNews
from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    LookAgain,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    TransferChanged,
)
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import Role, TransferEvent, TransferState
from blinkpos_desktop.services.news import MOST_WAITING, News
from blinkpos_desktop.services.store import notifications
from blinkpos_desktop.services.store.notifications import Notifications
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, aside, running
from tests.integration.stores import ACCOUNT, awaiting, claimed, paid, store_at


class Listener:
    """What a process hears."""

    def __init__(self, url: str, process: UUID, account_id: str) -> None:
        self.news: asyncio.Queue[LedgerNews] = asyncio.Queue()
        self.connections: asyncio.Queue[None] = asyncio.Queue()
        self.waits: list[int] = []
        self.notifications = Notifications(
            url,
            process=process,
            account_id=lambda: account_id,
            on_news=self.news.put_nowait,
            on_connected=lambda: self.connections.put_nowait(None),
            jitter=lambda: 0.5,
        )

    async def next(self) -> LedgerNews:
        async with asyncio.timeout(LIMIT):
            return await self.news.get()

    async def connected(self) -> None:
        async with asyncio.timeout(LIMIT):
            await self.connections.get()


@asynccontextmanager
async def listening(
    url: str, process: UUID, account_id: str = ACCOUNT.id
) -> AsyncIterator[Listener]:
    listener = Listener(url, process, account_id)
    with pytest.MonkeyPatch.context() as patch:

        def waits(tries: int, _jitter: float) -> float:
            listener.waits.append(tries)
            return 0.02

        patch.setattr(notifications, "retry_delay", waits)
        task = asyncio.create_task(listener.notifications.run())
        try:
            await listener.connected()
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def say(url: str, payload: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_notify('blinkpos_all', %s)", (payload,))


async def test_others_hear_which_row_and_never_what_is_in_it(database_url: str) -> None:
    async with (
        store_at(database_url) as store,
        listening(database_url, uuid4()) as other,
        listening(database_url, store.connections.process) as own,
    ):
        payment = await paid(store)
        # What only its own till shows is nobody's news.
        assert await other.next() == LedgerNews(
            payment_id=payment.id, transfer_id=None, event="paid", is_about_attention=False
        )
        assert await store.see(payment.id, "ana")
        assert (await other.next()).event == "seen"
        say(
            database_url,
            json.dumps(
                {
                    "process": "x",
                    "payment": 7,
                    "transfer": 8,
                    "event": "gave_up",
                    "attention": True,
                }
            ),
        )
        assert await own.next() == await other.next()
        assert own.news.empty(), "what it wrote itself it knows"


async def test_another_account_hears_what_it_lists_and_nothing_else(database_url: str) -> None:
    async with (
        store_at(database_url) as store,
        listening(database_url, uuid4(), "account-2") as stranger,
        listening(database_url, uuid4()) as other,
    ):
        payment = await paid(store)
        assert (await other.next()).event == "paid"
        assert await store.see(payment.id, "ana")
        transfer = await claimed(store, payment.transfers[0])
        await store.record(transfer, TransferEvent.GAVE_UP, reason="gone")
        heard = [await stranger.next(), await stranger.next()]
        assert [(each.event, each.is_about_attention) for each in heard] == [
            ("seen", False),
            ("gave_up", True),
        ]
        assert heard == [await other.next(), await other.next()]


async def test_a_payload_that_is_none_is_left_aside(database_url: str) -> None:
    good = '{"process": "x", "payment": 7, "transfer": null, "event": "paid", "attention": null}'
    async with store_at(database_url), listening(database_url, uuid4()) as listener:
        for payload in (
            "",
            "x",
            "[]",
            "null",
            "7",
            "[" * 6000,
            '{"process": "x"}',
            good.replace("7", '"1; DROP"'),
            good.replace("7", "true"),
            good.replace("null", "1.5", 1),
        ):
            say(database_url, payload)
        say(database_url, good)
        assert (await listener.next()).payment_id == 7


async def test_a_cut_connection_is_made_anew_and_what_was_missed_is_looked_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "QUIET_SECONDS", 0.05)
    async with store_at(database_url) as store, listening(database_url, uuid4()) as listener:
        for _ in range(2):
            await aside(_cut, database_url)
            await listener.connected()
        assert listener.waits[:2] == [1, 2]
        payment = await paid(store)
        assert (await listener.next()).payment_id == payment.id


def _cut(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'blinkpos listens' AND datname = current_database()"
        )


@pytest.mark.usefixtures("deaf_but_for_news")
async def test_one_till_learns_and_the_other_shows_it(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    # The direct way past a pooler is the one that is listened on.
    direct = Secret(database_url)
    async with (
        running(make_settings(), simulator) as one,
        running(make_settings(till="bar", database_direct_url=direct), simulator) as other,
    ):
        for till in (one, other):
            await till.facts.wait_for(LookAgain)
        # A dead code leaves the screen that shows it.
        dead = await other.charge(100)
        given_up = await one.engine.closing.give_up(dead.id, reason="Cancelled.")
        await one.engine.closing.finish(given_up, to=PaymentState.CANCELLED)
        closed = await other.facts.wait_for(PaymentClosed)
        assert (closed.payment.id, closed.payment.state) == (dead.id, PaymentState.CANCELLED)
        # A sale of one is a line at the other, and its tip moves there.
        payment = await one.charge()
        await aside(control.set_event_faults, suppress=1)
        await one.customer_pays(payment)
        await one.engine.watcher.ask(payment)
        await other.facts.wait_for(PaymentPaid, lambda f: f.payment.id == payment.id)
        tip = await other.facts.wait_for(TransferChanged, lambda f: f.transfer.role is Role.TIP)
        assert (tip.payment_id, tip.transfer.state) == (payment.id, TransferState.SETTLED)
        await other.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
        assert len(other.facts.told(PaymentPaid)) == 1
        # What needs a person at one is listed at the other, and what was chosen too.
        stuck = await one.charge()
        await aside(control.change_account, "elturco", receive_disabled=True)
        await one.customer_pays(stuck)
        listed = await other.facts.wait_for(AttentionChanged, lambda f: bool(f.items))
        [item] = listed.items
        assert (item.payment_id, item.transfer.sats) == (stuck.id, 2)
        await one.engine.attention.choose(item.transfer.id, Choice(remedy=Remedy.KEEP), "ana")
        mark = other.facts.facts.index(listed)
        await other.facts.wait_for(AttentionChanged, lambda f: not f.items, after=mark)
    control.verify()


async def test_many_notifications_are_one_look_at_the_ledger(database_url: str) -> None:
    from blinkpos_desktop.services.feed import Feed
    from blinkpos_desktop.services.receiving import Receiving
    from blinkpos_desktop.services.store.hybrid import HybridStore
    from tests.integration.running import Recorder

    class Counted(HybridStore):
        looks: list[set[int]] = []  # noqa: RUF012 (one instance)

        async def payments_of(self, ids: Collection[int]) -> Sequence[Payment]:
            self.looks.append(set(ids))
            return await super().payments_of(ids)

    recorder, feed = Recorder(), Feed()
    feed.listen(recorder.hear)
    async with store_at(database_url) as store:
        hybrid = Counted(store, None)
        news = News(hybrid, feed, Receiving(hybrid, None, feed))  # type: ignore[arg-type]
        sold = [await paid(store) for _ in range(3)]
        for payment in sold:
            for part in (None, *(each.id for each in payment.transfers)):
                event = "paid" if part is None else "settled"
                news.hear(
                    LedgerNews(
                        payment_id=payment.id,
                        transfer_id=part,
                        event=event,
                        is_about_attention=False,
                    )
                )
        task = asyncio.create_task(news.run())
        await recorder.wait_for(PaymentPaid, lambda fact: fact.payment.id == sold[-1].id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert hybrid.looks == [{each.id for each in sold}]
    assert [fact.payment for fact in recorder.told(PaymentPaid)] == sold


async def test_news_that_cannot_be_read_makes_everybody_look_again(database_url: str) -> None:
    from blinkpos_desktop.services.feed import Feed
    from blinkpos_desktop.services.receiving import Receiving
    from blinkpos_desktop.services.store.hybrid import HybridStore
    from tests.integration.running import Recorder

    recorder, feed = Recorder(), Feed()
    feed.listen(recorder.hear)
    async with store_at(database_url) as store:
        payment = await awaiting(store)
        hybrid = HybridStore(store, None)
        news = News(hybrid, feed, Receiving(hybrid, None, feed))  # type: ignore[arg-type]
        paid_news = LedgerNews(
            payment_id=payment.id, transfer_id=None, event="paid", is_about_attention=False
        )
        unknown = LedgerNews(
            payment_id=10**9, transfer_id=None, event="paid", is_about_attention=False
        )
        # Told of too early, or of another ledger's row: nothing is made of it.
        news.hear(unknown)
        news.hear(paid_news)
        # An old sale that moves on today is not told as money that comes in.
        old = await paid(store)
        for event in ("settled", "completed"):
            part = old.transfers[0].id if event == "settled" else None
            news.hear(replace(paid_news, payment_id=old.id, transfer_id=part, event=event))
        task = asyncio.create_task(news.run())
        await store.move(payment.id, PaymentState.PAID, reason="", received_sats=23)
        for _ in range(2):
            news.hear(paid_news)
        await recorder.wait_for(PaymentPaid)
        for _ in range(MOST_WAITING + 1):
            news.hear(paid_news)
        await recorder.wait_for(LookAgain)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [fact.payment.id for fact in recorder.told(PaymentPaid)] == [payment.id]
    # The database is away.
    mark = len(recorder.facts)
    task = asyncio.create_task(news.run())
    await recorder.wait_for(LookAgain, after=mark)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
