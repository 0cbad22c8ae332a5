"""A look into a ledger's tables, beside the program."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from blinkpos_desktop.simulator.client import ControlClient


def rows(database_url: str, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def change(database_url: str, statements: str) -> None:
    """Run statements, each as a commit of its own or all together as they say."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(statements.encode())


def payments(database_url: str) -> list[dict[str, Any]]:
    """Return all payments in their order; none where there are no tables yet."""
    if not rows(database_url, "SELECT 1 WHERE to_regclass('payments') IS NOT NULL"):
        return []
    return rows(database_url, "SELECT * FROM payments ORDER BY id")


def states(database_url: str) -> list[str]:
    """Return the states of all payments."""
    return [row["state"] for row in payments(database_url)]


def transfers(database_url: str) -> list[tuple[str, str, int, str]]:
    """Return role, recipient, sats and state of all transfers."""
    found = rows(database_url, "SELECT role, recipient, sats, state FROM transfers ORDER BY id")
    return [(row["role"], row["recipient"], row["sats"], row["state"]) for row in found]


def strangers(database_url: str, control: ControlClient, owner: str = "till") -> list[str]:
    """Return the externalIds of an account's open invoices that the ledger knows nothing of."""
    open_ids = {each["external_id"] for each in control.invoices(owner=owner, status="open")}
    ledger = rows(database_url, "SELECT id FROM ledger")[0]["id"] if open_ids else ""
    known = {
        f"bp-{ledger}-{row['id']}-{attempt}"
        for row in payments(database_url)
        for attempt in range(1, row["attempt"] + 1)
    }
    return sorted(open_ids - known)


def sum_anew(connection: psycopg.Connection[Any]) -> None:
    """Let the owner's sums follow rows that were changed past every trigger."""
    connection.execute(
        "DELETE FROM sale_sums; INSERT INTO sale_sums SELECT * FROM sale_sums_derived;"
        "DELETE FROM tip_sums; INSERT INTO tip_sums SELECT * FROM tip_sums_derived"
    )
