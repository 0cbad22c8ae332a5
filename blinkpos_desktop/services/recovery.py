"""Takes up what is unfinished: the same reads at the start, on reconnect and on a timer."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import AttentionChanged, Fact, InvoiceReady, PaymentPaid
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.services.ports import Clock, Store
from blinkpos_desktop.services.supervisor import Supervisor

EVERY_SECONDS: Final = 30.0
OTHERS_GRACE_SECONDS: Final = 3.0
"""Another till's sale is left to that till at first."""
_log = logging.getLogger(__name__)


class Forwarding(Protocol):
    """Who passes money on."""

    async def forward(self, payment_id: int) -> None:
        """Work on a paid payment until nothing more can be done."""


class Recovery:
    """Starts the forwarding of what was paid: at once for our own sales, soon for all others."""

    def __init__(
        self, store: Store, clock: Clock, supervisor: Supervisor, forwarding: Forwarding
    ) -> None:
        """Take what recovery needs; ``on_fact`` hears the feed."""
        self._store, self._clock = store, clock
        self._supervisor, self._forwarding = supervisor, forwarding
        self._own: set[int] = set()
        self._is_held = False
        self._hurry = asyncio.Event()

    def on_fact(self, fact: Fact) -> None:
        """Forward what was just paid; look for more when the connection is back."""
        if isinstance(fact, InvoiceReady):
            self._own.add(fact.payment.id)
        elif isinstance(fact, PaymentPaid):
            own = fact.payment.id in self._own
            grace = 0.0 if own or fact.payment.was_closed else OTHERS_GRACE_SECONDS
            self._start(fact.payment.id, grace)
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
                        grace = 0.0 if payment.id in self._own else OTHERS_GRACE_SECONDS
                        self._start(payment.id, grace)
            except UnavailableError as error:
                _log.info("looking for unfinished payments: %s", error)
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._hurry.clear()

    def _start(self, payment_id: int, grace: float) -> None:
        self._supervisor.start(f"forward-{payment_id}", self._forward(payment_id, grace))

    async def _forward(self, payment_id: int, grace: float) -> None:
        if grace:
            await self._clock.sleep(grace)
        await self._forwarding.forward(payment_id)
