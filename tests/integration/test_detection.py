"""Money is seen: by Blink's word, by asking, late, twice told, and only ours."""

from __future__ import annotations

import psycopg
import pytest

from blinkpos_desktop.domain.facts import PaymentClosed, PaymentCompleted, PaymentPaid
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, aside, running

pytestmark = pytest.mark.usefixtures("hasty")


async def _completed(till: Till, payment: Payment) -> Payment:
    fact = await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
    return fact.payment


def _events(database_url: str, event: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM events WHERE event = %s", (event,)
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_lost_event_is_found_by_asking(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(till.control.set_event_faults, suppress=1)
        await till.customer_pays(payment)
        assert (await _completed(till, payment)).received_sats == 23
    assert simulator.control.balances()["cafe"]["BTC"] == 21


async def test_what_came_while_the_socket_was_down_is_found_on_reconnect(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blinkpos_desktop.domain import watching
    from blinkpos_desktop.services import recovery, watcher

    # Only the reconnection can find it: the next question would come an hour on.
    monkeypatch.setattr(watching, "ON_SCREEN_EVERY", 3600)
    monkeypatch.setattr(watching, "FIRST_HOUR_EVERY", 3600)
    monkeypatch.setattr(watcher, "RELOAD_SECONDS", 3600)
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600)
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(till.control.new_sockets, "refuse")
        told = len(till.facts.facts)
        await aside(till.control.cut_sockets)
        await till.facts.wait_for_blink(Health.AWAY, after=told)
        await till.customer_pays(payment)
        assert not till.facts.told(PaymentPaid)
        await aside(till.control.new_sockets, "accept")
        await _completed(till, payment)


async def test_a_doubled_event_is_one_payment(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(till.control.set_event_faults, duplicate=1)
        await till.customer_pays(payment)
        await _completed(till, payment)
        other = await till.charge()
        await till.customer_pays(other)
        await _completed(till, other)
        assert [f.payment.id for f in till.facts.told(PaymentPaid)] == [payment.id, other.id]
    assert _events(database_url, "paid") == 2
    assert _events(database_url, "completed") == 2


async def test_swapped_events_reach_their_own_sales(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        first, second = await till.charge(21), await till.charge(100)
        await aside(till.control.set_event_faults, swap_next_two=True)
        await till.customer_pays(first)
        await till.customer_pays(second)
        assert (await _completed(till, first)).received_sats == 23
        assert (await _completed(till, second)).received_sats == 110


async def test_a_payment_after_the_cancel_is_late_money_and_forwarded(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        closed = await till.engine.cancel(payment.id)
        assert closed.state is PaymentState.CANCELLED
        await till.customer_pays(payment, from_username="visitor")
        done = await _completed(till, payment)
        assert (done.was_closed, done.received_sats) == (True, 23)
    assert simulator.control.balances()["elturco"]["BTC"] == 2
    simulator.control.verify()


async def test_a_payment_after_the_expiry_is_late_money_and_forwarded(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(till.control.advance, 16 * 60)
        closed = await till.facts.wait_for(PaymentClosed)
        assert closed.payment.state is PaymentState.EXPIRED
        await aside(till.control.set_event_faults, suppress=1)
        await till.customer_pays(payment, from_username="visitor")
        assert (await _completed(till, payment)).was_closed


@pytest.mark.parametrize("seen", ["by the update", "by asking"])
async def test_what_came_in_is_recorded_not_what_was_asked(
    make_settings: SettingsMaker, simulator: Simulator, seen: str
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        if seen == "by asking":
            await aside(till.control.set_event_faults, suppress=1)
        await till.customer_pays(payment, amount_sats=40)
        assert (await _completed(till, payment)).received_sats == 40
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"], balances["till"]["BTC"]) == (
        21,
        2,
        17,
    )


async def test_a_cancel_that_came_too_late_is_a_sale(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blinkpos_desktop.domain import watching

    monkeypatch.setattr(watching, "ON_SCREEN_EVERY", 3600)
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(till.control.set_event_faults, suppress=1)
        await till.customer_pays(payment)
        assert (await till.engine.cancel(payment.id)).state in {
            PaymentState.PAID,
            PaymentState.COMPLETED,
        }
        await _completed(till, payment)
        assert not till.facts.told(PaymentClosed)


async def test_a_silent_blink_leaves_the_cancel_open_and_watched(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    from blinkpos_desktop.domain.errors import OutcomeUnknownError

    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(till.control.lay_fault, "drop_before", match="lnInvoiceCancel", times=1)
        with pytest.raises(OutcomeUnknownError):
            await till.engine.cancel(payment.id)
        closed = await till.facts.wait_for(PaymentClosed)
        assert closed.payment.state is PaymentState.CANCELLED
        assert [i["status"] for i in await aside(till.control.invoices, owner="till")] == [
            "cancelled"
        ]


async def test_one_invoice_that_blink_will_not_speak_of_hides_no_other(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        await till.charge(50)
        paid = await till.charge()
        # Every other question is refused in Blink's own way.
        for skip in range(0, 40, 2):
            await aside(
                till.control.lay_fault,
                "graphql_error",
                match="lnInvoicePaymentStatusByHash",
                skip=0 if skip == 0 else 1,
            )
        await aside(till.control.set_event_faults, suppress=1)
        await till.customer_pays(paid)
        await _completed(till, paid)


async def test_income_that_is_not_ours_is_left_alone(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        foreign = await aside(till.control.create_invoice, "till", 500)
        await aside(till.control.pay, foreign["payment_request"])
        await aside(till.control.send, "visitor", "till", 70)
        payment = await till.charge()
        await till.customer_pays(payment)
        await _completed(till, payment)
        assert len(till.facts.told(PaymentPaid)) == 1
    assert simulator.control.balances()["till"]["BTC"] == 570
    assert _events(database_url, "paid") == 1


async def test_an_engine_for_its_own_sale_leaves_others_alone(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with (
        running(make_settings(), simulator) as till,
        running(make_settings(till="script"), simulator, only_own=True) as script,
    ):
        payment = await till.charge()
        await till.customer_pays(payment)
        await _completed(till, payment)
        mine = await script.charge(50)
        await till.customer_pays(mine)
        await script.facts.wait_for(PaymentPaid)
        assert [f.payment.id for f in script.facts.told(PaymentPaid)] == [mine.id]
        # The till takes up what the script only recorded.
        await _completed(till, mine)


async def test_a_screen_that_fails_does_not_hold_up_the_money(
    make_settings: SettingsMaker, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_fact: object) -> None:
        raise ValueError("a screen's bug")

    async with running(make_settings(), simulator) as till:
        till.engine.feed.listen(broken)
        payment = await till.charge()
        await till.customer_pays(payment)
        await _completed(till, payment)
    assert "a listener failed" in caplog.text


async def test_a_clock_set_back_does_not_stop_the_questions(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        watcher = till.engine.watcher
        watcher._asked[payment.id] = int(watcher._clock.now()) + 86_400
        watcher._reloaded_at = watcher._clock.now() + 86_400
        await aside(till.control.set_event_faults, suppress=1)
        await till.customer_pays(payment)
        await _completed(till, payment)
