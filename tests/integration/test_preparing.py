"""Recipients' invoices are made while the customer looks; tills share Blink's limits."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from blinkpos_desktop.domain.blink import RateLimitedError
from blinkpos_desktop.domain.facts import PaymentCompleted, TransferChanged
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.domain.transfer import Step, TransferState
from blinkpos_desktop.services import invoicing
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.ports import CallKind
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, running
from tests.integration.stores import store_at

pytestmark = pytest.mark.usefixtures("hasty")


async def _prepared(till: Till, payment: Payment) -> None:
    async with asyncio.timeout(LIMIT):
        for name in [task for task in till.engine.supervisor.names if task.startswith("prepare")]:
            while name in till.engine.supervisor.names:  # noqa: ASYNC110 (it has no event)
                await asyncio.sleep(0.01)
    assert all(each.next_step is Step.SEND for each in (await till.now(payment)).transfers)


async def _completed(till: Till, payment: Payment) -> None:
    await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)


async def test_after_the_payment_only_the_payments_are_left(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await _prepared(till, payment)
        await aside(simulator.control.reset_requests)
        await till.customer_pays(payment)
        await _completed(till, payment)
        asked = await aside(simulator.control.requests)
    assert asked["Pay"] == 2
    assert not asked.keys() & {"CreateRecipientInvoice", "RecipientBtcWallet"}
    assert simulator.control.balances()["elturco"]["BTC"] == 2
    simulator.control.verify()


async def test_a_usd_wallet_gets_its_invoice_on_payment(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge(30_000, recipients=parse_recipients(["dana"]))
        await aside(simulator.control.wait_for_requests, "CreateRecipientInvoice", 1)
        assert "CreateUsdRecipientInvoice" not in await aside(simulator.control.requests)
        await till.customer_pays(payment)
        await _completed(till, payment)
        assert (await aside(simulator.control.requests))["CreateUsdRecipientInvoice"] == 1


async def test_a_payment_in_the_middle_of_preparing_makes_no_second_invoice(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    control = simulator.control
    await aside(control.lay_fault, "delay", match="CreateRecipientInvoice", seconds=0.5, times=2)
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await till.customer_pays(payment)
        await _completed(till, payment)
    for owner in ("cafe", "elturco"):
        assert len(control.invoices(owner=owner)) == 1
    control.verify()


async def test_preparing_yields_to_a_customer_who_waits_for_his_code(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    control, made = simulator.control, "CreateRecipientInvoice"
    async with running(make_settings(), simulator) as till:
        # The first sale's second invoice for a recipient is due while a second sale is made.
        await aside(control.lay_fault, "delay", match=made, seconds=0.3)
        await aside(control.lay_fault, "hang", match="CreateInvoice", skip=1)
        await till.charge()
        second = asyncio.ensure_future(till.charge())
        await aside(control.wait_for_requests, "CreateInvoice", 2)
        await aside(control.wait_for_invoice, "cafe", 1)
        for _ in range(3):  # long enough for a request that does not yield
            await till.blink.currencies()
        assert (await aside(control.requests))[made] == 1
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert await aside(control.wait_for_invoice, "elturco", 1)


async def test_preparing_stops_at_40_a_minute_and_a_payment_goes_on(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        wallet = await till.engine.shop.wallet("cafe")
        for _ in range(invoicing.PREPARED_A_MINUTE):
            counted = await till.engine.store.count_call(
                wallet.wallet_id, CallKind.RECIPIENT, most=invoicing.PREPARED_A_MINUTE
            )
            assert counted == 0
        payment = await till.charge()
        await aside(simulator.control.wait_for_invoice, "elturco", 1)
        assert simulator.control.invoices(owner="cafe") == []
        await till.customer_pays(payment)
        await _completed(till, payment)
    assert simulator.control.balances()["cafe"]["BTC"] == 21


async def test_a_block_stops_only_its_own_kind_and_is_shared_by_the_tills(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    control = simulator.control
    await aside(
        control.lay_fault,
        "payload_error",
        match="lnInvoiceCreate",
        code="TOO_MANY_REQUEST",
        message="Too many requests",
    )
    settings = make_settings()
    async with running(settings, simulator) as till:
        with pytest.raises(RateLimitedError):
            await till.charge()
    await aside(control.reset_requests)
    async with running(settings, simulator) as other:
        with pytest.raises(RateLimitedError) as refused:
            await other.charge()
        assert "try again" in refused.value.sentence
        assert "CreateInvoice" not in await aside(control.requests)
        wallet = await other.engine.shop.wallet("cafe")
        kind = CallKind.RECIPIENT
        assert await other.engine.store.count_call(wallet.wallet_id, kind, most=60) == 0


async def test_a_till_that_slept_before_its_send_sends_nothing_then(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = iter([1.0, 101.0])

    class Asleep(SystemClock):
        def boot(self) -> float:
            return next(slept, None) or super().boot() + 1000

    async with running(make_settings(), simulator) as till:
        monkeypatch.setattr(till.engine.forwarder, "_clock", Asleep())
        payment = await till.charge(percent=0)
        await till.customer_pays(payment)
        lost = await till.facts.wait_for(
            TransferChanged, lambda f: f.transfer.state is TransferState.UNKNOWN
        )
        assert lost.payment_id == payment.id
        await _completed(till, payment)
    assert simulator.control.requests()["Pay"] == 1
    simulator.control.verify()


async def test_tills_take_turns_at_a_wallet(database_url: str) -> None:
    async with store_at(database_url) as one, store_at(database_url, "bar") as other:
        assert await one.turns.take("wallet-1", seconds=15)
        assert not await other.turns.take("wallet-1", seconds=15)
        assert await other.turns.take("wallet-2", seconds=15)
        assert await one.turns.take("wallet-1", seconds=15)
        await other.turns.leave("wallet-1")
        assert not await other.turns.take("wallet-1", seconds=15)
        await one.turns.leave("wallet-1")
        assert await other.turns.take("wallet-1", seconds=15)
        # A till that died in its turn holds nobody up for longer than the turn.
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE wallet_turns SET until = now() - interval '1 second'")
        assert await one.turns.take("wallet-1", seconds=15)


async def test_calls_are_counted_in_windows_of_a_minute(database_url: str) -> None:
    async with store_at(database_url) as store:
        count = store.turns.count_call
        waits = [await count("wallet", CallKind.INVOICE, most=3) for _ in range(5)]
        assert waits[:3] == [0, 0, 0]
        assert all(1 <= wait <= 60 for wait in waits[3:])
        assert await count("wallet", CallKind.RECIPIENT, most=3) == 0
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE call_windows SET started_at = now() - interval '61 s'")
        assert await count("wallet", CallKind.INVOICE, most=3) == 0
        await store.turns.block_calls("wallet", CallKind.INVOICE, seconds=300)
        assert 290 <= await count("wallet", CallKind.INVOICE, most=3) <= 300


async def test_counts_of_before_the_clock_was_set_back_are_over(database_url: str) -> None:
    async with store_at(database_url) as store:
        count = store.turns.count_call
        assert [await count("wallet", CallKind.INVOICE, most=1) for _ in range(2)] == [0, 60]
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE call_windows SET started_at = now() + interval '5 hours'")
            assert await count("wallet", CallKind.INVOICE, most=1) == 0
            connection.execute("UPDATE call_windows SET blocked_until = now() + interval '5 hours'")
        assert 1 <= await count("wallet", CallKind.INVOICE, most=1) <= 600
        assert await count("wallet", CallKind.INVOICE, most=2) == 0
