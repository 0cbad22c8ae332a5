"""Many tills in one process, which sell by a timetable: ``python -m tests.load.tills``.

Told what to do by a line of JSON on stdin; says "ready", waits for another line, sells,
and prints what became of it as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import httpx

from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import Fact, PaymentCompleted, PaymentPaid, ShopReady
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.parts import PartChanged
from blinkpos_desktop.domain.payment import RECEIVED, PaymentState
from blinkpos_desktop.domain.sale import Sale, parse_recipients
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.settings import Secret, Settings

SATS_A_SALE: Final = 1000
TIP_PERCENT: Final = 10
"""Every second customer gives it."""
PATIENCE: Final = 60.0
LOOK_EVERY: Final = 3.0


@dataclass(slots=True)
class Figures:
    """What is measured, in milliseconds."""

    charge: list[float] = field(default_factory=list)
    """From OK to the code."""
    green: list[float] = field(default_factory=list)
    """From the customer's payment to the till's knowing it."""
    done: list[float] = field(default_factory=list)
    """From the customer's payment to the last transfer."""
    sold: list[str] = field(default_factory=list)
    """Hashes of what was paid."""
    refused: Counter[str] = field(default_factory=Counter)
    health: Counter[str] = field(default_factory=Counter)
    tipped: int = 0
    late: list[str] = field(default_factory=list)
    """Hashes of what was not seen green, or not completed, in time."""
    missed: int = 0
    """Moments that passed while the sale before was still under way."""


class Till:
    """One engine, somebody who sells, and the customers."""

    def __init__(self, settings: Settings, customer: httpx.AsyncClient, figures: Figures) -> None:
        """Start connecting."""
        self.engine, self._customer, self._figures = Engine(settings), customer, figures
        self._recipients = settings.tip_recipients
        self.ready = asyncio.Event()
        self._paid: dict[int, asyncio.Event] = {}
        self._completed: dict[int, asyncio.Event] = {}
        self.engine.feed.listen(self._hear)
        self._running = asyncio.create_task(self.engine.run())

    def _hear(self, fact: Fact) -> None:
        match fact:
            case ShopReady(problem=""):
                self.ready.set()
            case PaymentPaid():
                self._paid.setdefault(fact.payment.id, asyncio.Event()).set()
            case PaymentCompleted():
                self._completed.setdefault(fact.payment.id, asyncio.Event()).set()
            case PartChanged():
                self._figures.health[f"{fact.part} {fact.health}"] += 1
            case _:
                pass

    async def sell_on(self, first: float, every: float, end: float) -> None:
        """Sell at regular moments until ``end``; one comes after the other, as at a counter."""
        chance = random.Random(first)  # noqa: S311 (customers, no secrets)
        moment, percent = first, TIP_PERCENT
        while moment < end:
            await asyncio.sleep(moment - time.monotonic())
            await self._sell(percent, chance.uniform(0.1, 0.8))
            percent = TIP_PERCENT - percent
            missed = max(0, math.floor((time.monotonic() - moment) / every))
            self._figures.missed += missed
            moment += (missed + 1) * every

    async def _sell(self, percent: int, looks_for: float) -> None:
        figures = self._figures
        sale = Sale(
            currency=SATS,
            items=(SATS_A_SALE,),
            tip_percent=Fraction(percent),
            recipients=self._recipients if percent else (),
        )
        began = time.monotonic()
        try:
            payment = await self.engine.checkout.charge(sale)
        except TillError as error:
            passes = isinstance(error, UnavailableError)
            figures.refused[error.sentence if passes else str(error)] += 1
            return
        figures.charge.append(_since(began))
        await asyncio.sleep(looks_for)
        assert payment.invoice is not None
        paid_at = time.monotonic()
        answer = await self._customer.post(
            "pay", json={"payment_request": payment.invoice.payment_request, "currency": "BTC"}
        )
        answer.raise_for_status()
        figures.sold.append(payment.payment_hash)
        figures.tipped += percent > 0
        for told, measured, states in (
            (self._paid, figures.green, RECEIVED),
            (self._completed, figures.done, {PaymentState.COMPLETED}),
        ):
            event = told.setdefault(payment.id, asyncio.Event())
            if await self._in_time(event, payment.id, states):
                measured.append(_since(paid_at))
            else:
                figures.late.append(payment.payment_hash)

    async def _in_time(
        self, told: asyncio.Event, payment_id: int, states: Collection[PaymentState]
    ) -> bool:
        """Wait until this till has been told, or the ledger says so: another may have done it."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await told.wait()
            except TimeoutError:
                with suppress(UnavailableError):
                    if (await self.engine.store.payment(payment_id)).state in states:
                        return True
            else:
                return True
        return False

    async def close(self) -> None:
        """End the engine."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.engine.stop()


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


def _settings(told: dict[str, Any], till: dict[str, str]) -> Settings:
    return Settings(
        api_url=told["api_url"],
        ws_url=told["ws_url"],
        api_key=Secret(till["key"]),
        merchant=till["merchant"],
        tip_recipients=parse_recipients([till["staff"]]),
        till=till["name"],
        database_url=Secret(told["database_url"]),
        redis_url=Secret(told["redis_url"]),
        data_dir=Path(told["folder"]),
        state_dir=Path(told["folder"]),
    )


async def _main() -> None:
    told = json.loads(sys.stdin.readline())
    figures = Figures()
    async with httpx.AsyncClient(base_url=told["control_url"] + "/", trust_env=False) as customer:
        tills = [Till(_settings(told, each), customer, figures) for each in told["tills"]]
        for till in tills:
            await till.ready.wait()
        print("ready", flush=True)  # noqa: T201 (to the test)
        await asyncio.to_thread(sys.stdin.readline)
        now, used = time.monotonic(), time.process_time()
        await asyncio.gather(
            *(
                till.sell_on(now + each["offset"], told["every"], now + told["seconds"])
                for till, each in zip(tills, told["tills"], strict=True)
            )
        )
        for till in tills:
            await till.close()
    print(  # noqa: T201 (the same)
        json.dumps(
            {
                "charge": figures.charge,
                "green": figures.green,
                "done": figures.done,
                "sold": figures.sold,
                "refused": figures.refused,
                "health": figures.health,
                "tipped": figures.tipped,
                "late": figures.late,
                "missed": figures.missed,
                "cpu": time.process_time() - used,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(_main())
