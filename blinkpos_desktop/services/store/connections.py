"""The way to PostgreSQL: a pool, transactions of named queries, and limits on a silent server."""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from blinkpos_desktop.domain.errors import SettingsError, TillError, UnavailableError
from blinkpos_desktop.domain.measures import PoolMeasure
from blinkpos_desktop.services.store import queries

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 8.0
"""Any one transaction, the wait for locks included; a server silent for longer is away."""
CHECK_SECONDS: Final = 2.0
FRESH_SECONDS: Final = 1.0
"""A connection that was in use so short a time ago is not asked first whether it still lives."""
QUIET_SECONDS: Final = 20.0
"""Nor one that was in use so short a time ago, and at whose other end nobody has hung up since."""
POOL_SIZE: Final = 4
AWAY: Final = "The database can't be reached: nothing can be sold until it is back."
REFUSES: Final = "The database refuses this change: nothing was written."
_PASSING: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # A server that is another's standby for a while.
    psycopg.errors.ReadOnlySqlTransaction,
)


_PREPARED: Final = frozenset(
    {
        *("intend", "attach_invoice", "set_state", "payment_by_id", "payment_by_hash"),
        *("payments_by_ids",),
        *("begin_ahead", "store_recipient_invoice", "start_send", "end_send", "insert_event"),
        *("claim", "release", "set_transfer", "count_call", "watched_payments"),
        *("unfinished_payments", "unfinished_transfers", "lock_payment"),
    }
)
"""What every sale asks: read by its key, planned once for a connection. What narrows a history
is planned anew each time, by what narrows it."""


class Connection(psycopg.AsyncConnection[DictRow]):
    """A connection that knows when it was in use, and whether the server is at its other end."""

    used_at: float = float("-inf")
    """On the loop's clock."""
    is_direct: bool = False
    """No pooler is in between, so that what was prepared is there the next time."""


class _Pool(AsyncConnectionPool[Connection]):
    """Lends the connection that was in use last: what that one has prepared is there.

    A till that sells one sale after another keeps one process of the server's warm, and not each
    of its own in turn.
    """

    async def _get_ready_connection(
        self,
        timeout: float | None,  # noqa: ASYNC109 (psycopg's own)
    ) -> Connection | None:
        # It takes from the left what came back on the right.
        self._pool.rotate(1)
        return await super()._get_ready_connection(timeout)


class LedgerError(TillError):
    """The database refuses what was to be written: a bug, or a right that is missing."""


class LedgerRowMissingError(TillError):
    """The ledger has no such row."""


class Transaction:
    """Named queries on a connection that is lent.

    Every query may name the ``process`` and the ``till`` that asks.
    """

    def __init__(self, connection: Connection, process: UUID, till: str) -> None:
        """Take the connection that is lent."""
        self.connection, self._sql = connection, queries.load()
        self._who = {"process": process, "till": till}

    async def rows(self, query: str, **values: object) -> list[DictRow]:
        """Return the rows of a query."""
        return await (await self._execute(query, values)).fetchall()

    async def maybe(self, query: str, **values: object) -> DictRow | None:
        """Return the first row of a query, if there is one."""
        return await (await self._execute(query, values)).fetchone()

    async def one(self, query: str, **values: object) -> DictRow:
        """Return the one row of a query.

        Raises:
            LedgerRowMissingError: there is none.
        """
        row = await self.maybe(query, **values)
        if row is None:
            raise LedgerRowMissingError(
                "The ledger has no such row.", cause=f"{query} {values.get('id')}"
            )
        return row

    async def run(self, query: str, **values: object) -> int:
        """Run a query that returns no rows; return how many it changed."""
        return (await self._execute(query, values)).rowcount

    async def _execute(self, query: str, values: dict[str, object]) -> psycopg.AsyncCursor[DictRow]:
        return await self.connection.execute(
            self._sql[query],
            {**self._who, **values},
            prepare=self.connection.is_direct and query in _PREPARED,
        )

    async def tell(
        self,
        payment_id: int,
        event: str,
        *,
        after: str,
        before: str | None = None,
        transfer_id: int | None = None,
        reason: str = "",
        error: str = "",
        who: str = "",
    ) -> None:
        """Add a row to a payment's story: every change of state has one, in its transaction."""
        await self.run(
            "insert_event",
            payment_id=payment_id,
            transfer_id=transfer_id,
            event=event,
            state_before=before,
            state_after=after,
            reason=reason,
            error=error[:2000],
            who=who,
        )


