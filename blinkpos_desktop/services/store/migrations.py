"""Forward-only migrations from numbered files in ``sql/migrations``, each applied once.

All of them run in one transaction under a transaction-scoped lock, so tills
that start together apply each file once, and a failure leaves nothing behind.
They only add to what the version before reads and writes, so its tills go on
(docs/decisions/0014-migrations-only-add.md).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection, errors
from psycopg.rows import tuple_row

from blinkpos_desktop import resources
from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.domain.measures import History

_LOCK: Final = 0x626C_696E_6B70_6F73  # "blinkpos"
_BUSY: Final = ("ledger", "payments", "transfers", "recipient_invoices", "events")
_PATIENCE: Final = 60
"""Attempts, of half a second each, to find a moment in which no till is in the middle of a step."""
_FILE = re.compile(r"(\d{4})_\w+\.sql")
_MADE = re.compile(
    rb"^CREATE (?:OR REPLACE |UNLOGGED )?(TABLE|VIEW|SEQUENCE|FUNCTION) (?:IF NOT EXISTS )?(\w+)",
    re.MULTILINE,
)
HISTORY: Final = "schema_migrations"
MAKE_HISTORY: Final = (
    "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, "
    "name text NOT NULL, checksum text NOT NULL, "
    "applied_at timestamptz NOT NULL DEFAULT now())"
)
TAKE_TURN: Final = f"SELECT pg_advisory_xact_lock({_LOCK})"
"""Whoever makes or replaces the ledger's tables does it alone, until its transaction ends."""
ADD_TO_HISTORY: Final = (
    "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)"
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered file."""

    version: int
    name: str
    sql: bytes

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's bytes, hexadecimal."""
        return hashlib.sha256(self.sql).hexdigest()


def known() -> tuple[Migration, ...]:
    """Return the program's migrations in their order.

    Raises:
        ValueError: the numbers are not 1, 2, 3, …
    """
    found = [
        Migration(version=int(match[1]), name=path.name, sql=path.read_bytes())
        for path in sorted((resources.sql() / "migrations").glob("*.sql"))
        if (match := _FILE.fullmatch(path.name))
    ]
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError("the migrations are not numbered 1, 2, 3, …")
    return tuple(found)


def made(kind: str) -> frozenset[str]:
    """Return the names of all that the program's migrations make of a kind, such as ``TABLE``.

    Some may be gone again in a later one.
    """
    found = {
        match[2].decode()
        for migration in known()
        for match in _MADE.finditer(migration.sql)
        if match[1].decode() == kind
    }
    return frozenset(found | {HISTORY} if kind == "TABLE" else found)


async def migrate(connection: AsyncConnection[Any]) -> int:
    """Bring a database up to the program's version; return how many files were applied.

    Raises:
        SettingsError: the database is newer than the program, or its history differs.
        UnavailableError: another till does not let go of the tables.
    """
    wanted = known()
    applied = 0
    async with connection.transaction():
        await connection.execute(TAKE_TURN)
        await connection.execute(MAKE_HISTORY)
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute("SELECT version, checksum FROM schema_migrations")
            present: dict[int, str] = dict(await cursor.fetchall())
        check_history(present, wanted)
        if present and len(present) < len(wanted):
            await _take_tables(connection)
        for migration in wanted:
            if migration.version in present:
                continue
            await connection.execute(migration.sql)
            await connection.execute(
                ADD_TO_HISTORY, (migration.version, migration.name, migration.checksum)
            )
            _log.info("applied migration %s", migration.name)
            applied += 1
    return applied


async def _take_tables(connection: AsyncConnection[Any]) -> None:
    """Hold all that tills write before anything is changed.

    A till in the middle of a step that met half of a migration would be in a
    deadlock with it, and the server may end either one. So whoever migrates gives
    way, before a deadlock is looked for, and no sale ever does.
    """
    tables = ", ".join(_BUSY)
    for _attempt in range(_PATIENCE):
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '500ms'")
                await connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE".encode())
        except errors.LockNotAvailable:
            continue
        await connection.execute("SET LOCAL lock_timeout = 0")
        return
    raise UnavailableError("Another till is busy with the database: try again in a minute.")


def compare(present: dict[int, str]) -> History:
    """Return how a database's migrations stand to this program's: version → checksum."""
    wanted = known()
    try:
        check_history(present, wanted)
    except SettingsError:
        newer = any(version > len(wanted) for version in present)
        return History.NEWER if newer else History.OTHER
    if not present:
        return History.NONE
    return History.CURRENT if len(present) == len(wanted) else History.OLDER


def check_history(
    present: Mapping[int, str], wanted: tuple[Migration, ...], *, of: str = "database"
) -> None:
    """Refuse a database, or what else ``of`` names, whose migrations this program does not know.

    Raises:
        SettingsError: it is newer than the program, or its history differs.
    """
    checksums = {migration.version: migration.checksum for migration in wanted}
    if any(version not in checksums for version in present):
        raise SettingsError(f"The {of} is newer than this program: update the program.")
    for version, checksum in present.items():
        if checksums[version] != checksum:
            raise SettingsError(
                f"The {of} was made by another edition of this program: ask for help.",
                cause=f"migration {version} has another checksum",
            )
