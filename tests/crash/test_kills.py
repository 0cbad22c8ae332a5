"""The real program killed at every durable step and call, started again: every sat is exact.

``make crash`` does this thousands of times; ``tests/crash/trial.py`` holds what is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from blinkpos_desktop.services.store.postgres import PostgresStore
from tests.crash.schedule import RECOVERS, SELLS, Schedule, Target
from tests.crash.trial import HANG, NOBODY, SCENARIOS, Place, Plan

QUICK_KILLS, ALL_KILLS = 28, 180
QUICK_WINDOWS, ALL_WINDOWS = 2, 20
DURABLE = {
    "intend",
    "attach_invoice",
    "move",
    "begin_ahead",
    "claim",
    "begin_transfer_attempt",
    "store_recipient_invoice",
    "start_send",
    "end_send",
}
MONEY = {"create_invoice", "cancel_invoice", "create_recipient_invoice", "pay"}


def numbers(quick: int, all_of_them: int) -> list[object]:
    long = [pytest.param(each, marks=pytest.mark.long) for each in range(quick, all_of_them)]
    return [*range(quick), *long]


def kill(place: Place, choose: Callable[[int], tuple[Target, Plan]], number: int) -> None:
    """Kill at the point of that number; a question that was not due this time gives way."""
    missed = []
    for later in range(5):
        target, plan = choose(number + later * ALL_KILLS)
        if target.point in place.run(plan).kills:
            return
        missed.append(target.name)
    raise AssertionError(f"these are not arrived at any more: {missed}")


@pytest.mark.parametrize("number", numbers(QUICK_KILLS, ALL_KILLS))
def test_a_killed_program_loses_nothing(place: Place, schedule: Schedule, number: int) -> None:
    kill(place, schedule.plan, number)


@pytest.mark.parametrize("number", numbers(QUICK_WINDOWS, ALL_WINDOWS))
def test_a_killed_window_or_cold_start_loses_nothing(
    place: Place, schedule: Schedule, number: int
) -> None:
    kill(place, schedule.slow_plan, number)


def test_no_step_and_no_call_is_forgotten(schedule: Schedule) -> None:
    """A guard of the dry runs, not a list of the points: it may only ever be too short."""
    assert {name for name in DURABLE if hasattr(PostgresStore, name)} == DURABLE
    points = {part: set[str]() for part in (SELLS, RECOVERS)}
    for each in schedule.targets:
        points[each.part].add(each.point)
    both = {f"{when}:{name}" for when in ("before", "after") for name in DURABLE | MONEY}
    assert both <= points[SELLS]
    assert {f"{HANG}:{name}" for name in MONEY} <= points[SELLS]
    for name in ("claim", "record", "release", "start_send", "pay", "end_send", "complete", "move"):
        assert {f"before:{name}", f"after:{name}"} <= points[RECOVERS]


def test_blink_has_paid_and_the_answer_never_came(place: Place) -> None:
    plan = Plan(scenario=SCENARIOS["paid"], first=(f"{HANG}:pay", 1), again=((f"{HANG}:pay", 1),))
    assert place.run(plan).kills == [f"{HANG}:pay"] * 2


def test_what_nobody_paid_stays_unpaid(place: Place) -> None:
    for point in ("after:create_invoice", "before:attach_invoice"):
        result = place.run(Plan(scenario=SCENARIOS["paid"], first=(point, 1)))
        assert (result.kills, result.paid) == ([point], False)


def test_the_check_can_fail(place: Place) -> None:
    """A check that would not see a missing or a doubled sat proves nothing."""
    scenario = replace(SCENARIOS["paid"], parts={"cafe": 22, "elturco": 1})
    with pytest.raises(AssertionError, match=r"has .'BTC': 21., not .'BTC': 22."):
        place.run(Plan(scenario=scenario, first=NOBODY))
