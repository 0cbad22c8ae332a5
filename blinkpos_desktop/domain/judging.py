"""Verdicts from measures: what is well, what may become trouble, what must be done.

Pure: no clock and no I/O.
"""

from __future__ import annotations

from typing import Final

from blinkpos_desktop.domain.blink import Scope
from blinkpos_desktop.domain.health import Check, Finding, Mark, Value, Verdict
from blinkpos_desktop.domain.judging_price import price_verdict
from blinkpos_desktop.domain.measures import (
    BlinkMeasure,
    DatabaseMeasure,
    DatabaseState,
    DiskMeasure,
    Hearing,
    History,
    KeyMeasure,
    KeyState,
    LedgerMeasure,
    LogMeasure,
    Measures,
    PoolMeasure,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.domain.parts import Health

SLOW_BLINK: Final = 3.0
SKEW: Final = 10.0
BAD_SKEW: Final = 100.0
"""A price is two minutes old at most: with a clock so wrong, none would ever be fresh."""
LITTLE_ALLOWANCE: Final = 5
"""A share of the limit: the fifth part is left."""
OLDEST_POSTGRESQL, NEWEST_POSTGRESQL = 15, 18
SLOW_DATABASE: Final = 0.1
"""A sale takes some ten round trips."""
OLDEST_REDIS: Final = 7
SLOW_REDIS: Final = 0.1
"""After a quarter of a second it counts as away."""
CROWDED: Final = 0.9
LITTLE_DISK: Final = 1 << 30
NO_DISK: Final = 100 << 20
DAY: Final = 24 * 3600
BACKUP_GRACE: Final = 3600
"""A daily backup is a little more than a day old before the next one is through."""
OLD_BACKUP: Final = 7 * DAY
LONG_UNFINISHED: Final = 15 * 60
_SOON_FULL: Final = 0.9


def judge(measures: Measures) -> tuple[Verdict, ...]:
    """Return a verdict for every check, in their order."""
    database = measures.database
    ledger = database.ledger if database else None
    verdicts = (
        *_blink(measures.blink),
        _updates(measures.updates),
        price_verdict(measures.price, is_blink_there=_is_there(measures.blink)),
        *_database(database, measures.pool),
        _disk(measures.disk),
        _redis(measures.redis),
        _log(measures.log),
        *_ledger(ledger),
    )
    order = list(Check)
    return tuple(sorted(verdicts, key=lambda each: order.index(each.check)))


def _is_there(blink: BlinkMeasure | None) -> bool:
    return blink is not None and blink.is_there


def _ok(check: Check, finding: Finding, **values: Value) -> Verdict:
    return Verdict(check=check, mark=Mark.OK, finding=finding, values=values)


def _warn(check: Check, finding: Finding, **values: Value) -> Verdict:
    return Verdict(check=check, mark=Mark.WARNING, finding=finding, values=values)


def _fail(check: Check, finding: Finding, **values: Value) -> Verdict:
    return Verdict(check=check, mark=Mark.FAILING, finding=finding, values=values)


def _blink(blink: BlinkMeasure | None) -> tuple[Verdict, ...]:
    if blink is None:
        return (
            _fail(Check.BLINK, Finding.SILENT),
            *(_warn(each, Finding.NOT_KNOWN) for each in (Check.KEY, Check.CLOCK, Check.ALLOWANCE)),
        )
    return _reach(blink), _key(blink), _clock(blink), _allowance(blink)


def _reach(blink: BlinkMeasure) -> Verdict:
    if not blink.is_there:
        return _fail(Check.BLINK, Finding.BLINK_AWAY, sentence=blink.sentence)
    values: dict[str, Value] = {
        "network": blink.network,
        "latency_seconds": blink.latency or 0.0,
    }
    if (blink.latency or 0.0) > SLOW_BLINK:
        return _warn(Check.BLINK, Finding.BLINK_SLOW, **values)
    return _ok(Check.BLINK, Finding.BLINK_THERE, **values)


def _key(blink: BlinkMeasure) -> Verdict:
    key = blink.key
    match key.state:
        case KeyState.MISSING:
            return _fail(Check.KEY, Finding.KEY_MISSING)
        case KeyState.UNREADABLE:
            return _fail(Check.KEY, Finding.KEY_UNREADABLE, sentence=key.sentence)
        case KeyState.REFUSED:
            return _fail(Check.KEY, Finding.KEY_REFUSED, sentence=key.sentence, source=key.source)
        case KeyState.UNKNOWN:
            return _warn(Check.KEY, Finding.NOT_KNOWN)
        case KeyState.ACCEPTED:
            return _accepted(key)


def _accepted(key: KeyMeasure) -> Verdict:
    account = key.account
    assert account is not None, "an accepted key has an account"
    missing = [scope.value for scope in Scope if scope not in account.scopes]
    if missing:
        return _fail(Check.KEY, Finding.KEY_LACKS, scopes=", ".join(missing), source=key.source)
    finding = Finding.KEYS_GOOD if key.has_payer else Finding.KEY_GOOD
    return _ok(
        Check.KEY,
        finding,
        username=account.username or "?",
        scopes=", ".join(scope.value for scope in Scope if scope in account.scopes),
        source=key.source,
    )


def _updates(updates: UpdatesMeasure | None) -> Verdict:
    if updates is None:
        return _fail(Check.UPDATES, Finding.SILENT)
    match updates.health:
        case Health.OK:
            return _ok(Check.UPDATES, Finding.UPDATES_COME)
        case Health.AWAY:
            return _fail(Check.UPDATES, Finding.UPDATES_CUT, sentence=updates.sentence)
        case Health.STARTING:
            return _warn(Check.UPDATES, Finding.UPDATES_STARTING)
        case Health.OFF:
            return _warn(Check.UPDATES, Finding.NOT_KNOWN)


def _clock(blink: BlinkMeasure) -> Verdict:
    if blink.skew is None:
        return _warn(Check.CLOCK, Finding.NOT_KNOWN)
    off = abs(blink.skew)
    if off > SKEW:
        verdict = _fail if off > BAD_SKEW else _warn
        finding = Finding.CLOCK_AHEAD if blink.skew > 0 else Finding.CLOCK_BEHIND
        return verdict(Check.CLOCK, finding, off_seconds=round(off))
    return _ok(Check.CLOCK, Finding.CLOCK_GOOD, off_seconds=round(off))


def _allowance(blink: BlinkMeasure) -> Verdict:
    allowance = blink.allowance
    if allowance is None:
        return _warn(Check.ALLOWANCE, Finding.NOT_KNOWN)
    values: dict[str, Value] = {
        "left_cents": allowance.remaining_cents,
        "total_cents": allowance.total_cents,
    }
    if allowance.remaining_cents <= 0:
        return _fail(Check.ALLOWANCE, Finding.ALLOWANCE_GONE, **values)
    if allowance.remaining_cents * LITTLE_ALLOWANCE < allowance.total_cents:
        return _warn(Check.ALLOWANCE, Finding.ALLOWANCE_SMALL, **values)
    return _ok(Check.ALLOWANCE, Finding.ALLOWANCE_LEFT, **values)


def _database(
    database: DatabaseMeasure | None, pool: PoolMeasure | None
) -> tuple[Verdict, Verdict, Verdict]:
    if database is None:
        first = _fail(Check.DATABASE, Finding.SILENT)
    elif database.state is not DatabaseState.UP:
        first = {
            DatabaseState.AWAY: _fail(
                Check.DATABASE, Finding.DATABASE_AWAY, sentence=database.sentence
            ),
            DatabaseState.ASLEEP: _warn(Check.DATABASE, Finding.DATABASE_ASLEEP),
            DatabaseState.NOT_MADE: _warn(Check.DATABASE, Finding.DATABASE_NOT_MADE),
            DatabaseState.MOVED: _fail(
                Check.DATABASE, Finding.DATABASE_MOVED, target=database.target
            ),
            DatabaseState.MOVING: _fail(
                Check.DATABASE, Finding.DATABASE_MOVING, target=database.target
            ),
        }[database.state]
    else:
        return _server(database), _migrations(database), _connections(database, pool)
    return (
        first,
        _warn(Check.MIGRATIONS, Finding.NOT_KNOWN),
        _warn(Check.CONNECTIONS, Finding.NOT_KNOWN),
    )


def _server(database: DatabaseMeasure) -> Verdict:
    latency = database.latency or 0.0
    values: dict[str, Value] = {
        "version": database.version,
        "latency_seconds": latency,
        "size_bytes": database.size or 0,
        "oldest": OLDEST_POSTGRESQL,
        "newest": NEWEST_POSTGRESQL,
    }
    if database.is_standby:
        return _fail(Check.DATABASE, Finding.DATABASE_STANDBY, **values)
    if database.major < OLDEST_POSTGRESQL:
        return _fail(Check.DATABASE, Finding.DATABASE_OLD, **values)
    if database.major > NEWEST_POSTGRESQL:
        return _warn(Check.DATABASE, Finding.DATABASE_NEW, **values)
    if latency > SLOW_DATABASE:
        return _warn(Check.DATABASE, Finding.DATABASE_SLOW, **values)
    embedded = database.is_embedded
    finding = Finding.DATABASE_EMBEDDED if embedded else Finding.DATABASE_SERVER
    return _ok(Check.DATABASE, finding, **values)


def _migrations(database: DatabaseMeasure) -> Verdict:
    values: dict[str, Value] = {"applied": database.applied, "known": database.known}
    match database.history:
        case None:
            return _warn(Check.MIGRATIONS, Finding.NOT_KNOWN)
        case History.CURRENT:
            return _ok(Check.MIGRATIONS, Finding.MIGRATIONS_CURRENT, **values)
        case History.NONE:
            return _warn(Check.MIGRATIONS, Finding.MIGRATIONS_NONE, **values)
        case History.OLDER:
            return _warn(Check.MIGRATIONS, Finding.MIGRATIONS_OLDER, **values)
        case History.NEWER:
            return _fail(Check.MIGRATIONS, Finding.MIGRATIONS_NEWER, **values)
        case History.OTHER:
            return _fail(Check.MIGRATIONS, Finding.MIGRATIONS_OTHER, **values)


def _connections(database: DatabaseMeasure, pool: PoolMeasure | None) -> Verdict:
    if database.connections is None or not database.most_connections:
        return _warn(Check.CONNECTIONS, Finding.NOT_KNOWN)
    values: dict[str, Value] = {
        "connections": database.connections,
        "most": database.most_connections,
    }
    if pool is not None:
        values |= {"lent": pool.lent, "size": pool.most, "waiting": pool.waiting}
        if pool.waiting:
            return _warn(Check.CONNECTIONS, Finding.CONNECTIONS_WAIT, **values)
    if database.connections >= CROWDED * database.most_connections:
        return _warn(Check.CONNECTIONS, Finding.CONNECTIONS_CROWDED, **values)
    if database.hearing is Hearing.DEAF:
        return _warn(Check.CONNECTIONS, Finding.CONNECTIONS_DEAF, **values)
    direct = Finding.CONNECTIONS_GOOD if pool is None else Finding.CONNECTIONS_OF_TILL
    finding = {
        Hearing.ASKING: Finding.CONNECTIONS_ASKING,
        Hearing.PAST_POOLER: Finding.CONNECTIONS_PAST_POOLER,
    }.get(database.hearing, direct)
    return _ok(Check.CONNECTIONS, finding, **values)


def _disk(disk: DiskMeasure | None) -> Verdict:
    if disk is None:
        return _warn(Check.DISK, Finding.NOT_KNOWN)
    values: dict[str, Value] = {
        "folder": disk.folder,
        "free_bytes": disk.free,
        "total_bytes": disk.total,
    }
    if disk.free < NO_DISK:
        return _fail(Check.DISK, Finding.DISK_FULL, **values)
    if disk.free < LITTLE_DISK:
        return _warn(Check.DISK, Finding.DISK_LITTLE, **values)
    return _ok(Check.DISK, Finding.DISK_GOOD, **values)


def _redis(redis: RedisMeasure | None) -> Verdict:
    if redis is None:
        return _warn(Check.REDIS, Finding.REDIS_AWAY)
    match redis.health:
        case Health.OFF:
            return _ok(Check.REDIS, Finding.REDIS_OFF)
        case Health.STARTING:
            return _warn(Check.REDIS, Finding.REDIS_STARTING)
        case Health.AWAY:
            if redis.sentence:
                return _warn(Check.REDIS, Finding.REDIS_TROUBLE, sentence=redis.sentence)
            return _warn(Check.REDIS, Finding.REDIS_AWAY)
        case Health.OK:
            return _redis_there(redis)


def _redis_there(redis: RedisMeasure) -> Verdict:
    values: dict[str, Value] = {
        "version": redis.version,
        "latency_seconds": redis.latency or 0.0,
        "memory_bytes": redis.memory,
        "most_bytes": redis.most_memory,
        "policy": redis.policy,
        "oldest": OLDEST_REDIS,
        "sentinels": redis.sentinels,
    }
    if not redis.version:
        latency = {"latency_seconds": redis.latency or 0.0, "sentinels": redis.sentinels}
        return _warn(Check.REDIS, Finding.REDIS_UNTOLD, **latency)
    if redis.is_replica:
        return _warn(Check.REDIS, Finding.REDIS_REPLICA, **values)
    # What it evicts is only warmed again; one that refuses to evict refuses writes when full.
    is_full = redis.most_memory and redis.memory > _SOON_FULL * redis.most_memory
    if is_full and redis.policy == "noeviction":
        return _warn(Check.REDIS, Finding.REDIS_FULL, **values)
    major = redis.version.partition(".")[0]
    if major.isdigit() and int(major) < OLDEST_REDIS:
        return _warn(Check.REDIS, Finding.REDIS_OLD, **values)
    if (redis.latency or 0.0) > SLOW_REDIS:
        return _warn(Check.REDIS, Finding.REDIS_SLOW, **values)
    finding = Finding.REDIS_WATCHED if redis.sentinels else Finding.REDIS_GOOD
    return _ok(Check.REDIS, finding, **values)


def _log(log: LogMeasure | None) -> Verdict:
    if log is None:
        return _warn(Check.LOG, Finding.NOT_KNOWN)
    if not log.is_written:
        return _warn(Check.LOG, Finding.LOG_MISSING, path=log.path)
    return _ok(Check.LOG, Finding.LOG_GOOD, path=log.path)


def _ledger(ledger: LedgerMeasure | None) -> tuple[Verdict, ...]:
    if ledger is None:
        unknown = (Check.BACKUP, Check.UNFINISHED, Check.ATTENTION)
        return tuple(_warn(each, Finding.NOT_KNOWN) for each in unknown)
    return _backup(ledger.last_backup), _unfinished(ledger), _attention(ledger)


def _backup(age: float | None) -> Verdict:
    if age is None:
        return _warn(Check.BACKUP, Finding.BACKUP_NONE)
    if age > DAY + BACKUP_GRACE:
        verdict = _fail if age > OLD_BACKUP else _warn
        return verdict(Check.BACKUP, Finding.BACKUP_OLD, age_seconds=age)
    return _ok(Check.BACKUP, Finding.BACKUP_GOOD, age_seconds=age)


def _unfinished(ledger: LedgerMeasure) -> Verdict:
    if ledger.is_held:
        return _fail(Check.UNFINISHED, Finding.UNFINISHED_HELD, count=ledger.unfinished)
    if not ledger.unfinished:
        return _ok(Check.UNFINISHED, Finding.UNFINISHED_NONE)
    age = ledger.oldest_unfinished or 0.0
    values: dict[str, Value] = {"count": ledger.unfinished, "age_seconds": age}
    if age > LONG_UNFINISHED:
        return _warn(Check.UNFINISHED, Finding.UNFINISHED_LONG, **values)
    return _ok(Check.UNFINISHED, Finding.UNFINISHED_SOME, **values)


def _attention(ledger: LedgerMeasure) -> Verdict:
    if ledger.attention:
        return _warn(Check.ATTENTION, Finding.ATTENTION_SOME, count=ledger.attention)
    return _ok(Check.ATTENTION, Finding.ATTENTION_NONE)
