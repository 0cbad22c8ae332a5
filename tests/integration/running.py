"""A running engine for the tests, and a recorder of the facts that it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ParamSpec, TypeVar

from blinkpos_desktop.domain.facts import Fact, InvoiceReady
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.sale import Recipient, Sale, parse_recipients
from blinkpos_desktop.domain.transfer import Role, Transfer
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.settings import Settings
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.server import Simulator

LIMIT = 30.0
"""Seconds after which a test gives up waiting; never a measure of anything."""
ELTURCO = parse_recipients(["elturco"])

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Fact)


async def aside(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do blocking work, such as asking the simulator, beside the loop."""
    return await asyncio.to_thread(work, *args, **kwargs)


class Recorder:
    """Keeps every fact in order."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._more = asyncio.Event()

    def hear(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._more.set()

    def told(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def wait_for(
        self, kind: type[F], where: Callable[[F], bool] = lambda _: True, *, after: int = 0
    ) -> F:
        """Return the first such fact, counting from the fact number ``after``."""
        async with asyncio.timeout(LIMIT):
            while True:
                for fact in self.facts[after:]:
                    if isinstance(fact, kind) and where(fact):
                        return fact
                self._more.clear()
                await self._more.wait()

    async def wait_for_blink(self, health: Health, *, after: int = 0) -> PartChanged:
        return await self.wait_for(
            PartChanged, lambda fact: fact.part is Part.BLINK and fact.health is health, after=after
        )


@dataclass(frozen=True, slots=True)
class Till:
    """An engine at work, with what it told."""

    engine: Engine
    facts: Recorder
    control: ControlClient

    @property
    def blink(self) -> BlinkClient:
        return BlinkClient(self.engine._transport)

    async def charge(
        self, sats: int = 21, *, percent: int = 10, recipients: tuple[Recipient, ...] = ELTURCO
    ) -> Payment:
        sale = Sale(
            currency=SATS,
            items=(sats,),
            tip_percent=Fraction(percent),
            recipients=recipients if percent else (),
        )
        return await self.engine.checkout.charge(sale)

    async def customer_pays(self, payment: Payment, **how: Any) -> None:  # noqa: ANN401 (JSON)
        assert payment.invoice is not None
        await aside(self.control.pay, payment.invoice.payment_request, **how)

    async def now(self, payment: Payment) -> Payment:
        return await self.engine.store.payment(payment.id)

    async def part(self, payment: Payment, role: Role) -> Transfer:
        current = await self.now(payment)
        return next(each for each in current.transfers if each.role is role)

    def ready(self) -> list[InvoiceReady]:
        return self.facts.told(InvoiceReady)


class _Unprepared:
    """Prepares nothing: the test takes the transfers through their states by hand."""

    async def prepare(self, payment: Payment) -> None:
        del payment


@asynccontextmanager
async def opened(
    settings: Settings, simulator: Simulator, *, only_own: bool = False, prepares: bool = False
) -> AsyncIterator[Till]:
    """An engine with its store and Blink, which does not watch yet."""
    engine = Engine(settings, only_own=only_own)
    if not prepares:
        engine._preparing = _Unprepared()  # type: ignore[assignment]  # of its shape
    recorder = Recorder()
    engine.feed.listen(recorder.hear)
    try:
        await engine.open_store()
        await engine.open_blink()
        yield Till(engine, recorder, simulator.control)
    finally:
        await engine.stop()


@asynccontextmanager
async def running(
    settings: Settings, simulator: Simulator, *, only_own: bool = False
) -> AsyncIterator[Till]:
    """An engine that watches, its subscription connected."""
    async with opened(settings, simulator, only_own=only_own, prepares=True) as till:
        till.engine.watch()
        await till.facts.wait_for_blink(Health.OK)
        yield till
