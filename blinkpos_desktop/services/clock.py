"""The machine's own clock (``services.ports.Clock``)."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Wall time, for showing and for deciding how soon to ask again; never for money."""

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        await asyncio.sleep(seconds)
