"""What a person types to find a sale, read in every way it can be meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.history import Days, Search
from blinkpos_desktop.domain.item import tidy
from blinkpos_desktop.domain.money import SATS, Currency, Money, parse_amount

AROUND: Final = timedelta(minutes=30)
"""How far from a time of day a sale may be: nobody knows it to the minute."""
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_RANGE: Final = re.compile(r"(\d[\d.,]*)(?:\s*[-–]\s*(\d[\d.,]*))?", re.ASCII)  # noqa: RUF001
_GROUPS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+", re.ASCII)
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DOTTED_DAY: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?", re.ASCII)
_TOO_MUCH: Final = 10**18
"""No sale comes near it in any minor unit, and no ledger could hold much more."""
_YEARS: Final = range(1970, 9999)
"""The day after each has a time of its own, in any zone."""
_LEAP_YEARS: Final = 9
"""Among so many years is always one with a 29th of February."""
_SATS_WORDS: Final = ("sats", "sat")


class Sort(StrEnum):
    """What a text can mean."""

    HASH = "hash"
    PRICE = "price"
    """The customer's total in the shop's currency."""
    SATS = "sats"
    """The customer's total in sats."""
    DAY = "day"
    TIME = "time"
    """About a time of day."""
    NOTE = "note"
    """Words of the note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One meaning of what was typed, and the search for it."""

    sort: Sort
    search: Search
    least: Money | None = None
    most: Money | None = None
    """The amounts of PRICE and SATS."""
    days: Days | None = None
    """The day of DAY and TIME."""
    at: time | None = None
    """The time of TIME."""


def readings(
    text: str, *, currency: Currency, today: date, zone: tzinfo | None
) -> tuple[Reading, ...]:
    """Return what a text can mean, the likeliest first; nothing for an empty one.

    ``today`` is the day that a time of day is meant of, and the end of the year
    that a day without one is meant of.
    """
    text = tidy(text)
    if not text:
        return ()
    if _HASH.fullmatch(text.lower()):
        return (Reading(sort=Sort.HASH, search=Search(payment_hash=text.lower())),)
    found = [
        *_moments(text, today, zone),
        *_amounts(text, currency),
        Reading(sort=Sort.NOTE, search=Search(words=text)),
    ]
    return tuple(found)


def within(search: Search, days: Days | None, zone: tzinfo | None) -> Search:
    """Return the search narrowed to some days, unless it says itself when."""
    if days is None or search.since is not None:
        return search
    span = days.span(zone)
    return replace(search, since=span.start, until=span.end)


def _amounts(text: str, currency: Currency) -> list[Reading]:
    bare, wanted = _bare(text, currency)
    match = _RANGE.fullmatch(bare.replace(" ", "") if _is_grouped(bare) else bare)
    if match is None:
        return []
    found: list[Reading] = []
    for unit in dict.fromkeys(wanted):
        try:
            least = _amount(match[1], unit)
            most = _amount(match[2], unit) if match[2] else least
        except InputError:
            continue
        if least.minor > most.minor:
            least, most = most, least
        if most.minor < _TOO_MUCH:
            found.append(_amount_reading(least, most))
    return found


def _amount_reading(least: Money, most: Money) -> Reading:
    if least.currency.is_sats:
        search = Search(least_sats=least.minor, most_sats=most.minor)
        return Reading(sort=Sort.SATS, search=search, least=least, most=most)
    search = Search(least_price=least, most_price=most)
    return Reading(sort=Sort.PRICE, search=search, least=least, most=most)


def _bare(text: str, currency: Currency) -> tuple[str, tuple[Currency, ...]]:
    """Return a text without its unit, and the currencies that it can be meant in."""
    lower = text.lower()
    for word in _SATS_WORDS:
        if lower.endswith(word):
            return text[: -len(word)].strip(), (SATS,)
    for word in (currency.code, currency.symbol):
        if word and lower.startswith(word.lower()):
            return text[len(word) :].strip(), (currency,)
        if word and lower.endswith(word.lower()):
            return text[: -len(word)].strip(), (currency,)
    return text, (currency, SATS)


def _is_grouped(text: str) -> bool:
    """Whether blanks only part a number's groups of three."""
    return re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?", text, re.ASCII) is not None


def _amount(text: str, currency: Currency) -> Money:
    """Read an amount with a dot or a comma; where neither fits, they part groups of three."""
    try:
        return parse_amount(text.replace(",", "."), currency)
    except InputError:
        if not _GROUPS.fullmatch(text):
            raise
        return parse_amount(re.sub("[.,]", "", text), currency)


def _moments(text: str, today: date, zone: tzinfo | None) -> list[Reading]:
    *before, last = text.split(" ")
    clock = _TIME.fullmatch(last)
    day = _day(" ".join(before) if clock else text, today)
    if clock:
        if before and day is None:
            return []
        return [_around(day or today, time(int(clock[1]), int(clock[2])), zone)]
    if day is None:
        return []
    days = Days(first=day, last=day)
    return [Reading(sort=Sort.DAY, search=within(Search(), days, zone), days=days)]


def _around(day: date, at: time, zone: tzinfo | None) -> Reading:
    # In autumn an hour comes twice, and nobody says which one he means: both are looked through.
    times = [datetime.combine(day, at.replace(fold=fold), zone).timestamp() for fold in (0, 1)]
    search = Search(
        since=int(min(times) - AROUND.total_seconds()),
        until=int(max(times) + AROUND.total_seconds()) + 60,
    )
    return Reading(sort=Sort.TIME, search=search, days=Days(first=day, last=day), at=at)


def _day(text: str, today: date) -> date | None:
    """Read ``2026-08-01`` or ``1.8.2026``; without a year the last such day."""
    if iso := _ISO_DAY.fullmatch(text):
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    if dotted := _DOTTED_DAY.fullmatch(text):
        day, month = int(dotted[1]), int(dotted[2])
        if dotted[3]:
            return _date(int(dotted[3]), month, day)
        years = range(today.year, today.year - _LEAP_YEARS, -1)
        found = (_date(year, month, day) for year in years)
        return next((each for each in found if each and each <= today), None)
    return None


def _date(year: int, month: int, day: int) -> date | None:
    """Return a day that sales can be of; ``None`` when there is none."""
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None
