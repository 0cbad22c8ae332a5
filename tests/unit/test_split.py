"""Cutting a whole into parts that add up to it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.money import MAX_SATS
from blinkpos_desktop.domain.split import largest_remainder, tip_of, tip_part, tip_to_round
from tests.unit.strategies import percents, shares

totals = st.one_of(st.integers(0, 100), st.integers(0, MAX_SATS))


@given(totals, shares)
def test_parts_add_up_and_each_is_within_one_of_its_exact_share(
    total: int, given_shares: list[int]
) -> None:
    parts = largest_remainder(total, given_shares)
    assert sum(parts) == total
    assert len(parts) == len(given_shares)
    for part, share in zip(parts, given_shares, strict=True):
        assert part >= 0
        assert abs(part - Fraction(total * share, sum(given_shares))) < 1


@given(totals, shares)
def test_whoever_has_the_larger_remainder_is_served_first(
    total: int, given_shares: list[int]
) -> None:
    parts = largest_remainder(total, given_shares)
    exact = [Fraction(total * share, sum(given_shares)) for share in given_shares]
    up = [(e - int(e), -i) for i, (p, e) in enumerate(zip(parts, exact, strict=True)) if p > int(e)]
    down = [
        (e - int(e), -i) for i, (p, e) in enumerate(zip(parts, exact, strict=True)) if p == int(e)
    ]
    # (remainder, place): those rounded up come before those rounded down, ties by the order given.
    assert not up or not down or min(up) > max(down)


@given(totals, shares, st.randoms(use_true_random=False))
def test_another_order_moves_nothing_between_different_shares_but_ties(
    total: int, given_shares: list[int], random: object
) -> None:
    shuffled = list(given_shares)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    before = zip(given_shares, largest_remainder(total, given_shares), strict=True)
    after = zip(shuffled, largest_remainder(total, shuffled), strict=True)
    whole = sum(given_shares)

    def by_remainder(pairs: zip[tuple[int, int]]) -> list[tuple[int, int]]:
        ups: dict[int, int] = {}
        for share, part in pairs:
            remainder = total * share % whole
            ups[remainder] = ups.get(remainder, 0) + part - total * share // whole
        return sorted(ups.items())

    assert by_remainder(before) == by_remainder(after)


@given(totals, shares, st.integers(2, 1000))
def test_only_the_proportion_of_shares_counts(
    total: int, given_shares: list[int], factor: int
) -> None:
    scaled = [share * factor for share in given_shares]
    assert largest_remainder(total, scaled) == largest_remainder(total, given_shares)


@pytest.mark.parametrize(
    ("total", "given_shares", "parts"),
    [
        (2, [1], (2,)),
        (1, [1, 1], (1, 0)),
        (10, [1, 1, 1], (4, 3, 3)),
        (11, [1, 1, 1], (4, 4, 3)),
        (2, [60, 40], (1, 1)),
        (1, [40, 60], (0, 1)),
        (0, [3, 4], (0, 0)),
        (MAX_SATS, [1, 1], (MAX_SATS // 2, MAX_SATS // 2)),
    ],
)
def test_ties_go_in_the_order_given(
    total: int, given_shares: list[int], parts: tuple[int, ...]
) -> None:
    assert largest_remainder(total, given_shares) == parts


@pytest.mark.parametrize("bad", [[], [0], [1, 0], [-1], [2, -1]])
def test_shares_of_nothing_are_refused(bad: list[int]) -> None:
    with pytest.raises(InputError):
        largest_remainder(10, bad)


def test_a_negative_total_is_refused() -> None:
    with pytest.raises(InputError):
        largest_remainder(-1, [1])


@given(totals, percents)
def test_a_tip_is_the_percentage_rounded_half_up(amount: int, percent: Fraction) -> None:
    tip = tip_of(amount, percent)
    assert 0 <= tip <= amount
    assert Fraction(-1, 2) < tip - amount * percent / 100 <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("amount", "percent", "tip"),
    [(21, "10", 2), (5, "10", 1), (4, "10", 0), (1, "50", 1), (1, "49.9999", 0), (20, "7.5", 2)],
)
def test_half_a_unit_of_tip_goes_up(amount: int, percent: str, tip: int) -> None:
    assert tip_of(amount, Fraction(percent)) == tip


@given(st.integers(0, MAX_SATS), st.data())
def test_the_tips_sats_stay_within_the_total(total_sats: int, data: st.DataObject) -> None:
    total_minor = data.draw(st.integers(1, 10**15))
    tip_minor = data.draw(st.integers(0, total_minor))
    part = tip_part(total_sats=total_sats, tip_minor=tip_minor, total_minor=total_minor)
    assert 0 <= part <= total_sats
    exact = Fraction(total_sats * tip_minor, total_minor)
    assert Fraction(-1, 2) < part - exact <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("amount", "digits", "rounded"),
    [
        *((1250, 2, 1300), (400, 2, 500), (1, 2, 100), (1_234, 3, 2_000)),
        *((1, 0, 2), (21, 0, 25), (25, 0, 30), (99, 0, 100), (100, 0, 110), (757, 0, 800)),
        *((2_000, 0, 2_500), (12_345, 0, 13_000), (123_456, 0, 130_000)),
    ],
)
def test_a_sum_is_rounded_up_to_the_next_whole_or_tidy_one(
    amount: int, digits: int, rounded: int
) -> None:
    assert amount + tip_to_round(amount, digits) == rounded


@given(st.integers(1, MAX_SATS), st.sampled_from([0, 2, 3]))
def test_a_rounding_is_a_tip_and_small(amount: int, digits: int) -> None:
    tip = tip_to_round(amount, digits)
    assert tip > 0
    assert tip <= max(10**digits, amount // 4)
