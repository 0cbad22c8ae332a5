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
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from tests.simulation.episode import SALES, Episode, Outcome
from tests.simulation.mutants import TABLE, applied
from tests.simulation.mutating import MUTANTS

CHUNK: Final = 20
HUNTED: Final = 400
"""Episodes that a process takes at a time."""
_OTHERS: Final = frozenset({"sales", "paid", "late payment", "overpaid", "episodes", "crash"})


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
    with _without_collector():
        for count, number in enumerate(numbers):
            if count % CHUNK == CHUNK - 1:
                gc.collect()
            report.add(Episode(episode_seed(seed, number)).run())
    return report


def main(arguments: list[str] | None = None) -> int:
    """Run it from the command line; return 1 when something was wrong."""
    options = _parser().parse_args(arguments)
    if options.hunt:
        return hunt(options.seed)
    if options.episode is not None:
        return _replay(options.seed, options.episode)
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


def hunt(seed: str) -> int:
    """Find the first episode that catches each mutant, and write the table anew."""
    lines, missed = ["# Which episode catches which mutant: written by --hunt.", "[caught]"], []
    for name in MUTANTS:
        caught = next((each for each in caught_by(name, seed) if each.wrong), None)
        if caught is None:
            missed.append(name)
            continue
        lines.append(f'"{name}" = "{caught.seed}"')
        _say(f"{caught.seed:>8}  {name}: {caught.wrong}")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _say(*(f"NOT CAUGHT: {name}" for name in missed))
    return 1 if missed else 0


def caught_by(name: str, seed: str, most: int = HUNTED) -> Iterator[Outcome]:
    """Run episodes with a mutant, one after another."""
    with applied(name), _without_collector():
        for number in range(most):
            yield Episode(episode_seed(seed, number)).run()


def _replay(seed: str, number: int) -> int:
    outcome = Episode(episode_seed(seed, number)).run(told=True)
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
    faults = {kind: times for kind, times in figures.items() if kind not in _OTHERS}
    days = faults.pop("virtual seconds", 0) / 86_400
    _say(
        f"seed {seed}: {figures['sales']} sales in {figures['episodes']} episodes, "
        f"{days:.1f} virtual days in {seconds:.1f} s ({figures['sales'] / seconds:.0f} sales/s)",
        f"paid {figures['paid']}, of these late {figures['late payment']}, "
        f"overpaid {figures['overpaid']}; {figures['crash']} crashes; "
        f"{len(report.wrong)} episodes wrong",
        *(f"  {times:>9}  {kind}" for kind, times in sorted(faults.items())),
    )


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", default="1", help="everything is drawn from it")
    parser.add_argument("--runs", type=int, default=100_000, help="sales, at least")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument(
        "--hunt", action="store_true", help="find the seed that catches each mutant; write them"
    )
    parser.add_argument("--episode", type=int, help="replay this one, and tell its story")
    return parser


@contextmanager
def _without_collector() -> Iterator[None]:
    """Collect garbage between episodes only: it costs a third of the time otherwise."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        if was_on:
            gc.enable()
