"""The database goes away in the middle of a sale, and comes back: the sale goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from blinkpos_desktop import engine as engine_module
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import PaymentCompleted, PaymentPaid, ShopReady
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.services.store import connections
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Recorder, Till, aside

pytestmark = pytest.mark.usefixtures("hasty")


@asynccontextmanager
async def till_at_work(settings: Settings, simulator: Simulator) -> AsyncIterator[Till]:
    """The whole of ``Engine.run``, as the window runs it."""
    engine, facts = Engine(settings), Recorder()
    engine.feed.listen(facts.hear)
    task = asyncio.create_task(engine.run())
    try:
        yield Till(engine, facts, simulator.control)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await engine.stop()


async def _database_is(till: Till, health: Health, after: int) -> None:
    await till.facts.wait_for(
        PartChanged, lambda f: (f.part, f.health) == (Part.POSTGRESQL, health), after=after
    )


def _kill_server(data_dir: Path) -> None:
    cluster = data_dir / "postgresql" / "18"
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and (process / "cwd").samefile(cluster):
                os.kill(int(process.name), signal.SIGKILL)


async def test_a_killed_database_comes_back_and_the_payment_is_not_lost(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_CHECK_SECONDS", 0.2)
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 1)
    settings = make_settings(database_url=None)
    async with till_at_work(settings, simulator) as till:
        await till.facts.wait_for(ShopReady)
        await till.facts.wait_for_blink(Health.OK)
        payment = await till.charge()
        told = len(till.facts.facts)
        _kill_server(settings.data_dir)
        await till.customer_pays(payment)
        await _database_is(till, Health.AWAY, told)
        done = await till.facts.wait_for(PaymentCompleted)
        await _database_is(till, Health.OK, told)
        assert done.payment.id == payment.id
        assert len(till.facts.told(PaymentPaid)) == 1
        # The next sale is as any other.
        other = await till.charge()
        await till.customer_pays(other)
        await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == other.id)
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"], balances["till"]["BTC"]) == (
        42,
        4,
        0,
    )
    simulator.control.verify()


async def test_a_till_that_starts_before_its_blink_waits_for_it(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "retry_delay", lambda _tries, _jitter: 0.02)
    await aside(simulator.control.lay_fault, "http_status", status=503, times=4)
    async with till_at_work(make_settings(), simulator) as till:
        with pytest.raises(UnavailableError, match="still connecting"):
            await till.charge()
        ready = await till.facts.wait_for(ShopReady)
        assert (ready.problem, ready.network) == ("", "regtest")
        await till.charge()


async def test_a_key_that_is_wrong_is_said_and_ends_the_waiting(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings(api_key=Secret("blink_wrong"))
    async with till_at_work(settings, simulator) as till:
        ready = await till.facts.wait_for(ShopReady)
        assert "does not accept the API key" in ready.problem


async def test_a_price_that_is_away_does_not_end_the_selling(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blinkpos_desktop.services import rates

    monkeypatch.setattr(rates, "REFRESH_SECONDS", 0.05)
    await aside(simulator.control.set_price_offline, offline=True)
    async with till_at_work(make_settings(currency="USD"), simulator) as till:
        assert (await till.facts.wait_for(ShopReady)).problem == ""
        asked = (await aside(till.control.requests)).get("Price", 0)
        assert await aside(till.control.wait_for_requests, "Price", asked + 3)
        assert [fact.problem for fact in till.facts.told(ShopReady)] == [""]


async def test_a_stopped_engine_leaves_no_task(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    before = asyncio.all_tasks()
    async with till_at_work(make_settings(), simulator) as till:
        await till.facts.wait_for_blink(Health.OK)
        await till.charge()
    assert asyncio.all_tasks() <= before
    assert await aside(simulator.control.wait_for_subscribers, 0, kind="sockets")
