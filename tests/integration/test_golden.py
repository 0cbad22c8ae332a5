"""The golden case through the real services: 21 sats + 10 % → 23 = 21 + 2."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import pytest

from blinkpos_desktop.domain.facts import Fact, PaymentCompleted, PaymentPaid
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.sale import Sale, parse_recipients
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker


@pytest.mark.parametrize("with_redis", [False, True])
async def test_the_golden_case(
    make_settings: SettingsMaker,
    simulator: Simulator,
    request: pytest.FixtureRequest,
    with_redis: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    from blinkpos_desktop.settings import Secret

    changes = {"redis_url": Secret(request.getfixturevalue("redis_url"))} if with_redis else {}
    engine = Engine(make_settings(**changes))
    facts: asyncio.Queue[Fact] = asyncio.Queue()
    engine.feed.listen(facts.put_nowait)
    try:
        await engine.open_store()
        await engine.open_blink()
        engine.watch()
        sale = Sale(
            currency=SATS,
            items=(21,),
            tip_percent=Fraction(10),
            recipients=parse_recipients(["elturco"]),
        )
        payment = await engine.checkout.charge(sale)
        assert payment.invoice is not None
        assert (payment.total_sats, payment.base_sats, payment.tip_sats) == (23, 21, 2)
        await asyncio.to_thread(simulator.control.pay, payment.invoice.payment_request)
        told: list[Fact] = []
        async with asyncio.timeout(20):
            while not isinstance(fact := await facts.get(), PaymentCompleted):
                told.append(fact)
        assert [f.payment.received_sats for f in told if isinstance(f, PaymentPaid)] == [23]
        assert (await engine.store.payment(payment.id)).state is PaymentState.COMPLETED
    finally:
        await engine.stop()
    balances = simulator.control.balances()
    assert balances["cafe"]["BTC"] == 21
    assert balances["elturco"]["BTC"] == 2
    assert balances["till"]["BTC"] == 0
    simulator.control.verify()
