"""A standby takes the primary's place in the middle of sales: real servers, real replication."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from blinkpos_desktop import engine as engine_module
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import AttentionChanged
from blinkpos_desktop.domain.hold import HoldCause
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.services.store import connections as connections_module
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, opened, running
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

    def until_caught_up(self) -> None:
        """Wait until the standby has all that the primary has."""
        with self.primary.look() as connection, self.standby.look() as behind:
            row = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
            assert row is not None
            while True:
                reached = behind.execute(
                    "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", row
                ).fetchone()
                if reached == (True,):
                    return

    def cut(self) -> None:
        """The line between the two is cut: what is committed from now on is the primary's alone."""
        with self.standby.look() as connection:
            connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
            connection.execute("SELECT pg_reload_conf()")
        with self.primary.look() as connection:
            while connection.execute("SELECT count(*) FROM pg_stat_replication").fetchone() != (0,):
                pass

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


async def test_what_an_asynchronous_standby_never_had_is_not_sent_twice(
    pair: Pair, make_settings: SettingsMaker, simulator: Simulator
) -> None:
    """The sale is known to the standby, but neither its payment nor what was sent for it."""
    control = simulator.control
    settings = make_settings(database_url=Secret(pair.url))
    async with opened(settings, simulator) as till:
        payment = await till.charge()
        await aside(pair.until_caught_up)
        await aside(pair.cut)
        await till.customer_pays(payment)
        await till.engine.watcher.ask(payment)
        await till.engine.forwarder.forward(payment.id)
        await _completed(till, payment)
        _check_balances(control)
        await aside(pair.lose_primary)
    await aside(pair.promote)
    async with running(settings, simulator) as till:
        # Blink knows the numbers that the lost transfers had: this ledger is held.
        held = await till.facts.wait_for(AttentionChanged, lambda f: f.hold is not None)
        assert held.hold is not None
        assert held.hold.cause is HoldCause.ID_TAKEN
        _check_balances(control)
        # What went out is found at Blink and marked; only then it goes on.
        await _completed(till, payment)
        _check_balances(control)
        assert (await till.engine.audit()).holds
        # And it sells as ever.
        other = await till.charge()
        await till.customer_pays(other)
        await _completed(till, other)
    balances = control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"]) == (42, 4)
    control.verify()


async def test_a_number_that_was_skipped_leads_to_no_second_payment(
    pair: Pair, make_settings: SettingsMaker, simulator: Simulator
) -> None:
    """The numbers that the lost transfers had first never reached Blink, so it refuses none."""
    control = simulator.control
    settings = make_settings(database_url=Secret(pair.url))
    async with opened(settings, simulator) as till:
        payment = await till.charge()
        await aside(pair.until_caught_up)
        await aside(pair.cut)
        assert settings.database_url is not None
        with psycopg.connect(settings.database_url.reveal()) as connection:
            # As a till that was killed between the number and the call.
            connection.execute("UPDATE transfers SET attempt = attempt + 1")
        await till.customer_pays(payment)
        await till.engine.watcher.ask(payment)
        await till.engine.forwarder.forward(payment.id)
        await _completed(till, payment)
        _check_balances(control)
        await aside(pair.lose_primary)
    await aside(pair.promote)
    async with running(settings, simulator) as till:
        held = await till.facts.wait_for(AttentionChanged, lambda f: f.hold is not None)
        assert held.hold is not None
        assert held.hold.cause is HoldCause.RESTORED
        await _completed(till, payment)
        _check_balances(control)
        assert (await till.engine.audit()).holds
        other = await till.charge()
        await till.customer_pays(other)
        await _completed(till, other)
    balances = control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"]) == (42, 4)
    control.verify()


def _check_balances(control: ControlClient) -> None:
    balances = control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"]) == (21, 2)
