"""Where to kill: every point that a run without a kill arrives at, in a seeded order.

Nothing here is a list of names: a new step of the ledger or a new call to Blink
is a new point by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Final

from blinkpos_desktop.services.blink import document_files
from tests.crash.trial import HANG, NOBODY, SCENARIOS, Kill, Place, Plan

SELLS: Final = "sells"
RECOVERS: Final = "recovers"
QUICK: Final = ("paid", "unprepared", "untipped", "dark", "cancelled", "till")
SLOW: Final = {"till": "window", "paid": "cold"}
"""Which seller's points are those of another program that takes longer to start."""
_DOCUMENTS: Final = Path(document_files.__file__).parent / "documents"
_LOST_SHARE: Final = 0.2
"""Of the sales that lose an answer besides."""
_HALF_SENT: Final = ("after:pay", 1)
"""Where a recovery has most to find out: money has moved, and nobody here knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A point of one part in one scenario, and how often a run arrives there."""

    scenario: str
    part: str
    first: Kill
    """How the seller died, when it is the recovery that is to be killed."""
    point: str
    most: int

    @property
    def name(self) -> str:
        """Return its name in figures."""
        return f"{self.scenario} {self.part} {self.point}"


class Schedule:
    """The plans of a seed, one by its number."""

    def __init__(self, targets: Sequence[Target], seed: int) -> None:
        self.targets, self._seed = tuple(_spread(targets, seed)), seed

    def plan(self, number: int) -> tuple[Target, Plan]:
        """Return the plan of a number: its target, and what else its seed brings."""
        target = self.targets[number % len(self.targets)]
        chance = Random(f"{self._seed} {number}")  # noqa: S311 (a seed that replays)
        kill = (target.point, chance.randint(1, target.most))
        recoveries = [
            each
            for each in self.targets
            if (each.scenario, each.part) == (target.scenario, RECOVERS)
        ]
        more = tuple(
            (each.point, chance.randint(1, each.most))
            for each in chance.choices(recoveries, k=chance.choice((0, 0, 1, 2)))
        )
        scenario = SCENARIOS[target.scenario]
        if target.part == SELLS:
            first, again, from_process = kill, more, 0
        else:
            first, again, from_process = target.first, (kill, *more), 1
        lost = ""
        if chance.random() < _LOST_SHARE:
            lost = chance.choice(self._calls(target.scenario)[from_process])
        return target, Plan(
            scenario=scenario, first=first, again=again, lost=lost, lost_from=from_process
        )

    def slow_plan(self, number: int) -> tuple[Target, Plan]:
        """The same for the till with its window and for a cold start."""
        sellers = [each for each in self.targets if each.scenario in SLOW and each.part == SELLS]
        target = sellers[number % len(sellers)]
        scenario = SCENARIOS[SLOW[target.scenario]]
        return target, Plan(scenario=scenario, first=(target.point, 1))

    def _calls(self, scenario: str) -> tuple[list[str], list[str]]:
        """Return the documents that a scenario sends: all, and those of a recovery."""
        hangs = [
            (each.part, each.point.rpartition(":")[2])
            for each in self.targets
            if each.scenario == scenario and each.point.startswith(f"{HANG}:")
        ]
        return sorted({name for _, name in hangs}), sorted(
            {name for part, name in hangs if part == RECOVERS}
        )


def explore(place: Place, scenarios: Sequence[str]) -> list[Target]:
    """Run every scenario without a kill, and one in the middle of its sending."""
    found: list[Target] = []
    for name in scenarios:
        scenario, death = SCENARIOS[name], NOBODY
        seller, recovery, *_ = place.run(Plan(scenario=scenario, first=death)).arrivals
        if scenario.pays_at_once:
            # Without a kill the sale is over: a recovery finds nothing to do.
            death = _HALF_SENT
            _, recovery, *_ = place.run(Plan(scenario=scenario, first=death)).arrivals
        found += _targets(name, SELLS, NOBODY, seller)
        found += _targets(name, RECOVERS, death, recovery)
    return found


def _targets(scenario: str, part: str, first: Kill, arrivals: Counter[str]) -> Iterator[Target]:
    calls = {file.stem for file in _DOCUMENTS.glob("*.graphql")}
    for point, most in arrivals.items():
        yield Target(scenario=scenario, part=part, first=first, point=point, most=most)
        when, _, name = point.partition(":")
        if when == "before" and name in calls:
            hang = f"{HANG}:{name}"
            yield Target(scenario=scenario, part=part, first=first, point=hang, most=most)


def _spread(targets: Sequence[Target], seed: int) -> Iterator[Target]:
    """Put them into an order of which any beginning is spread over scenarios and parts."""
    groups: dict[tuple[str, str], list[Target]] = {}
    for each in sorted(targets, key=lambda it: sha256(f"{seed} {it.name}".encode()).digest()):
        groups.setdefault((each.scenario, each.part), []).append(each)
    for row in zip_longest(*(groups[key] for key in sorted(groups))):
        yield from (each for each in row if each is not None)
