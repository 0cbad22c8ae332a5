"""The machine's own clock (``services.ports.Clock``)."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Wall time, for showing and for deciding how soon to ask again; never for money."""

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time()

    def boot(self) -> float:
        """Return seconds since the machine's start, those it slept included."""
        # macOS' monotonic clock stops in sleep; its CLOCK_MONOTONIC_RAW goes on.
        name = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC_RAW", None)
        return time.monotonic() if name is None else time.clock_gettime(name)

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        await asyncio.sleep(seconds)
