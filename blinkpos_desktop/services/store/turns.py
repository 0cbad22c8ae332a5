"""What tills of one account share in PostgreSQL beside the ledger: turns and call counts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import psycopg
from psycopg.rows import DictRow

from blinkpos_desktop.services.ports import CallKind
from blinkpos_desktop.services.store import queries

_Connection = psycopg.AsyncConnection[DictRow]


class SharedTurns:
    """Turns at a wallet and Blink's rate limits, by the database's clock."""

    def __init__(
        self, connection: Callable[[], AbstractAsyncContextManager[_Connection]], process: UUID
    ) -> None:
        """Take who lends a connection for one transaction."""
        self._connection, self._process, self._sql = connection, process, queries.load()

    async def take(self, wallet_id: str, *, seconds: int) -> bool:
        """Take or renew this process's turn at a wallet; ``False`` while another has it."""
        values = {"wallet_id": wallet_id, "process": self._process, "seconds": seconds}
        async with self._connection() as connection:
            cursor = await connection.execute(self._sql["take_turn"], values)
            return await cursor.fetchone() is not None

    async def leave(self, wallet_id: str) -> None:
        """Give a turn back."""
        values = {"wallet_id": wallet_id, "process": self._process}
        async with self._connection() as connection:
            await connection.execute(self._sql["leave_turn"], values)

    async def count_call(self, account: str, kind: CallKind, *, most: int) -> int:
        """Count one call if ``most`` a minute allow it: 0, or the seconds to wait."""
        values = {"account": account, "kind": kind, "most": most}
        async with self._connection() as connection:
            cursor = await connection.execute(self._sql["count_call"], values)
            row = await cursor.fetchone()
        return int(row["wait"]) if row else 0

    async def block_calls(self, account: str, kind: CallKind, *, seconds: int) -> None:
        """Keep everybody off a kind of call: Blink has blocked it."""
        values = {"account": account, "kind": kind, "seconds": seconds}
        async with self._connection() as connection:
            await connection.execute(self._sql["block_calls"], values)
