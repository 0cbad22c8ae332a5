"""Servers taken away while sales go on: each sale goes on or says why not, and nothing is lost.

The longest stall of the event loop is measured by a heartbeat and printed (``-s``, or
``-rP``); it is no assertion, for it is the machine's as much as the program's.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from redis import Redis

from blinkpos_desktop import engine as engine_module
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import ShopReady
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.services.blink import client, subscription
from blinkpos_desktop.services.blink.transport import Transport
from blinkpos_desktop.services.store import connections as connections_module
from blinkpos_desktop.services.store import redis as redis_module
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Recorder, Till, aside
from tests.support.servers import PostgresServer, redis_program, redis_server

pytestmark = [pytest.mark.usefixtures("hasty"), pytest.mark.timeout(200)]

AWAY_SECONDS: Final = 1.5
BEAT_SECONDS: Final = 0.005
PATIENCE: Final = 60.0


class Heart:
    """Beats in the event loop, and knows its longest pause."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        """Beat until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = time.perf_counter()
            self.longest = max(self.longest, now - last - BEAT_SECONDS)
            last = now


@dataclass(slots=True)
class Counter:
    """Somebody at the till who sells, and customers who pay what they are shown."""

    till: Till
    paid: list[Payment] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    has_refused: asyncio.Event = field(default_factory=asyncio.Event)

    async def sell(self) -> bool:
        """Make one sale, or keep the sentence that says why not."""
        try:
            payment = await self.till.charge()
        except TillError as error:
            self.refused.append(error.sentence)
            self.has_refused.set()
            await asyncio.sleep(0.1)
            return False
        await self.till.customer_pays(payment)
        self.paid.append(payment)
        return True

    async def sell_on(self, end: asyncio.Event) -> None:
        """Sell until the trouble is over, and then one sale more."""
        while not end.is_set():
            await self.sell()
        async with asyncio.timeout(PATIENCE):
            while not await self.sell():
                pass

    async def all_completed(self) -> None:
        """Wait until everything that was paid is forwarded."""
        async with asyncio.timeout(PATIENCE):
            for payment in self.paid:
                await self._until_completed(payment)

    async def _until_completed(self, payment: Payment) -> None:
        while True:
            with suppress(UnavailableError):
                if (await self.till.now(payment)).state is PaymentState.COMPLETED:
                    return
            await asyncio.sleep(0.05)


Trouble = Callable[[], Awaitable[None]]


async def survive(
    settings: Settings,
    simulator: Simulator,
    name: str,
    begin: Trouble,
    end: Trouble,
    *,
    refuses: bool = False,
) -> Counter:
    """Sell before, during and after a trouble, and check every sat.

    One that makes selling impossible lasts until a sale was refused for it.
    """
    async with at_work(settings, simulator) as till:
        counter, over, heart = Counter(till), asyncio.Event(), Heart()
        assert await counter.sell()
        beating = asyncio.create_task(heart.beat())
        selling = asyncio.create_task(counter.sell_on(over))
        try:
            await begin()
            try:
                await asyncio.sleep(AWAY_SECONDS)
                if refuses:
                    async with asyncio.timeout(PATIENCE):
                        await counter.has_refused.wait()
            finally:
                await end()
                over.set()
            await selling
            await counter.all_completed()
        finally:
            for task in (beating, selling):
                task.cancel()
            await asyncio.gather(beating, selling, return_exceptions=True)
    _check(simulator.control, counter)
    print(  # noqa: T201 (the figure that this is for)
        f"{name}: {len(counter.paid)} sales, {len(counter.refused)} refused, "
        f"longest stall {heart.longest * 1000:.0f} ms"
    )
    return counter


def _check(control: ControlClient, counter: Counter) -> None:
    assert all(re.fullmatch(r"[A-Z].+\.", each) for each in counter.refused)
    sales = len(counter.paid)
    balances = control.balances()
    have = tuple(balances[who]["BTC"] for who in ("cafe", "elturco", "till"))
    assert have == (21 * sales, 2 * sales, 0)
    control.verify()
    hashes = {each.payment_hash for each in counter.paid}
    assert len(hashes) == sales
    paid = {each["payment_hash"] for each in control.invoices(owner="till", status="paid")}
    assert paid == hashes


