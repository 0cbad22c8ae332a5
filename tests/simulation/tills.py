"""Tills: processes that live, are killed, and are started again by somebody."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from blinkpos_desktop.domain.blink import Account, PaidUpdate, Scope
from blinkpos_desktop.domain.facts import Fact, Health
from blinkpos_desktop.domain.sale import Recipient
from tests.simulation.blink_model import EPOCH, BlinkModel, ModelInvoice
from tests.simulation.chances import Chances
from tests.simulation.faults import BlinkFaults
from tests.simulation.invariants import Auditor
from tests.simulation.loop import Owner, VirtualLoop
from tests.simulation.redis_model import RedisModel
from tests.simulation.store_line import StoreFaults
from tests.simulation.store_model import StoreModel
from tests.simulation.story import Story
from tests.simulation.wiring import Clock, Services

MERCHANT: Final = "cafe"
RECIPIENTS: Final = ("elturco", "ana", "dana")


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that outlives a process."""

    loop: VirtualLoop
    random: random.Random
    chances: Chances
    story: Story
    blink: BlinkModel
    blink_faults: BlinkFaults
    store: StoreModel
    store_faults: StoreFaults
    redis: RedisModel | None
    auditor: Auditor
    account: Account
    merchant: str | None
    recipients: tuple[Recipient, ...]


class Process(Owner):
    """One life of a till's program; nothing of its memory outlives it."""

    def __init__(self, world: World, till: Till, number: int) -> None:
        super().__init__()
        self.name = f"till {till.number}.{number}"
        self._world, self._till = world, till
        self.dead = self.ready = False
        self._connected = False
        clock = Clock(lambda: EPOCH + world.loop.time(), lambda: world.chances.grain)
        clock.offset = till.clock_offset
        self.clock = clock
        self.services = Services(
            blink=world.blink,
            blink_faults=world.blink_faults,
            store=world.store,
            store_faults=world.store_faults,
            redis=world.redis,
            process=self,
            process_id=UUID(int=world.random.getrandbits(128)),
            account=world.account,
            clock=clock,
            merchant=world.merchant,
            recipients=world.recipients,
            jitter=world.random,
        )
        self.services.feed.listen(self._hear)
        gateway, auditor = self.services.gateway, world.auditor
        process_id = self.services.process_id
        gateway.on_paying = lambda invoice: auditor.paying(
            process_id, gateway.known_pending, invoice
        )
        gateway.on_creating = auditor.creating
        gateway.on_look_up_failed = auditor.surplus_unknown.add

    def start(self) -> None:
        """Begin to live."""
        self._world.loop.as_owner(self, self._run(), f"{self.name} runs")

    def point(self, where: str) -> None:
        """Die here, if the seed says so; the dead never get past it."""
        if self.dead or self._world.loop.ended:
            raise asyncio.CancelledError
        chances = self._world.chances
        if chances.crash_at_call and self._world.random.random() < chances.crash_at_call:
            self._till.crash(where)
            raise asyncio.CancelledError

    def die(self) -> None:
        """End at once: every task, wherever it stands."""
        self.dead = True
        self.sleeps_until = 0.0
        # The supervisor would call it strange that somebody else ends its tasks.
        self.services.supervisor._stopping = True
        for task in tuple(self.tasks):
            task.cancel()

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
        self._later(delay, self.services.on_update, update)
        if chances.doubled_updates and roll() < chances.doubled_updates:
            story.count("update: doubled")
            self._later(delay + 5.0 * roll(), self.services.on_update, update)

    def cut(self) -> None:
        """Lose the updates' connection; it is noticed, and made anew, after a while."""
        self._connected = False
        roll = self._world.random.random
        noticed = 25.0 * roll()
        self._later(noticed, self.services.on_blink, Health.AWAY)
        self._later(noticed + 20.0 * roll(), self._connect)

    def _connect(self) -> None:
        if not self._world.loop.ended:
            self._connected = True
            self.services.on_blink(Health.OK)

    def _later(self, delay: float, callback: Callable[..., object], *args: object) -> None:
        def if_alive() -> None:
            if not self.dead:
                callback(*args)

        self._world.loop.call_later(delay, if_alive, context=self.context)

    async def _run(self) -> None:
        await self.services.run(self._open)
        self.ready = True
        self._till.wake()

    def _open(self) -> None:
        self._later(0.1 + 0.5 * self._world.random.random(), self._connect)

    def _hear(self, fact: Fact) -> None:
        if not self.dead and not self._world.loop.ended:
            self._world.auditor.told(self.services.process_id, fact)
            self._till.hear(fact)


class Till:
    """A machine at a counter, with its clock, and the process that runs on it at the moment."""

    def __init__(self, world: World, number: int) -> None:
        self.number = number
        self._world = world
        self.clock_offset = world.random.choice((0.0, 0.0, -40.0, 3600.0))
        self.process: Process | None = None
        self._lives = 0
        self._wake: list[asyncio.Future[None]] = []
        self.listener: Callable[[Fact | None], None] = lambda _: None
        """Whoever stands before its screen; ``None`` says that the screen went dark."""

    def start(self) -> None:
        """Start the program, if it does not run."""
        if self.process is None:
            self._lives += 1
            self.process = Process(self._world, self, self._lives)
            self._world.story.tell(self.process.name, "starts")
            self.process.start()

    def crash(self, where: str) -> None:
        """Kill the program; somebody starts it again after a while."""
        process = self.process
        if process is None:
            return
        self.process = None
        self._world.story.count("crash")
        self._world.story.tell(process.name, "is killed", where)
        process.die()
        self.listener(None)
        roll = self._world.random.random
        self._world.loop.world_later(1.0 + 120.0 * roll() ** 4, self.start)

    def nap(self, seconds: float) -> None:
        """Let the machine sleep; its wall clock goes on, its program stands still."""
        if self.process is not None:
            self._world.story.count("nap")
            self._world.story.tell(self.process.name, "sleeps for", f"{seconds:.1f} s")
            self.process.sleeps_until = self._world.loop.time() + seconds

    def set_clock(self, offset: float) -> None:
        """Set the machine's clock."""
        self.clock_offset = offset
        self._world.story.count("clock set")
        if self.process is not None:
            self._world.story.tell(self.process.name, "has its clock set by", f"{offset:.0f} s")
            self.process.clock.offset = offset

    async def ready(self) -> Process:
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
