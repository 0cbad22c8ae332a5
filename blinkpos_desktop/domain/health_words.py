"""The verdicts in words: how it stands, and what to do about it.

Templates of plain English; screens translate them (context ``Health``) before they
are filled. A value's unit is in the ending of its name: ``_seconds``, ``_bytes``, ``_cents``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from blinkpos_desktop.domain.health import Check, Finding, Mark, Value, Verdict

_MINUTE, _HOUR, _DAY = 60, 3600, 24 * 3600
_STEP: Final = 1024
_TWO_DIGITS: Final = 10
"""From here on a decimal tells nothing more."""
_CLOCK: Final = "Let the system set its clock from the internet (NTP)."
_WAIT: Final = "It passes by itself; if not, look at what is failing."

MARKS: Final[Mapping[Mark, str]] = {
    Mark.OK: "OK",
    Mark.WARNING: "Warning",
    Mark.FAILING: "Failing",
}

NAMES: Final[Mapping[Check, str]] = {
    Check.BLINK: "Blink",
    Check.KEY: "Blink key",
    Check.UPDATES: "Blink's updates",
    Check.CLOCK: "Clock",
    Check.PRICE: "Price",
    Check.ALLOWANCE: "May be sent today",
    Check.DATABASE: "PostgreSQL",
    Check.MIGRATIONS: "Database tables",
    Check.CONNECTIONS: "Connections",
    Check.DISK: "Disk",
    Check.REDIS: "Redis",
    Check.BACKUP: "Backup",
    Check.LOG: "Log file",
    Check.UNFINISHED: "Unfinished sales",
    Check.ATTENTION: "Needs attention",
}

SENTENCES: Final[Mapping[Finding, tuple[str, str]]] = {
    Finding.SILENT: ("No answer in time.", "Check the network, then look again."),
    Finding.NOT_KNOWN: ("Not known now.", ""),
    Finding.BLINK_AWAY: ("{sentence}", "It is tried again all the time; sales wait meanwhile."),
    Finding.BLINK_SLOW: (
        "Blink ({network}) answers slowly, in {latency_seconds}.",
        "Check the internet connection of this machine.",
    ),
    Finding.BLINK_THERE: ("Blink ({network}) answers in {latency_seconds}.", ""),
    Finding.KEY_MISSING: (
        "No Blink key is set.",
        "Make one at dashboard.blink.sv and store it with blinkpos key set.",
    ),
    Finding.KEY_UNREADABLE: ("{sentence}", "Open it, or store the key anew with blinkpos key set."),
    Finding.KEY_REFUSED: (
        "{sentence}",
        "Make a new key at dashboard.blink.sv and store it with blinkpos key set.",
    ),
    Finding.KEY_LACKS: (
        "The key from {source} lacks {scopes}.",
        "Make one with the scopes READ, RECEIVE and WRITE and store it with blinkpos key set.",
    ),
    Finding.KEY_GOOD: ("The key of {username}, from {source}, may {scopes}.", ""),
    Finding.KEYS_GOOD: ("The two keys of {username}, from {source}, may {scopes}.", ""),
    Finding.UPDATES_CUT: (
        "{sentence}",
        "If Blink answers, check the key; else the internet connection. The till goes on asking.",
    ),
    Finding.UPDATES_STARTING: ("Being connected.", _WAIT),
    Finding.UPDATES_COME: ("They come over the WebSocket.", ""),
    Finding.CLOCK_AHEAD: ("This machine's clock is {off_seconds} ahead of Blink's.", _CLOCK),
    Finding.CLOCK_BEHIND: ("This machine's clock is {off_seconds} behind Blink's.", _CLOCK),
    Finding.CLOCK_GOOD: ("It agrees with Blink's.", ""),
    Finding.PRICE_NOT_NEEDED: ("Not needed: this till sells in sats.", ""),
    Finding.PRICE_NO_CURRENCY: (
        "Blink has no currency {currency}.",
        "Set BLINKPOS_CURRENCY to SATS or to a code such as USD or EUR.",
    ),
    Finding.PRICE_FRESH: ("A bitcoin is {bitcoin}.", ""),
    Finding.PRICE_OLD: (
        "The price is {age_seconds} old and can't be renewed.",
        "Check the internet connection: from 10 min on {currency} can't be sold, sats can.",
    ),
    Finding.PRICE_NONE: (
        "No price: {currency} can't be sold, sats can.",
        "Check the internet connection; it is asked for again with every sale.",
    ),
    Finding.PRICE_MOVED: (
        "Price moved from {before} to {bitcoin} in {minutes} min: the next sale asks.",
        "Compare it elsewhere before anybody agrees to it; sats can be sold meanwhile.",
    ),
    Finding.PRICE_CLOCK: (
        "The price looks {age_seconds} old: this computer's clock is {ahead_seconds} ahead.",
        _CLOCK,
    ),
    Finding.PRICE_CLOCK_STOPS: (
        "No price, for this computer's clock is {ahead_seconds} ahead: only sats can be sold.",
        _CLOCK,
    ),
    Finding.ALLOWANCE_GONE: (
        "Blink's limit of {total_cents} a day is used up: what is paid waits for it.",
        "It passes within a day; ask Blink for a higher account level.",
    ),
    Finding.ALLOWANCE_SMALL: (
        "{left_cents} of {total_cents} are left.",
        "Ask Blink for a higher account level, before sales have to wait.",
    ),
    Finding.ALLOWANCE_LEFT: ("{left_cents} of {total_cents} are left.", ""),
    Finding.DATABASE_AWAY: (
        "{sentence}",
        "Start the server, or check BLINKPOS_DATABASE_URL: without it nothing can be sold.",
    ),
    Finding.DATABASE_ASLEEP: (
        "The built-in PostgreSQL runs while a till is open, and none is.",
        "Open the till, then look again.",
    ),
    Finding.DATABASE_NOT_MADE: (
        "The built-in PostgreSQL is made when a till is opened first.",
        "Open the till, then look again.",
    ),
    Finding.DATABASE_MOVED: (
        "This till's history has moved to {target}.",
        "Set BLINKPOS_DATABASE_URL to that address.",
    ),
    Finding.DATABASE_MOVING: (
        "This till's history is on its way to {target}.",
        "End that with blinkpos move-to and the same address, or take it back with --undo.",
    ),
    Finding.DATABASE_STANDBY: (
        "The server is another one's standby: nothing can be written.",
        "Let BLINKPOS_DATABASE_URL name the primary.",
    ),
    Finding.DATABASE_OLD: (
        "PostgreSQL {version} is too old.",
        "Move the database to PostgreSQL {oldest} to {newest}.",
    ),
    Finding.DATABASE_NEW: (
        "PostgreSQL {version} is newer than what was tested.",
        "Look for a newer edition of this program.",
    ),
    Finding.DATABASE_SLOW: (
        "PostgreSQL {version} answers slowly, in {latency_seconds}.",
        "Check the network to the server, and what else it does.",
    ),
    Finding.DATABASE_SERVER: (
        "A server's {version} answers in {latency_seconds}; the database has {size_bytes}.",
        "",
    ),
    Finding.DATABASE_EMBEDDED: (
        "The built-in {version} answers in {latency_seconds}; the database has {size_bytes}.",
        "",
    ),
    Finding.MIGRATIONS_NEWER: (
        "They are newer than this program ({applied}, and it knows {known}).",
        "Update the program.",
    ),
    Finding.MIGRATIONS_OTHER: (
        "They were made by another edition of this program.",
        "Ask for help before anything is sold.",
    ),
    Finding.MIGRATIONS_OLDER: (
        "They are of an earlier edition ({applied} of {known}).",
        "Nothing: the till brings them up to date when it starts.",
    ),
    Finding.MIGRATIONS_NONE: (
        "There are none yet.",
        "Nothing: the till makes them when it starts.",
    ),
    Finding.MIGRATIONS_CURRENT: ("All {applied} migrations are applied.", ""),
    Finding.CONNECTIONS_WAIT: (
        "{waiting} wait for one of this till's {size} connections.",
        "It passes by itself; if it lasts, the database is too slow.",
    ),
    Finding.CONNECTIONS_CROWDED: (
        "{connections} of the server's {most} are taken.",
        "Raise max_connections, or put pgbouncer before the server.",
    ),
    Finding.CONNECTIONS_DEAF: (
        "A pooler is in between, and the way past it fails: tills hear of each other 2 s late.",
        "Let BLINKPOS_DATABASE_DIRECT_URL name the server itself.",
    ),
    Finding.CONNECTIONS_ASKING: (
        "{connections} of the server's {most} are taken, through a pooler: tills ask for news.",
        "",
    ),
    Finding.CONNECTIONS_PAST_POOLER: (
        "{connections} of the server's {most} are taken; tills hear of each other past a pooler.",
        "",
    ),
    Finding.CONNECTIONS_GOOD: ("{connections} of the server's {most} are taken.", ""),
    Finding.CONNECTIONS_OF_TILL: (
        "{connections} of the server's {most} are taken; this till uses {lent} of its {size}.",
        "",
    ),
    Finding.DISK_FULL: (
        "Only {free_bytes} of {total_bytes} are left for {folder}.",
        "Make room now: a full disk stops the till.",
    ),
    Finding.DISK_LITTLE: (
        "Only {free_bytes} of {total_bytes} are left for {folder}.",
        "Make room soon.",
    ),
    Finding.DISK_GOOD: ("{free_bytes} of {total_bytes} are left.", ""),
    Finding.REDIS_OFF: ("Not used, and not needed.", ""),
    Finding.REDIS_STARTING: ("Being connected.", _WAIT),
    Finding.REDIS_AWAY: (
        "It can't be reached: PostgreSQL goes on alone.",
        "Start it, or check BLINKPOS_REDIS_URL.",
    ),
    Finding.REDIS_TROUBLE: ("{sentence}", "PostgreSQL goes on alone meanwhile."),
    Finding.REDIS_REPLICA: (
        "Redis {version} is a replica and takes no writes: PostgreSQL goes on alone.",
        "Let BLINKPOS_REDIS_URL name the primary, or its Sentinels.",
    ),
    Finding.REDIS_UNTOLD: (
        "Redis answers in {latency_seconds}; its user may not ask for more.",
        "Allow the user +info, to see version, memory and eviction here.",
    ),
    Finding.REDIS_OLD: (
        "Redis {version} is older than what was tested.",
        "Update it to Redis {oldest}.",
    ),
    Finding.REDIS_SLOW: (
        "Redis {version} answers slowly, in {latency_seconds}.",
        "Check the network to it, and what else it does.",
    ),
    Finding.REDIS_FULL: (
        "{memory_bytes} of {most_bytes} are used, and nothing is evicted ({policy}).",
        "Give it more memory, or set maxmemory-policy to volatile-lru.",
    ),
    Finding.REDIS_GOOD: (
        "Redis {version} answers in {latency_seconds}; it holds {memory_bytes} ({policy}).",
        "",
    ),
    Finding.REDIS_WATCHED: (
        "Redis {version} (by Sentinels) answers in {latency_seconds}; {memory_bytes} ({policy}).",
        "",
    ),
    Finding.BACKUP_NONE: ("No backup yet.", "Make one: blinkpos backup."),
    Finding.BACKUP_OLD: (
        "The last one is {age_seconds} old.",
        "Make one with blinkpos backup, and see in the log why none was made.",
    ),
    Finding.BACKUP_GOOD: ("The last one is {age_seconds} old.", ""),
    Finding.LOG_MISSING: (
        "It can't be written: {path}",
        "Let the person who runs the till write in that folder.",
    ),
    Finding.LOG_GOOD: ("{path}", ""),
    Finding.UNFINISHED_HELD: (
        "{count} unfinished. Forwarding is held: a newer copy of this ledger may have acted.",
        "Compare the ledger with Blink: blinkpos reconcile.",
    ),
    Finding.UNFINISHED_LONG: (
        "{count}, the oldest paid {age_seconds} ago.",
        "See what needs attention; else blinkpos reconcile --fix takes them up.",
    ),
    Finding.UNFINISHED_SOME: ("{count}, being passed on.", ""),
    Finding.UNFINISHED_NONE: ("None: all is passed on.", ""),
    Finding.ATTENTION_SOME: (
        "{count} for a person to look at.",
        "Choose in the till under Attention, or with blinkpos attention.",
    ),
    Finding.ATTENTION_NONE: ("Nothing.", ""),
}


def untranslated(text: str) -> str:
    """Return it as it is: the command line speaks English."""
    return text


def words(verdict: Verdict, translate: Callable[[str], str] = untranslated) -> tuple[str, str]:
    """Return a verdict's state and remedy, the second one empty when nothing is to do."""
    values = {name: shown(name, value) for name, value in verdict.values.items()}
    state, remedy = (translate(text) if text else "" for text in SENTENCES[verdict.finding])
    return state.format(**values), remedy.format(**values)


def shown(name: str, value: Value) -> str:
    """Return a value with its unit: short, and the same in every language."""
    if isinstance(value, str):
        return value
    if name.endswith("_bytes"):
        return _bytes(value)
    if name.endswith("_seconds"):
        return _seconds(value)
    if name.endswith("_cents"):
        return f"${int(value) // 100:,}.{int(value) % 100:02d}".replace(
            ",", "\N{NARROW NO-BREAK SPACE}"
        )
    return str(value)


def _bytes(size: float) -> str:
    units = ("bytes", "KiB", "MiB", "GiB", "TiB")
    step = 0
    while size >= _STEP and step < len(units) - 1:
        size, step = size / _STEP, step + 1
    decimals = 0 if step == 0 or size >= _TWO_DIGITS else 1
    return f"{size:.{decimals}f} {units[step]}"


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return f"{max(round(seconds * 1000), 1)} ms"
    if seconds < _MINUTE:
        return f"{seconds:.{0 if seconds >= _TWO_DIGITS else 1}f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.0f} h"
    return f"{seconds / _DAY:.0f} d"
