"""The models without any fault, for the contracts that they share with the real things."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.simulation.blink_books import EPOCH
from tests.simulation.chances import Chances
from tests.simulation.loop import VirtualLoop
from tests.simulation.story import Story


@dataclass(slots=True)
class Immortal:
    """A process that nobody kills."""

    name: str = "contract"

    def point(self, where: str) -> None:
        """Go on."""

    async def nap(self, where: str) -> None:
        """Go on."""


@dataclass(slots=True)
class Calm:
    """What every model is built upon; nothing goes wrong."""

    random: random.Random = field(default_factory=lambda: random.Random("calm"))  # noqa: S311
    chances: Chances = field(default_factory=Chances)
    loop: VirtualLoop = field(init=False)
    story: Story = field(init=False)

    def __post_init__(self) -> None:
        self.loop = VirtualLoop(self.random)
        self.story = Story(self.loop)

    def now(self) -> float:
        return EPOCH + self.loop.time()
