"""Forward-only migrations from numbered files in ``sql/migrations``, each applied once.

All of them run in one transaction under a transaction-scoped lock, so tills
that start together apply each file once, and a failure leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from blinkpos_desktop import resources
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.measures import History

_LOCK: Final = 0x626C_696E_6B70_6F73  # "blinkpos"
_FILE = re.compile(r"(\d{4})_\w+\.sql")
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


async def migrate(connection: AsyncConnection[Any]) -> int:
    """Bring a database up to the program's version; return how many files were applied.

    Raises:
        SettingsError: the database is newer than the program, or its history differs.
    """
    wanted = known()
    applied = 0
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, "
            "name text NOT NULL, checksum text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute("SELECT version, checksum FROM schema_migrations")
            present: dict[int, str] = dict(await cursor.fetchall())
        _check_history(present, wanted)
        for migration in wanted:
            if migration.version in present:
                continue
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
                (migration.version, migration.name, migration.checksum),
            )
            _log.info("applied migration %s", migration.name)
            applied += 1
    return applied


def compare(present: dict[int, str]) -> History:
    """Return how a database's migrations stand to this program's: version → checksum."""
    wanted = known()
    try:
        _check_history(present, wanted)
    except SettingsError:
        newer = any(version > len(wanted) for version in present)
        return History.NEWER if newer else History.OTHER
    if not present:
        return History.NONE
    return History.CURRENT if len(present) == len(wanted) else History.OLDER


def _check_history(present: dict[int, str], wanted: tuple[Migration, ...]) -> None:
    checksums = {migration.version: migration.checksum for migration in wanted}
    if any(version not in checksums for version in present):
        raise SettingsError("The database is newer than this program: update the program.")
    for version, checksum in present.items():
        if checksums[version] != checksum:
            raise SettingsError(
                "The database was made by another edition of this program: ask for help.",
                cause=f"migration {version} has another checksum",
            )
