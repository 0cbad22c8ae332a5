"""Tills: processes that live, are killed, and are started again by somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from blinkpos_desktop.domain.announcement import Announcement, LedgerNews
from blinkpos_desktop.domain.blink import Account, PaidUpdate, Scope
from blinkpos_desktop.domain.facts import AnnouncementsChanged, Fact
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.payment import Payment
from tests.simulation.blink_books import ModelInvoice
from tests.simulation.processes import Process, World

MERCHANT: Final = "cafe"
RECIPIENTS: Final = ("elturco", "ana", "dana")


class TillProcess(Process):
    """One life of a till's program."""

    def __init__(self, world: World, till: Till, number: int) -> None:
        super().__init__(world, f"till {till.number}.{number}", clock_offset=till.clock_offset)
        self._till = till
        self.ready = False
        self.announced: tuple[Announcement, ...] = ()
        """What its screen shows of money that nobody saw."""
        self._connected = False

    def start(self) -> None:
        """Begin to live."""
        self._world.loop.as_owner(self, self._run(), f"{self.name} runs")

    def crash(self, where: str) -> None:
        """Be killed; somebody starts the till again after a while."""
        super().crash(where)
        self._till.went_dark()

    def updated(self, invoice: ModelInvoice) -> None:
        """Blink tells an update, if there is a connection; some get lost, some come twice."""
        if not self._connected or self.dead:
            return
        chances, story, roll = self._world.chances, self._world.story, self._world.random.random
        delay = 0.02 + 0.05 * roll()
        if chances.lost_updates and roll() < chances.lost_updates:
            story.count("update: lost")
            return
        if chances.late_updates and roll() < chances.late_updates:
            story.count("update: late")
            delay += 120.0 * roll() ** 3
        told = invoice.received if roll() < 0.9 else None
        update = PaidUpdate(payment_hash=invoice.payment_hash, received_sats=told)
        self.later(delay, self.services.on_update, update)
        if chances.doubled_updates and roll() < chances.doubled_updates:
            story.count("update: doubled")
            self.later(delay + 5.0 * roll(), self.services.on_update, update)

    def cut(self) -> None:
        """Lose the updates' connection; it is noticed, and made anew, after a while."""
        self._connected = False
        roll = self._world.random.random
        noticed = 25.0 * roll()
        self.later(noticed, self.services.on_blink, Health.AWAY)
        self.later(noticed + 20.0 * roll(), self._connect)

    def _connect(self) -> None:
        if not self._world.loop.ended:
            self._connected = True
            self.services.on_blink(Health.OK)

    async def _run(self) -> None:
        await self.services.run(self._open)
        self.ready = True
        self._till.wake()

    def _open(self) -> None:
        self.later(0.1 + 0.5 * self._world.random.random(), self._connect)

    def notified(self, delay: float, news: LedgerNews) -> None:
        """Hear, a little later, what was written down."""
        self.later(delay, self.services.news.hear, news)

    def heard(self, fact: Fact) -> None:
        if isinstance(fact, AnnouncementsChanged):
            self.announced = fact.items
        self._till.hear(fact)


class Till:
    """A machine at a counter, with its clock, and the process that runs on it at the moment."""

    def __init__(self, world: World, number: int) -> None:
        self.number = number
        self._world = world
        self.clock_offset = world.random.choice((0.0, 0.0, -40.0, 3600.0))
        self.process: TillProcess | None = None
        self._lives = 0
        self._wake: list[asyncio.Future[None]] = []
        self.listener: Callable[[Fact | None], None] = lambda _: None
        """Whoever stands before its screen; ``None`` says that the screen went dark."""

    def start(self) -> None:
        """Start the program, if it does not run."""
        if self.process is None:
            self._lives += 1
            self.process = TillProcess(self._world, self, self._lives)
            self._world.story.tell(self.process.name, "starts")
            self.process.start()

    def crash(self, where: str) -> None:
        """Kill the program, if it runs."""
        if self.process is not None:
            self.process.crash(where)

    def went_dark(self) -> None:
        """The program is dead: somebody starts it again after a while."""
        self.process = None
        self.listener(None)
        roll = self._world.random.random
        self._world.loop.world_later(1.0 + 120.0 * roll() ** 4, self.start)

    def nap(self, seconds: float) -> None:
        """Let the machine sleep; its wall clock goes on, its program stands still."""
        if self.process is not None:
            self.process.sleep(seconds, "at any moment")

    def set_clock(self, offset: float) -> None:
        """Set the machine's clock."""
        self.clock_offset = offset
        self._world.story.count("clock set")
        if self.process is not None:
            self._world.story.tell(self.process.name, "has its clock set by", f"{offset:.0f} s")
            self.process.clock.offset = offset

    async def ready(self) -> TillProcess:
        """Return the process, when it can sell."""
        while self.process is None or not self.process.ready:
            future: asyncio.Future[None] = self._world.loop.create_future()
            self._wake.append(future)
            await future
        return self.process

    def wake(self) -> None:
        """Tell whoever waits that it can sell."""
        waiting, self._wake = self._wake, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def show_green(self, payment: Payment) -> None:
        """Show a payment in green: whoever stands there sees it."""
        if self.process is not None:
            self._world.auditor.witnesses.green(payment.id)
            self.process.services.announcing.shown(payment)

    def hear(self, fact: Fact) -> None:
        """Show a fact on the screen."""
        self.listener(fact)


def account() -> Account:
    """Return the collecting account."""
    return Account(
        id="till",
        network="regtest",
        username="till",
        btc_wallet_id="till/btc",
        wallet_ids=frozenset({"till/btc"}),
        scopes=frozenset(Scope),
    )
