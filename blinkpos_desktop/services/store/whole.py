"""A whole ledger at one moment, table by table, in COPY's text format.

What is here blocks, and reads rows as they come: it never holds a table in
memory. It runs in commands and in processes of their own, not in a till's loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from blinkpos_desktop.domain.errors import OutcomeUnknownError, SettingsError, UnavailableError
from blinkpos_desktop.domain.inventory import (
    AppliedMigration,
    Figures,
    Inventory,
    RowDigest,
    SequenceState,
    Table,
)
from blinkpos_desktop.services.store import migrations, queries
from blinkpos_desktop.services.store.connections import (
    CONNECT_SECONDS,
    REFUSES,
    LedgerError,
    first_line,
)

TELL_EVERY: Final = 20_000
"""Rows between two words of progress."""

Progress = Callable[[str, int, int], None]
"""Hears how far a table is: its name, the rows done, and all of them."""
WholeConnection = psycopg.Connection[DictRow]


class Taker(Protocol):
    """Takes a ledger's tables one after another: a file, or another database."""

    def begin(self, table: Table) -> None:
        """Take a table's name and columns; its rows follow."""

    def row(self, row: bytes) -> None:
        """Take a row in COPY's text format, its line end included."""

    def end(self) -> None:
        """Know that the table has no more rows."""


class Nobody:
    """Takes everything and keeps nothing."""

    def begin(self, table: Table) -> None:
        """Take a table."""

    def row(self, row: bytes) -> None:
        """Take a row."""

    def end(self) -> None:
        """End a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerIdentity:
    """Which ledger it is; ``network`` is empty before its first sale."""

    id: str
    network: str


class Whole:
    """Reads a whole ledger through one transaction, which the caller owns."""

    def __init__(self, connection: WholeConnection) -> None:
        """Take a connection whose transaction has begun."""
        self._connection, self._sql = connection, queries.load()

    def rows(self, query: str, **values: object) -> list[DictRow]:
        """Return the rows of a named query."""
        return self._connection.execute(self._sql[query], values or None).fetchall()

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return bool(self.rows("has_table", name=name)[0]["is_there"])

    def history(self) -> tuple[AppliedMigration, ...]:
        """Return the migrations that it has had; none when it is no ledger.

        Raises:
            SettingsError: it is newer than this program, or of another edition.
        """
        if not self.has_table(migrations.HISTORY):
            return ()
        found = tuple(AppliedMigration(**row) for row in self.rows("applied_migrations"))
        migrations.check_history(
            {each.version: each.checksum for each in found}, migrations.known()
        )
        return found

    def identity(self) -> LedgerIdentity:
        """Return which ledger it is."""
        [row] = self.rows("ledger")
        return LedgerIdentity(id=row["id"], network=row["network"] or "")

    def pour(self, taker: Taker, tell: Progress) -> Inventory:
        """Give every table to ``taker``; return what was given."""
        known = sorted(migrations.made("TABLE"))
        listed = self.rows("whole_tables", known=known)
        figures: dict[str, Figures] = {}
        for row in listed:
            table = Table(name=row["name"], columns=tuple(row["columns"]))
            figures[table.name] = self._pour(table, row["amounts"], taker, tell)
        return Inventory(tables=figures, sequences=self._sequences(list(figures)))

    def _pour(self, table: Table, amounts: list[str], taker: Taker, tell: Progress) -> Figures:
        counted = self._count(table, amounts)
        total = int(counted.pop("rows"))
        digest = RowDigest()
        taker.begin(table)
        for row in self._copy(table):
            digest.add(row)
            taker.row(row)
            if digest.rows % TELL_EVERY == 0:
                tell(table.name, digest.rows, total)
        taker.end()
        tell(table.name, digest.rows, total)
        return Figures(
            rows=total,
            digest=digest.hexdigest(),
            sums={name: int(value) for name, value in counted.items()},
        )

    def _count(self, table: Table, amounts: list[str]) -> dict[str, Any]:
        sums = [
            sql.SQL(", coalesce(sum({0}), 0) AS {0}").format(sql.Identifier(name))
            for name in amounts
        ]
        statement = sql.SQL('SELECT count(*) AS "rows"{} FROM {}').format(
            sql.SQL("").join(sums), sql.Identifier(table.name)
        )
        [row] = self._connection.execute(statement).fetchall()
        return row

    def _copy(self, table: Table) -> Iterator[bytes]:
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT {}").format(
            identifiers(table.columns), sql.Identifier(table.name), AS_TEXT
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            # The protocol gives one row at a time.
            for row in copy:
                yield bytes(row)

    def _sequences(self, tables: list[str]) -> tuple[SequenceState, ...]:
        # Sequences stand outside of transactions: one may be ahead of the moment, never behind.
        known = sorted(migrations.made("SEQUENCE"))
        found: list[SequenceState] = []
        for row in self.rows("whole_sequences", known=known, tables=tables):
            statement = sql.SQL("SELECT last_value, is_called FROM {}").format(
                sql.Identifier(row["name"])
            )
            [state] = self._connection.execute(statement).fetchall()
            found.append(
                SequenceState(
                    name=row["name"], last=state["last_value"], is_called=state["is_called"]
                )
            )
        return tuple(found)


AS_TEXT: Final = sql.SQL("(FORMAT text, ENCODING 'UTF8')")


def identifiers(names: tuple[str, ...]) -> sql.Composed:
    """Return names as SQL writes a list of them."""
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


@contextmanager
def snapshot(conninfo: str) -> Iterator[Whole]:
    """Lend a ledger as one moment shows it, whatever tills do meanwhile.

    Raises:
        SettingsError: the address can't be read, or nothing may be read there.
        UnavailableError: the database is away.
    """
    with connected(conninfo) as connection, answering(), connection.transaction():
        whole = Whole(connection)
        connection.execute(queries.load()["audit_snapshot"])
        whole.rows("pin_formats")
        yield whole


@contextmanager
def connected(conninfo: str) -> Iterator[WholeConnection]:
    """Lend a connection for whole ledgers; closed at the end."""
    try:
        psycopg.conninfo.conninfo_to_dict(conninfo)
    except psycopg.Error:
        # Its message can repeat the password.
        raise SettingsError(
            "The database's address can't be read: it is like postgresql://user@host/name."
        ) from None
    with answering():
        connection = psycopg.Connection.connect(
            conninfo,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=CONNECT_SECONDS,
            # Not a till's name: those are counted.
            application_name="blinkpos whole",
            client_encoding="UTF8",
            prepare_threshold=None,
        )
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def committed(connection: WholeConnection, unknown: str, *, keep: bool = True) -> Iterator[None]:
    """Run a block as one transaction; with ``keep`` it commits when the block ends well.

    When it ends otherwise the connection must be closed, perhaps amid a COPY, and
    nothing is kept.

    Raises:
        OutcomeUnknownError: the database went away while it committed; ``unknown`` says so.
    """
    connection.execute("BEGIN")
    yield
    try:
        connection.execute("COMMIT" if keep else "ROLLBACK")
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise OutcomeUnknownError(unknown, cause=first_line(error)) from error


@contextmanager
def answering() -> Iterator[None]:
    """Turn the driver's errors into those that say who must act."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise UnavailableError(
            "The database's disk is full: nothing was changed.", cause=first_line(error)
        ) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise UnavailableError("The database can't be reached.", cause=first_line(error)) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(
            "The database does not let this user do that.", cause=first_line(error)
        ) from error
    except psycopg.Error as error:
        raise LedgerError(REFUSES, cause=first_line(error)) from error
