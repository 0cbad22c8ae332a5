"""What one till does, the others on its database notice: nothing paid is told as cancelled."""

from __future__ import annotations

import pytest

from blinkpos_desktop.domain.facts import PaymentClosed, PaymentPaid, ShopReady
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import aside, opened

pytestmark = pytest.mark.usefixtures("hasty")


async def test_a_code_leaves_this_screen_when_another_till_saw_its_expiry_first(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings()
    async with opened(settings, simulator) as one, opened(settings, simulator) as other:
        payment = await one.charge()
        await aside(simulator.control.advance, 16 * 60)
        await other.engine.watcher.ask(payment)
        assert (await other.now(payment)).state is PaymentState.EXPIRED
        assert not one.facts.told(PaymentClosed)
        await one.engine.watcher.ask(payment)
        [closed] = one.facts.told(PaymentClosed)
        assert (closed.payment.id, closed.payment.state) == (payment.id, PaymentState.EXPIRED)


@pytest.mark.parametrize("closed_as", [PaymentState.CANCELLED, PaymentState.EXPIRED])
async def test_what_another_till_closed_and_a_customer_paid_is_found_paid(
    make_settings: SettingsMaker, simulator: Simulator, closed_as: PaymentState
) -> None:
    settings = make_settings()
    async with opened(settings, simulator) as one, opened(settings, simulator) as other:
        payment = await one.charge()
        given_up = await other.engine.closing.give_up(payment.id, reason="")
        await other.engine.closing.finish(given_up, to=closed_as)
        await one.customer_pays(payment, from_username="visitor")
        mine = await one.engine.closing.give_up(payment.id, reason="")
        assert mine.state is closed_as
        ended = await one.engine.closing.finish(mine, to=PaymentState.CANCELLED)
        assert ended.state is PaymentState.PAID
        [paid] = one.facts.told(PaymentPaid)
        assert paid.payment.was_closed


async def test_one_passing_refusal_at_the_start_does_not_end_the_selling(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blinkpos_desktop.engine.retry_delay", lambda _tries, _jitter: 0.02)
    control = simulator.control
    async with opened(make_settings(), simulator) as till:
        await aside(control.lay_fault, "graphql_error", match="me", message="Internal error")
        till.engine.supervisor.keep("till", till.engine.run)
        shop = await till.facts.wait_for(ShopReady)
        assert not shop.problem
