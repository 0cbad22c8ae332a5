"""Thousands of kills: ``python -m tests.crash --kills N --seed S``; a failing one by ``--only``."""

from __future__ import annotations

import argparse
import sys
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from tests.crash.schedule import QUICK, Schedule, explore
from tests.crash.trial import Place


@dataclass(slots=True)
class Figures:
    """What has happened so far, for all who work at it."""

    wanted: int
    numbers: count[int] = field(default_factory=count)
    trials: int = 0
    survived: int = 0
    kills: int = 0
    unplugged: int = 0
    missed: int = 0
    covered: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    started: float = field(default_factory=time.monotonic)

    def next(self) -> int | None:
        """Return the next trial's number, until there were kills enough."""
        with self.lock:
            return None if self.kills >= self.wanted else next(self.numbers)

    def __str__(self) -> str:
        """Return one line."""
        return (
            f"{self.kills} kills at points and {self.unplugged} while waiting, in {self.trials} "
            f"sales; {self.survived} sales survived, {len(self.failures)} did not; "
            f"{len(self.covered)} points covered, {self.missed} missed; "
            f"{time.monotonic() - self.started:.0f} s"
        )


def work(place: Place, schedule: Schedule, figures: Figures, seed: int) -> None:
    """Carry plans out until there were kills enough."""
    while (number := figures.next()) is not None:
        run_one(place, schedule, figures, seed, number)


def run_one(place: Place, schedule: Schedule, figures: Figures, seed: int, number: int) -> None:
    """Carry out the plan of one number and count what came of it."""
    target, plan = schedule.plan(number)
    try:
        result = place.run(plan)
    except Exception:  # noqa: BLE001 (told, and the others go on)
        with figures.lock:
            figures.trials += 1
            figures.failures.append(f"--seed {seed} --only {number}: {plan}")
        sys.stderr.write(f"{figures.failures[-1]}\n{traceback.format_exc()}\n")
        return
    with figures.lock:
        figures.trials += 1
        figures.survived += 1
        figures.kills += len(result.kills)
        figures.unplugged += result.unplugged
        if target.point in result.kills:
            figures.covered[target.name] += 1
        else:
            figures.missed += 1
        if not figures.trials % 100:
            sys.stdout.write(f"{figures}\n")
            sys.stdout.flush()


def main() -> int:
    """Take the command line; return 1 when a sale did not survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    parser.add_argument("--only", type=int, help="the number of one sale")
    options = parser.parse_args()
    figures = Figures(options.kills)
    with Place.opened() as place:
        schedule = Schedule(explore(place, QUICK), options.seed)
        if options.only is not None:
            sys.stdout.write(f"{schedule.plan(options.only)[1]}\n")
            run_one(place, schedule, figures, options.seed, options.only)
        else:
            others = [
                threading.Thread(target=_worker, args=(schedule, figures, options.seed))
                for _ in range(options.jobs - 1)
            ]
            for each in others:
                each.start()
            work(place, schedule, figures, options.seed)
            for each in others:
                each.join()
    never = sorted({each.name for each in schedule.targets} - set(figures.covered))
    sys.stdout.write(f"{figures}\n{len(schedule.targets)} points in all; not killed at: {never}\n")
    return 1 if figures.failures else 0


def _worker(schedule: Schedule, figures: Figures, seed: int) -> None:
    with Place.opened() as place:
        work(place, schedule, figures, seed)


if __name__ == "__main__":
    sys.exit(main())
