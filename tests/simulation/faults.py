"""What can happen to a call on its way to Blink and back."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from tests.simulation.chances import Chances
from tests.simulation.story import Story


class Killable(Protocol):
    """The process that makes a call: it may be killed before it and after."""

    @property
    def name(self) -> str:
        """Who calls, for the story."""

    def point(self, where: str) -> None:
        """Die here, if the seed says so; the dead never get past it."""

    async def nap(self, where: str) -> None:
        """Stand still for a while, as the code of a machine that sleeps."""


class Fault(StrEnum):
    """What goes wrong with one call to Blink."""

    AWAY = "away"
    """It never left."""
    BUSY = "HTTP 429"
    REFUSED = "refused"
    """Nothing was done; an error of Blink's own says so."""
    DROPPED = "dropped"
    """Nothing was done, and nobody can tell."""
    LOST = "lost answer"
    """Done, and the answer is lost."""
    LATE = "late"
    """Given up as lost, and done afterwards."""
    SLOW = "slow"
    """Done, and answered after seconds."""
    DENIED = "done and denied"
    """Done, and an error is answered all the same."""
    KEY = "key refused"
    """The key is refused this once; nothing was done."""


_KINDS: Final = (
    Fault.AWAY,
    Fault.AWAY,
    Fault.BUSY,
    Fault.REFUSED,
    Fault.DROPPED,
    Fault.DROPPED,
    Fault.LOST,
    Fault.LOST,
    Fault.LOST,
    Fault.LATE,
    Fault.LATE,
    Fault.SLOW,
    Fault.SLOW,
    Fault.DENIED,
    Fault.DENIED,
    Fault.KEY,
)
_OUTAGE: Final = (Fault.AWAY, Fault.AWAY, Fault.DROPPED, Fault.LOST)


@dataclass(slots=True)
class BlinkFaults:
    """Draws them, for all tills."""

    chances: Chances
    random: random.Random
    story: Story
    outage: bool = False

    def draw(self, call: str) -> Fault | None:
        """Return what goes wrong with a call; mostly nothing."""
        chances, roll = self.chances, self.random.random
        if self.outage:
            fault = _OUTAGE[int(roll() * len(_OUTAGE))]
        elif chances.blink_fault and roll() < chances.blink_fault:
            fault = _KINDS[int(roll() * len(_KINDS))]
        else:
            return None
        self.story.count(f"Blink: {fault}")
        self.story.tell("fault", call, fault)
        return fault

    def draw_send(self, call: str) -> Fault | None:
        """Return what goes wrong with a call that moves money."""
        fault, chance = self.draw(call), self.chances.late_sends
        if fault is None and chance and self.random.random() < chance:
            self.story.count(f"Blink: {Fault.LATE}")
            self.story.tell("fault", call, Fault.LATE)
            return Fault.LATE
        return fault

    def falls_asleep(self) -> bool:
        """Whether a machine falls asleep with an answer in its hand."""
        chance = self.chances.sleeps_at_call
        return bool(chance) and self.random.random() < chance

    def falls_asleep_between(self) -> bool:
        """Whether it does so between the two steps of a transfer that belong together most."""
        chance = self.chances.sleeps_between
        return bool(chance) and self.random.random() < chance

    def between(self, least: float, most: float) -> float:
        """Return a number of seconds."""
        return least + (most - least) * self.random.random()
