"""Many episodes from one seed, over two processes, with figures at the end."""

from __future__ import annotations

import argparse
import gc
import math
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from tests.simulation.episode import SALES, Episode, Outcome
from tests.simulation.figures import table
from tests.simulation.hunting import hunt
from tests.simulation.mutants import applied
from tests.simulation.pausing import without_collector

CHUNK: Final = 20
"""Episodes that a process takes at a time."""


@dataclass(slots=True)
class Report:
    """What a run came to."""

    figures: Counter[str] = field(default_factory=Counter)
    wrong: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count an episode's outcome."""
        self.figures += outcome.figures
        if outcome.wrong:
            self.wrong.append(outcome)


def episode_seed(seed: str, number: int) -> str:
    """Return the seed of one episode of a run."""
    return f"{seed}/{number}"


def simulate(seed: str, numbers: Iterable[int]) -> Report:
    """Run some episodes of a seed in this process."""
    report = Report()
    with without_collector():
        for count, number in enumerate(numbers):
            if count % CHUNK == CHUNK - 1:
                gc.collect()
            report.add(Episode(episode_seed(seed, number)).run())
    return report


def main(arguments: list[str] | None = None) -> int:
    """Run it from the command line; return 1 when something was wrong."""
    options = _parser().parse_args(arguments)
    if options.hunt:
        return hunt(options.seed, jobs=options.jobs, most=options.hunt)
    if options.episode is not None:
        return _replay(episode_seed(options.seed, options.episode), options.mutant)
    began = time.monotonic()
    report, episodes = Report(), math.ceil(options.runs / SALES)
    for part in _parts(options.seed, episodes, options.jobs):
        report.figures += part.figures
        report.wrong += part.wrong
        if part.wrong:
            break
    _print(report, options.seed, time.monotonic() - began)
    return 1 if report.wrong else 0


def _parts(seed: str, episodes: int, jobs: int) -> Iterator[Report]:
    chunks = [range(start, min(start + CHUNK, episodes)) for start in range(0, episodes, CHUNK)]
    if jobs < 2:
        yield from (simulate(seed, chunk) for chunk in chunks)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(simulate, seed, chunk) for chunk in chunks]
        try:
            yield from (each.result() for each in waiting)
        finally:
            pool.shutdown(cancel_futures=True)


def _replay(seed: str, mutant: str | None) -> int:
    with applied(mutant) if mutant else nullcontext():
        outcome = Episode(seed).run(told=True)
    _say(*outcome.story)
    _say(f"digest {outcome.digest}", outcome.wrong or "nothing is wrong")
    return 1 if outcome.wrong else 0


def _print(report: Report, seed: str, seconds: float) -> None:
    figures = report.figures
    for outcome in report.wrong[:1]:
        _say(*outcome.story, "")
    for outcome in report.wrong:
        number = outcome.seed.rpartition("/")[2]
        _say(
            f"WRONG: {outcome.wrong}",
            f"  again: python -m tests.simulation --seed {seed} --episode {number}",
        )
    _say(f"seed {seed}", *table(figures, seconds=seconds, wrong=len(report.wrong)))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", default="1", help="everything is drawn from it")
    parser.add_argument("--runs", type=int, default=100_000, help="sales, at least")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument(
        "--hunt", type=int, metavar="MOST", help="find the episode that catches each wrong engine"
    )
    parser.add_argument("--mutant", help="replay with this wrong engine")
    parser.add_argument("--episode", type=int, help="replay this one, and tell its story")
    return parser
