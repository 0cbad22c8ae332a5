"""A till examined: every measure side by side, each with a limit, then one verdict for each check.

Nothing is changed by it: no migration, no server that is started, no row.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from blinkpos_desktop.domain.health import Verdict
from blinkpos_desktop.domain.judging import judge
from blinkpos_desktop.domain.measures import (
    BlinkMeasure,
    DatabaseMeasure,
    DiskMeasure,
    LogMeasure,
    Measures,
    PoolMeasure,
    PriceMeasure,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.services.aside import aside
from blinkpos_desktop.services.ending import end

LIMIT_SECONDS: Final = 7.0
"""For any one measure: the whole takes no longer."""
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """How each part is measured. What raises or takes too long has not answered."""

    blink: Callable[[], Coroutine[Any, Any, BlinkMeasure]]
    updates: Callable[[], Coroutine[Any, Any, UpdatesMeasure]]
    price: Callable[[], Coroutine[Any, Any, PriceMeasure | None]]
    database: Callable[[], Coroutine[Any, Any, DatabaseMeasure]]
    redis: Callable[[], Coroutine[Any, Any, RedisMeasure]]
    pool: Callable[[], PoolMeasure | None]
    files: Path
    """Where the till keeps its files: a folder that need not exist yet."""
    log: Callable[[], LogMeasure]


async def examine(probes: Probes) -> tuple[Verdict, ...]:
    """Measure everything and judge it."""
    blink, updates, price, database, redis, disk = await asyncio.gather(
        _limited("blink", probes.blink()),
        _limited("updates", probes.updates()),
        _limited("price", probes.price()),
        _limited("database", probes.database()),
        _limited("redis", probes.redis()),
        _limited("disk", _disk(probes.files)),
    )
    return judge(
        Measures(
            blink=blink,
            updates=updates,
            price=price,
            database=database,
            pool=probes.pool(),
            redis=redis,
            disk=disk,
            log=probes.log(),
        )
    )


async def _limited(name: str, measuring: Coroutine[Any, Any, _T]) -> _T | None:
    """Return a measure, or ``None`` when it does not come in time; a bug in one is its own."""
    task = asyncio.create_task(measuring, name=f"measure-{name}")
    try:
        await asyncio.wait({task}, timeout=LIMIT_SECONDS)
    finally:
        if not task.done():
            await end(task, seconds=1.0)
    if task.cancelled() or not task.done():
        _log.warning("%s did not answer in time", name)
        return None
    if (error := task.exception()) is not None:
        _log.error("%s could not be measured", name, exc_info=error)
        return None
    return task.result()


async def _disk(folder: Path) -> DiskMeasure:
    # A network drive can hang for ever: in a thread that nobody waits for.
    return await aside(lambda: _disk_of(folder), "disk")


def _disk_of(folder: Path) -> DiskMeasure:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    usage = shutil.disk_usage(there)
    return DiskMeasure(folder=str(folder), free=usage.free, total=usage.total)


class Remembered:
    """A measure that is taken anew only when it has become old: Blink is not asked all the time."""

    def __init__(
        self,
        measure: Callable[[], Awaitable[BlinkMeasure]],
        seconds: float,
        now: Callable[[], float],
    ) -> None:
        """Take the measure, for how long it holds, and a clock that only goes forward."""
        self._measure, self._seconds, self._now = measure, seconds, now
        self._held: tuple[float, BlinkMeasure] | None = None

    async def __call__(self) -> BlinkMeasure:
        """Return the measure, at most so old; one that went badly is not kept."""
        if self._held is not None and self._now() - self._held[0] < self._seconds:
            return self._held[1]
        measured = await self._measure()
        self._held = (self._now(), measured) if measured.is_there else None
        return measured
