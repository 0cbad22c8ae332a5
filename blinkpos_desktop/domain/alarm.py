"""When somebody must be told, and in which words. Pure: time is an argument, in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from blinkpos_desktop.domain.attention import AttentionItem
from blinkpos_desktop.domain.judging import BACKUP_GRACE, DAY
from blinkpos_desktop.domain.money import format_sats

DATABASE_AWAY_SECONDS: Final = 5 * 60
NO_BACKUP_SECONDS: Final = DAY + BACKUP_GRACE
"""A daily backup may take its time."""
SETTLED_SECONDS: Final = 3600
"""A till that was off has not failed to make a backup: it gets so long to make one."""


class AlertKind(StrEnum):
    """What an alert is about."""

    ATTENTION = "attention"
    BACKUP = "backup"
    DATABASE = "database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something to tell: that it is so, or that it is over. ``at`` in Unix seconds."""

    id: int
    kind: AlertKind
    sentence: str
    is_over: bool
    at: int

    def body(self, till: str) -> dict[str, Any]:
        """Return what is sent; ``text`` is what most chat programs show."""
        return {
            "text": self.sentence,
            "alert": self.kind.value,
            "state": "over" if self.is_over else "raised",
            "id": self.id,
            "till": till,
            "at": self.at,
        }


def attention_sentence(item: AttentionItem) -> str:
    """Say what waits for a person."""
    if item.paid_retired:
        name = item.transfer.recipient
        return (
            f"An invoice of {name} that had been given up was paid after all: "
            f"talk to {name}, then choose OK in the till under Attention."
        )
    reason = f" {item.transfer.reason}" if item.transfer.reason else ""
    return f"{_what(item)} can't go on without a person: see Attention in the till.{reason}"


def attention_over(sentence: str) -> str:
    """Say that it waits no more, in the words by which it was known."""
    return f"It is over: {sentence}"


def backup_sentence(age: float) -> str:
    """Say that there is no backup."""
    days = max(int(age // DAY), 1)
    span = "a day" if days == 1 else f"{days} days"
    return f"No backup of the ledger for {span}: make one with blinkpos backup."


BACKUP_OVER: Final = "The ledger is backed up again."


def database_sentence(till: str) -> str:
    """Say that a till has no database."""
    return f"The till {till} has not reached the database for five minutes: it can't sell."


def database_over(till: str) -> str:
    """Say that it has it again."""
    return f"The till {till} reaches the database again."


def _what(item: AttentionItem) -> str:
    return f"{format_sats(item.transfer.sats)} to {item.transfer.recipient}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """How long the database has been away; ``is_told`` once somebody was told so."""

    since: float | None = None
    is_told: bool = False

    def seen(self, *, away: bool, now: float) -> Outage:
        """Return what follows from how it is now."""
        if not away:
            return Outage(is_told=self.is_told)
        return self if self.since is not None else Outage(since=now, is_told=self.is_told)

    def due(self, now: float) -> bool | None:
        """Return True when it must be told, False when its end must be, ``None`` for neither."""
        if self.since is None:
            return False if self.is_told else None
        return True if not self.is_told and now - self.since >= DATABASE_AWAY_SECONDS else None

    def told(self, *, away: bool) -> Outage:
        """Return what follows once that was told."""
        return Outage(since=self.since, is_told=away)