@asynccontextmanager
async def at_work(settings: Settings, simulator: Simulator) -> AsyncIterator[Till]:
    """The whole of ``Engine.run``, as the window runs it."""
    engine, facts = Engine(settings), Recorder()
    engine.feed.listen(facts.hear)
    task = asyncio.create_task(engine.run())
    try:
        await facts.wait_for(ShopReady)
        yield Till(engine, facts, simulator.control)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await engine.stop()


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for an answer that never comes takes a second here, not fifteen."""
    for module, name, seconds in (
        (engine_module, "_CHECK_SECONDS", 0.2),
        (connections_module, "CONNECT_SECONDS", 1),
        (connections_module, "ANSWER_SECONDS", 2.0),
        (connections_module, "CHECK_SECONDS", 1.0),
        (redis_module, "_RETRY_EVERY", 0.05),
        (redis_module, "_CHECK_EVERY", 0.05),
        (client, "PAY_SECONDS", 0.7),
        (client, "STATUS_SECONDS", 0.7),
        (subscription, "PING_EVERY", 0.1),
        (subscription, "SILENCE_SECONDS", 0.5),
        (subscription, "OPEN_SECONDS", 0.5),
    ):
        monkeypatch.setattr(module, name, seconds)
    defaults = Transport.call.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "seconds", 0.7)


def _signal_cluster(home: Path, number: int) -> None:
    cluster = home / "postgresql" / "18"
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and (process / "cwd").samefile(cluster):
                os.kill(int(process.name), number)


PG = ("killed", "stopped", "hung")


@pytest.mark.parametrize(
    "how", ["killed", *(pytest.param(each, marks=pytest.mark.long) for each in PG[1:])]
)
async def test_a_database_server_away(
    make_settings: SettingsMaker, simulator: Simulator, tmp_path: Path, how: str
) -> None:
    home = tmp_path / "server"
    server = await aside(PostgresServer, home)
    number = {"killed": signal.SIGKILL, "stopped": signal.SIGINT, "hung": signal.SIGSTOP}[how]

    async def begin() -> None:
        await aside(_signal_cluster, home, number)

    async def end() -> None:
        if how == "hung":
            await aside(_signal_cluster, home, signal.SIGCONT)
        else:
            await aside(server.embedded.start)

    try:
        settings = make_settings(database_url=Secret(server.fresh_database()))
        counter = await survive(settings, simulator, f"PostgreSQL {how}", begin, end, refuses=True)
        assert all("database" in sentence for sentence in counter.refused)
    finally:
        await aside(server.stop)


@pytest.mark.long
@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_the_embedded_database_away(
    make_settings: SettingsMaker, simulator: Simulator, how: str
) -> None:
    """Nobody brings it back but the till itself."""
    settings = make_settings(database_url=None)
    number = signal.SIGKILL if how == "killed" else signal.SIGINT

    async def begin() -> None:
        await aside(_signal_cluster, settings.data_dir, number)

    async def end() -> None:
        return

    await survive(settings, simulator, f"embedded PostgreSQL {how}", begin, end)


@pytest.mark.parametrize(
    "how",
    ["hung", *(pytest.param(each, marks=pytest.mark.long) for each in ("killed", "flushed"))],
)
async def test_redis_away(
    make_settings: SettingsMaker, simulator: Simulator, tmp_path: Path, how: str
) -> None:
    program = redis_program()
    if program is None:
        pytest.skip("there is no redis-server on this machine, and no wheel brings one")
    with redis_server(program, tmp_path) as (url, process):

        async def begin() -> None:
            if how == "hung":
                process.send_signal(signal.SIGSTOP)
            elif how == "killed":
                process.kill()
            else:
                for _ in range(20):
                    await aside(_flush, url)

        async def end() -> None:
            if how == "hung":
                process.send_signal(signal.SIGCONT)

        settings = make_settings(redis_url=Secret(url))
        counter = await survive(settings, simulator, f"Redis {how}", begin, end)
        # Nobody at the counter notices.
        assert not counter.refused


def _flush(url: str) -> None:
    with Redis.from_url(url) as redis:
        redis.flushall()


SOCKETS = ("cut", "muted", "half open", "refused")


@pytest.mark.parametrize(
    "how", ["cut", *(pytest.param(each, marks=pytest.mark.long) for each in SOCKETS[1:])]
)
async def test_the_websocket_away(
    make_settings: SettingsMaker, simulator: Simulator, how: str
) -> None:
    control = simulator.control

    async def begin() -> None:
        if how == "cut":
            for _ in range(5):
                await aside(control.cut_sockets)
                await asyncio.sleep(0.2)
        elif how == "muted":
            await aside(control.mute_sockets, new=True)
        elif how == "half open":
            await aside(control.new_sockets, "hang")
            await aside(control.mute_sockets)
        else:
            await aside(control.new_sockets, "refuse")
            await aside(control.cut_sockets)

    async def end() -> None:
        await aside(control.clear_faults)

    counter = await survive(make_settings(), simulator, f"WebSocket {how}", begin, end)
    assert not counter.refused


BLINK: Final[dict[str, dict[str, object]]] = {
    "500": {"kind": "http_status", "status": 500},
    "429": {"kind": "http_status", "status": 429},
    "slow": {"kind": "delay", "seconds": 0.3},
    "never": {"kind": "hang"},
    "never after its work": {"kind": "hang_after"},
    "lost answers": {"kind": "lost_answer"},
}


@pytest.mark.parametrize(
    "how", ["500", *(pytest.param(each, marks=pytest.mark.long) for each in list(BLINK)[1:])]
)
async def test_blink_in_trouble(
    make_settings: SettingsMaker, simulator: Simulator, how: str
) -> None:
    control = simulator.control

    async def begin() -> None:
        await aside(control.call, "lay_fault", match="*", times=None, **BLINK[how])

    async def end() -> None:
        await aside(control.clear_faults)

    refuses = how != "slow"
    await survive(make_settings(), simulator, f"Blink {how}", begin, end, refuses=refuses)
