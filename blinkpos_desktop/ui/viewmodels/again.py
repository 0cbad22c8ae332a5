"""A question whose answer is the same tap once more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

AGAIN_SECONDS: Final = 0.5
"""So long after the question a tap is the second half of a double tap, and no answer."""


class Again:
    """Tells who taps once more because he was asked from who has tapped twice."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing asked."""
        self.seconds = AGAIN_SECONDS
        self._clock = clock
        self._asked_at = 0.0

    def ask(self) -> None:
        """Note that the question is on the screen from now on."""
        self._asked_at = self._clock()

    @property
    def is_meant(self) -> bool:
        """Whether a tap now answers it."""
        return self._clock() - self._asked_at >= self.seconds
