"""The ways to a server: with a password, over TLS, and through PgBouncer in transaction mode."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from blinkpos_desktop import engine as engine_module
from blinkpos_desktop.domain.announcement import LedgerNews
from blinkpos_desktop.domain.attention import AttentionItem, Choice, Remedy
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import LookAgain, PaymentCompleted, PaymentPaid
from blinkpos_desktop.domain.measures import Hearing, History
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import TransferEvent
from blinkpos_desktop.services.ending import end
from blinkpos_desktop.services.store import connections as connections_module
from blinkpos_desktop.services.store import polling
from blinkpos_desktop.services.store.notifications import Notifications
from blinkpos_desktop.services.store.polling import Polling
from blinkpos_desktop.services.store.probe import DatabaseProbe
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, running
from tests.integration.stores import ACCOUNT, awaiting, claimed, paid, store_at
from tests.support.certificates import make_certificates
from tests.support.clusters import PASSWORD, VERSIONS, Cluster
from tests.support.pgbouncer import SERVER_CONNECTIONS, PgBouncer, pgbouncer

pytestmark = pytest.mark.long


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_password_and_tls_are_asked_for_and_what_is_wrong_is_said(
    version: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(connections_module, "CONNECT_SECONDS", 1)
    # The wheel's servers were built without TLS.
    with_tls = version == "15"
    cluster = Cluster(version, tmp_path / "cluster")
    right, other = tmp_path / "right", tmp_path / "other"
    cluster.make(tls=make_certificates(right) if with_tls else None)
    tail = f"?sslmode=verify-full&sslrootcert={right / 'ca.pem'}" if with_tls else ""
    with cluster.running():
        url = cluster.fresh_database()
        async with store_at(url + tail) as store:
            payment = await awaiting(store)
            assert await store.payment(payment.id) == payment
            async with store.connections.transaction() as ledger:
                cursor = await ledger.connection.execute(
                    "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                )
                assert await cursor.fetchone() == {"ssl": with_tls}
        wrong = {url.replace("sesame", "barley") + tail: "password authentication failed"}
        if with_tls:
            make_certificates(other)
            wrong |= {
                url + tail.replace("right", "other"): "certificate verify failed",
                (url + tail).replace("127.0.0.1", "localhost"): "does not match host name",
                url + "?sslmode=disable": "no encryption",
            }
        for address, why in wrong.items():
            with pytest.raises(UnavailableError) as caught:
                async with store_at(address):
                    pass
            assert why in str(caught.value)
            assert PASSWORD not in str(caught.value)
    assert PASSWORD not in caplog.text


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(VERSIONS[-1], tmp_path / "cluster")
    made.make()
    with made.running():
        yield made


async def test_doctor_knows_a_pooler_and_whether_the_direct_way_leads_past_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    with pgbouncer(tmp_path / "bouncer", cluster.url()) as bouncer:
        straight = cluster.fresh_database()
        pooled = bouncer.url(straight)
        async with store_at(straight) as store:
            await paid(store)
        for url, direct, hearing in (
            (straight, None, Hearing.AT_ONCE),
            (pooled, None, Hearing.ASKING),
            (pooled, straight, Hearing.PAST_POOLER),
            (pooled, pooled, Hearing.DEAF),
            (pooled, "postgresql://127.0.0.1:1/x", Hearing.DEAF),
        ):
            measured = await DatabaseProbe(url, None, direct=direct).measure()
            assert (measured.hearing, measured.history) == (hearing, History.CURRENT)
            assert measured.ledger is not None
            assert measured.ledger.unfinished == 1


@pytest.mark.usefixtures("hasty")
async def test_two_tills_sell_through_it_and_leave_nothing_on_its_connections(
    make_settings: SettingsMaker, simulator: Simulator, cluster: Cluster, tmp_path: Path
) -> None:
    control = simulator.control
    with pgbouncer(tmp_path / "bouncer", cluster.url()) as bouncer:
        url = bouncer.url(cluster.fresh_database())
        settings = make_settings(database_url=Secret(url))
        async with running(settings, simulator) as one, running(settings, simulator) as other:
            sold = [await till.charge() for till in (one, other) * 4]
            for payment in sold:
                await one.customer_pays(payment)
            for payment in sold:
                await _completed(other, payment)
            # What one till leaves to a person, the other one chooses for.
            await aside(control.change_account, "elturco", receive_disabled=True)
            stuck = await one.charge()
            await one.customer_pays(stuck)
            items: Sequence[AttentionItem] = ()
            async with asyncio.timeout(LIMIT):
                while not items:
                    await asyncio.sleep(0.05)
                    items = await other.engine.attention.list()
            await other.engine.attention.choose(
                items[0].transfer.id, Choice(remedy=Remedy.KEEP), "ana"
            )
            await _completed(other, stuck)
            assert not (await one.engine.audit()).findings
            await aside(_check_no_session, url, cluster)
    control.verify()
    balances = control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"]) == (21 * 9, 2 * 8)


async def _completed(till: Till, payment: Payment) -> None:
    async with asyncio.timeout(LIMIT):
        while (await till.now(payment)).state is not PaymentState.COMPLETED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("deaf_but_for_news")
async def test_tills_hear_of_one_another_past_it_and_ask_without_a_way_past_it(
    make_settings: SettingsMaker,
    simulator: Simulator,
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(polling, "POLL_SECONDS", 0.05)
    with pgbouncer(tmp_path / "bouncer", cluster.url()) as bouncer:
        direct = cluster.fresh_database()
        settings = make_settings(database_url=Secret(bouncer.url(direct)))
        past = make_settings(
            database_url=Secret(bouncer.url(direct)), database_direct_url=Secret(direct)
        )
        async with (
            running(settings, simulator) as one,
            running(settings, simulator) as asking,
            running(past, simulator) as hearing,
        ):
            for till in (asking, hearing):
                await till.facts.wait_for(LookAgain)
            payment = await one.charge()
            await aside(simulator.control.set_event_faults, suppress=3)
            await one.customer_pays(payment)
            await one.engine.watcher.ask(payment)
            for till in (asking, hearing):
                seen = await till.facts.wait_for(PaymentPaid)
                done = await till.facts.wait_for(PaymentCompleted)
                assert seen.payment.id == done.payment.id == payment.id
                assert len(till.facts.told(PaymentPaid)) == 1
            assert [t.engine._notifications.hears for t in (one, asking, hearing)] == [
                False,
                False,
                True,
            ]
        await aside(_check_no_session, bouncer.url(direct), cluster)
    simulator.control.verify()


async def test_asking_finds_what_notifications_tell(cluster: Cluster) -> None:
    url = cluster.fresh_database()
    heard: list[LedgerNews] = []
    asked: list[LedgerNews] = []
    looks: asyncio.Queue[None] = asyncio.Queue()
    async with store_at(url) as store, store_at(url) as other:
        listening = Notifications(
            url,
            process=uuid4(),
            account_id=lambda: ACCOUNT.id,
            on_news=heard.append,
            on_connected=lambda: looks.put_nowait(None),
            jitter=lambda: 0.5,
        )
        asking = Polling(
            other.connections,
            account_id=lambda: ACCOUNT.id,
            hears=lambda: False,
            on_news=asked.append,
            on_missed=lambda: looks.put_nowait(None),
        )
        await paid(store)  # before anybody looks: no news
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(polling, "POLL_SECONDS", 0.02)
            tasks = [asyncio.create_task(each.run()) for each in (listening, asking)]
            async with asyncio.timeout(LIMIT):
                for _ in tasks:
                    await looks.get()
            payment = await paid(store)
            transfer = await claimed(store, payment.transfers[0])
            await store.record(transfer, TransferEvent.GAVE_UP, reason="gone")
            await store.choose(transfer.id, Choice(remedy=Remedy.KEEP), "ana")
            await paid(other)  # its own: asked for by nobody
            async with asyncio.timeout(LIMIT):
                while len(asked) < 3 or len(heard) < 4:  # noqa: ASYNC110 (both are lists)
                    await asyncio.sleep(0.02)
            await end(*tasks)
    assert [each.is_about_attention for each in asked] == [False, True, True]
    assert asked == heard[:3]
    assert len(heard) == 4


def _check_no_session(url: str, cluster: Cluster) -> None:
    """Look at every server connection of the bouncer's."""
    with ExitStack() as stack:
        seen = set()
        for _ in range(SERVER_CONNECTIONS):
            # Held open: each next transaction gets another server connection.
            connection = stack.enter_context(psycopg.connect(url, prepare_threshold=None))
            row = connection.execute(
                "SELECT pg_backend_pid(), (SELECT count(*) FROM pg_prepared_statements),"
                " (SELECT count(*) FROM pg_listening_channels()),"
                " (SELECT count(*) FROM pg_settings WHERE source = 'session'"
                "  AND name NOT IN ('client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone',"
                "  'application_name', 'standard_conforming_strings', 'transaction_isolation',"
                "  'transaction_read_only', 'transaction_deferrable'))"
            ).fetchone()
            assert row is not None
            seen.add(row[0])
            assert row[1:] == (0, 0, 0)
        assert len(seen) == SERVER_CONNECTIONS
    with cluster.look() as connection:
        locks = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert locks.fetchone() == (0,)


@pytest.mark.usefixtures("hasty")
async def test_a_bouncer_that_is_killed_in_the_middle_of_a_sale_comes_back(
    make_settings: SettingsMaker,
    simulator: Simulator,
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "_CHECK_SECONDS", 0.1)
    monkeypatch.setattr(connections_module, "CONNECT_SECONDS", 1)
    direct = cluster.fresh_database()
    with ExitStack() as stack:
        first: PgBouncer = stack.enter_context(pgbouncer(tmp_path / "bouncer", cluster.url()))
        settings = make_settings(database_url=Secret(first.url(direct)))
        async with running(settings, simulator) as till:
            payment = await till.charge()
            told = len(till.facts.facts)
            stack.close()
            await till.facts.wait_for(
                PartChanged,
                lambda f: (f.part, f.health) == (Part.POSTGRESQL, Health.AWAY),
                after=told,
            )
            await till.customer_pays(payment)
            with pgbouncer(tmp_path / "again", cluster.url(), port=first.port):
                done = await till.facts.wait_for(PaymentCompleted)
                assert done.payment.id == payment.id
    simulator.control.verify()
