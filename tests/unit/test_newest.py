"""A memory that forgets the oldest."""

from __future__ import annotations

from blinkpos_desktop.domain.newest import Newest


def test_the_oldest_is_forgotten_and_a_repeat_costs_nobody_his_place() -> None:
    newest: Newest[int] = Newest(3)
    for value in (0, 1, 1, 2, 0, 2):
        newest.add(value)
    assert all(value in newest for value in (0, 1, 2))
    newest.add(3)
    assert [value for value in range(4) if value in newest] == [1, 2, 3]


def test_nothing_is_known_at_first() -> None:
    assert "a" not in Newest[str](1)
