"""The till knows when it can't see payments, and asks at once when somebody wants it to."""

from __future__ import annotations

import asyncio
import time

import pytest

from blinkpos_desktop import engine as engine_module
from blinkpos_desktop.domain import watching
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import PaymentClosed, PaymentPaid, SightChanged
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.sight import BLIND_AFTER
from blinkpos_desktop.services import recovery, seeing, watcher
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.watcher import NO_ANSWER, NOT_RECORDED
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, aside, running

pytestmark = pytest.mark.usefixtures("hasty")
HASTE = 25.0
STATUS = "lnInvoicePaymentStatusByHash"


class HastyClock(SystemClock):
    """Ten seconds pass in less than half a second."""

    def boot(self) -> float:
        return time.monotonic() * HASTE

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / HASTE)


@pytest.fixture
def nobody_asks(hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next question of the till's own would come an hour on."""
    del hasty
    for module, name in (
        (watching, "ON_SCREEN_EVERY"),
        (watching, "FIRST_HOUR_EVERY"),
        (watcher, "RELOAD_SECONDS"),
        (recovery, "EVERY_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 3600)
    monkeypatch.setattr(watcher, "CHECK_SECONDS", 0.0)


async def _sight(till: Till, told: int, *, can_see: bool) -> None:
    await till.facts.wait_for(SightChanged, lambda fact: fact.can_see is can_see, after=told)


def _http(till: Till, url: str = "http://127.0.0.1:9/graphql") -> None:
    """Send the till's requests elsewhere: nobody listens at that port."""
    till.engine._transport._url = url


async def test_with_socket_and_questions_cut_it_says_so_until_one_of_them_works(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "SystemClock", HastyClock)
    monkeypatch.setattr(seeing, "LOOK_SECONDS", 0.5)
    # Nobody stands at the counter: only the till's own cheap question can know.
    monkeypatch.setattr(watcher, "RELOAD_SECONDS", 3600)
    control, url = simulator.control, simulator.api_url
    async with running(make_settings(), simulator) as till:
        began = till.engine._seeing._clock.boot()
        await aside(control.new_sockets, "refuse")
        await aside(control.cut_sockets)
        await till.facts.wait_for_blink(Health.AWAY)
        assert await aside(control.wait_for_requests, "Network", 2), "asked without the socket"
        assert not till.facts.told(SightChanged), "one of the two is enough"
        _http(till)
        await _sight(till, 0, can_see=False)
        assert till.engine._seeing._clock.boot() - began >= BLIND_AFTER
        told = len(till.facts.facts)
        _http(till, url)
        await _sight(till, told, can_see=True)
        # A code is on the screen: its own questions know it now.
        payment = await till.charge()
        told = len(till.facts.facts)
        _http(till)
        await _sight(till, told, can_see=False)
        await till.customer_pays(payment)
        assert not till.facts.told(PaymentPaid)
        told = len(till.facts.facts)
        await aside(control.new_sockets, "accept")
        await _sight(till, told, can_see=True)
        assert [fact.can_see for fact in till.facts.told(SightChanged)] == [False, True] * 2
        _http(till, url)
        await till.facts.wait_for(PaymentPaid, lambda fact: fact.payment.id == payment.id)


@pytest.mark.usefixtures("nobody_asks")
async def test_check_now_asks_at_once_one_at_a_time_and_without_the_socket(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        payment, check = await till.charge(), till.engine.watcher.check
        await aside(control.mute_sockets)
        await aside(control.reset_requests)
        assert await check(payment.id)
        assert (await aside(control.requests))[STATUS] == 1
        assert not till.facts.told(PaymentPaid)

        await aside(control.lay_fault, "delay", match=STATUS, seconds=0.3)
        asked = await asyncio.gather(*(check(payment.id) for _ in range(30)))
        assert asked == [True] + [False] * 29
        assert (await aside(control.requests))[STATUS] == 2

        for kind in ("drop_before", "http_status"):
            await aside(control.lay_fault, kind, match=STATUS)
            with pytest.raises(UnavailableError) as silent:
                await check(payment.id)
            assert silent.value.sentence == NO_ANSWER

        await till.customer_pays(payment)
        await _is_paid_and_the_database_away(till, payment, monkeypatch)
        assert not till.facts.told(PaymentPaid)
        assert await check(payment.id)
        [paid] = till.facts.told(PaymentPaid)
        assert paid.payment.id == payment.id


async def _is_paid_and_the_database_away(
    till: Till, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise UnavailableError("The database can't be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(till.engine.watcher._receiver, "paid", away)
        with pytest.raises(UnavailableError) as unwritten:
            await till.engine.watcher.check(payment.id)
    assert unwritten.value.sentence == f"{NOT_RECORDED} The database can't be reached."


@pytest.mark.usefixtures("nobody_asks")
async def test_check_now_finds_a_code_whose_time_is_over(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(simulator.control.advance, 16 * 60)
        assert await till.engine.watcher.check(payment.id)
        [closed] = till.facts.told(PaymentClosed)
        assert closed.payment.id == payment.id


@pytest.mark.usefixtures("nobody_asks")
async def test_fingers_that_never_rest_ask_once_a_second_at_most(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Waiting(SystemClock):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)

    monkeypatch.setattr(watcher, "CHECK_SECONDS", 60.0)
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        monkeypatch.setattr(till.engine.watcher, "_clock", Waiting())
        assert await till.engine.watcher.check(payment.id)
        waits.clear()
        assert await till.engine.watcher.check(payment.id)
        assert any(50 < each <= 60 for each in waits), waits
