"""Announces money that nobody saw go green, at every till, until somebody has seen it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from blinkpos_desktop.domain.announcement import Announcement
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import (
    AnnouncementsChanged,
    Fact,
    LookAgain,
    PaymentCompleted,
    PaymentPaid,
    PaymentSeen,
)
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Clock, Store
from blinkpos_desktop.services.supervisor import Supervisor

EVERY_SECONDS: Final = 5.0
WRITE_SECONDS: Final = 5.0
"""What went green is mostly written with its completion; what is not completed by then, by itself.
"""
_log = logging.getLogger(__name__)


class Announcing:
    """Lists what was received and not seen, and writes down what was."""

    def __init__(self, store: Store, feed: Feed, clock: Clock, supervisor: Supervisor) -> None:
        """Take what it needs; ``on_fact`` hears the feed."""
        self._store, self._feed, self._clock = store, feed, clock
        self._supervisor = supervisor
        self._shown: set[int] = set()
        """What went green here and is not known to be written down."""
        self._told: tuple[Announcement, ...] | None = None
        self._seen_count = 0
        self._hurry = asyncio.Event()

    def shown(self, payment: Payment) -> None:
        """Take it that this process shows a payment in green, or has told it to who waits."""
        if payment.is_seen or payment.id in self._shown:
            return
        self._shown.add(payment.id)
        self._store.mark_shown(payment.id)
        is_over = payment.state is PaymentState.COMPLETED
        work = self._write(payment.id, 0.0 if is_over else WRITE_SECONDS)
        self._supervisor.start(f"shown-{payment.id}", work)

    async def list(self) -> Sequence[Announcement]:
        """Return what was received and nobody has seen, newest first."""
        return await self._store.unseen()

    async def see(self, payment_id: int, who: str) -> bool:
        """Write down that a person has seen a payment.

        ``False``: nothing of that number waits to be seen, or somebody was faster.
        """
        is_first = await self._store.see(payment_id, who)
        if is_first:
            _log.info("payment %d: seen by %s", payment_id, who)
        # What is being listed just now may be older than this.
        self._seen_count += 1
        self._feed.publish(PaymentSeen(payment_id=payment_id))
        return is_first

    async def write(self) -> None:
        """Write down at once what went green and is not written yet: the process ends."""
        for payment_id in tuple(self._shown):
            await self._store.see(payment_id, "")
            self._shown.discard(payment_id)

    def on_fact(self, fact: Fact) -> None:
        """Look again when there may be more, or less, to announce."""
        if isinstance(fact, PaymentCompleted):
            if fact.payment.is_seen:
                self._shown.discard(fact.payment.id)
                self._look_if_told(fact.payment.id)
        elif isinstance(fact, PaymentPaid):
            if fact.payment.was_closed:
                self._hurry.set()
        elif isinstance(fact, PaymentSeen):
            self._look_if_told(fact.payment_id)
        elif isinstance(fact, LookAgain):
            self._hurry.set()

    async def run(self) -> None:
        """Tell what is to be announced, until cancelled."""
        while True:
            self._hurry.clear()
            try:
                await self.look()
            except UnavailableError as error:
                _log.info("what is to be announced: %s", error)
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._hurry.wait()
            except TimeoutError:
                pass

    async def look(self) -> None:
        """Tell what is to be announced now, if it is not what was told last."""
        count = self._seen_count
        # What is green here at this moment is not announced here.
        items = tuple(each for each in await self.list() if each.payment_id not in self._shown)
        if count != self._seen_count:
            self._hurry.set()
        elif items != self._told:
            self._told = items
            self._feed.publish(AnnouncementsChanged(items=items))

    def _look_if_told(self, payment_id: int) -> None:
        if any(each.payment_id == payment_id for each in self._told or ()):
            self._hurry.set()

    async def _write(self, payment_id: int, delay: float) -> None:
        failures = 0
        while True:
            await self._clock.sleep(delay)
            if payment_id not in self._shown:
                return  # it was completed here, and that with it
            try:
                await self._store.see(payment_id, "")
            except UnavailableError as error:
                failures += 1
                _log.warning("payment %d: that it was seen waits: %s", payment_id, error)
                delay = retry_delay(failures, 0.5)
            else:
                self._shown.discard(payment_id)
                return
