"""What watches over a till: its health, its metrics and its alerts, put together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from blinkpos_desktop import logs
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import HealthExamined
from blinkpos_desktop.domain.measures import (
    KeyMeasure,
    PriceMeasure,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.services.alerts import Alerts
from blinkpos_desktop.services.blink.observed import ObservedTransport
from blinkpos_desktop.services.blink.probe import BlinkProbe
from blinkpos_desktop.services.examining import Probes, Remembered, examine
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.keys.finding import KeyFinder
from blinkpos_desktop.services.metrics import SAMPLE_SECONDS, MetricsServer
from blinkpos_desktop.services.ports import Clock
from blinkpos_desktop.services.store.alerts import PostgresAlerts
from blinkpos_desktop.services.store.connections import Connections
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.hybrid import HybridStore
from blinkpos_desktop.services.store.probe import DatabaseProbe, open_work
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.services.tally import Tally
from blinkpos_desktop.services.webhook import Webhook
from blinkpos_desktop.settings import Settings

BLINK_HOLDS_SECONDS: Final = 30.0
"""What Blink said of itself while the page is looked at: it is not asked all the time."""
_STARTING: Final = PartChanged(part=Part.BLINK, health=Health.STARTING)
_log = logging.getLogger(__name__)


class Upkeep:
    """Watches over one till. ``watch`` starts its tasks, ``stop`` closes what is its own."""

    def __init__(
        self,
        settings: Settings,
        *,
        tally: Tally,
        feed: Feed,
        supervisor: Supervisor,
        clock: Clock,
        jitter: Callable[[], float],
        transport: ObservedTransport,
        finder: KeyFinder,
        conninfo: str,
        embedded: EmbeddedPostgres | None,
        connections: Connections,
        store: HybridStore,
        price: Callable[[], PriceMeasure | None],
    ) -> None:
        """Take what it watches; nothing is asked yet."""
        self._settings, self._tally, self._feed = settings, tally, feed
        self._supervisor, self._clock, self._connections = supervisor, clock, connections
        self._transport, self._finder = transport, finder
        probe = BlinkProbe(transport, self._find_keys)
        self._probes = Probes(
            blink=Remembered(probe.measure, BLINK_HOLDS_SECONDS, clock.boot),
            updates=self._updates,
            database=DatabaseProbe(
                conninfo,
                embedded,
                direct=direct.reveal() if (direct := settings.database_direct_url) else None,
                is_till=True,
            ).measure,
            redis=self._redis,
            price=self._price,
            pool=connections.stats,
            files=settings.data_dir if embedded else settings.state_dir,
            log=lambda: logs.measure(settings),
        )
        self._measure_price = price
        self._is_watching = False
        self._webhook: Webhook | None = None
        self._alerts: Alerts | None = None
        if settings.alert_url is not None:
            self._webhook = Webhook(settings.alert_url)
            self._alerts = Alerts(
                PostgresAlerts(connections),
                store,
                self._webhook,
                clock,
                till=settings.till,
                jitter=jitter,
            )
        feed.listen(tally.on_fact)

    def watch(self, account_id: Callable[[], str]) -> None:
        """Start what was asked for, once; the account's id is empty until it is known."""
        if self._is_watching:
            return
        self._is_watching = True
        if self._alerts is not None:
            self._feed.listen(self._alerts.on_fact)
            self._supervisor.keep("alerts", self._alerts.run)
        if (port := self._settings.metrics_port) is not None:
            self._supervisor.keep("metrics", MetricsServer(self._tally, port).run)
            self._supervisor.keep("sampling", lambda: self._sample(account_id))

    async def examine(self) -> None:
        """Look at everything and tell how it is (HealthExamined)."""
        self._feed.publish(HealthExamined(verdicts=await examine(self._probes)))

    async def stop(self) -> None:
        """Close what is its own; its tasks are the supervisor's."""
        if self._webhook is not None:
            await self._webhook.close()

    async def _find_keys(self) -> KeyMeasure:
        measure, keys = await self._finder.measure()
        if keys is not None:
            self._transport.use_keys(*keys.reveal())
        return measure

    async def _updates(self) -> UpdatesMeasure:
        """Return how the till's own connection is: another one would tell less."""
        now = self._tally.parts.get(Part.BLINK, _STARTING)
        return UpdatesMeasure(health=now.health, sentence=now.sentence)

    async def _price(self) -> PriceMeasure | None:
        """Return how the price is that the till sells at: it is kept fresh all the time."""
        return self._measure_price()

    async def _redis(self) -> RedisMeasure:
        if self._settings.redis_url is None:
            return RedisMeasure(health=Health.OFF)
        from blinkpos_desktop.services.store.redis_probe import measure_redis

        return await measure_redis(self._settings.redis_url.reveal())

    async def _sample(self, account_id: Callable[[], str]) -> None:
        """Keep the numbers fresh that only the database has."""
        while True:
            await self._clock.sleep(SAMPLE_SECONDS)
            self._tally.pool = self._connections.stats()
            if self._tally.parts.get(Part.POSTGRESQL, _STARTING).health is not Health.OK:
                continue
            try:
                payments, transfers = await open_work(self._connections, account_id())
            except TillError as error:
                _log.info("no sample: %s", error)
            else:
                self._tally.open_payments, self._tally.open_transfers = payments, transfers
