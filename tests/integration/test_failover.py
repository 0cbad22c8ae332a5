"""A standby takes the primary's place in the middle of sales: real servers, real replication."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from blinkpos_desktop import engine as engine_module
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.services.store import connections as connections_module
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, running
from tests.support.clusters import VERSIONS, Cluster

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("hasty")]


@dataclass(slots=True)
class Pair:
    """A primary and its standby, as docs/scaling.md says."""

    primary: Cluster
    standby: Cluster
    stack: ExitStack

    @property
    def url(self) -> str:
        """Both, of whom the one that takes writes is used."""
        name = self.primary.fresh_database().rpartition("/")[2]
        both = self.primary.url(name).replace("/test_", f",127.0.0.1:{self.standby.port}/test_")
        return f"{both}?target_session_attrs=read-write"

    def until_streaming(self) -> None:
        """Wait until the standby has taken part."""
        with self.primary.look() as connection:
            while True:
                row = connection.execute(
                    "SELECT state FROM pg_stat_replication WHERE application_name = 'standby'"
                ).fetchone()
                if row == ("streaming",):
                    return

    def lose_primary(self) -> None:
        """Its machine dies."""
        self.stack.close()

    def promote(self) -> None:
        """Somebody, or something, decides."""
        with self.standby.look() as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    primary = Cluster(VERSIONS[-1], tmp_path / "primary")
    standby = Cluster(VERSIONS[-1], tmp_path / "standby")
    primary.make()
    with ExitStack() as stack, ExitStack() as others:
        stack.enter_context(primary.running())
        primary.copy_to(standby)
        others.enter_context(standby.running())
        made = Pair(primary, standby, stack)
        made.until_streaming()
        yield made


async def _away(till: Till, after: int) -> None:
    await till.facts.wait_for(
        PartChanged,
        lambda f: (f.part, f.health) == (Part.POSTGRESQL, Health.AWAY),
        after=after,
    )


async def _completed(till: Till, payment: Payment) -> None:
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                if (await till.now(payment)).state is PaymentState.COMPLETED:
                    return
            except TillError:
                pass
            await asyncio.sleep(0.05)


async def test_a_synchronous_standby_has_every_sale(
    pair: Pair, make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_CHECK_SECONDS", 0.1)
    monkeypatch.setattr(connections_module, "CONNECT_SECONDS", 1)
    with pair.primary.look() as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        connection.execute("SELECT pg_reload_conf()")
    sold: list[Payment] = []
    fresh: asyncio.Queue[Payment] = asyncio.Queue()
    over = asyncio.Event()

    async def sell_on(till: Till) -> None:
        while not over.is_set():
            try:
                payment = await till.charge()
            except TillError:
                await asyncio.sleep(0.05)
            else:
                await till.customer_pays(payment)
                fresh.put_nowait(payment)

    async def five_more() -> None:
        async with asyncio.timeout(LIMIT):
            sold.extend([await fresh.get() for _ in range(5)])

    async with running(make_settings(database_url=Secret(pair.url)), simulator) as till:
        selling = asyncio.create_task(sell_on(till))
        await five_more()
        told = len(till.facts.facts)
        await aside(pair.lose_primary)
        await _away(till, told)
        await aside(pair.promote)
        await five_more()
        over.set()
        await selling
        while not fresh.empty():
            sold.append(fresh.get_nowait())
        for payment in sold:
            await _completed(till, payment)
        assert not (await till.engine.audit()).findings
    balances = simulator.control.balances()
    assert balances["cafe"]["BTC"] == 21 * len(sold)
    assert balances["elturco"]["BTC"] == 2 * len(sold)
    simulator.control.verify()
