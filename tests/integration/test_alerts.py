"""Alerts: each thing once until it is over, by one of the tills, and never in a sale's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import AttentionChanged, PaymentCompleted
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.transfer import Role
from blinkpos_desktop.services.alerts import Alerts
from blinkpos_desktop.services.store.alerts import PostgresAlerts
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.webhook import Webhook
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import aside, running
from tests.integration.stores import another_account, paid, store_at
from tests.support.hook import Hook
from tests.support.program import until

AWAY = PartChanged(part=Part.POSTGRESQL, health=Health.AWAY)
BACK = PartChanged(part=Part.POSTGRESQL, health=Health.OK)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as hook:
        yield hook


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return 1_800_000_000 + self.seconds

    def boot(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Watch:
    """A till's alerts on a real database, with a clock of their own."""

    def __init__(self, store: PostgresStore, hook: Hook, till: str = "bar") -> None:
        self.time = Time()
        self.webhook = Webhook(Secret(hook.url))
        self.alerts = Alerts(
            PostgresAlerts(store.connections),
            HybridStore(store, None),
            self.webhook,
            self.time,
            till=till,
            jitter=lambda: 0.0,
        )


@asynccontextmanager
async def watching(
    url: str, hook: Hook, till: str = "bar"
) -> AsyncIterator[tuple[Watch, PostgresStore]]:
    async with store_at(url, till) as store:
        watch = Watch(store, hook, till)
        watch.alerts.on_fact(BACK)
        try:
            yield watch, store
        finally:
            await watch.webhook.close()


async def change(url: str, statement: str, *values: object) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement.encode(), values or None)


async def set_state(url: str, state: str, *transfers: int) -> None:
    await change(
        url,
        "UPDATE transfers SET state = %s, reason = 'Gone.' WHERE id = ANY(%s)",
        state,
        list(transfers),
    )


async def stuck(url: str, store: PostgresStore) -> int:
    """A tip that needs a person; returns its transfer's number."""
    payment = await paid(store)
    [tip] = [each for each in payment.transfers if each.role is Role.TIP]
    await set_state(url, "attention", tip.id)
    return tip.id


async def test_what_waits_for_a_person_is_told_once_by_one_of_the_tills_and_so_is_its_end(
    database_url: str, hook: Hook
) -> None:
    async with (
        watching(database_url, hook, "bar") as (bar, store),
        watching(database_url, hook, "terrace") as (terrace, _),
    ):
        tip = await stuck(database_url, store)
        for _ in range(2):
            await asyncio.gather(bar.alerts.look(), terrace.alerts.look())
        [body] = hook.taken
        assert body["text"] == (
            "2 sats to elturco can't go on without a person: see Attention in the till. Gone."
        )
        assert (body["alert"], body["state"]) == ("attention", "raised")
        # A till that starts anew knows that it was told.
        async with watching(database_url, hook, "bar") as (again, _):
            await again.alerts.look()
        assert len(hook.taken) == 1
        await set_state(database_url, "planned", tip)
        for _ in range(2):
            await asyncio.gather(bar.alerts.look(), terrace.alerts.look())
        assert hook.told == [("attention", "raised"), ("attention", "over")]
        assert hook.taken[0]["id"] == hook.taken[1]["id"]
        # The same again is another alert.
        await set_state(database_url, "attention", tip)
        await terrace.alerts.look()
        assert hook.taken[2]["id"] > hook.taken[1]["id"]


async def test_another_accounts_sales_are_their_own_tills_to_tell(
    database_url: str, hook: Hook
) -> None:
    async with watching(database_url, hook) as (watch, store):
        await paid(store, another_account())
        await watch.alerts.look()
    assert hook.taken == []


