"""Makes a shop's history of any size by SQL: a million payments in some minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

SECONDS_BETWEEN: Final = 86.4
"""A thousand sales a day, day and night: a million are 1000 days."""
ACCOUNT_ID: Final = "account-1"
WALLET_ID: Final = "wallet-1"
RECIPIENTS: Final = ("ana", "ben", "chidi", "dani")
_BLOCK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)
_TABLES: Final = ("payments", "transfers", "recipient_invoices", "events")


def make(
    conninfo: str, payments: int, *, tell: Callable[[str], None] = lambda _text: None
) -> datetime:
    """Fill a migrated, empty ledger; return the moment at which its history ends.

    Wants a superuser: triggers and keys would check each of some twenty million rows.
    """
    text = Path(__file__).with_name("history.sql").read_text(encoding="utf-8")
    blocks = {match[1]: match[2].encode() for match in _BLOCK.finditer(text)}
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "payments": payments,
        "first": 0,
        "seconds_between": SECONDS_BETWEEN,
        "now": now,
    }
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL synchronous_commit = off")
        connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
        indexes = _drop_indexes(connection)
        for name, statement in blocks.items():
            tell(f"{payments} payments: {name}")
            connection.execute(statement, values)
        for definition in indexes:
            tell(f"{payments} payments: {definition[:60]}")
            connection.execute(definition.encode())
        connection.execute("DELETE FROM sale_sums; DELETE FROM tip_sums")
        connection.execute("INSERT INTO sale_sums SELECT * FROM sale_sums_derived")
        connection.execute("INSERT INTO tip_sums SELECT * FROM tip_sums_derived")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        # A visibility map and statistics, as autovacuum would have made on the way.
        connection.execute("VACUUM ANALYZE")
    return now


def _drop_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop what is quicker to build at the end; return how each is made anew."""
    made: list[str] = []
    constraints = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint k "
        "WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('u', 'p') "
        "AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = k.conindid "
        "AND f.contype = 'f')",
        (list(_TABLES),),
    ).fetchall()
    for table, name, definition in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
        made.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    found = connection.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = ANY(%s::regclass[]) "
        "AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)",
        (list(_TABLES),),
    ).fetchall()
    for name, definition in found:
        connection.execute(f"DROP INDEX {name}".encode())
        made.append(definition)
    return made
