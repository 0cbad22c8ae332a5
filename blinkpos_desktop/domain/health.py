"""What is looked at, how bad it can be, and every finding there is.

The verdicts are made in ``domain.judging``, their words are in ``domain.health_words``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Mark(StrEnum):
    """How bad it is, in this order."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


class Check(StrEnum):
    """What is looked at, in the order in which it is shown."""

    BLINK = "blink"
    KEY = "key"
    UPDATES = "updates"
    CLOCK = "clock"
    PRICE = "price"
    ALLOWANCE = "allowance"
    DATABASE = "database"
    MIGRATIONS = "migrations"
    CONNECTIONS = "connections"
    DISK = "disk"
    REDIS = "redis"
    BACKUP = "backup"
    LOG = "log"
    UNFINISHED = "unfinished"
    ATTENTION = "attention"


class Finding(StrEnum):
    """What a check found; each has its sentences in ``domain.health_words``."""

    SILENT = "silent"
    NOT_KNOWN = "not_known"
    BLINK_AWAY = "blink_away"
    BLINK_SLOW = "blink_slow"
    BLINK_THERE = "blink_there"
    KEY_MISSING = "key_missing"
    KEY_UNREADABLE = "key_unreadable"
    KEY_REFUSED = "key_refused"
    KEY_LACKS = "key_lacks"
    KEY_GOOD = "key_good"
    KEYS_GOOD = "keys_good"
    UPDATES_CUT = "updates_cut"
    UPDATES_STARTING = "updates_starting"
    UPDATES_COME = "updates_come"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_GOOD = "clock_good"
    PRICE_NOT_NEEDED = "price_not_needed"
    PRICE_NO_CURRENCY = "price_no_currency"
    PRICE_FRESH = "price_fresh"
    PRICE_OLD = "price_old"
    PRICE_NONE = "price_none"
    PRICE_MOVED = "price_moved"
    PRICE_CLOCK = "price_clock"
    PRICE_CLOCK_STOPS = "price_clock_stops"
    ALLOWANCE_GONE = "allowance_gone"
    ALLOWANCE_SMALL = "allowance_small"
    ALLOWANCE_LEFT = "allowance_left"
    DATABASE_AWAY = "database_away"
    DATABASE_ASLEEP = "database_asleep"
    DATABASE_NOT_MADE = "database_not_made"
    DATABASE_MOVED = "database_moved"
    DATABASE_MOVING = "database_moving"
    DATABASE_STANDBY = "database_standby"
    DATABASE_OLD = "database_old"
    DATABASE_NEW = "database_new"
    DATABASE_SLOW = "database_slow"
    DATABASE_SERVER = "database_server"
    DATABASE_EMBEDDED = "database_embedded"
    MIGRATIONS_NEWER = "migrations_newer"
    MIGRATIONS_OTHER = "migrations_other"
    MIGRATIONS_OLDER = "migrations_older"
    MIGRATIONS_NONE = "migrations_none"
    MIGRATIONS_CURRENT = "migrations_current"
    CONNECTIONS_WAIT = "connections_wait"
    CONNECTIONS_CROWDED = "connections_crowded"
    CONNECTIONS_DEAF = "connections_deaf"
    CONNECTIONS_ASKING = "connections_asking"
    CONNECTIONS_PAST_POOLER = "connections_past_pooler"
    CONNECTIONS_GOOD = "connections_good"
    CONNECTIONS_OF_TILL = "connections_of_till"
    DISK_FULL = "disk_full"
    DISK_LITTLE = "disk_little"
    DISK_GOOD = "disk_good"
    REDIS_OFF = "redis_off"
    REDIS_STARTING = "redis_starting"
    REDIS_AWAY = "redis_away"
    REDIS_TROUBLE = "redis_trouble"
    REDIS_REPLICA = "redis_replica"
    REDIS_UNTOLD = "redis_untold"
    REDIS_OLD = "redis_old"
    REDIS_SLOW = "redis_slow"
    REDIS_FULL = "redis_full"
    REDIS_GOOD = "redis_good"
    REDIS_WATCHED = "redis_watched"
    BACKUP_NONE = "backup_none"
    BACKUP_OLD = "backup_old"
    BACKUP_GOOD = "backup_good"
    LOG_MISSING = "log_missing"
    LOG_GOOD = "log_good"
    UNFINISHED_HELD = "unfinished_held"
    UNFINISHED_LONG = "unfinished_long"
    UNFINISHED_SOME = "unfinished_some"
    UNFINISHED_NONE = "unfinished_none"
    ATTENTION_SOME = "attention_some"
    ATTENTION_NONE = "attention_none"


Value = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One check's verdict. ``values`` fill its sentences; units are in their names' endings."""

    check: Check
    mark: Mark
    finding: Finding
    values: Mapping[str, Value] = field(default_factory=dict)


def worst(verdicts: tuple[Verdict, ...]) -> Mark:
    """Return the worst mark; OK when there is nothing to judge."""
    marks = list(Mark)
    return max((each.mark for each in verdicts), key=marks.index, default=Mark.OK)
