"""The demo's story: a line per step, with its milliseconds since the sale began."""

from __future__ import annotations

import time


class DemoError(Exception):
    """The story went another way than it must; the text says how."""


class Story:
    """Prints what happens, as it happens."""

    def __init__(self) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def begin(self) -> None:
        """Set the clock to zero: a sale begins."""
        self._began = time.perf_counter()

    def tell(self, text: str, *, at: float | None = None) -> None:
        """Print one step; ``at`` is a ``time.perf_counter()`` of a moment ago."""
        elapsed = ((time.perf_counter() if at is None else at) - self._began) * 1000
        self.say(f"{elapsed:8.0f} ms  {text}")

    def say(self, text: str) -> None:
        """Print a line without a time."""
        print(text, flush=True)  # noqa: T201 (the story is the demo's output)
