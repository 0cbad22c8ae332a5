"""The services of one process, built in one place: the composition root below the screens."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from blinkpos_desktop.domain.audit import Audit
from blinkpos_desktop.domain.backup import Backup
from blinkpos_desktop.domain.blink import UnknownRecipientError
from blinkpos_desktop.domain.errors import (
    RefusedError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.facts import Fact, InvoiceReady, ShopChanging, ShopReady
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.announcing import Announcing
from blinkpos_desktop.services.attention import Attention
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.observed import ObservedTransport
from blinkpos_desktop.services.blink.subscription import Subscription
from blinkpos_desktop.services.checkout import Checkout
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.closing import Closing
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.forwarder import Forwarder
from blinkpos_desktop.services.history import History
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.income import Income
from blinkpos_desktop.services.invoicing import Invoicing
from blinkpos_desktop.services.items import Items
from blinkpos_desktop.services.keys.finding import KeyFinder, Keys
from blinkpos_desktop.services.left_open import LeftOpen
from blinkpos_desktop.services.news import News
from blinkpos_desktop.services.open_sales import OpenSalesFile
from blinkpos_desktop.services.preparing import Preparing
from blinkpos_desktop.services.rates import Rates
from blinkpos_desktop.services.receiving import Receiving
from blinkpos_desktop.services.reconciling import Reconciling
from blinkpos_desktop.services.recovery import Recovery
from blinkpos_desktop.services.seeing import Seeing
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.store import auditing, backups
from blinkpos_desktop.services.store.books import PostgresBooks
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.items import PostgresItems
from blinkpos_desktop.services.store.notifications import Notifications
from blinkpos_desktop.services.store.polling import Polling
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.store.prices import PostgresPrices
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.services.tally import Tally
from blinkpos_desktop.services.watcher import Watcher
from blinkpos_desktop.settings import Settings
from blinkpos_desktop.upkeep import Upkeep

if TYPE_CHECKING:
    from blinkpos_desktop.services.store.redis import RedisCache

_CHECK_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class Directory:
    """Where an owner's typed names are looked up, anew each time; currencies are asked once."""

    def __init__(self, gateway: BlinkClient, shop: Shop) -> None:
        """Take who asks Blink."""
        self.recipient, self.currency = gateway.recipient, shop.currency


