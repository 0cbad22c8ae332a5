"""The history of the till before this one: read from its database, kept in tables of its own.

Blocks, as ``whole`` does, and holds no table in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.imported import ImportedEvent, ImportedPayment
from blinkpos_desktop.services.store import queries
from blinkpos_desktop.services.store.whole import (
    Whole,
    WholeConnection,
    answering,
    committed,
    connected,
    identifiers,
)

_AT_ONCE: Final = 2_000
_TABLES: Final = ("payment_splits", "payment_events")
_PLACES: Final[dict[type, str]] = {
    ImportedPayment: "arriving_payments",
    ImportedEvent: "arriving_events",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What an import comes to: rows that are new, further along than known, or known."""

    new: int
    further: int
    known: int
    new_sats: int
    new_events: int
    known_events: int

    @property
    def is_news(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.new or self.further or self.new_events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row that can't be imported: a hash that was there before in the file, or is ours."""

    line: int
    why: str
    other: int
    """The line that had it, or our payment's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedPayment:
    """A payment that the origin had not completed. ``created_at`` is in Unix seconds."""

    payment_hash: str
    status: str
    total_sats: int
    tip_sats: int
    tip_recipient: str | None
    memo: str | None
    created_at: int


class Importing:
    """Takes rows, weighs them against what is known, and keeps them only when told so."""

    def __init__(self, connection: WholeConnection) -> None:
        """Take a connection whose transaction has begun."""
        self._connection, self._whole = connection, Whole(connection)
        connection.execute(queries.load()["prepare_arrivals"])
        self._open = ExitStack()
        self._kind: type | None = None
        self._copy: psycopg.Copy | None = None

    def take(self, line: int, row: ImportedPayment | ImportedEvent) -> None:
        """Take a row that was found in a line."""
        if self._kind is not type(row):
            self._open.close()
            self._kind = type(row)
            columns = ("line", *(each.name for each in fields(row)))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(_PLACES[type(row)]), identifiers(columns)
            )
            cursor = self._open.enter_context(self._connection.cursor())
            self._copy = self._open.enter_context(cursor.copy(statement))
        assert self._copy is not None
        self._copy.write_row((line, *astuple(row)))

    def refuse(self) -> Sequence[Refused]:
        """Take out what can't stay, once all rows are there."""
        self._open.close()
        self._kind = None
        self._connection.execute(queries.load()["index_arrivals"])
        return [Refused(**row) for row in self._whole.rows("arrivals_refused")]

    def weigh(self) -> Weighed:
        """Return what keeping them would change."""
        [payments], [events] = self._whole.rows("weigh_payments"), self._whole.rows("weigh_events")
        return Weighed(**payments, new_events=events["new"], known_events=events["known"])

    def unfinished(self) -> Iterator[UnfinishedPayment]:
        """Give those that the origin had not completed: those that it was working on first."""
        with self._connection.cursor(name="unfinished") as cursor:
            cursor.itersize = _AT_ONCE
            for row in cursor.execute(queries.load()["unfinished_arrivals"]):
                yield UnfinishedPayment(**row)

    def keep(self) -> None:
        """Keep them, when the transaction ends well."""
        for query in ("keep_payments", "keep_events"):
            self._connection.execute(queries.load()[query])


@contextmanager
def importing(conninfo: str, *, dry_run: bool) -> Iterator[Importing]:
    """Lend an import in one transaction; nothing of a ``dry_run`` is ever kept.

    Raises:
        UnavailableError: the database is away.
    """
    unknown = "The database went away at the last moment: run the same command again."
    with (
        connected(conninfo) as connection,
        answering(),
        committed(connection, unknown, keep=not dry_run),
    ):
        Whole(connection).rows("pin_formats")
        yield Importing(connection)


@contextmanager
def origin_rows(url: str) -> Iterator[Iterator[tuple[str, int, str]]]:
    """Lend the rows of the origin's tables: the table's name, a number, and the row as JSON.

    Raises:
        SettingsError: the address can't be read, or there are no such tables.
        UnavailableError: it is away.
    """
    with connected(url) as connection, answering(), connection.transaction():
        connection.execute(queries.load()["audit_snapshot"])
        whole = Whole(connection)
        whole.rows("pin_formats")
        if not whole.has_table(_TABLES[0]):
            raise SettingsError(f"That database has no table {_TABLES[0]}.")
        yield _origin_rows(connection, [name for name in _TABLES if whole.has_table(name)])


def _origin_rows(
    connection: psycopg.Connection[Any], tables: Sequence[str]
) -> Iterator[tuple[str, int, str]]:
    for table in tables:
        statement = sql.SQL("SELECT to_jsonb(origin)::text FROM {} origin").format(
            sql.Identifier(table)
        )
        with connection.cursor(name="origin", row_factory=tuple_row) as cursor:
            cursor.itersize = _AT_ONCE
            for number, (text,) in enumerate(cursor.execute(statement), start=1):
                yield table, number, text
