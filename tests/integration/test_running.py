"""An engine takes the place of another behind an open window, and nobody's sale is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction

import pytest
import pytest_asyncio
from PySide6.QtWidgets import QApplication

from blinkpos_desktop import running as running_module
from blinkpos_desktop.configuring import changed
from blinkpos_desktop.domain.appearance import Appearance
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    PaymentCompleted,
    ShopChanging,
    ShopReady,
    TillRestarting,
)
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.options import Effect
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.sale import Recipient, Sale, parse_recipients
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.running import Running
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.simulator.server import Simulator
from blinkpos_desktop.ui.bridge import Bridge
from tests.conftest import TILL_KEY, SettingsMaker
from tests.integration.running import Recorder, aside


class Behind:
    """A till without its window: what is on the screen is said here."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.is_free = settings, True
        self.facts, self.worn = Recorder(), list[Settings]()
        self.bridge = Bridge()
        self.bridge.fact.connect(self.facts.hear)
        self.running = Running(
            settings,
            self.bridge,
            file=None,
            chores={},
            is_free=lambda: self.is_free,
            wear=self.worn.append,
            network_of=lambda _: "test network",
        )

    async def ready(self, after: int = 0) -> ShopReady:
        await self.facts.wait_for(
            PartChanged, lambda f: f.part is Part.BLINK and f.health is Health.OK, after=after
        )
        return await self.facts.wait_for(ShopReady, after=after)

    def take(self, *, anew: bool = False, **changes: object) -> int:
        """Set something; return how much was told before."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        before = len(self.facts.facts)
        self.running.take_over(self.settings, anew)
        return before

    async def sell(self, sats: int, recipients: tuple[Recipient, ...]) -> InvoiceReady:
        before = len(self.facts.facts)
        sale = Sale(currency=SATS, items=(sats,), tip_percent=Fraction(10), recipients=recipients)
        self.bridge.charge(sale)
        return await self.facts.wait_for(InvoiceReady, after=before)


@pytest_asyncio.fixture
async def till(qapp: QApplication, make_settings: SettingsMaker) -> AsyncIterator[Behind]:
    del qapp
    behind = Behind(make_settings())
    yield behind
    await behind.running.stop()


async def test_the_shop_changes_for_the_next_sale_and_not_for_one_before(
    till: Behind, simulator: Simulator
) -> None:
    shop = await till.ready()
    first = (await till.sell(100, shop.tip_recipients)).payment
    engine = till.running._engine
    before = till.take(merchant="ben", tip_recipients=parse_recipients(["ana"]))
    assert isinstance(till.facts.facts[before], ShopChanging)
    shop = await till.facts.wait_for(ShopReady, after=before)
    second = (await till.sell(200, shop.tip_recipients)).payment
    for payment in (first, second):
        assert payment.invoice is not None
        await aside(simulator.control.pay, payment.invoice.payment_request)
        await till.facts.wait_for(PaymentCompleted, lambda f, p=payment: f.payment.id == p.id)  # type: ignore[misc]
    balances = simulator.control.balances()
    received = {name: balances[name]["BTC"] for name in ("cafe", "elturco", "ben", "ana")}
    assert received == {"cafe": 100, "elturco": 10, "ben": 200, "ana": 20}
    assert till.running._engine is engine
    assert till.worn == [till.settings]


async def test_a_shop_that_could_not_sell_sells_once_it_is_set_right(till: Behind) -> None:
    await till.ready()
    before = till.take(merchant="nobody_here")
    shop = await till.facts.wait_for(ShopReady, after=before)
    assert "nobody_here" in shop.problem
    before = till.take(merchant="cafe", currency="USD")
    shop = await till.facts.wait_for(ShopReady, after=before)
    assert (shop.problem, shop.currency.code) == ("", "USD")


@pytest.mark.usefixtures("qapp")
async def test_what_else_is_wrong_stays_said_until_it_is_set_right(
    make_settings: SettingsMaker,
) -> None:
    till = Behind(make_settings(api_key=None))
    try:
        shop = await till.facts.wait_for(ShopReady)
        assert "No Blink API key is set" in shop.problem
        before = till.take(merchant="ben")
        assert not [f for f in till.facts.facts[before:] if isinstance(f, ShopChanging)]
        before = till.take(api_key=Secret(TILL_KEY))
        assert (await till.ready(after=before)).problem == ""
    finally:
        await till.running.stop()


async def test_percentages_alone_leave_the_shop_as_it_is(till: Behind) -> None:
    await till.ready()
    before = till.take(tip_presets=(Fraction(12),))
    assert till.worn[-1].tip_presets == (Fraction(12),)
    assert till.facts.facts[before:] == []


async def test_connections_are_made_anew_when_no_sale_is_on_the_screen(
    till: Behind, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_module, "LOOK_SECONDS", 0.01)
    shop = await till.ready()
    till.is_free = False
    payment = (await till.sell(100, shop.tip_recipients)).payment
    before = till.take(till="terrace")
    assert payment.invoice is not None
    await aside(simulator.control.pay, payment.invoice.payment_request)
    await till.facts.wait_for(PaymentCompleted, after=before)
    assert not [f for f in till.facts.facts[before:] if isinstance(f, TillRestarting)]
    till.is_free = True
    restart = await till.facts.wait_for(TillRestarting, after=before)
    assert restart.network == "test network"
    shop = await till.ready(after=till.facts.facts.index(restart))
    assert (await till.sell(200, shop.tip_recipients)).payment.till == "terrace"


@pytest.mark.usefixtures("qapp")
async def test_the_built_in_database_is_left_and_taken_up_again(
    make_settings: SettingsMaker,
) -> None:
    till = Behind(make_settings(database_url=None))
    try:
        shop = await till.ready()
        first = (await till.sell(100, shop.tip_recipients)).payment
        before = till.take(till="terrace")
        await till.facts.wait_for(TillRestarting, after=before)
        shop = await till.ready(after=before)
        second = (await till.sell(200, shop.tip_recipients)).payment
        assert second.till == "terrace"
        # It is the same ledger: its numbers go on.
        assert second.id > first.id
    finally:
        await till.running.stop()


async def test_an_engine_that_cannot_be_built_leaves_the_old_one(
    till: Behind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop = await till.ready()

    def refuse(_settings: Settings) -> Engine:
        raise SettingsError("It can't be.")

    monkeypatch.setattr(running_module, "Engine", refuse)
    till.take(till="terrace")
    async with asyncio.timeout(20):
        while "the till stays as it is" not in caplog.text:  # noqa: ASYNC110 (a log tells nobody)
            await asyncio.sleep(0.01)
    assert (await till.sell(200, shop.tip_recipients)).payment.till == "counter 1"


async def test_a_till_that_is_closed_meanwhile_ends_both(
    till: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    await till.ready()
    old, stop = till.running._engine, Engine.stop
    begun, ended = asyncio.Event(), list[Engine]()

    async def note(engine: Engine) -> None:
        begun.set()
        await stop(engine)
        ended.append(engine)

    monkeypatch.setattr(Engine, "stop", note)
    till.take(anew=True)
    await begun.wait()
    await till.running.stop()
    assert ended == [old, till.running._engine]
    assert not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    monkeypatch.setattr(Engine, "stop", stop)


def test_what_comes_into_force_how(make_settings: SettingsMaker) -> None:
    base = make_settings()
    assert changed(base, base) == frozenset()
    assert changed(base, make_settings(merchant="ben")) == {Effect.NEXT_USE}
    large = make_settings(appearance=Appearance(text_scale=150))
    assert changed(base, large) == {Effect.NEXT_USE}
    assert changed(base, make_settings(redis_url=Secret("redis://h"))) == {Effect.CONNECTIONS}
    moved = make_settings(api_url="https://api.blink.sv/graphql", currency="EUR")
    assert changed(base, moved) == {Effect.CONNECTIONS, Effect.NEXT_USE}
