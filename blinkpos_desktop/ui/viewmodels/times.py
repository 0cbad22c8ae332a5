"""How moments and days of the shop are written on the screens, by the locale's own words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

if TYPE_CHECKING:
    from blinkpos_desktop.domain.history import Days


def local(at: float, zone: tzinfo | None) -> datetime:
    """Return a moment (Unix seconds) by the shop's clock; ``None`` is the machine's zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def clock_text(moment: datetime | time) -> str:
    """Return ``14:30``, or ``2:30 PM``."""
    return (
        QLocale()
        .toString(QTime(moment.hour, moment.minute), QLocale.FormatType.ShortFormat)
        .replace("\N{NARROW NO-BREAK SPACE}", " ")
    )


def moment_text(at: float, zone: tzinfo | None) -> str:
    """Return Unix seconds as ``14:30``, with the date unless it is today's."""
    moment, today = local(at, zone), datetime.now(zone).date()
    clock = clock_text(moment)
    return clock if moment.date() == today else f"{date_text(moment.date(), today)}, {clock}"


def seconds_text(moment: datetime) -> str:
    """Return ``14:30:07``."""
    return f"{moment:%H:%M:%S}"


def day_text(day: date, today: date) -> str:
    """Return ``Today``, ``Yesterday``, ``Mon 3 Aug``, ``3 Aug 2025``."""
    if day == today:
        return QCoreApplication.translate("Times", "Today")
    if day == today - timedelta(days=1):
        return QCoreApplication.translate("Times", "Yesterday")
    return date_text(day, today)


def date_text(day: date, today: date) -> str:
    """Return ``Mon 3 Aug``, or ``3 Aug 2025`` of another year."""
    if day.year == today.year:
        return written(day, QCoreApplication.translate("Times", "ddd d MMM"))
    return written(day, QCoreApplication.translate("Times", "d MMM yyyy"))


def days_text(days: Days, today: date) -> str:
    """Return ``Today``, or the first and the last of more days."""
    if days.count == 1:
        return day_text(days.first, today)
    short = QCoreApplication.translate("Times", "d MMM")
    full = QCoreApplication.translate("Times", "d MMM yy")
    # Two years are never left to be guessed.
    is_plain = days.first.year == days.last.year
    first = short if is_plain else full
    last = short if is_plain and days.last.year == today.year else full
    text = QCoreApplication.translate("Times", "{first} – {last}")  # noqa: RUF001
    return text.format(first=written(days.first, first), last=written(days.last, last))


def month_text(month: date) -> str:
    """Return ``August 2026``."""
    return written(month, QCoreApplication.translate("Times", "MMMM yyyy"))


def weekday_text(number: int) -> str:
    """Return the short name of a day of the week, 1 for Monday."""
    return QLocale().standaloneDayName(number, QLocale.FormatType.ShortFormat)


def written(day: date, form: str) -> str:
    """Return a day in one of Qt's forms of dates."""
    return QLocale().toString(QDate(day.year, day.month, day.day), form)
