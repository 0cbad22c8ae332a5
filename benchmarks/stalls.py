"""For how long a till's loop does not turn, and what it does meanwhile."""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import Any, Final

TICK_SECONDS: Final = 0.002
"""How often the loop is looked at."""
NOTED_SECONDS: Final = 0.008
"""Half a frame: what takes longer by itself is noted by its name."""
MOST: Final = 10


class Stalls:
    """The longest time that the loop did not turn, and the ten slowest of its own callbacks.

    What Qt calls by itself (a painting, a touch) is in the first and not among the second.
    """

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.monotonic()
        self._slow: list[tuple[float, str]] = []
        self._note_callbacks()

    async def watch(self) -> None:
        """Look at the clock again and again, until cancelled."""
        self._last = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            self.longest = max(self.longest, now - self._last - TICK_SECONDS)
            self._last = now

    def forget(self) -> None:
        """Begin anew."""
        self.longest, self._slow = 0.0, []

    @property
    def slowest(self) -> list[str]:
        """The ten, in words, the slowest first."""
        return [f"{1000 * took:.0f} ms {name}" for took, name in sorted(self._slow, reverse=True)]

    def _note_callbacks(self) -> None:
        run = asyncio.Handle._run  # noqa: SLF001 (asyncio has no door for this)

        def timed(handle: asyncio.Handle) -> None:
            began = time.perf_counter()
            run(handle)
            took = time.perf_counter() - began
            if took > NOTED_SECONDS:
                heapq.heappush(self._slow, (took, _name(handle)))
                if len(self._slow) > MOST:
                    heapq.heappop(self._slow)

        asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001


def _name(handle: asyncio.Handle) -> str:
    callback: Any = handle._callback  # type: ignore[attr-defined]  # noqa: SLF001
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine: Any = owner.get_coro()
        return f"{owner.get_name()}: {getattr(coroutine, '__qualname__', coroutine)}"
    return str(getattr(callback, "__qualname__", callback))
