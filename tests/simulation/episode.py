"""One episode: a shop's hour with all that can go wrong, then peace, then the books."""

from __future__ import annotations

import asyncio
import logging
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from unittest.mock import patch

from blinkpos_desktop.domain.difference import Report
from blinkpos_desktop.domain.sale import Recipient
from blinkpos_desktop.operations import reconcile
from blinkpos_desktop.services import announcing, attention, recovery
from tests.simulation import chances as weather
from tests.simulation.blink_books import EPOCH, ModelInvoice
from tests.simulation.blink_model import BlinkModel
from tests.simulation.books_model import BooksModel
from tests.simulation.checks import InvariantError
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.faults import BlinkFaults
from tests.simulation.invariants import Auditor
from tests.simulation.loop import VirtualLoop
from tests.simulation.news_wire import Hear, NewsWire
from tests.simulation.owners import Owners
from tests.simulation.people import Cashier, Customers
from tests.simulation.processes import World
from tests.simulation.redis_model import RedisModel
from tests.simulation.store_line import StoreFaults
from tests.simulation.store_model import StoreModel
from tests.simulation.story import Story
from tests.simulation.tills import MERCHANT, RECIPIENTS, Till, account
from tests.simulation.trouble import DAY, Trouble

SALES: Final = 40
"""Sales of one episode."""
SETTLES_WITHIN: Final = DAY / 2
ENDS_WITHIN: Final = 20 * DAY
LOOK_EVERY: Final = 30.0
LIMITED_SETTLES_WITHIN: Final = 8 * DAY
LIMITED_LOOK_EVERY: Final = 900.0
_VISITORS_SATS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an episode ended; ``wrong`` is what must never be, or empty."""

    seed: str
    figures: Counter[str]
    digest: str = ""
    wrong: str = ""
    story: tuple[str, ...] = ()


class Episode:
    """Builds a world from a seed and lets it go."""

    def __init__(self, seed: str, *, sales: int = SALES) -> None:
        self._seed, self._sales = seed, sales
        # Everything that is drawn comes from here.
        self._random = random.Random(seed)  # noqa: S311 (no secret: to be replayed)
        drawn = weather.draw(self._random, sales=sales)
        self._stormy = drawn.stormy
        self._loop = VirtualLoop(self._random, shuffled=drawn.shuffled)
        self.story = Story(self._loop)
        blink = BlinkModel(loop=self._loop, random=self._random)
        purse = blink.open("till")
        for username in (MERCHANT, *RECIPIENTS):
            blink.open(username, is_usd=username == "dana")
        blink.fund(blink.open("visitor"), _VISITORS_SATS)
        if drawn.daily_limit:
            self.story.count("daily limit")
            blink.daily_limit.most[purse.id] = drawn.daily_limit
        self._database_offset: Callable[[], float] = lambda: 0.0
        store = StoreModel(clock=self._database_clock)
        choices, books = ChoicesModel(store), BooksModel(store)
        self._world = World(
            loop=self._loop,
            random=self._random,
            chances=drawn,
            story=self.story,
            blink=blink,
            blink_faults=BlinkFaults(drawn, self._random, self.story),
            store=store,
            choices=choices,
            books=books,
            store_faults=StoreFaults(
                chances=drawn, random=self._random, story=self.story, loop=self._loop
            ),
            redis=RedisModel(self._random, self.story) if drawn.redis else None,
            auditor=Auditor(self._loop, blink, store, choices, books, self.story, purse),
            account=account(),
            merchant=self._random.choice((MERCHANT, MERCHANT, MERCHANT, None)),
            recipients=self._recipients(),
        )
        self._tills = [Till(self._world, number) for number in range(1, drawn.tills + 1)]
        owners = Owners(self._world, self._tills)
        self._customers = Customers(self._world)
        trouble = Trouble(self._world, self._tills, owners)
        self._owners, self._trouble = owners, trouble
        self._database_offset = lambda: trouble.database_offset
        blink.on_received.append(self._tell_updates)
        NewsWire(drawn, self._random, self.story, self._listeners).attach(store)

    def run(self, *, told: bool = False) -> Outcome:
        """Live through it; the story is told of what went wrong, or always with ``told``."""
        wrong = ""
        with _told_to(self._heard), _own_pace(self.story), warnings.catch_warnings():
            # Killed before its first step: what a dead process would have done.
            warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
            try:
                self._loop.run(self._live())
            except Exception as error:  # noqa: BLE001 (whatever it is, it is the seed's to replay)
                wrong = f"{type(error).__name__}: {error}"
        self.story.figures["invariants checked"] += self._world.auditor.checks.count
        if not wrong and not told:
            return Outcome(seed=self._seed, figures=self.story.figures)
        return Outcome(
            seed=self._seed,
            figures=self.story.figures,
            digest=self.story.digest,
            wrong=wrong,
            story=tuple(self.story.lines()),
        )

    async def _live(self) -> None:
        never = "it never comes to an end"
        self._loop.world_later(ENDS_WITHIN, self._world.auditor.wrong, never)
        for till in self._tills:
            till.start()
        await asyncio.gather(
            *(
                Cashier(self._world, till, self._customers, self._next_sale).serve()
                for till in self._tills
            )
        )
        while self._customers.waiting:
            # Nobody stands at the counter any more: a till looks about it more seldom.
            self._pace(300.0 if self._world.chances.long else LOOK_EVERY)
            await asyncio.sleep(LOOK_EVERY)
        self._trouble.end()
        await self._settle()
        # What a till could not see or look up, comparing with Blink must have found.
        await self._reconcile(fix=True)
        await self._settle()
        auditor = self._world.auditor
        auditor.reconciled(await self._reconcile(fix=False))
        auditor.balance(strangers=self._trouble.strangers)
        self._world.story.figures["virtual seconds"] += int(self._loop.time())
        self._world.story.figures["episodes"] += 1

    async def _settle(self) -> None:
        chances, auditor = self._world.chances, self._world.auditor
        # What is left of a daily limit's sum is worth days.
        limited = bool(chances.daily_limit)
        self._pace(LIMITED_LOOK_EVERY if limited else LOOK_EVERY)
        limit = self._loop.time() + (LIMITED_SETTLES_WITHIN if limited else SETTLES_WITHIN)
        while ends := auditor.open_ends(patient=chances.patient):
            if self._loop.time() > limit:
                auditor.wrong(f"it never settles: {'; '.join(ends[:5])}")
            self._owners.look(patiently=True)
            await asyncio.sleep(LIMITED_LOOK_EVERY if limited else LOOK_EVERY)

    async def _reconcile(self, *, fix: bool) -> Report:
        errand = self._owners.errand()
        report = await self._loop.as_owner(errand, errand.reconcile(fix=fix), "the last look")
        if report is None:
            raise InvariantError("it cannot be reconciled, and nothing goes wrong any more")
        return report

    def _pace(self, seconds: float) -> None:
        """Let everybody look about only so often: nothing's safety rests on it."""
        self._world.chances.grain = seconds
        vars(attention)["EVERY_SECONDS"] = max(5.0, seconds)
        vars(announcing)["EVERY_SECONDS"] = max(5.0, seconds)
        vars(recovery)["EVERY_SECONDS"] = max(30.0, seconds)

    def _next_sale(self) -> bool:
        if self._sales <= 0:
            return False
        self._sales -= 1
        self._trouble.draw()
        return True

    def _tell_updates(self, invoice: ModelInvoice) -> None:
        if invoice.wallet.account != self._world.account.username:
            return  # what a recipient gets is told to him alone
        for till in self._tills:
            if till.process is not None:
                till.process.updated(invoice)

    def _listeners(self) -> list[Hear]:
        return [till.process.notified for till in self._tills if till.process is not None]

    def _recipients(self) -> tuple[Recipient, ...]:
        names = self._random.choice(
            ((), ("elturco",), ("elturco", "ana"), ("elturco", "dana"), RECIPIENTS)
        )
        if self._stormy:
            names = RECIPIENTS
        return tuple(Recipient(username=name) for name in names)

    def _database_clock(self) -> float:
        return EPOCH + self._loop.time() + self._database_offset()

    def _heard(self, record: logging.LogRecord) -> None:
        if not self._loop.ended:
            error = record.exc_info[1] if record.exc_info else None
            self._world.auditor.wrong(f"logged: {record.getMessage()} {error!r}")


@contextmanager
def _own_pace(story: Story) -> Iterator[None]:
    """Leave the services' own pace as it was, and let a command talk to the story."""

    def say(sentence: str) -> None:
        story.count("reconcile lost patience")
        story.tell("command", sentence)

    with (
        patch.object(attention, "EVERY_SECONDS", attention.EVERY_SECONDS),
        patch.object(announcing, "EVERY_SECONDS", announcing.EVERY_SECONDS),
        patch.object(recovery, "EVERY_SECONDS", recovery.EVERY_SECONDS),
        patch.object(reconcile, "say", say),
    ):
        yield


class _Handler(logging.Handler):
    def __init__(self, hear: object) -> None:
        super().__init__(logging.ERROR)
        self.emit = hear  # type: ignore[method-assign, assignment]


@contextmanager
def _told_to(hear: object) -> Iterator[None]:
    """Hear what the program logs as an error: a task that died, a listener that failed."""
    logger, handler = logging.getLogger("blinkpos_desktop"), _Handler(hear)
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates
