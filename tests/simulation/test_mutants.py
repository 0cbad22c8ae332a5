"""The simulation can fail: each wrong engine is caught, by the seed in ``mutants.toml``.

The real engine lives through the same episodes unharmed. When the engine has
changed so much that a seed shows another story, the next ones are tried;
``python -m tests.simulation --hunt 3000`` writes the tables anew.
"""

from __future__ import annotations

import pytest

from tests.simulation.episode import Episode
from tests.simulation.hunting import caught_by, documented, in_the_page
from tests.simulation.ledgers import Run
from tests.simulation.mutants import MUTANTS, applied, table
from tests.simulation.plays import CATCHES, PLAYS, wrong_in

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    # A killed till's coroutines vanish in the middle of their clean-up, as a killed process' do.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.mark.parametrize("play", PLAYS)
def test_the_real_engine_plays_every_play_well(play: str, run: Run) -> None:
    run(PLAYS[play])


@pytest.mark.parametrize("name", CATCHES)
def test_a_play_catches_what_chance_meets_too_seldom(name: str) -> None:
    with applied(name):
        assert wrong_in(CATCHES[name])


@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in CATCHES])
def test_a_wrong_engine_is_caught(name: str) -> None:
    with applied(name):
        outcome = Episode(table()[name]).run()
    assert outcome.wrong or any(each.wrong for each in caught_by(name, "1"))


@pytest.mark.parametrize("seed", sorted(set(table().values())))
def test_the_real_engine_is_right_where_a_wrong_one_is_caught(seed: str) -> None:
    outcome = Episode(seed).run()
    assert not outcome.wrong, "\n".join(outcome.story)


def test_every_mutant_has_its_seed_and_its_line_in_the_page() -> None:
    assert set(table()) | set(CATCHES) == set(MUTANTS)
    assert not set(table()) & set(CATCHES)
    assert documented(table()) == in_the_page()


@pytest.mark.parametrize(
    "name",
    [
        "pay before persist",
        "re-invoice on a timeout",
        "believe a FAILURE",
        "trust cancel's refusal",
        "expire paid",
        "stop watching a cancelled sale",
        "drop the claim's second read",
        "treat PENDING as failed",
        "overwrite a prepared invoice",
    ],
)
def test_the_rules_that_are_promised_are_among_them(name: str) -> None:
    assert name in MUTANTS


def test_a_seed_that_fails_replays_exactly_and_tells_its_story() -> None:
    name = "believe a FAILURE"
    with applied(name):
        here, again = (Episode(table()[name]).run() for _ in range(2))
    assert here.wrong
    assert (here.digest, here.wrong, here.story) == (again.digest, again.wrong, again.story)
    assert any("WRONG" in line and here.wrong.partition(": ")[2] in line for line in here.story)
