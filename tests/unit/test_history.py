"""The shop's own days, and how ranges of them are cut."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.history import Search, Step, midnight, spans
from blinkpos_desktop.domain.money import SATS, Currency, Money

VIENNA = ZoneInfo("Europe/Vienna")
ZONES = [VIENNA, ZoneInfo("Asia/Kolkata"), ZoneInfo("America/Sao_Paulo"), ZoneInfo("UTC")]
_DAYS = st.dates(date(2000, 1, 1), date(2040, 1, 1))


def _hours(zone: ZoneInfo, day: date) -> float:
    [only] = spans(day, day, Step.DAY, zone)
    return (only.end - only.start) / 3600


def test_a_day_is_as_long_as_the_clocks_make_it() -> None:
    assert _hours(VIENNA, date(2026, 3, 28)) == 24
    assert _hours(VIENNA, date(2026, 3, 29)) == 23
    assert _hours(VIENNA, date(2026, 10, 25)) == 25
    # Here midnight itself was skipped: the day began at one.
    day = date(2018, 11, 4)
    begun = datetime.fromtimestamp(midnight(day, ZONES[2]), UTC).astimezone(ZONES[2])
    assert (begun.date(), begun.hour) == (day, 1)


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    first, last = date(2026, 1, 29), date(2026, 3, 2)
    weeks = spans(first, last, Step.WEEK, VIENNA)
    days = [datetime.fromtimestamp(each.start, VIENNA).date() for each in weeks]
    assert days == [
        date(2026, 1, 29),
        date(2026, 2, 2),
        date(2026, 2, 9),
        date(2026, 2, 16),
        date(2026, 2, 23),
        date(2026, 3, 2),
    ]
    months = spans(first, last, Step.MONTH, VIENNA)
    days = [datetime.fromtimestamp(each.start, VIENNA).date() for each in months]
    assert days == [date(2026, 1, 29), date(2026, 2, 1), date(2026, 3, 1)]
    assert months[-1].end == midnight(date(2026, 3, 3), VIENNA)


@given(
    first=_DAYS, length=st.integers(0, 400), step=st.sampled_from(Step), zone=st.sampled_from(ZONES)
)
def test_every_moment_of_a_range_is_in_one_span(
    first: date, length: int, step: Step, zone: ZoneInfo
) -> None:
    last = date.fromordinal(first.toordinal() + length)
    cut = spans(first, last, step, zone)
    assert cut[0].start == midnight(first, zone)
    assert cut[-1].end == midnight(date.fromordinal(last.toordinal() + 1), zone)
    assert all(one.end == other.start for one, other in pairwise(cut))
    assert all(each.start < each.end for each in cut)


def test_a_range_of_prices_has_two_ends_in_one_currency() -> None:
    usd = Currency(code="USD", digits=2)
    with pytest.raises(InputError):
        Search(least_price=Money(minor=1, currency=usd))
    with pytest.raises(InputError):
        Search(least_price=Money(minor=1, currency=usd), most_price=Money(minor=2, currency=SATS))
    Search(least_price=Money(minor=1, currency=usd), most_price=Money(minor=2, currency=usd))
