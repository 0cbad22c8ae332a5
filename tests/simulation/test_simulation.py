"""A slice of ``make simulate``: the real engine through some thousand sales with every fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.episode import SALES, Episode
from tests.simulation.run import Report, simulate

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    # A killed till's coroutines vanish in the middle of their clean-up, as a killed process' do.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"
    ),
]
_ROOT = Path(__file__).parents[2]


def _right(report: Report) -> None:
    for outcome in report.wrong:
        pytest.fail("\n".join((*outcome.story, f"seed {outcome.seed}: {outcome.wrong}")))


@pytest.mark.parametrize("seed", ["till", "bitcoin", "lightning"])
def test_no_sat_is_lost_and_none_is_sent_twice(seed: str) -> None:
    report = simulate(seed, range(30))
    _right(report)
    figures = report.figures
    assert figures["sales"] == 30 * SALES
    for fault in ("crash", "late payment", "update: lost", "Blink: lost answer", "Blink: PENDING"):
        assert figures[fault], f"there was no {fault}: the simulation has become tame"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(8))
def test_the_same_for_many_more(seed: int) -> None:
    _right(simulate(f"long {seed}", range(60)))


def test_a_seed_replays_exactly_whatever_the_process() -> None:
    here = Episode("1/7").run(told=True)
    assert here.digest == Episode("1/7").run(told=True).digest
    command = [sys.executable, "-m", "tests.simulation", "--seed", "1", "--episode", "7"]
    there = subprocess.run(
        command,
        cwd=_ROOT,
        env={**os.environ, "PYTHONHASHSEED": "21"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"digest {here.digest}" in there.stdout
    assert there.returncode == 0
