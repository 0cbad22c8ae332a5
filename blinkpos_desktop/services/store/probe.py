"""PostgreSQL measured by a connection of its own, which changes nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

import psycopg
from psycopg.rows import DictRow, dict_row

from blinkpos_desktop.domain.measures import (
    DatabaseMeasure,
    DatabaseState,
    History,
    LedgerMeasure,
)
from blinkpos_desktop.services.store import migrations, queries
from blinkpos_desktop.services.store.connections import Connections, first_line, hang_up_after
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres

CONNECT_SECONDS: Final = 4
ANSWER_SECONDS: Final = 2.5
_VERSION_STEP: Final = 10_000
_EMPTY: Final = LedgerMeasure(
    unfinished=0, oldest_unfinished=None, is_held=False, attention=0, last_backup=None
)
_UNREADABLE: Final = "BLINKPOS_DATABASE_URL can't be read."
_log = logging.getLogger(__name__)


class DatabaseProbe:
    """Measures the database of these settings; the built-in one is never started for it."""

    def __init__(
        self, conninfo: str, embedded: EmbeddedPostgres | None, *, is_till: bool = False
    ) -> None:
        """Take how to connect; ``is_till`` says that this process keeps the built-in one up."""
        self._conninfo, self._embedded, self._is_till = conninfo, embedded, is_till

    async def measure(self) -> DatabaseMeasure:
        """Connect, look and leave. It ends by itself, also when the server is silent."""
        try:
            connection = await psycopg.AsyncConnection[DictRow].connect(
                self._conninfo,
                row_factory=dict_row,
                connect_timeout=CONNECT_SECONDS,
                application_name="blinkpos health",
                prepare_threshold=None,
            )
        except psycopg.Error as error:
            return self._away(error)
        limit = hang_up_after(connection, ANSWER_SECONDS)
        try:
            await connection.set_read_only(True)
            return await self._look(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            return self._away(error)
        finally:
            limit.cancel()
            await connection.close()

    def _away(self, error: psycopg.Error) -> DatabaseMeasure:
        state, sentence = DatabaseState.AWAY, _sentence(error)
        if self._embedded is not None and not self._is_till:
            state = DatabaseState.ASLEEP if self._embedded.is_made else DatabaseState.NOT_MADE
            sentence = ""
        return DatabaseMeasure(
            state=state, is_embedded=self._embedded is not None, sentence=sentence
        )

    async def _look(self, connection: psycopg.AsyncConnection[DictRow]) -> DatabaseMeasure:
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
            history=history,
            applied=applied,
            known=len(known),
            ledger=await _ledger(connection, has_backups=server["has_backups"])
            if history is not History.NONE
            else _EMPTY,
        )


async def _ledger(
    connection: psycopg.AsyncConnection[DictRow], *, has_backups: bool
) -> LedgerMeasure | None:
    sql = queries.load()
    try:
        [row] = await _rows(connection, sql["health_ledger"])
        age = None
        if has_backups:
            [backup] = await _rows(connection, sql["health_backup"])
            age = backup["age"]
    except psycopg.ProgrammingError as error:
        # Tables of another edition, which the migrations tell, or not ours to read.
        _log.info("the ledger can't be looked at: %s", first_line(error))
        return None
    return LedgerMeasure(**row, last_backup=age)


async def _rows(connection: psycopg.AsyncConnection[DictRow], query: bytes) -> list[DictRow]:
    cursor = await connection.execute(query)
    return await cursor.fetchall()


def _sentence(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.ProgrammingError):
        # What is wrong with an address may repeat it.
        return _UNREADABLE
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
