"""Which price may be sold at."""

from __future__ import annotations

from fractions import Fraction

import pytest

from blinkpos_desktop.domain.money import Price
from blinkpos_desktop.domain.pricing import (
    PriceMovedError,
    has_moved,
    is_fresh,
    is_usable,
    moved,
)
from tests.unit.strategies import USD

NOON = 1_780_000_000


def price(minor_per_sat: str, *, minute: int = 0) -> Price:
    exact = Fraction(minor_per_sat) * 10**12
    return Price(currency=USD, base=int(exact), offset=12, as_of=NOON + 60 * minute)


@pytest.mark.parametrize(
    ("age", "fresh", "usable"),
    [
        *((0, True, True), (119.9, True, True), (120, False, True), (599.9, False, True)),
        *((600, False, False), (-1, False, False)),
    ],
)
def test_a_price_is_fresh_for_two_minutes_and_usable_for_ten(
    age: float,
    fresh: bool,  # noqa: FBT001
    usable: bool,  # noqa: FBT001
) -> None:
    assert (is_fresh(age), is_usable(age)) == (fresh, usable)


@pytest.mark.parametrize(
    ("now", "far"),
    [("0.1", False), ("0.12", False), ("0.08", False), ("0.1200001", True), ("0.0799999", True)],
)
def test_a_fifth_is_the_most_that_goes_without_a_person(
    now: str,
    far: bool,  # noqa: FBT001
) -> None:
    assert has_moved(price(now), price("0.1")) is far


def test_a_price_is_compared_with_each_of_the_last_hour() -> None:
    new = price("0.13", minute=60)
    hour_old, near = price("0.1", minute=0), price("0.12", minute=30)
    assert moved(new, [hour_old, near]) is None
    before = price("0.1", minute=1)
    move = moved(new, [price("0.1", minute=1), near, price("0.09", minute=0)])
    assert move is not None
    assert (move.before, move.price, move.minutes) == (before, new, 59)


def test_the_sentence_shows_both_prices() -> None:
    move = moved(price("0.12", minute=13), [price("0.0862", minute=1)])
    assert move is not None
    assert PriceMovedError(move).sentence == (
        "The price of a bitcoin went from $86200.00 to $120000.00 within 12 min: somebody at a "
        "till must agree to it first. Sats can be sold."
    )
