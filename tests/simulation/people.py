"""Cashiers and customers: who does what, and at which bad moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.errors import RefusedError, TillError
from blinkpos_desktop.domain.facts import Fact, InvoiceReady, PaymentClosed, PaymentPaid
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import Sale
from tests.simulation.blink_line import USD
from tests.simulation.processes import World
from tests.simulation.tills import Till, TillProcess

HOUR: Final = 3600.0
_PERCENTS: Final = tuple(Fraction(each) for each in (0, 10, 15, 50, 100))
_OPEN: Final = frozenset({PaymentState.AWAITING})


class Customers:
    """Everybody who was shown a QR: most pay it once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._visitor = world.blink.usernames["visitor"]
        self.waiting = 0
        """How many have still to do what they will do."""

    def shown(self, payment: Payment) -> None:
        """Somebody sees a QR, and makes up his mind."""
        chances, roll = self._world.chances, self._world.random.random
        if roll() < chances.never:
            return
        inside = roll() < chances.inside
        fate = roll()
        if fate < chances.late_customer:
            delay = 20 * HOUR * roll()
            inside = inside or roll() < 0.8
        elif fate < chances.late_customer + chances.slow_customer:
            # About when the cashier gives up, or the invoice expires.
            delay = 5.0 + (40.0 if roll() < 0.9 else 1000.0) * roll()
        else:
            delay = 1.0 + 8.0 * roll()
        sats = payment.total_sats
        if roll() < chances.overpays:
            sats += int(sats * roll())
        self._later(delay, payment, inside=inside, sats=sats)
        if roll() < 0.05:
            # He taps twice, or somebody else has the picture too.
            self._later(delay + 20.0 * roll() ** 2, payment, inside=roll() < 0.5, sats=sats)

    def _later(self, delay: float, payment: Payment, *, inside: bool, sats: int) -> None:
        self.waiting += 1
        self._world.loop.world_later(delay, self._pay, payment, inside, sats)

    def _pay(self, payment: Payment, inside: bool, sats: int) -> None:  # noqa: FBT001 (a timer's)
        self.waiting -= 1
        world, payment_hash = self._world, payment.payment_hash
        try:
            if inside:
                world.blink.pay_from_inside(self._visitor, payment_hash)
            else:
                world.blink.pay_from_outside(payment_hash, sats)
        except RefusedError:
            world.story.count("customer refused")
            return
        world.story.count("paid")
        if sats > payment.total_sats and not inside:
            world.story.count("overpaid")
        if world.store.payments[payment.id].state not in _OPEN:
            world.story.count("late payment")


class Cashier:
    """Sells at one till, one sale after another."""

    def __init__(
        self, world: World, till: Till, customers: Customers, next_sale: Callable[[], bool]
    ) -> None:
        self._world, self._till, self._customers = world, till, customers
        self._next_sale = next_sale
        self._end: asyncio.Future[None] | None = None
        self._payment: Payment | None = None
        self._charging: asyncio.Task[None] | None = None
        till.listener = self._look

    async def serve(self) -> None:
        """Sell until everything is sold."""
        roll = self._world.random.random
        while self._next_sale():
            await asyncio.sleep(self._world.chances.pause * roll())
            process = await self._till.ready()
            self._world.story.count("sales")
            await self._sell(process)

    async def _sell(self, process: TillProcess) -> None:
        loop, roll = self._world.loop, self._world.random.random
        self._payment, self._end = None, loop.create_future()
        self._charging = loop.as_owner(process, self._charge(process), "charge")
        self._charging.add_done_callback(self._charged)
        if roll() < self._world.chances.impatient / 4:
            loop.world_later(0.4 * roll(), self._stop_charging, self._end)
        await self._end
        self._end = None

    async def _charge(self, process: TillProcess) -> None:
        try:
            await process.services.charge(self._sale())
        except TillError as error:
            if not process.dead:
                self._world.story.count("no invoice")
                self._world.story.tell(process.name, "no invoice:", error)
                self._free()
        except Exception as error:  # noqa: BLE001 (a bug of the engine's, or of the models')
            self._world.auditor.wrong(f"a sale ended with {error!r}")

    def _charged(self, charging: asyncio.Task[None]) -> None:
        if charging.cancelled() and charging is self._charging:
            self._free()

    def _sale(self) -> Sale:
        random, recipients = self._world.random, self._world.recipients
        sats = random.random() < 0.9
        percent = random.choice(_PERCENTS) if recipients else Fraction(0)
        least = random.choice((1, 5, 21, 100, 4711))
        if any(each.username == "dana" for each in recipients) and random.random() < 0.6:
            # Otherwise her tip may be under one cent, and waits for another one.
            least = 1000
        return Sale(
            currency=SATS if sats else USD,
            items=(least + random.randrange(50),),
            tip_percent=percent,
            recipients=recipients if percent else (),
        )

    def _stop_charging(self, end: asyncio.Future[None]) -> None:
        if end is self._end and not end.done() and self._payment is None and self._charging:
            self._world.story.count("stopped before its invoice")
            self._charging.cancel()

    def _look(self, fact: Fact | None) -> None:
        if self._end is None or self._end.done():
            return
        if fact is None:
            self._free()
        elif isinstance(fact, InvoiceReady):
            self._payment = fact.payment
            self._customers.shown(fact.payment)
            chances, roll = self._world.chances, self._world.random.random
            hasty = roll() < chances.impatient
            patience = 10.0 * roll() if hasty else 12.0 + 30.0 * roll()
            self._world.loop.world_later(patience, self._give_up, self._end, fact.payment)
        elif (
            isinstance(fact, PaymentPaid | PaymentClosed)
            and self._payment is not None
            and fact.payment.payment_hash == self._payment.payment_hash
        ):
            if isinstance(fact, PaymentPaid):
                self._till.show_green(fact.payment)
            self._free()

    def _give_up(self, end: asyncio.Future[None], payment: Payment) -> None:
        process = self._till.process
        if end.done() or process is None or end is not self._end:
            return
        self._free()
        if self._world.random.random() < 0.7:
            self._world.story.count("cancelled")
            cancelling = process.services.cancel(payment.id)
            supervisor = process.services.supervisor
            self._world.loop.of(
                process, lambda: supervisor.start(f"cancel-{payment.id}", cancelling)
            )

    def _free(self) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_result(None)
