"""A scanner is told from a hand by the times of the keys themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.scan import Burst, code_of, feed

EAN = "4006381333931"


def typed(text: str, gaps: list[int], start: int = 5_000) -> tuple[Burst, int]:
    """Return the burst after ``text``, and when the last gap later Enter came."""
    burst, at = Burst(), start
    for letter, gap in zip(text, gaps, strict=True):
        burst = feed(burst, letter, at)
        at += gap
    return burst, at


@pytest.mark.parametrize("gap", [0, 1, 5, 12, 30])
@pytest.mark.parametrize("code", [EAN, "96385074", "012345", "ABC-123456"])
def test_a_scanner_is_one(code: str, gap: int) -> None:
    burst, enter = typed(code, [gap] * len(code))
    assert code_of(burst, enter) == code


def test_a_scan_right_after_typing_is_the_code_alone() -> None:
    burst, at = typed("21", [120, 200])
    for letter in EAN:
        burst = feed(burst, letter, at)
        at += 4
    assert code_of(burst, at) == EAN


@given(st.text("0123456789+.", min_size=1, max_size=20), st.data())
def test_no_hand_is_taken_for_a_scanner(text: str, data: st.DataObject) -> None:
    # The fastest hands need 80 ms a key on average, though two fingers may come almost at once.
    gaps = data.draw(st.lists(st.integers(40, 400), min_size=len(text), max_size=len(text)))
    burst, enter = typed(text, gaps)
    assert code_of(burst, enter) == ""


@pytest.mark.parametrize("text", ["1", "21", "250", "2100", "12.50"])
def test_what_is_short_is_an_amount_however_fast(text: str) -> None:
    burst, enter = typed(text, [1] * len(text))
    assert code_of(burst, enter) == ""


def test_an_enter_that_comes_late_is_a_persons() -> None:
    burst, at = typed(EAN, [5] * len(EAN))
    assert code_of(burst, at + 61) == ""


def test_keys_without_a_time_are_a_hands() -> None:
    burst, _ = typed(EAN, [0] * len(EAN), start=0)
    assert code_of(burst, 0) == ""


def test_a_clock_that_goes_back_begins_anew() -> None:
    burst = feed(feed(Burst(), "1", 100), "2", 90)
    assert burst.text == "2"
