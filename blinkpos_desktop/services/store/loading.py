"""A whole ledger put into an empty database, in one transaction: all of it or nothing.

Blocks, as ``whole`` does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql

from blinkpos_desktop.domain.errors import (
    InputError,
    SettingsError,
    UnavailableError,
)
from blinkpos_desktop.domain.hold import NUMBER_STEP, HoldCause
from blinkpos_desktop.domain.inventory import AppliedMigration, Inventory, SequenceState, Table
from blinkpos_desktop.services.store import migrations, queries
from blinkpos_desktop.services.store.connections import first_line
from blinkpos_desktop.services.store.whole import (
    AS_TEXT,
    Nobody,
    Progress,
    Whole,
    WholeConnection,
    answering,
    committed,
    connected,
    identifiers,
)

_BLOCK: Final = 1 << 16
_TURN_SECONDS: Final = 60
_LINGERS_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.05
_LIVED_IN: Final = ("payments", "items", "imported_payments", "imported_events", "moves")
"""A ledger with a row in any of these is somebody's history."""


class Loading:
    """Takes a ledger's tables (``whole.Taker``). ``prepare``, the tables, then ``finish``."""

    def __init__(self, connection: WholeConnection) -> None:
        """Take a connection whose transaction has begun."""
        self._connection, self.whole = connection, Whole(connection)
        self._foreign_keys: list[sql.Composed] = []
        self._tables: dict[str, Table] = {}
        self._left: set[str] = set()
        self._copy: psycopg.Copy | None = None
        self._open = ExitStack()
        self._block = bytearray()

    def prepare(self, history: Sequence[AppliedMigration]) -> None:
        """Make the tables as they were after those migrations.

        Raises:
            SettingsError: the database holds something already, a till is using it,
                or the migrations are not this program's.
        """
        self.whole.rows("pin_formats")
        self._connection.execute(migrations.TAKE_TURN)
        self._refuse_company()
        self._make_room()
        self._make_tables(history)

    def begin(self, table: Table) -> None:
        """Take a table's name and columns; its rows follow."""
        ours = self._tables.get(table.name)
        if ours is None or table.name not in self._left or set(ours.columns) != set(table.columns):
            raise InputError(f"The table {table.name} is not as this program knows it.")
        self._left.discard(table.name)
        statement = sql.SQL("COPY {} ({}) FROM STDIN {}").format(
            sql.Identifier(table.name), identifiers(table.columns), AS_TEXT
        )
        cursor = self._open.enter_context(self._connection.cursor())
        self._copy = self._open.enter_context(cursor.copy(statement))

    def row(self, row: bytes) -> None:
        """Take a row."""
        self._block += row
        if len(self._block) >= _BLOCK:
            self._flush()

    def end(self) -> None:
        """Know that the table has no more rows.

        Raises:
            InputError: they don't fit the table.
        """
        with _fitting():
            self._flush()
            self._open.close()
        self._copy = None

    def finish(self, sequences: Sequence[SequenceState]) -> None:
        """Make the tables whole again: their keys are checked, their rules hold from here on.

        Raises:
            InputError: the rows don't fit one another.
        """
        if self._left:
            raise InputError(f"The table {min(self._left)} is missing.")
        with _fitting():
            for statement in self._foreign_keys:
                self._connection.execute(statement)
        for name in self._tables:
            self._connection.execute(
                sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(name))
            )
        for each in sequences:
            self.set_sequence(each)

    def set_sequence(self, state: SequenceState) -> None:
        """Let a sequence stand where it stood."""
        self._connection.execute(
            "SELECT setval(quote_ident(%s)::regclass, %s, %s)",
            (state.name, state.last, state.is_called),
        )

    def inventory(self, tell: Progress) -> Inventory:
        """Return what the database holds now, read from it again."""
        return self.whole.pour(Nobody(), tell)

    def upgrade(self) -> None:
        """Bring the tables up to this program's own version, and let the server know their size."""
        present = {each.version for each in self.whole.history()}
        for migration in migrations.known():
            if migration.version not in present:
                self._apply(migration)
        for name in self._tables:
            self._connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))

    def hold(self, till: str) -> None:
        """Let nothing be forwarded until a comparison with Blink has been made.

        New sales get numbers far above those that the lost ledger can have given.
        """
        named = queries.load()
        values = {"cause": HoldCause.RESTORED, "external_id": "", "till": till, "process": uuid4()}
        self.whole.rows("lock_ledger")
        # One that was live when it was backed up proves nothing of what came after.
        self._connection.execute(named["end_holds"], {"outcome": "replaced"})
        [hold] = self.whole.rows("insert_hold", **values)
        if not self._connection.execute(named["place_hold"], {"hold_id": hold["id"]}).rowcount:
            self._connection.execute(named["end_holds"], {"outcome": "nothing to hold"})
        self.whole.rows("leap", highest=0, step=NUMBER_STEP)
        self._connection.execute(named["settle_on_server"])

    def live_here(self) -> None:
        """Let the ledger live here: what came was marked as being on its way."""
        named = queries.load()
        self._connection.execute(named["forget_move"])
        # All of it came along: unlike a standby, this server knows whatever was sent.
        self._connection.execute(named["settle_on_server"])

    def _flush(self) -> None:
        if self._copy is not None and self._block:
            self._copy.write(bytes(self._block))
        self._block.clear()

    def _refuse_company(self) -> None:
        # The server lists one that has just hung up for a moment more.
        until = time.monotonic() + _LINGERS_SECONDS
        while self._has_company():
            if time.monotonic() >= until:
                raise SettingsError("A till or a command is using this database: end it first.")
            time.sleep(_LOOK_SECONDS)

    def _has_company(self) -> bool:
        # Without it a transaction sees the sessions of its first look for ever.
        self.whole.rows("look_anew")
        return bool(self.whole.rows("other_tills")[0]["sessions"])

    def _make_room(self) -> None:
        """Refuse a database with something in it; drop the tables of a till that never sold."""
        tables, functions = migrations.made("TABLE"), migrations.made("FUNCTION")
        others = migrations.made("VIEW") | migrations.made("SEQUENCE")
        known = sorted(tables | functions | others)
        taken = [row["name"] for row in self.whole.rows("known_names", known=known)]
        if not taken:
            return
        if migrations.HISTORY not in taken:
            raise SettingsError(
                f"This database holds another program's {taken[0]}: nothing was changed."
            )
        self.whole.history()
        here = [name for name in taken if name in tables]
        # Nobody sells between the look and the end of this transaction.
        for name in here:
            self._connection.execute(
                sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(name))
            )
        for name in _LIVED_IN:
            if name in here and self._has_rows(name):
                raise SettingsError(
                    "This database already holds a ledger: nothing is ever written over. "
                    "Name an empty one."
                )
        self._connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(identifiers(tuple(here))))
        for kind in ("FUNCTION", "SEQUENCE"):
            for name in sorted(migrations.made(kind)):
                self._connection.execute(
                    sql.SQL("DROP {} IF EXISTS {} CASCADE").format(
                        sql.SQL(kind), sql.Identifier(name)
                    )
                )

    def _has_rows(self, table: str) -> bool:
        statement = sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(table))
        return self._connection.execute(statement).fetchone() is not None

    def _make_tables(self, history: Sequence[AppliedMigration]) -> None:
        known = migrations.known()
        present = {each.version: each.checksum for each in history}
        # A database that moves was checked before it was read.
        migrations.check_history(present, known, of="backup")
        if not history or [each.version for each in history] != list(range(1, len(history) + 1)):
            raise InputError("Some of the ledger's versions are missing.")
        self._connection.execute(migrations.MAKE_HISTORY)
        for migration in known[: len(history)]:
            self._apply(migration)
        listed = self.whole.rows("whole_tables", known=sorted(migrations.made("TABLE")))
        for row in listed:
            self._tables[row["name"]] = Table(name=row["name"], columns=tuple(row["columns"]))
        self._left = set(self._tables)
        self._unbind()

    def _apply(self, migration: migrations.Migration) -> None:
        self._connection.execute(migration.sql)
        self._connection.execute(
            migrations.ADD_TO_HISTORY, (migration.version, migration.name, migration.checksum)
        )

    def _unbind(self) -> None:
        """Empty the tables, and let their rows come in any order.

        Keys between tables are taken off and put on again at the end, which checks
        all rows at once; triggers guard what tills do, and these rows are done.
        """
        for name in self._tables:
            self._connection.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name))
            )
        for row in self.whole.rows("foreign_keys", tables=list(self._tables)):
            table, key = sql.SQL(row["table_name"]), sql.SQL(row["name"])
            self._foreign_keys.append(
                sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                    table, key, sql.SQL(row["definition"])
                )
            )
            self._connection.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, key)
            )
        self._connection.execute(sql.SQL("TRUNCATE {}").format(identifiers(tuple(self._tables))))


