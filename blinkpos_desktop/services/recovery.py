"""Takes up what is unfinished: the same reads at the start, on reconnect and on a timer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    Fact,
    InvoiceReady,
    PaymentCompleted,
    PaymentPaid,
)
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.services.ports import Clock, Store
from blinkpos_desktop.services.supervisor import Supervisor

EVERY_SECONDS: Final = 30.0
OTHERS_GRACE_SECONDS: Final = 3.0
"""Another till's sale is left to that till at first; and up to as long again, by chance, so that
of many tills one takes it up and not all."""
_log = logging.getLogger(__name__)


class Forwarding(Protocol):
    """Who passes money on."""

    async def forward(self, payment_id: int) -> None:
        """Work on a paid payment until nothing more can be done."""


class Recovery:
    """Starts the forwarding of what was paid: at once for our own sales, soon for all others."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        supervisor: Supervisor,
        forwarding: Forwarding,
        jitter: Callable[[], float],
    ) -> None:
        """Take what recovery needs; ``on_fact`` hears the feed."""
        self._store, self._clock = store, clock
        self._supervisor, self._forwarding, self._jitter = supervisor, forwarding, jitter
        self._left: set[int] = set()
        """Left to others for a moment."""
        self._own: set[int] = set()
        self._is_held = False
        self._hurry = asyncio.Event()

    def on_fact(self, fact: Fact) -> None:
        """Forward what was just paid; look for more when the connection is back."""
        if isinstance(fact, InvoiceReady):
            self._own.add(fact.payment.id)
        elif isinstance(fact, PaymentPaid):
            self._start(fact.payment.id, at_once=fact.payment.was_closed)
        elif isinstance(fact, PaymentCompleted):
            self._left.discard(fact.payment.id)
            self._own.discard(fact.payment.id)
        elif isinstance(fact, AttentionChanged):
            if self._is_held and fact.hold is None:
                self._hurry.set()
            self._is_held = fact.hold is not None
        elif fact == PartChanged(part=Part.BLINK, health=Health.OK):
            self._hurry.set()

    async def run(self, account_id: str) -> None:
        """Take up unfinished payments, until cancelled."""
        while True:
            try:
                for payment in await self._store.unfinished(account_id):
                    # Under a hold nothing is prepared or sent: no call is counted in vain.
                    if payment.has_questions if self._is_held else payment.has_work:
                        self._start(payment.id)
            except UnavailableError as error:
                _log.info("looking for unfinished payments: %s", error)
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._hurry.clear()

    def _start(self, payment_id: int, *, at_once: bool = False) -> None:
        is_left = not at_once and payment_id not in self._own
        if is_left:
            self._left.add(payment_id)
        forward = self._forward_later if is_left else self._forwarding.forward
        self._supervisor.start(f"forward-{payment_id}", forward(payment_id))

    async def _forward_later(self, payment_id: int) -> None:
        await self._clock.sleep(OTHERS_GRACE_SECONDS * (1 + self._jitter()))
        # What its own till has completed meanwhile is not read again.
        if payment_id in self._left:
            self._left.discard(payment_id)
            await self._forwarding.forward(payment_id)