class Connections:
    """A pool of connections to the ledger. ``process`` owns claims; ``till`` labels events."""

    def __init__(self, conninfo: str, *, process: UUID, till: str) -> None:
        """Keep what is needed to connect; nothing is opened yet."""
        self.process, self.till, self._conninfo = process, till, conninfo
        self._pool = _Pool(
            conninfo,
            connection_class=Connection,
            kwargs={
                # A query alone is a transaction: one round trip, where BEGIN and COMMIT make three.
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": CONNECT_SECONDS,
                "application_name": "blinkpos",
                # A query is prepared where it says so, and never for being frequent.
                "prepare_threshold": sys.maxsize,
            },
            min_size=1,
            max_size=POOL_SIZE,
            timeout=CONNECT_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            open=False,
            name="ledger",
            configure=_configure,
            check=_check,
        )

    async def open(self) -> None:
        """Begin to connect.

        Raises:
            SettingsError: the address can't be read.
        """
        try:
            psycopg.conninfo.conninfo_to_dict(self._conninfo)
        except psycopg.Error:
            # Its message can repeat the password.
            raise SettingsError(
                "BLINKPOS_DATABASE_URL can't be read: it is like postgresql://user@host/name."
            ) from None
        await self._pool.open()

    async def why_away(self) -> str:
        """Return why no connection comes about, without the password; empty if it does."""
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._conninfo, connect_timeout=CONNECT_SECONDS
            )
        except psycopg.Error as error:
            return first_line(error)
        await connection.close()
        return ""

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=CHECK_SECONDS)

    def stats(self) -> PoolMeasure:
        """Return how many connections there are, and how many wait for one."""
        stats = self._pool.get_stats()
        size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
        waiting = stats.get("requests_waiting", 0)
        return PoolMeasure(size=size, most=POOL_SIZE, lent=max(size - free, 0), waiting=waiting)

    @asynccontextmanager
    async def transaction(self, seconds: float | None = None) -> AsyncIterator[Transaction]:
        """Lend a connection for one transaction, which commits when the block ends well.

        Raises:
            UnavailableError: the server is away, or says nothing for so many ``seconds``. It
                committed only if it had got so far.
            LedgerError: it refuses what was to be written.
        """
        async with self.single(seconds) as lent, lent.connection.transaction():
            yield lent

    @asynccontextmanager
    async def single(self, seconds: float | None = None) -> AsyncIterator[Transaction]:
        """Lend a connection for one query, which is a transaction by itself.

        Raises:
            UnavailableError: the server is away, or says nothing for so many ``seconds``. The
                query may have been carried out, or still be: it waits for a lock perhaps.
            LedgerError: it refuses what was to be written.
        """
        limit: asyncio.TimerHandle | None = None
        try:
            async with self._pool.connection() as connection:
                # Until its commit or rollback is through.
                limit = hang_up_after(connection, ANSWER_SECONDS if seconds is None else seconds)
                yield Transaction(connection, self.process, self.till)
                connection.used_at = asyncio.get_running_loop().time()
        except _PASSING as error:
            raise UnavailableError(AWAY, cause=first_line(error)) from error
        except psycopg.Error as error:
            if type(error) is psycopg.DatabaseError:
                # Without a code of the server's it is libpq's own word: the line broke.
                raise UnavailableError(AWAY, cause=first_line(error)) from error
            raise LedgerError(REFUSES, cause=first_line(error)) from error
        finally:
            if limit is not None:
                limit.cancel()


async def _configure(connection: Connection) -> None:
    """Find out whether a pooler is in between: it makes up a number for its clients.

    Prepared statements do not survive its transaction mode.
    """
    limit = hang_up_after(connection, CHECK_SECONDS)
    try:
        cursor = await connection.execute("SELECT pg_backend_pid() AS pid", prepare=False)
        row = await cursor.fetchone()
        connection.is_direct = row is not None and row["pid"] == connection.info.backend_pid
    finally:
        limit.cancel()


async def _check(connection: Connection) -> None:
    unused = asyncio.get_running_loop().time() - connection.used_at
    if unused < FRESH_SECONDS or (unused < QUIET_SECONDS and not _has_word(connection)):
        return
    limit = hang_up_after(connection, CHECK_SECONDS)
    try:
        await AsyncConnectionPool.check_connection(connection)
    finally:
        limit.cancel()


def _has_word(connection: Connection) -> bool:
    """Whether the server has said something unasked: mostly that it ends."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(connection.fileno(), selectors.EVENT_READ)
        return bool(waiting.select(0))


def hang_up_after(connection: psycopg.AsyncConnection[Any], seconds: float) -> asyncio.TimerHandle:
    """Hang up on a server that is silent for too long.

    Cancelling would not do: psycopg then waits for the server's word on the
    cancelled query, and a hung one never gives it.
    """
    return asyncio.get_running_loop().call_later(seconds, _hang_up, connection)


def _hang_up(connection: psycopg.AsyncConnection[Any]) -> None:
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


def first_line(error: Exception) -> str:
    """Return what may be logged of an error.

    libpq's message can repeat the connection string; its first line names host and reason only.
    """
    return str(error).splitlines()[0] if str(error) else type(error).__name__
