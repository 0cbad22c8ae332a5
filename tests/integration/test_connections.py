"""Which connection is lent: the one used last, and none that the server has hung up on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import psycopg
import pytest

from blinkpos_desktop.services.store import connections as connections_module
from blinkpos_desktop.services.store.connections import POOL_SIZE, Transaction
from tests.integration.running import LIMIT, aside
from tests.integration.stores import store_at


async def _server(ledger: Transaction) -> int:
    cursor = await ledger.connection.execute("SELECT pg_backend_pid() AS pid")
    [row] = await cursor.fetchall()
    return int(row["pid"])


async def test_the_connection_that_was_in_use_last_is_lent_next(database_url: str) -> None:
    async with store_at(database_url) as store:
        async with AsyncExitStack() as stack:
            every = [
                await _server(await stack.enter_async_context(store.connections.single()))
                for _ in range(POOL_SIZE)
            ]
        assert len(set(every)) == POOL_SIZE
        used = set()
        for _ in range(2 * POOL_SIZE):
            async with store.connections.single() as ledger:
                used.add(await _server(ledger))
        assert len(used) == 1


async def test_one_that_was_hung_up_on_is_not_lent(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "FRESH_SECONDS", 0.0)
    async with store_at(database_url) as store:
        async with store.connections.single() as ledger:
            dead, connection = await _server(ledger), ledger.connection
        await aside(_hang_up, database_url, dead)
        async with asyncio.timeout(LIMIT):
            while not connections_module._has_word(connection):  # noqa: ASYNC110 (a socket)
                await asyncio.sleep(0.01)
        async with store.connections.single() as ledger:
            assert await _server(ledger) != dead


def _hang_up(database_url: str, server: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", (server,))
