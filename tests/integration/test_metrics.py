"""Metrics: what a till counts, served on loopback in Prometheus' format, naming nobody."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from blinkpos_desktop import upkeep
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
)
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.services.metrics import MetricsServer
from blinkpos_desktop.services.tally import Tally
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import TILL_KEY, SettingsMaker
from tests.integration.running import LIMIT, running
from tests.ui.fakes import payment_for, sale_of

Samples = dict[tuple[str, tuple[str, ...]], float]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def scrape(port: int, holding: str = "blinkpos_sales_total") -> str:
    """Return the metrics once they are served, and hold what is waited for."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(LIMIT):
        while True:
            with suppress(httpx.ConnectError):
                answer = await client.get(f"http://127.0.0.1:{port}/metrics")
                assert answer.headers["Content-Type"].startswith("text/plain")
                if holding in answer.text:
                    return answer.text
            await asyncio.sleep(0.02)


def samples_of(text: str) -> Samples:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_till_tells_what_it_sold_and_how_its_parts_are(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SAMPLE_SECONDS", 0.05)
    port = free_port()
    async with running(make_settings(metrics_port=port), simulator) as till:
        till.engine.upkeep.watch(lambda: till.engine.shop.account.id)
        payment = await till.charge(21)
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentCompleted)
        left_open = await till.charge(7)
        text = await scrape(port, 'blinkpos_payments{state="awaiting"}')
        samples = samples_of(text)
        assert samples["blinkpos_sales_total", ()] == 1
        assert samples["blinkpos_received_sats_total", ()] == 23
        assert samples["blinkpos_payment_moves_total", ("completed",)] == 1
        assert samples["blinkpos_payments", ("awaiting",)] == 1
        assert samples["blinkpos_transfer_moves_total", ("settled",)] == 2
        assert samples["blinkpos_forwarding_seconds_count", ()] == 1
        assert samples["blinkpos_blink_requests_total", ("pay", "ok")] == 2
        assert samples["blinkpos_blink_request_seconds_count", ("create_invoice",)] == 2
        assert samples["blinkpos_websocket_reconnects_total", ()] == 0
        assert samples["blinkpos_up", ("blink",)] == samples["blinkpos_up", ("postgresql",)] == 1
        assert ("blinkpos_up", ("redis",)) not in samples, "there is none"
        assert samples["blinkpos_pool", ("waiting",)] == 0
        assert samples["blinkpos_loop_lag_seconds", ()] >= 0
        assert payment.payment_hash not in text
        assert left_open.payment_hash not in text
        assert not re.search(f"[0-9a-f]{{64}}|elturco|cafe|counter 1|{TILL_KEY}", text)
    with socket.socket() as gone:
        assert gone.connect_ex(("127.0.0.1", port)) != 0


async def test_a_port_that_is_taken_costs_the_metrics_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        await MetricsServer(Tally(), port).run()
    assert f"no metrics on port {port}" in caplog.text


async def test_it_listens_on_loopback_alone() -> None:
    port = free_port()
    serving = asyncio.create_task(MetricsServer(Tally(), port).run())
    await scrape(port)
    # Nobody else's address of this machine is taken.
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


def test_what_is_told_twice_is_counted_once() -> None:
    tally = Tally()
    paid = payment_for(sale_of(), state=PaymentState.PAID, received_sats=24)
    tally.on_fact(PaymentPaid(payment=paid))
    for _ in range(2):
        tally.on_fact(PaymentCompleted(payment=paid))
    closed = payment_for(sale_of(), number=2, state=PaymentState.EXPIRED)
    tally.on_fact(PaymentClosed(payment=closed))
    tally.on_fact(AttentionChanged(items=()))
    assert (tally.sales, tally.received_sats) == (1, 24)
    assert tally.payments == {"paid": 1, "completed": 1, "expired": 1}
    assert tally.forwarding.cumulated()[-1] == ("+Inf", 1.0)


def test_a_reconnect_is_not_the_first_connection() -> None:
    tally = Tally()
    for health in (Health.AWAY, Health.OK, Health.AWAY, Health.OK):
        tally.on_fact(PartChanged(part=Part.BLINK, health=health))
    assert tally.connections == 2


def test_a_histogram_counts_what_took_at_most_so_long() -> None:
    tally: Any = Tally()
    for seconds in (0.05, 0.06, 61.0):
        tally.observe("pay", "ok", seconds)
    counts = dict(tally.latency["pay"].cumulated())
    assert (counts["0.05"], counts["0.1"], counts["60.0"], counts["+Inf"]) == (1, 2, 2, 3)
