"""The use cases of one process over the models: the one place that knows how they are joined.

It follows ``engine.py``, which does the same with HTTP, a WebSocket and PostgreSQL.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, cast
from uuid import UUID

from blinkpos_desktop.domain.blink import Account, PaidUpdate
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import Fact, InvoiceReady
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import Recipient, Sale
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.announcing import Announcing
from blinkpos_desktop.services.attention import Attention
from blinkpos_desktop.services.checkout import Checkout
from blinkpos_desktop.services.closing import Closing
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.forwarder import Forwarder
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.income import Income
from blinkpos_desktop.services.invoicing import Invoicing
from blinkpos_desktop.services.news import News
from blinkpos_desktop.services.preparing import Preparing
from blinkpos_desktop.services.rates import Rates
from blinkpos_desktop.services.receiving import Receiving
from blinkpos_desktop.services.reconciling import Reconciling
from blinkpos_desktop.services.recovery import Recovery
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.store.redis import RedisCache
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.services.watcher import Watcher
from tests.simulation.blink_line import BlinkLine
from tests.simulation.blink_model import BlinkModel
from tests.simulation.books_model import BooksLine, BooksModel
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.faults import BlinkFaults, Killable
from tests.simulation.redis_model import RedisModel
from tests.simulation.store_line import StoreFaults, StoreLine
from tests.simulation.store_model import StoreModel

TILL: Final = "counter"


class Clock:
    """A machine's wall clock, which can be set; a busy machine's pauses are longer than asked."""

    def __init__(self, base: Callable[[], float], grain: Callable[[], float]) -> None:
        self._base, self._grain = base, grain
        self.offset = 0.0

    def now(self) -> float:
        return self._base() + self.offset

    def boot(self) -> float:
        return self._base()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, self._grain()))


class Services:
    """The use cases of a process, built anew at each of its starts."""

    def __init__(
        self,
        *,
        blink: BlinkModel,
        blink_faults: BlinkFaults,
        store: StoreModel,
        choices: ChoicesModel,
        books: BooksModel,
        store_faults: StoreFaults,
        redis: RedisModel | None,
        process: Killable,
        process_id: UUID,
        account: Account,
        clock: Clock,
        merchant: str | None,
        recipients: tuple[Recipient, ...],
        jitter: random.Random,
        only_own: bool,
    ) -> None:
        self._jitter = jitter.random
        self.process_id = process_id
        self.feed = Feed()
        self.supervisor = Supervisor(self._jitter)
        self.gateway = BlinkLine(blink, blink_faults, process, account)
        postgres = StoreLine(
            model=store, choices=choices, faults=store_faults, process=process, owner=process_id
        )
        self.store = HybridStore(cast("PostgresStore", postgres), cast("RedisCache | None", redis))
        self.shop = Shop(
            self.gateway, self.feed, merchant=merchant, recipients=recipients, currency="SATS"
        )
        self.rates = Rates(self.gateway, self.feed, clock)
        receiving = Receiving(self.store, self.gateway, self.feed)
        self.closing = Closing(self.store, self.gateway, self.feed, receiving)
        self.watcher = Watcher(self.store, self.gateway, self.feed, clock, receiving, self.closing)
        holding = Holding(self.store)
        self.checkout = Checkout(
            self.store, self.gateway, self.feed, self.shop, self.rates, holding, TILL
        )
        invoicing = Invoicing(
            self.store, self.gateway, self.shop, holding, clock, lambda: self.rates.known("USD")
        )
        self._preparing = Preparing(invoicing, self.checkout.until_quiet)
        self.forwarder = Forwarder(
            self.store, self.gateway, self.feed, clock, self.shop, invoicing, holding, self._jitter
        )
        self._recovery = Recovery(self.store, clock, self.supervisor, self.forwarder, self._jitter)
        self.attention = Attention(
            self.store, self.gateway, self.feed, clock, self.shop, self.supervisor, self.forwarder
        )
        self.announcing = Announcing(self.store, self.feed, clock, self.supervisor)
        self.news = News(self.store, self.feed, receiving)
        income = Income(self.store, self.feed, clock, self.supervisor, self.watcher.on_update)
        line = BooksLine(books, postgres.do)
        self.reconciling = Reconciling(
            self.store, line, self.gateway, self.feed, clock, receiving.paid
        )
        self.feed.listen(self.watcher.on_fact)
        self.feed.listen(self.announcing.on_fact)
        self.feed.listen(self.news.on_fact)
        self.feed.listen(self._prepare)
        if not only_own:
            self.watcher.on_unknown = income.on_unknown
            self.feed.listen(self._recovery.on_fact)
            self.feed.listen(self.attention.on_fact)
            self.feed.listen(self.reconciling.on_fact)
        self._health: Health | None = None

    async def run(self, on_open: Callable[[], None]) -> None:
        """Open, watch, and be ready to sell: as ``Engine.run``."""
        await self._until_there(self._open_blink)
        account_id = self.shop.account.id
        self.supervisor.keep("updates", self.watcher.run_updates)
        self.supervisor.keep("questions", lambda: self.watcher.run_questions(account_id))
        self.supervisor.keep("recovery", lambda: self._recovery.run(account_id))
        self.supervisor.keep("attention", self.attention.run)
        self.supervisor.keep("announcing", self.announcing.run)
        self.supervisor.keep("news", self.news.run)
        self.supervisor.keep(
            "reconciling", lambda: self.reconciling.run_daily(lambda: self.shop.account)
        )
        on_open()
        await self._until_there(self.shop.announce)

    def _prepare(self, fact: Fact) -> None:
        if isinstance(fact, InvoiceReady):
            payment = fact.payment
            self.supervisor.start(f"prepare-{payment.id}", self._preparing.prepare(payment))

    async def charge(self, sale: Sale) -> None:
        """Sell: as the bridge does for the keypad."""
        await self.checkout.charge(sale)

    async def cancel(self, payment_id: int) -> Payment:
        """Give a sale up: as ``Engine.cancel``."""
        self.watcher.off_screen(payment_id)
        payment = await self.closing.give_up(payment_id, reason="Cancelled at the counter.")
        return await self.closing.finish(payment, to=PaymentState.CANCELLED)

    def on_update(self, update: PaidUpdate) -> None:
        """Take an update of Blink's."""
        self.watcher.on_update(update)

    def on_blink(self, health: Health) -> None:
        """Hear how the updates' connection is."""
        if self._health is not health:
            self._health = health
            self.feed.publish(PartChanged(part=Part.BLINK, health=health))

    async def _open_blink(self) -> None:
        await self.shop.open()

    async def _until_there(self, open_: Callable[[], Awaitable[object]]) -> None:
        failures = 0
        while True:
            try:
                await open_()
            except UnavailableError:
                failures += 1
            except TillError:
                # A person sets the key or the name right, and starts anew.
                failures += 3
            else:
                return
            await asyncio.sleep(retry_delay(failures, self._jitter()))