@contextmanager
def loading(conninfo: str, *, durable: bool = True) -> Iterator[Loading]:
    """Lend an empty database to be filled; it commits when the block ends well.

    Without ``durable`` it need not outlive the machine's power: a scratch database.

    Raises:
        SettingsError: it is not empty, can't be read or may not be written.
        InputError: what came doesn't fit.
        UnavailableError: it is away; ``OutcomeUnknownError`` when it went away while it committed.
    """
    with (
        connected(conninfo) as connection,
        answering(),
        committed(
            connection,
            "The database went away while it was taking the ledger: "
            "nobody can say yet whether it has it.",
        ),
    ):
        if not durable:
            connection.execute("SET LOCAL synchronous_commit = off")
        yield Loading(connection)


def holds_ledger(conninfo: str, ledger: str) -> bool:
    """Whether a database holds that ledger, for certain: nobody is putting one there meanwhile.

    Raises:
        UnavailableError: it can't be asked, or is still busy with somebody's attempt.
        SettingsError: the address can't be read, or nothing may be read there.
    """
    with connected(conninfo) as connection, answering(), connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{_TURN_SECONDS}s'")
        try:
            connection.execute(migrations.TAKE_TURN)
        except psycopg.errors.LockNotAvailable as error:
            raise UnavailableError(
                "The server is still busy with an attempt that was cut short: "
                "try again in a few minutes.",
                cause=first_line(error),
            ) from error
        whole = Whole(connection)
        return whole.has_table("ledger") and whole.identity().id == ledger


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise InputError(
            "What came does not fit the ledger's tables: nothing was kept.",
            cause=first_line(error),
        ) from error