class Engine:
    """Owns the connections and the use cases. ``open_…``, then ``watch``, then ``stop``.

    With ``only_own`` it works on this process's own sales alone (``charge``).
    """

    _is_open = False
    """Whether payments are watched, so that the shop can be told, and told anew."""

    def __init__(self, settings: Settings, *, only_own: bool = False) -> None:
        """Build everything; nothing is connected yet. Wants a running event loop."""
        self._settings, self._only_own = settings, only_own
        jitter = random.SystemRandom().random
        self._jitter: Callable[[], float] = jitter
        self.feed = Feed()
        self.supervisor = Supervisor(jitter)
        self._finder, tally = KeyFinder(settings), Tally()
        clock = SystemClock()
        self._transport = ObservedTransport(
            settings.api_url, observe=tally.observe, jitter=jitter, boot=clock.boot
        )
        gateway = BlinkClient(self._transport)
        self._embedded: EmbeddedPostgres | None = None
        if settings.database_url:
            conninfo = settings.database_url.reveal()
        else:
            self._embedded = EmbeddedPostgres(settings.data_dir)
            conninfo = self._embedded.conninfo
        process = uuid4()
        self._postgres = PostgresStore(conninfo, process=process, till=settings.till)
        self._redis: RedisCache | None = None
        if settings.redis_url:
            # A third of a second to import: only where there is one.
            from blinkpos_desktop.services.store.redis import RedisCache

            self._redis = RedisCache(settings.redis_url.reveal(), self._on_redis)
        self._keys: Keys | None = None
        self._health: dict[Part, tuple[Health, str]] = {}
        self.store = HybridStore(self._postgres, self._redis)
        self.shop = Shop(
            gateway,
            self.feed,
            merchant=settings.merchant,
            recipients=settings.tip_recipients,
            currency=settings.currency,
        )
        self.directory = Directory(gateway, self.shop)
        self.rates = Rates(
            gateway,
            self.feed,
            clock,
            self._redis,
            PostgresPrices(self._postgres.connections),
            lambda: self._transport.skew,
        )
        receiving = Receiving(self.store, gateway, self.feed)
        self.closing = Closing(self.store, gateway, self.feed, receiving)
        self._seeing = Seeing(gateway, self.feed, clock)
        self.watcher = Watcher(
            self.store, self._seeing, self.feed, clock, receiving, self.closing, only_own=only_own
        )
        self.left_open = LeftOpen(
            self.store,
            self.feed,
            clock,
            OpenSalesFile(settings.data_dir),
            self.watcher,
            receiving,
            jitter,
        )
        holding = Holding(self.store)
        self._income = Income(self.store, self.feed, clock, self.supervisor, self.watcher.on_update)
        self.checkout = Checkout(
            self.store, gateway, self.feed, self.shop, self.rates, holding, settings.till
        )
        invoicing = Invoicing(
            self.store, gateway, self.shop, holding, clock, lambda: self.rates.known("USD")
        )
        self._preparing = Preparing(invoicing, self.checkout.until_quiet)
        self.forwarder = Forwarder(
            self.store, gateway, self.feed, clock, self.shop, invoicing, holding, jitter
        )
        self._recovery = Recovery(self.store, clock, self.supervisor, self.forwarder, jitter)
        self.reconciling = Reconciling(
            self.store,
            PostgresBooks(self._postgres.connections),
            gateway,
            self.feed,
            clock,
            receiving.paid,
        )
        self.history = History(self._postgres.records, clock, settings.timezone)
        self.items = Items(PostgresItems(self._postgres.connections), self.feed)
        self.attention = Attention(
            self.store, gateway, self.feed, clock, self.shop, self.supervisor, self.forwarder
        )
        self.upkeep = Upkeep(
            settings,
            tally=tally,
            feed=self.feed,
            supervisor=self.supervisor,
            clock=clock,
            jitter=jitter,
            transport=self._transport,
            finder=self._finder,
            conninfo=conninfo,
            embedded=self._embedded,
            connections=self._postgres.connections,
            store=self.store,
            price=self.rates.measure,
        )
        self.announcing = Announcing(self.store, self.feed, clock, self.supervisor)
        self._news = News(self.store, self.feed, receiving)
        self._notifications = self._listener(conninfo, process)
        self._polling = Polling(
            self._postgres.connections,
            account_id=lambda: self.shop.account.id,
            hears=lambda: self._notifications.hears,
            on_news=self._news.hear,
            on_missed=self._news.missed,
        )
        self._listen()

    def _listen(self) -> None:
        """Let the use cases hear one another's facts."""
        self.feed.listen(self.watcher.on_fact)
        self.feed.listen(self.announcing.on_fact)
        self.feed.listen(self._news.on_fact)
        self.feed.listen(self._prepare)
        if not self._only_own:
            self.watcher.on_unknown = self._income.on_unknown
            self.feed.listen(self._recovery.on_fact)
            self.feed.listen(self.attention.on_fact)
            self.feed.listen(self.left_open.on_fact)
            self.feed.listen(self.items.on_fact)
            self.feed.listen(self.reconciling.on_fact)

    async def open_store(self) -> None:
        """Start the embedded database if it is ours to start, connect and migrate.

        Raises:
            UnavailableError: the database can't be reached.
            SettingsError: it can't be used.
        """
        if self._embedded:
            await asyncio.to_thread(self._embedded.start)
        await self._postgres.open()
        self._notifications.check()
        self._tell(Part.POSTGRESQL, Health.OK)
        self.supervisor.keep("database-health", self._check_database)
        if not self._only_own:
            self.supervisor.keep("items", self.items.run)
        if self._redis:
            self.supervisor.keep("redis", self._redis.run)
        else:
            self._tell(Part.REDIS, Health.OFF)

    async def open_keys(self) -> None:
        """Find the Blink keys.

        Raises:
            UnavailableError: the keychain does not answer.
            SettingsError: there is no key, or a sealed one does not open.
        """
        self._keys = await self._finder.find()
        self._transport.use_keys(*self._keys.reveal())

    async def open_blink(self) -> None:
        """Ask Blink who we are, and tie the database to its network.

        Raises:
            UnavailableError: Blink or the keychain can't be reached.
            SettingsError: a key is missing, wrong or lacks a scope; the network is another.
        """
        await self.open_keys()
        account = await self.shop.open()
        await self._postgres.bind_network(account.network)

    def watch(self) -> None:
        """Start seeing payments: Blink's updates, the questions, and what is unfinished."""
        account_id = self.shop.account.id
        assert self._keys is not None, "open_blink comes before"
        subscription = Subscription(
            self._settings.ws_url,
            self._keys.api.secret.reveal(),
            on_paid=self.watcher.on_update,
            on_plain=self._income.on_plain,
            on_health=self._on_blink,
            jitter=self._jitter,
        )
        self.supervisor.keep("updates", self.watcher.run_updates)
        self.supervisor.keep("questions", lambda: self.watcher.run_questions(account_id))
        self.supervisor.keep("subscription", subscription.run)
        if not self._only_own:
            self.supervisor.keep("recovery", lambda: self._recovery.run(account_id))
            self.supervisor.keep("attention", self.attention.run)
            self.supervisor.keep("seeing", self._seeing.run)
            self.supervisor.keep("is-blink-there", self._seeing.run_questions)
            account = self.shop.account
            self.supervisor.keep("open-sales", self.left_open.run_memory)
            self.supervisor.keep("left-open", lambda: self.left_open.run_offers(account))
            self.supervisor.keep("announcing", self.announcing.run)
            self.supervisor.keep("news", self._news.run)
            self.supervisor.keep("notifications", self._notifications.run)
            self.supervisor.keep("polling", self._polling.run)
            self.supervisor.keep(
                "reconciling", lambda: self.reconciling.run_daily(lambda: self.shop.account)
            )

    async def run(self) -> None:
        """Open everything for a till, however long it takes, and keep it going until cancelled.

        What can't pass by itself (a setting, a key) is told as the shop's problem.
        """
        self.upkeep.watch(lambda: self.attention.account_id)
        try:
            await self._until_there(Part.POSTGRESQL, self.open_store)
            await self._until_there(Part.BLINK, self.open_blink)
            self.watch()
        except TillError as error:
            self._cannot_sell(error)
            return
        self._is_open = True
        await self._sell()

    def use(self, settings: Settings) -> None:
        """Take over what needs no new connection, for the next sale: one under way has its plan."""
        self.history.zone = settings.timezone
        self._settings = settings
        changed = self.shop.use(
            merchant=settings.merchant,
            recipients=settings.tip_recipients,
            currency=settings.currency,
        )
        # Before that nothing is told of the shop, or why there is none, and that stays so.
        if changed and self._is_open:
            self.feed.publish(ShopChanging())
            self.supervisor.give_up("till")
            self.supervisor.keep("till", self._sell)

    async def _sell(self) -> None:
        """Tell the shop, and keep its currency's price fresh until cancelled."""
        try:
            await self._until_there(Part.BLINK, self.shop.announce)
            currency = await self.shop.currency(self._settings.currency)
            await self.rates.run(currency)
        except TillError as error:
            self._cannot_sell(error)

    def _cannot_sell(self, error: TillError) -> None:
        _log.error("the till cannot sell: %s", error)
        self.feed.publish(
            ShopReady(network="", currency=SATS, tip_recipients=(), problem=error.sentence)
        )

    async def cancel(self, payment_id: int) -> Payment:
        """Give a sale up at the counter's wish; Blink's answer is not waited for at the counter."""
        self.watcher.off_screen(payment_id)
        self.left_open.forget(payment_id)
        failures = 0
        while True:
            try:
                payment = await self.closing.give_up(payment_id, reason="Cancelled at the counter.")
            except UnavailableError as error:
                # The wish is kept until it is written; what Blink then leaves open is watched.
                failures += 1
                _log.warning("%s", error)
                await asyncio.sleep(retry_delay(failures, self._jitter()))
            else:
                return await self.closing.finish(payment, to=PaymentState.CANCELLED)

    async def audit(self) -> Audit:
        """Prove the books over all history; only the store must be open."""
        return await auditing.audit(self._postgres.connections)

    async def last_backup(self) -> Backup | None:
        """Return the youngest verified backup; ``None`` when there never was one."""
        return await backups.last_backup(self._postgres.connections)

    async def stop(self) -> None:
        """End every task, close every connection, leave the embedded database."""
        await self.supervisor.stop()
        await self.left_open.stop()
        try:
            await self.announcing.write()
        except TillError as error:
            # What went green a moment ago is announced once more: that is all.
            _log.warning("that it was seen is not written: %s", error)
        if self._redis:
            await self._redis.drain()
        await self.upkeep.stop()
        await self._transport.close()
        await self._postgres.close()
        if self._embedded:
            await asyncio.to_thread(self._embedded.stop)

    def _listener(self, conninfo: str, process: UUID) -> Notifications:
        direct = self._settings.database_direct_url
        return Notifications(
            direct.reveal() if direct else conninfo,
            process=process,
            account_id=lambda: self.shop.account.id,
            on_news=self._news.hear,
            on_connected=self._news.missed,
            jitter=self._jitter,
        )

    def _prepare(self, fact: Fact) -> None:
        """Prepare the transfers of a sale whose code can be shown: only our own are told so."""
        if isinstance(fact, InvoiceReady):
            payment = fact.payment
            self.supervisor.start(f"prepare-{payment.id}", self._preparing.prepare(payment))

    async def _until_there(self, part: Part, open_: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            try:
                await open_()
            except UnknownRecipientError:
                raise
            except (UnavailableError, RefusedError) as error:
                # What Blink refuses at the start, it mostly grants a little later.
                failures += 1
                _log.warning("%s", error)
                self._tell(part, Health.AWAY, error.sentence)
                await asyncio.sleep(retry_delay(failures, self._jitter()))
            else:
                return

    async def _check_database(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            try:
                await self._postgres.ping()
            except UnavailableError as error:
                self._tell(Part.POSTGRESQL, Health.AWAY, error.sentence)
                await self._restart_embedded()
            else:
                self._tell(Part.POSTGRESQL, Health.OK)

    async def _restart_embedded(self) -> None:
        """Bring our own server back if it was killed; asks its socket first."""
        if self._embedded:
            try:
                await asyncio.to_thread(self._embedded.start)
            except UnavailableError as error:
                _log.warning("%s", error)

    def _on_blink(self, health: Health, sentence: str) -> None:
        self._seeing.on_socket(is_there=health is Health.OK)
        self._tell(Part.BLINK, health, sentence)

    def _on_redis(self, health: Health) -> None:
        trouble = self._redis.trouble if self._redis else ""
        away = trouble or "Redis is away: PostgreSQL goes on alone."
        self._tell(Part.REDIS, health, away if health is Health.AWAY else "")

    def _tell(self, part: Part, health: Health, sentence: str = "") -> None:
        if self._health.get(part) != (health, sentence):
            self._health[part] = (health, sentence)
            self.feed.publish(PartChanged(part=part, health=health, sentence=sentence))
