"""Processes of the program: each lives once, and nothing of its memory outlives it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from blinkpos_desktop.domain.blink import Account
from blinkpos_desktop.domain.facts import Fact
from blinkpos_desktop.domain.sale import Recipient
from tests.simulation.blink_books import EPOCH
from tests.simulation.blink_model import BlinkModel
from tests.simulation.books_model import BooksModel
from tests.simulation.chances import Chances
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.faults import BlinkFaults
from tests.simulation.invariants import Auditor
from tests.simulation.loop import Owner, VirtualLoop
from tests.simulation.redis_model import RedisModel
from tests.simulation.store_line import StoreFaults
from tests.simulation.store_model import StoreModel
from tests.simulation.story import Story
from tests.simulation.wiring import Clock, Services


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
    choices: ChoicesModel
    books: BooksModel
    store_faults: StoreFaults
    redis: RedisModel | None
    auditor: Auditor
    account: Account
    merchant: str | None
    recipients: tuple[Recipient, ...]
    gone: set[str] = field(default_factory=set)
    """Recipients whose accounts will never receive again."""


class Process(Owner):
    """One life of the program, with use cases of its own."""

    def __init__(
        self, world: World, name: str, *, clock_offset: float = 0.0, only_own: bool = False
    ) -> None:
        super().__init__()
        self.name = name
        self._world = world
        self.dead = False
        self.clock = Clock(lambda: EPOCH + world.loop.time(), lambda: world.chances.grain)
        self.clock.offset = clock_offset
        self.services = Services(
            blink=world.blink,
            blink_faults=world.blink_faults,
            store=world.store,
            choices=world.choices,
            books=world.books,
            store_faults=world.store_faults,
            redis=world.redis,
            process=self,
            process_id=UUID(int=world.random.getrandbits(128)),
            account=world.account,
            clock=self.clock,
            merchant=world.merchant,
            recipients=world.recipients,
            jitter=world.random,
            only_own=only_own,
        )
        self.services.feed.listen(self._hear)
        gateway, auditor = self.services.gateway, world.auditor
        process_id = self.services.process_id
        gateway.on_paying = lambda invoice: auditor.paying(
            process_id, gateway.known_pending, invoice
        )
        gateway.on_creating = auditor.creating
        gateway.on_look_up_failed = auditor.surplus_unknown.add

    def crash(self, where: str) -> None:
        """Kill it."""
        self._world.story.count("crash")
        self._world.story.tell(self.name, "is killed", where)
        self.die()

    def point(self, where: str) -> None:
        """Die here, if the seed says so; the dead never get past it."""
        if self.dead or self._world.loop.ended:
            raise asyncio.CancelledError
        chances = self._world.chances
        if chances.crash_at_call and self._world.random.random() < chances.crash_at_call:
            self.crash(where)
            raise asyncio.CancelledError

    async def nap(self, where: str) -> None:
        """Let its machine sleep right here: the code goes on when it wakes."""
        roll = self._world.random.random
        seconds = 1.0 + 200.0 * roll() ** 2 if roll() < 0.5 else 600.0 + 1800.0 * roll()
        self.sleep(seconds, where)
        await asyncio.sleep(0)

    def sleep(self, seconds: float, where: str) -> None:
        """Let its machine sleep; its wall clock goes on, its code stands still."""
        self._world.story.count("nap")
        self._world.story.tell(self.name, "sleeps for", f"{seconds:.1f} s", where)
        self.sleeps_until = self._world.loop.time() + seconds

    def die(self) -> None:
        """End at once: every task, wherever it stands."""
        self.dead = True
        self.sleeps_until = 0.0
        # The supervisor would call it strange that somebody else ends its tasks.
        self.services.supervisor._stopping = True
        for task in tuple(self.tasks):
            task.cancel()

    def later(self, delay: float, callback: Callable[..., object], *args: object) -> None:
        """Call something in its name later, if it still lives."""

        def if_alive() -> None:
            if not self.dead:
                callback(*args)

        self._world.loop.call_later(delay, if_alive, context=self.context)

    def heard(self, fact: Fact) -> None:
        """Hear a fact that it tells."""

    def _hear(self, fact: Fact) -> None:
        if not self.dead and not self._world.loop.ended:
            self._world.auditor.told(self.services.process_id, fact)
            self.heard(fact)
