"""What the commands' lines share."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from blinkpos_desktop.operations.wording import counted, minute


def test_one_is_not_many() -> None:
    assert [counted(n, "new payment") for n in (0, 1, 2)] == [
        "0 new payments",
        "1 new payment",
        "2 new payments",
    ]


def test_a_time_is_the_shops() -> None:
    at = 1_760_963_696
    assert minute(at, ZoneInfo("Asia/Kathmandu")) == "2025-10-20 18:19"
    assert minute(at, ZoneInfo("America/New_York")) == "2025-10-20 08:34"
