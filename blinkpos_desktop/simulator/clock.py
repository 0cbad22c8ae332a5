"""The simulator's clock, which the control side can move."""

import time
from collections.abc import Callable


class Clock:
    """Unix seconds, with an offset that only grows or shrinks by `advance`."""

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self._offset_seconds = 0.0

    def now(self) -> float:
        """Unix seconds with their fraction: for windows and limits."""
        return self._base() + self._offset_seconds

    def seconds(self) -> int:
        """Whole Unix seconds: for everything that is stored or sent."""
        return int(self.now())

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`, backwards when negative."""
        self._offset_seconds += seconds
