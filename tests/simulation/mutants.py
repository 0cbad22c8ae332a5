"""Wrong engines: each breaks one rule of the real one, to show that the simulation can fail."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast
from unittest.mock import patch

from tests.simulation import (
    wrong_books,
    wrong_choices,
    wrong_debts,
    wrong_forwarding,
    wrong_ledgers,
    wrong_sales,
    wrong_seeing,
)
from tests.simulation.mutating import Change, Family

TABLE: Final = Path(__file__).with_name("mutants.toml")
FAMILIES: Final[tuple[Family, ...]] = (
    wrong_sales.wrong,
    wrong_forwarding.wrong,
    wrong_ledgers.wrong,
    wrong_choices.wrong,
    wrong_debts.wrong,
    wrong_books.wrong,
    wrong_seeing.wrong,
)
MUTANTS: Final[dict[str, tuple[Change, ...]]] = {
    name: changes for family in FAMILIES for name, changes in family.mutants.items()
}


@contextmanager
def applied(name: str) -> Iterator[None]:
    """Let the engine be that mutant."""
    patches = [patch.object(each.target, each.name, each.instead) for each in MUTANTS[name]]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()


def table() -> dict[str, str]:
    """Return the seed that catches each mutant."""
    return cast("dict[str, str]", tomllib.loads(TABLE.read_text(encoding="utf-8"))["caught"])
