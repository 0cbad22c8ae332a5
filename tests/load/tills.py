"""Many tills in one process, which sell by a timetable: ``python -m tests.load.tills``.

Told what to do by a line of JSON on stdin; says "ready", waits for another line, sells,
and prints what became of it as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import httpx

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import (
    Fact,
    PartChanged,
    PaymentCompleted,
    PaymentPaid,
    ShopReady,
)
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.sale import Sale, parse_recipients
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.settings import Secret, Settings

SATS_A_SALE: Final = 1000
TIP_PERCENT: Final = 10
PATIENCE: Final = 90.0


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
    late: int = 0
    """Not seen green, or not completed, while the till ran."""


class Till:
    """One engine, somebody who sells, and the customers."""

    def __init__(self, settings: Settings, customer: httpx.AsyncClient, figures: Figures) -> None:
        """Start connecting."""
        self.engine, self._customer, self._figures = Engine(settings), customer, figures
        self._recipients = settings.tip_recipients
        self.ready = asyncio.Event()
        self._paid: dict[int, asyncio.Event] = {}
        self._completed: dict[int, asyncio.Event] = {}
        self._endings: set[asyncio.Task[None]] = set()
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

    async def sell_on(self, first: float, every: float, sales: int) -> None:
        """Sell at so many moments, each of which is kept if the sale before is over."""
        chance = random.Random(first)  # noqa: S311 (customers, no secrets)
        for number in range(sales):
            await asyncio.sleep(max(0.0, first + number * every - time.monotonic()))
            await self._sell(chance.uniform(0.1, 0.8))
        await asyncio.gather(*self._endings)

    async def _sell(self, looks_for: float) -> None:
        figures = self._figures
        sale = Sale(
            currency=SATS,
            items=(SATS_A_SALE,),
            tip_percent=Fraction(TIP_PERCENT),
            recipients=self._recipients,
        )
        began = time.monotonic()
        try:
            payment = await self.engine.checkout.charge(sale)
        except TillError as error:
            figures.refused[error.sentence] += 1
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
        seen = self._paid.setdefault(payment.id, asyncio.Event())
        if await _in_time(seen):
            figures.green.append(_since(paid_at))
        else:
            figures.late += 1
        ending = asyncio.create_task(self._end(payment.id, paid_at))
        self._endings.add(ending)

    async def _end(self, payment_id: int, paid_at: float) -> None:
        if await _in_time(self._completed.setdefault(payment_id, asyncio.Event())):
            self._figures.done.append(_since(paid_at))
        else:
            self._figures.late += 1

    async def close(self) -> None:
        """End the engine."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.engine.stop()


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


async def _in_time(event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await event.wait()
    except TimeoutError:
        return False
    return True


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
        now = time.monotonic()
        await asyncio.gather(
            *(
                till.sell_on(now + each["offset"], told["every"], told["sales"])
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
                "late": figures.late,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(_main())
