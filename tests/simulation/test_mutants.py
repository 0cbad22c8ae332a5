"""The simulation can fail: each wrong engine is caught, by the seed in ``mutants.toml``.

The real engine lives through the same episodes unharmed. When the engine has
changed so much that a seed shows another story, the next ones are tried;
``python -m tests.simulation --hunt`` writes the table anew.
"""

from __future__ import annotations

import pytest

from tests.simulation.episode import Episode
from tests.simulation.mutants import applied, table
from tests.simulation.mutating import MUTANTS
from tests.simulation.run import caught_by

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    # A killed till's coroutines vanish in the middle of their clean-up, as a killed process' do.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_engine_is_caught(name: str) -> None:
    with applied(name):
        outcome = Episode(table()[name]).run()
    assert outcome.wrong or any(each.wrong for each in caught_by(name, "1"))


@pytest.mark.parametrize("seed", sorted(set(table().values())))
def test_the_real_engine_is_right_where_a_wrong_one_is_caught(seed: str) -> None:
    outcome = Episode(seed).run()
    assert not outcome.wrong, "\n".join(outcome.story)


def test_every_mutant_has_its_seed() -> None:
    assert set(table()) == set(MUTANTS)
