"""One gate for all requests of a process: HTTP 429 on any of them closes it for all.

While it is closed nothing is sent. When it opens, those who wait pass one by
one, the most urgent first, until one is answered; then all pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from blinkpos_desktop.domain.blink import RateLimitedError
from blinkpos_desktop.domain.watching import retry_delay

LONGEST_SECONDS: Final = 120.0
"""A longer Retry-After is not believed: somebody stands at the counter."""
CALM_SECONDS: Final = 60.0
"""So long after the last 429 the next one is a first one again."""
PROBE_SECONDS: Final = 1.0
"""Between two who pass an opened gate before anybody was answered."""
BUSY: Final = "Blink asks us to slow down: try again in a few minutes."


class Urgency(IntEnum):
    """Who passes first."""

    MONEY = 0
    """A payment, and the question whether the invoice on the screen is paid."""
    COUNTER = 1
    """A customer's invoice: somebody stands at the counter."""
    ORDINARY = 2


@dataclass(slots=True)
class Passage:
    """One request's way through. ``refuse`` says that it was answered with HTTP 429."""

    closings: int
    """How often the gate had been closed when it began."""
    is_refused: bool = False
    retry_after: float = 0.0

    def refuse(self, retry_after: float) -> None:
        """Blink wants everybody to wait, for at least ``retry_after`` seconds."""
        self.is_refused, self.retry_after = True, retry_after


@dataclass(order=True, slots=True)
class _Waiting:
    urgency: Urgency
    number: int
    passes: asyncio.Future[None] = field(compare=False)


class Gate:
    """The gate. Times are the loop's own."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        """Take the source of jitter in [0, 1), so that tills that were refused together part."""
        self._jitter = jitter
        self._refusals = self._closings = self._number = 0
        self._refused_at = float("-inf")
        self._opens_at = float("-inf")
        self._is_proven = True
        """Whether a request was answered since it was closed last."""
        self._line: list[_Waiting] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def closed_seconds(self) -> float:
        """How long nobody passes; 0 when it is open."""
        return max(0.0, self._opens_at - asyncio.get_running_loop().time())

    @asynccontextmanager
    async def passage(self, urgency: Urgency, patience: float) -> AsyncIterator[Passage]:
        """Wait until a request may be sent, and hear how it was answered.

        Raises:
            RateLimitedError: it stays closed for longer than ``patience`` seconds; nothing left.
        """
        await self.wait(urgency, patience)
        passage = Passage(closings=self._closings)
        try:
            yield passage
        finally:
            if passage.is_refused:
                self._close(passage)
            else:
                self._prove()

    async def wait(self, urgency: Urgency, patience: float) -> None:
        """Wait until a request may be sent; raises as ``passage``."""
        closed = self.closed_seconds
        if closed > patience:
            raise RateLimitedError(BUSY, cause=f"closed for {closed:.1f} s more")
        if closed <= 0 and (self._is_proven or urgency is Urgency.MONEY):
            return
        self._number += 1
        passes: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(urgency, self._number, passes)
        self._line.append(waiting)
        self._wake(max(closed, 0.0))
        try:
            async with asyncio.timeout(patience + len(self._line) * PROBE_SECONDS):
                await passes
        except TimeoutError as error:
            raise RateLimitedError(BUSY, cause="closed again meanwhile") from error
        finally:
            if waiting in self._line:
                self._line.remove(waiting)

    def shut_down(self) -> None:
        """Let its timer go: nobody comes any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _close(self, passage: Passage) -> None:
        """Close it for longer each time; those that were under way together count once."""
        now = asyncio.get_running_loop().time()
        wait = min(passage.retry_after, LONGEST_SECONDS)
        if passage.closings == self._closings:
            if now - self._refused_at > CALM_SECONDS:
                self._refusals = 0
            self._refusals += 1
            self._closings += 1
            self._refused_at = now
            wait = max(wait, retry_delay(self._refusals, self._jitter()))
        self._opens_at = max(self._opens_at, now + wait)
        self._is_proven = False
        self._wake(self.closed_seconds, anew=True)

    def _prove(self) -> None:
        """Somebody was answered: while it is open, all pass."""
        if not self._is_proven and self.closed_seconds <= 0:
            self._is_proven = True
            while self._line:
                self._let_one_pass()

    def _wake(self, seconds: float, *, anew: bool = False) -> None:
        if self._timer is not None:
            if not anew:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._open)

    def _open(self) -> None:
        self._timer = None
        if (closed := self.closed_seconds) > 0:
            self._wake(closed)
        elif self._line:
            self._let_one_pass()
            self._wake(PROBE_SECONDS)

    def _let_one_pass(self) -> None:
        first = min(self._line)
        self._line.remove(first)
        if not first.passes.done():
            first.passes.set_result(None)
