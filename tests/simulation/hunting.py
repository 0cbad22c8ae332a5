"""Finds the episode that catches each wrong engine, and writes the tables of them anew."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tests.simulation import mutants
from tests.simulation.episode import Episode, Outcome
from tests.simulation.mutants import FAMILIES, MUTANTS, TABLE, applied
from tests.simulation.pausing import without_collector
from tests.simulation.plays import CATCHES, wrong_in

HUNTED: Final = 400
"""Episodes that are tried when a seed shows another story than it did."""
CHUNK: Final = 20
PAGE: Final = Path(__file__).parents[2] / "docs" / "money.md"
_BEGIN: Final = "<!-- the wrong engines: written by the hunt -->\n"
_END: Final = "<!-- the end of the wrong engines -->\n"


def caught_by(name: str, seed: str, numbers: range = range(HUNTED)) -> Iterator[Outcome]:
    """Run episodes of a seed with a mutant, one after another."""
    with mutants.applied(name), without_collector():
        for number in numbers:
            yield Episode(f"{seed}/{number}").run()


def first_caught(name: str, seed: str, numbers: range) -> tuple[str, str] | None:
    """Return the first episode that catches a mutant, and what is wrong in it."""
    found = (each for each in caught_by(name, seed, numbers) if each.wrong)
    return next(((each.seed, each.wrong) for each in found), None)


def hunt(seed: str, *, jobs: int, most: int) -> int:
    """Hunt every mutant through at most so many episodes; return 1 when one escapes."""
    caught: dict[str, str] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for name in MUTANTS:
            if name in CATCHES:
                with applied(name):
                    sys.stdout.write(f"  a play  {name}: {wrong_in(CATCHES[name])}\n")
                continue
            chunks = (range(each, each + CHUNK) for each in range(0, most, CHUNK))
            # The newest chunk of each worker runs on when an older one has found it: so be it.
            for start in zip(*[chunks] * jobs, strict=False):
                found = [pool.submit(first_caught, name, seed, each) for each in start]
                hits = [hit for each in found if (hit := each.result())]
                if hits:
                    caught[name] = hits[0][0]
                    sys.stdout.write(f"{hits[0][0]:>8}  {name}: {hits[0][1]}\n")
                    break
            else:
                sys.stdout.write(f"ESCAPED: {name}\n")
            sys.stdout.flush()
    lines = [f'"{name}" = "{found}"' for name, found in caught.items()]
    head = "# Which episode catches which wrong engine: written by --hunt.\n[caught]\n"
    TABLE.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    before, rest = PAGE.read_text(encoding="utf-8").split(_BEGIN)
    after = rest.split(_END)[1]
    PAGE.write_text(f"{before}{_BEGIN}{documented(caught)}{_END}{after}", encoding="utf-8")
    return 1 if set(MUTANTS) - set(caught) - set(CATCHES) else 0


def documented(caught: dict[str, str]) -> str:
    """Return the mutants as the table of ``docs/money.md``."""
    lines = ["| wrong engine | caught by the episode |", "| --- | --- |"]
    for family in FAMILIES:
        lines.append(f"| **{family.title}** | |")
        for name in family.mutants:
            if name in CATCHES:
                lines.append(f"| {name} | the play “{CATCHES[name]}” |")
            elif name in caught:
                seed, _, number = caught[name].rpartition("/")
                lines.append(f"| {name} | `--seed {seed} --episode {number}` |")
    return "\n".join(lines) + "\n"


def in_the_page() -> str:
    """Return the table as it stands in ``docs/money.md``."""
    return PAGE.read_text(encoding="utf-8").split(_BEGIN)[1].split(_END)[0]