async def test_a_hook_that_refuses_is_tried_again_later_and_later(
    database_url: str, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(database_url, hook) as (watch, store):
        tip = await stuck(database_url, store)
        hook.status = 500
        for _ in range(3):
            await watch.alerts.look()
        assert hook.refused == 1, "it rests after a failure"
        for _ in range(4):
            watch.time.seconds += 3.0
            await watch.alerts.look()
        assert 2 <= hook.refused < 5, "and ever longer"
        assert "HTTP 500" in caplog.text
        hook.status = 200
        watch.time.seconds += 100.0
        await watch.alerts.look()
        assert hook.told == [("attention", "raised")]
        # What is over before anybody was told of it is nobody's business.
        second = await stuck(database_url, store)
        hook.status = 500
        await watch.alerts.look()
        await set_state(database_url, "kept", tip, second)
        hook.status = 200
        watch.time.seconds += 100.0
        await watch.alerts.look()
        assert hook.told == [("attention", "raised"), ("attention", "over")]
        assert hook.taken[0]["id"] == hook.taken[1]["id"]
    assert "T0KEN" not in caplog.text


async def test_a_till_that_died_while_it_told_does_not_keep_it(
    database_url: str, hook: Hook
) -> None:
    async with watching(database_url, hook) as (watch, store):
        await stuck(database_url, store)
        alerts = PostgresAlerts(store.connections)
        hook.status = 500
        await watch.alerts.look()
        assert len(await alerts.claim(seconds=60, most=5)) == 1
        assert await alerts.claim(seconds=60, most=5) == []
        await change(database_url, "UPDATE alerts SET claimed_until = now() - interval '1 second'")
        hook.status = 200
        watch.time.seconds += 100.0
        await watch.alerts.look()
    assert hook.told == [("attention", "raised")]


async def test_the_database_away_for_five_minutes_is_told_without_it(
    database_url: str, hook: Hook
) -> None:
    async with watching(database_url, hook) as (watch, _):
        watch.alerts.on_fact(AWAY)
        watch.time.seconds = 299.0
        await watch.alerts.look()
        assert hook.taken == []
        watch.time.seconds = 300.0
        for _ in range(2):
            await watch.alerts.look()
        [body] = hook.taken
        assert body["text"].startswith("The till bar has not reached the database")
        watch.alerts.on_fact(BACK)
        for _ in range(2):
            await watch.alerts.look()
    assert hook.told == [("database", "raised"), ("database", "over")]


async def test_no_backup_for_a_day_is_told_once_a_till_has_had_time_to_make_one(
    database_url: str, hook: Hook
) -> None:
    async with watching(database_url, hook) as (watch, store):
        await change(database_url, _BACKUP.format(age="3 days 1 hour"))
        watch.time.seconds = 3599.0
        await watch.alerts.look()
        assert hook.taken == [], "a till that was off gets an hour"
        watch.time.seconds = 3601.0
        for _ in range(2):
            await watch.alerts.look()
        [body] = hook.taken
        assert body["text"] == (
            "No backup of the ledger for 3 days: make one with blinkpos backup."
        )
        await change(database_url, _BACKUP.format(age="1 minute"))
        for _ in range(2):
            await watch.alerts.look()
        assert hook.taken[1]["text"] == "The ledger is backed up again."
        del store


_BACKUP = """
INSERT INTO backups (made_at, till, place, bytes, encrypted, verified_in)
VALUES (now() - interval '{age}', 'bar', 'x', 1, false, 'built_in')
"""


async def test_a_webhook_says_what_went_wrong_but_not_where(hook: Hook) -> None:
    for url in ("http://127.0.0.1:1/T0KEN", "http://host.invalid/T0KEN", f"{hook.url}/x"):
        hook.status = 404
        webhook = Webhook(Secret(url))
        with pytest.raises(UnavailableError) as caught:
            await webhook.post({"text": "x"})
        await webhook.close()
        assert "T0KEN" not in str(caught.value)
        assert caught.value.__cause__ is None


async def test_a_hook_that_hangs_is_never_in_a_sales_way(
    make_settings: SettingsMaker, simulator: Simulator, hook: Hook
) -> None:
    settings = make_settings(alert_url=Secret(hook.url))
    await aside(simulator.control.change_account, "elturco", receive_disabled=True)
    async with running(settings, simulator) as till:
        till.engine.upkeep.watch(lambda: "")
        till.engine.feed.publish(BACK)
        hook.hangs.set()
        await till.customer_pays(await till.charge(21))
        await till.facts.wait_for(AttentionChanged, lambda fact: bool(fact.items))
        # The alert hangs; the next sale is sold and passed on.
        payment = await till.charge(21, percent=0)
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentCompleted, lambda fact: fact.payment.id == payment.id)
        assert hook.taken == []
        hook.hangs.clear()
        await aside(until, lambda: hook.taken)
    assert hook.told == [("attention", "raised")]
