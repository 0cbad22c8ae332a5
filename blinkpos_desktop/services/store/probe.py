"""PostgreSQL measured by connections of its own, which change nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from blinkpos_desktop.domain.announcement import GRACE_SECONDS
from blinkpos_desktop.domain.measures import (
    DatabaseMeasure,
    DatabaseState,
    Hearing,
    History,
    LedgerMeasure,
)
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.services.store import migrations, move_note, queries
from blinkpos_desktop.services.store.backups import backup_of
from blinkpos_desktop.services.store.connections import Connections, first_line, hang_up_after
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.prices import price_of

CONNECT_SECONDS: Final = 4
"""Shared by the hosts of an address that names several, with libpq's least of 2 for each."""
ANSWER_SECONDS: Final = 2.5
_VERSION_STEP: Final = 10_000
_EMPTY: Final = LedgerMeasure(
    unfinished=0, oldest_unfinished=None, is_held=False, attention=0, last_backup=None
)
_UNREADABLE: Final = "BLINKPOS_DATABASE_URL can't be read."
_log = logging.getLogger(__name__)

Connection = psycopg.AsyncConnection[DictRow]


class _UnreadableError(psycopg.InterfaceError):
    """What is no address, in words that repeat nothing of it."""


class DatabaseProbe:
    """Measures the database of these settings; the built-in one is never started for it."""

    def __init__(
        self,
        conninfo: str,
        embedded: EmbeddedPostgres | None,
        *,
        direct: str | None = None,
        is_till: bool = False,
    ) -> None:
        """Take how to connect, and how past a pooler where that is set.

        ``is_till`` says that this process keeps the built-in one up.
        """
        self._conninfo, self._direct = conninfo, direct
        self._embedded, self._is_till = embedded, is_till

    async def measure(self) -> DatabaseMeasure:
        """Connect, look and leave. It ends by itself, also when the server is silent."""
        measured, is_direct = await asyncio.gather(self._measure(), self._is_direct())
        if measured.hearing is Hearing.ASKING and is_direct is not None:
            hearing = Hearing.PAST_POOLER if is_direct else Hearing.DEAF
            return replace(measured, hearing=hearing)
        return measured

    async def prices(self, currency: Currency, *, since: int) -> Sequence[Price]:
        """Return what a new price is compared with (``ports.PriceBook``); nothing when away."""
        sql = queries.load()
        try:
            async with _connected(self._conninfo) as connection:
                found = await _rows(
                    connection, sql["prices_since"], currency=currency.code, since=since
                )
        except psycopg.Error as error:
            _log.info("the price is compared with none: %s", first_line(error))
            return ()
        return [price_of(row, currency) for row in found]

    async def keep(self, price: Price, *, is_agreed: bool) -> None:
        """Keep nothing: who looks changes nothing."""

    async def _measure(self) -> DatabaseMeasure:
        try:
            async with _connected(self._conninfo) as connection:
                return await self._look(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            return self._away(error)

    async def _is_direct(self) -> bool | None:
        """Whether the direct address leads past every pooler; ``None`` where none is set."""
        if self._direct is None:
            return None
        try:
            async with _connected(self._direct) as connection:
                [server] = await _rows(connection, b"SELECT pg_backend_pid() AS pid")
                return not _is_pooled(connection, server)
        except psycopg.Error as error:
            _log.info("the direct address: %s", first_line(error))
            return False

    def _away(self, error: psycopg.Error) -> DatabaseMeasure:
        if self._embedded is not None and not self._is_till:
            return _asleep(self._embedded)
        return DatabaseMeasure(
            state=DatabaseState.AWAY,
            is_embedded=self._embedded is not None,
            sentence=_sentence(error),
        )

    async def _look(self, connection: Connection) -> DatabaseMeasure:
        sql = queries.load()
        # The first query opens the transaction: two round trips.
        await connection.execute("SELECT 1")
        began = time.monotonic()
        await connection.execute("SELECT 1")
        latency = time.monotonic() - began
        [server] = await _rows(connection, sql["health_server"])
        known = migrations.known()
        history, applied = History.NONE, 0
        if server["has_history"]:
            present = {
                int(row["version"]): str(row["checksum"])
                for row in await _rows(connection, sql["health_history"])
            }
            history, applied = migrations.compare(present), len(present)
        return DatabaseMeasure(
            state=DatabaseState.UP,
            is_embedded=self._embedded is not None,
            version=f"PostgreSQL {server['version']}",
            major=server["version_num"] // _VERSION_STEP,
            latency=latency,
            is_standby=server["is_standby"],
            size=server["size"],
            connections=server["connections"],
            most_connections=server["most_connections"],
            hearing=Hearing.ASKING if _is_pooled(connection, server) else Hearing.AT_ONCE,
            history=history,
            applied=applied,
            known=len(known),
            ledger=await _ledger(connection, server, history)
            if history is not History.NONE
            else _EMPTY,
        )


def _asleep(embedded: EmbeddedPostgres) -> DatabaseMeasure:
    state, target = DatabaseState.NOT_MADE, ""
    if embedded.is_made:
        state = DatabaseState.ASLEEP
        if (move := move_note.read(embedded.move_note)) is not None:
            state = DatabaseState.MOVED if move.is_over else DatabaseState.MOVING
            target = move.target
    return DatabaseMeasure(state=state, is_embedded=True, target=target)


@asynccontextmanager
async def _connected(conninfo: str) -> AsyncIterator[Connection]:
    try:
        hosts = str(conninfo_to_dict(conninfo).get("host") or "").count(",") + 1
    except psycopg.Error:
        raise _UnreadableError(_UNREADABLE) from None
    connection = await psycopg.AsyncConnection[DictRow].connect(
        conninfo,
        row_factory=dict_row,
        connect_timeout=max(CONNECT_SECONDS // hosts, 2),
        application_name="blinkpos health",
        prepare_threshold=None,
    )
    limit = hang_up_after(connection, ANSWER_SECONDS)
    try:
        await connection.set_read_only(True)
        yield connection
    finally:
        limit.cancel()
        await connection.close()


def _is_pooled(connection: Connection, server: DictRow) -> bool:
    """Whether another process answers than the one whose number was told: a pooler's own."""
    return bool(server["pid"] != connection.info.backend_pid)


async def _ledger(
    connection: Connection, server: DictRow, history: History
) -> LedgerMeasure | None:
    sql = queries.load()
    age = None
    try:
        [row] = await _rows(connection, sql["health_ledger"])
        if history is History.CURRENT:
            [listed] = await _rows(connection, sql["health_listed"], grace_seconds=GRACE_SECONDS)
            row["attention"] += listed["count"]
        if server["has_backups"]:
            for found in await _rows(connection, sql["last_backup"]):
                age = max(server["moment"] - backup_of(found).made_at, 0.0)
    except psycopg.ProgrammingError as error:
        # Tables of another edition, which the migrations tell, or not ours to read.
        _log.info("the ledger can't be looked at: %s", first_line(error))
        return None
    return LedgerMeasure(**row, last_backup=age)


async def _rows(connection: Connection, query: bytes, **values: object) -> list[DictRow]:
    cursor = await connection.execute(query, values or None)
    return await cursor.fetchall()


def _sentence(error: psycopg.Error) -> str:
    if isinstance(error, _UnreadableError):
        return str(error)
    return f"It can't be reached: {first_line(error)}"


async def open_work(
    connections: Connections, account_id: str
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return how many payments and transfers are open, by their states.

    Raises:
        UnavailableError: the database is away.
    """
    async with connections.transaction() as ledger:
        payments = await ledger.rows("payments_by_state", account_id=account_id)
        transfers = await ledger.rows("transfers_by_state")
    return _by_state(payments), _by_state(transfers)


def _by_state(rows: Sequence[DictRow]) -> Mapping[str, int]:
    return {str(row["state"]): int(row["count"]) for row in rows}
