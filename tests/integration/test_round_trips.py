"""What a whole sale costs the database, counted: commits that write, and round trips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from benchmarks.wire import Wire, counted, writing_transactions
from blinkpos_desktop import engine as engine_module
from blinkpos_desktop.domain.blink import PaidUpdate
from blinkpos_desktop.domain.facts import PaymentCompleted
from blinkpos_desktop.services.preparing import Preparing
from blinkpos_desktop.services.store import connections
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, opened


@dataclass(slots=True)
class Costs:
    """Commits that wrote, and round trips, of each part of a sale."""

    url: str
    wire: Wire
    found: dict[str, tuple[int, int]] = field(default_factory=dict)

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        commits, asked = writing_transactions(self.url), self.wire.round_trips
        yield
        self.found[part] = (
            writing_transactions(self.url) - commits,
            self.wire.round_trips - asked,
        )


async def test_a_sale_with_a_merchant_and_a_tip(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However slow the machine is: nothing is asked that is asked at intervals.
    monkeypatch.setattr(engine_module, "_CHECK_SECONDS", 3600.0)
    monkeypatch.setattr(connections, "FRESH_SECONDS", 3600.0)
    # Each connection prepares each query once, in a round trip more.
    monkeypatch.setattr(connections, "POOL_SIZE", 1)
    async with (
        counted(database_url) as (url, wire),
        opened(make_settings(database_url=Secret(url)), simulator, only_own=True) as till,
    ):
        engine, costs = till.engine, Costs(database_url, wire)
        preparing = Preparing(engine.forwarder._invoicing, engine.checkout.until_quiet)
        for _ in range(2):  # what is only done once is done in the first
            await _sell(till, preparing, costs)
    assert costs.found == {
        # The intent with its transfers, its first attempt, its call and its events; the invoice.
        "to the code": (2, 2),
        # Both attempts; each recipient's invoice.
        "preparing": (3, 3),
        "paid": (1, 1),
        # A look; then for each transfer its intent and its end, the last of which completes it.
        "forwarding": (4, 5),
    }
    commits, asked = (sum(each) for each in zip(*costs.found.values(), strict=True))
    assert (commits, asked) == (10, 11)


async def _sell(till: Till, preparing: Preparing, costs: Costs) -> None:
    with costs.of("to the code"):
        payment = await till.charge()
    with costs.of("preparing"):
        await preparing.prepare(payment)
    await till.customer_pays(payment)
    with costs.of("paid"):
        await till.engine.watcher._take(
            PaidUpdate(payment_hash=payment.payment_hash, received_sats=payment.total_sats)
        )
    with costs.of("forwarding"):
        await till.engine.forwarder.forward(payment.id)
    assert till.facts.told(PaymentCompleted)[-1].payment.id == payment.id
