"""Which backups there are: a row for each one that was verified."""

from __future__ import annotations

from typing import Any

from psycopg.rows import DictRow

from blinkpos_desktop.domain.backup import Backup, VerifiedIn
from blinkpos_desktop.services.store import queries
from blinkpos_desktop.services.store.connections import Connections
from blinkpos_desktop.services.store.whole import Whole, answering, connected


async def last_backup(connections: Connections) -> Backup | None:
    """Return the youngest verified backup of this ledger; ``None`` when there never was one.

    Raises:
        UnavailableError: the database is away.
    """
    async with connections.transaction() as ledger:
        row = await ledger.maybe("last_backup")
    return backup_of(row) if row else None


def note(conninfo: str, backup: Backup) -> bool:
    """Write a verified backup down; ``False`` in a database of before there was a place for it.

    Blocks. Raises ``UnavailableError`` when the database is away.
    """
    values: dict[str, Any] = {
        "made_at": backup.made_at,
        "till": backup.till,
        "place": backup.place,
        "bytes": backup.size,
        "encrypted": backup.is_encrypted,
        "verified_in": backup.verified_in.value,
    }
    with connected(conninfo) as connection, answering():
        if not Whole(connection).has_table("backups"):
            return False
        connection.execute(queries.load()["note_backup"], values)
    return True


def backup_of(row: DictRow) -> Backup:
    """Return what a row of ``last_backup`` says."""
    return Backup(
        made_at=row["made_at"],
        till=row["till"],
        place=row["place"],
        size=row["bytes"],
        is_encrypted=row["encrypted"],
        verified_in=VerifiedIn(row["verified_in"]),
    )
