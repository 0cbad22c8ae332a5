"""How an invariant is held: the first that does not hold stops the loop."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.loop import VirtualLoop
from tests.simulation.story import Story


class InvariantError(AssertionError):
    """Something that must never be has been seen."""


@dataclass(slots=True)
class Checks:
    """Counts what was looked at, and stops at the first wrong."""

    loop: VirtualLoop
    story: Story
    count: int = 0

    def wrong(self, what: str) -> None:
        """Stop: this must never be."""
        if self.loop.halted is None:
            self.story.tell("WRONG", what)
            self.loop.halted = InvariantError(what)

    def hold(self, holds: bool, what: str) -> None:  # noqa: FBT001 (an assertion)
        """Look at one invariant."""
        self.count += 1
        if not holds:
            self.wrong(what)
