"""How a total is cut into parts that add up to it exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.money import round_half_up


def largest_remainder(total: int, shares: Sequence[int]) -> tuple[int, ...]:
    """Cut ``total`` (sats or minor units, ≥ 0) in proportion to whole ``shares`` above 0.

    Each part is at first rounded down; what is left goes one by one to the
    largest remainders, ties in the order given. The parts sum to ``total``.
    """
    if total < 0 or not shares or any(share <= 0 for share in shares):
        raise InputError("Shares are whole numbers above zero.")
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: -(total * shares[i] % whole))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    assert sum(parts) == total
    return tuple(parts)


def tip_of(amount: int, percent: Fraction) -> int:
    """Return ``percent`` of ``amount`` (sats or minor units), rounded half up."""
    return round_half_up(amount * percent / 100)


def tip_to_round(amount: int, digits: int) -> int:
    """Return the tip that rounds ``amount`` up to the next whole unit of its currency.

    Where the minor unit is the whole one (sats, yen) it is up to the next tidy number: a multiple
    of the largest of 1, 5, 10, 50, 100, … that is at most a quarter of the amount.
    """
    step: int = 10**digits
    if not digits:
        factor = 5
        while step * factor <= amount // 4:
            # 1, 5, 10, 50, 100, …
            step, factor = step * factor, 7 - factor
    return step - amount % step


def tip_part(*, total_sats: int, tip_minor: int, total_minor: int) -> int:
    """Return the tip's sats within ``total_sats``, rounded half up."""
    return round_half_up(Fraction(total_sats * tip_minor, total_minor))
