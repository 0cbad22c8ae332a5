"""What a person types to find a sale, in every way it can be meant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.history import Days, Search, Step, cuts
from blinkpos_desktop.domain.money import SATS, Currency, Money
from blinkpos_desktop.domain.seeking import Reading, Sort, readings, within

USD = Currency(code="USD", digits=2, symbol="$")
VIENNA = ZoneInfo("Europe/Vienna")
TODAY = date(2026, 8, 5)
HASH = "0123456789abcdef" * 4


def read(text: str, currency: Currency = USD) -> tuple[Reading, ...]:
    return readings(text, currency=currency, today=TODAY, zone=VIENNA)


def sorts(text: str, currency: Currency = USD) -> list[str]:
    return [str(each.sort) for each in read(text, currency)]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("12.50", 1250, 1250),
        ("12,50", 1250, 1250),
        ("12,5", 1250, 1250),
        ("1,250", 125_000, 125_000),
        ("1.250", 125_000, 125_000),
        ("1 250", 125_000, 125_000),
        ("$ 7", 700, 700),
        ("7 usd", 700, 700),
        ("5-10", 500, 1000),
        ("10 – 5", 500, 1000),  # noqa: RUF001 (as people write a range)
    ],
)
def test_an_amount_in_the_shops_currency(text: str, least: int, most: int) -> None:
    first = read(text)[0]
    assert first.sort is Sort.PRICE
    assert first.search == Search(
        least_price=Money(minor=least, currency=USD), most_price=Money(minor=most, currency=USD)
    )


def test_a_bare_number_is_an_amount_in_either_unit_or_a_word_of_the_note() -> None:
    assert sorts("17") == ["price", "sats", "note"]
    assert sorts("17", SATS) == ["sats", "note"]
    assert sorts("17.50") == ["price", "note"]
    assert sorts("17 sats") == ["sats", "note"]
    assert sorts("table 17") == ["note"]
    assert read("1 sat")[0].search == Search(least_sats=1, most_sats=1)
    assert read("100-200", SATS)[0].search == Search(least_sats=100, most_sats=200)


@pytest.mark.parametrize("text", ["0", "-5", "1.234.5", "٣", "99999999999999999999", "5-x"])
def test_what_is_no_amount_is_a_word_of_the_note(text: str) -> None:
    assert sorts(text) == ["note"]
    assert read(text)[0].search == Search(words=text)


def test_a_hash_is_nothing_else() -> None:
    [reading] = read(f" {HASH.upper()} ")
    assert reading.search == Search(payment_hash=HASH)
    assert sorts(HASH[:-1]) == ["note"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-08-01", date(2026, 8, 1)),
        ("1.8.2025", date(2025, 8, 1)),
        ("1.8.", date(2026, 8, 1)),
        ("24.12.", date(2025, 12, 24)),
    ],
)
def test_a_day_is_the_shops_own(text: str, day: date) -> None:
    first = read(text)[0]
    assert (first.sort, first.days) == (Sort.DAY, Days(first=day, last=day))
    assert first.search.since == datetime(day.year, day.month, day.day, tzinfo=VIENNA).timestamp()
    assert first.search.until == first.search.since + 86_400


def test_a_day_that_does_not_exist_is_no_day() -> None:
    assert sorts("31.2.2026") == ["note"]
    assert sorts("2026-13-01") == ["note"]


def test_a_time_is_about_that_time() -> None:
    at = int(datetime(2026, 8, 5, 12, 30, tzinfo=UTC).timestamp())
    [first, *others] = read("14:30")
    assert first.search == Search(since=at - 1800, until=at + 1860)
    assert [each.sort for each in others] == [Sort.NOTE]
    assert read("2026-08-05 14:30")[0] == first
    assert sorts("table 14:30") == ["note"]
    assert sorts("25:00") == ["note"]


def test_nothing_typed_is_no_search() -> None:
    assert read("  ") == ()


def test_a_search_is_narrowed_to_days_unless_it_says_when() -> None:
    days = Days(first=date(2026, 3, 28), last=date(2026, 3, 29))
    narrowed = within(Search(words="soup"), days, VIENNA)
    # The clocks go forward in that night.
    assert narrowed.until is not None
    assert narrowed.since is not None
    assert narrowed.until - narrowed.since == 47 * 3600
    about = read("14:30")[0].search
    assert within(about, days, VIENNA) == about
    assert within(about, None, VIENNA) == about


def test_days_are_cut_whole_and_never_backwards() -> None:
    days = Days(first=date(2026, 7, 30), last=date(2026, 8, 11))
    assert [(each.first.day, each.last.day) for each in cuts(days, Step.WEEK)] == [
        (30, 2),
        (3, 9),
        (10, 11),
    ]
    assert [each.count for each in cuts(days, Step.MONTH)] == [2, 11]
    with pytest.raises(InputError):
        Days(first=days.last, last=days.first)


@pytest.mark.parametrize(
    "text", ["31.12.9999", "9999-12-31 23:59", "1.1.0001", "0001-01-01 00:10", "0000-01-01"]
)
@pytest.mark.parametrize("zone", [None, VIENNA, ZoneInfo("Pacific/Kiritimati")])
def test_a_day_out_of_all_time_is_no_day(text: str, zone: ZoneInfo | None) -> None:
    found = readings(text, currency=USD, today=TODAY, zone=zone)
    assert [each.sort for each in found] == [Sort.NOTE]


def test_a_leap_day_without_a_year_is_the_last_one() -> None:
    assert read("29.2.")[0].days == Days(first=date(2024, 2, 29), last=date(2024, 2, 29))
    assert sorts("30.2.") == ["note"]


def test_an_amount_that_no_ledger_holds_is_none() -> None:
    dinar = Currency(code="KWD", digits=3)
    assert sorts("9999999999999999", dinar) == ["note"]
    assert sorts("99999999999999", dinar) == ["price", "sats", "note"]


def test_what_a_database_cannot_hold_is_left_out() -> None:
    assert read("table\x00 4\ud800") == (Reading(sort=Sort.NOTE, search=Search(words="table 4")),)
    assert read("\x00") == ()


@pytest.mark.parametrize(
    ("zone", "text", "first"),
    [
        ("Europe/Berlin", "2025-10-26 02:45", datetime(2025, 10, 26, 0, 45, tzinfo=UTC)),
        ("America/New_York", "2025-11-02 01:45", datetime(2025, 11, 2, 5, 45, tzinfo=UTC)),
    ],
)
def test_a_time_of_the_hour_that_comes_twice_means_both(
    zone: str, text: str, first: datetime
) -> None:
    [reading, *_] = readings(text, currency=USD, today=TODAY, zone=ZoneInfo(zone))
    since, until = reading.search.since, reading.search.until
    assert since is not None
    assert until is not None
    for sold_at in (first.timestamp(), first.timestamp() + 3600):
        assert since <= sold_at < until
