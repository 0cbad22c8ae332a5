"""Tells the owner's webhook what needs a person: each thing once until it is over, then its end.

What is true of the ledger is kept in the database, so that one of the tills tells
it, and again only if that till died before it had written so. That a till has lost
the database is its own to say. All this is apart from selling: a webhook that
hangs costs nobody anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from blinkpos_desktop.domain.alarm import (
    BACKUP_OVER,
    NO_BACKUP_SECONDS,
    SETTLED_SECONDS,
    Alert,
    AlertKind,
    Outage,
    attention_over,
    attention_sentence,
    backup_sentence,
    database_over,
    database_sentence,
)
from blinkpos_desktop.domain.attention import AttentionItem
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import AttentionChanged, Fact
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.ports import Clock

EVERY_SECONDS: Final = 15.0
CLAIM_SECONDS: Final = 60
AT_ONCE: Final = 5
"""As many as can be told while a claim lasts, each at its slowest."""
_log = logging.getLogger(__name__)


class AlertStore(Protocol):
    """What is raised, told and over. Raises ``UnavailableError`` as the ledger does."""

    async def raised_transfers(self) -> frozenset[int]:
        """Return the transfers whose alert is not over, once what is over has been ended."""

    async def raise_attention(self, sentences: Mapping[int, str]) -> None:
        """Raise alerts for transfers that still wait for a person."""

    async def backup_age(self) -> float | None:
        """Return seconds since the last backup or the first sale; ``None``: nothing to lose yet."""

    async def raise_backup(self, sentence: str) -> None:
        """Raise the alert that there is no backup."""

    async def end_backup(self) -> None:
        """End it: there is one again."""

    async def claim(self, *, seconds: int, most: int) -> Sequence[Alert]:
        """Claim what is to be told, the oldest first; nobody else tells it for so long."""

    async def told(self, alert: Alert) -> None:
        """Write that it was told."""

    async def release(self, alert: Alert) -> None:
        """Give it back untold."""


class Waiting(Protocol):
    """Who knows what waits for a person."""

    async def attention(self, account_id: str) -> Sequence[AttentionItem]:
        """Return what waits; without an account's id what no other account's till would add."""


class Hook(Protocol):
    """Who takes messages. Raises ``UnavailableError`` when it did not."""

    async def post(self, body: Mapping[str, Any]) -> None:
        """Send one."""


class Alerts:
    """Raises, ends and tells alerts. ``on_fact`` hears the feed; ``run`` does the rest."""

    def __init__(
        self,
        alerts: AlertStore,
        waiting: Waiting,
        hook: Hook,
        clock: Clock,
        *,
        till: str,
        jitter: Callable[[], float],
    ) -> None:
        """Take what it needs; ``till`` is this one's label."""
        self._alerts, self._waiting, self._hook = alerts, waiting, hook
        self._clock, self._till, self._jitter = clock, till, jitter
        self._started = clock.boot()
        self._is_open = False
        self._outage = Outage()
        self._failures = 0
        self._hook_rests_until = 0.0
        self._hurry = asyncio.Event()

    def on_fact(self, fact: Fact) -> None:
        """Hear of the database, and look soon when what waits for a person changes."""
        if isinstance(fact, PartChanged) and fact.part is Part.POSTGRESQL:
            self._is_open = fact.health is Health.OK
            self._outage = self._outage.seen(away=not self._is_open, now=self._clock.boot())
            self._hurry.set()
        elif isinstance(fact, AttentionChanged):
            self._hurry.set()

    async def run(self) -> None:
        """Watch and tell, until cancelled."""
        while True:
            self._hurry.clear()
            await self.look()
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._hurry.wait()
            except TimeoutError:
                pass

    async def look(self) -> None:
        """Raise what is new, end what is over, and tell what has not been told."""
        try:
            await self._tell_outage()
            if self._is_open:
                await self._raise_attention()
                await self._raise_backup()
                await self._tell()
        except TillError as error:
            _log.warning("alerts: %s", error)

    async def _raise_attention(self) -> None:
        raised = await self._alerts.raised_transfers()
        # Another account's sales wait in that account's tills, and are told by them.
        items = await self._waiting.attention("")
        new = {each.transfer.id: attention_sentence(each) for each in items}
        new = {number: text for number, text in new.items() if number not in raised}
        if new:
            await self._alerts.raise_attention(new)

    async def _raise_backup(self) -> None:
        age = await self._alerts.backup_age()
        if age is None or age <= NO_BACKUP_SECONDS:
            await self._alerts.end_backup()
        elif self._clock.boot() - self._started >= SETTLED_SECONDS:
            await self._alerts.raise_backup(backup_sentence(age))

    async def _tell(self) -> None:
        if self._rests():
            return
        claimed = list(await self._alerts.claim(seconds=CLAIM_SECONDS, most=AT_ONCE))
        while claimed:
            alert = claimed.pop(0)
            try:
                await self._post(_worded(alert))
            except UnavailableError:
                for each in (alert, *claimed):
                    await self._alerts.release(each)
                raise
            await self._alerts.told(alert)

    async def _tell_outage(self) -> None:
        """Say that this till has lost the database, or has it again: nobody else knows."""
        due = self._outage.due(self._clock.boot())
        if due is None or self._rests():
            return
        sentence = database_sentence(self._till) if due else database_over(self._till)
        at = int(self._clock.now())
        alert = Alert(id=0, kind=AlertKind.DATABASE, sentence=sentence, is_over=not due, at=at)
        await self._post(alert)
        self._outage = self._outage.told(away=due)

    async def _post(self, alert: Alert) -> None:
        try:
            await self._hook.post(alert.body(self._till))
        except UnavailableError:
            self._failures += 1
            delay = retry_delay(self._failures, self._jitter())
            self._hook_rests_until = self._clock.boot() + delay
            raise
        self._failures = 0

    def _rests(self) -> bool:
        """Whether the webhook failed a moment ago: it is tried again later, and ever later."""
        return self._clock.boot() < self._hook_rests_until


def _worded(alert: Alert) -> Alert:
    """Return an alert in the words that are sent: its row keeps those by which it was raised."""
    if not alert.is_over:
        return alert
    over = {
        AlertKind.ATTENTION: attention_over(alert.sentence),
        AlertKind.BACKUP: BACKUP_OVER,
    }
    return Alert(id=alert.id, kind=alert.kind, sentence=over[alert.kind], is_over=True, at=alert.at)
