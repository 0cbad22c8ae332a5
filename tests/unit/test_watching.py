"""How soon an invoice is asked for again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.watching import next_question, retry_delay

MADE = 1_800_000_000
EXPIRES = MADE + 900
DAY = 24 * 3600


def ask(now: int, asked_at: int | None, *, on_screen: bool = False) -> int | None:
    return next_question(
        now=now, asked_at=asked_at, created_at=MADE, expires_at=EXPIRES, on_screen=on_screen
    )


@pytest.mark.parametrize(
    ("age", "every"),
    [(1, 60), (900, 60), (3599, 60), (3600, 600), (DAY, 600), (900 + DAY, 600)],
)
def test_a_minute_in_the_first_hour_then_ten(age: int, every: int) -> None:
    now = MADE + age
    assert ask(now, now - 1) == now - 1 + every


@pytest.mark.parametrize("age", [0, 10, 900, 4000, 900 + DAY, 900 + DAY + 1, 30 * DAY])
def test_every_five_seconds_while_somebody_waits(age: int) -> None:
    now = MADE + age
    assert ask(now, now, on_screen=True) == now + 5


def test_a_day_after_its_expiry_nobody_asks_any_more() -> None:
    assert ask(EXPIRES + DAY, EXPIRES) is not None
    assert ask(EXPIRES + DAY + 1, EXPIRES) is None
    assert ask(EXPIRES + DAY + 1, None) is None


def test_what_was_never_asked_for_is_asked_for_at_once() -> None:
    assert ask(MADE + 5000, None) == MADE + 5000
    assert ask(MADE, None, on_screen=True) == MADE


@pytest.mark.parametrize("on_screen", [True, False])
def test_a_clock_set_back_does_not_stop_the_questions(*, on_screen: bool) -> None:
    assert ask(MADE + 10, MADE + 10 + DAY, on_screen=on_screen) == MADE + 10


@given(st.integers(0, 2 * DAY), st.integers(0, 2 * DAY), st.booleans())
def test_no_question_is_more_than_ten_minutes_away(age: int, ago: int, on_screen: bool) -> None:  # noqa: FBT001 (drawn)
    now = MADE + age
    due = ask(now, now - ago, on_screen=on_screen)
    if due is None:
        assert not on_screen
        assert now > EXPIRES + DAY
    else:
        assert due <= now + 600


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_doubles_from_a_second_to_a_minute_at_most(tries: int, jitter: float) -> None:
    ceiling = min(60, 2 ** min(tries - 1, 10))
    assert ceiling / 2 <= retry_delay(tries, jitter) <= ceiling


def test_the_waits_grow() -> None:
    assert [retry_delay(tries, 0) for tries in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
