"""Counts on the wire: a door before PostgreSQL, through which every byte goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_CHUNK = 1 << 16


@dataclass(slots=True)
class Wire:
    """``round_trips``: how often somebody asked the server something and waited for its answer."""

    round_trips: int = 0
    _lines: set[asyncio.Task[None]] = field(default_factory=set)

    async def _join(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(target)
        answered = True

        async def ask() -> None:
            nonlocal answered
            while data := await reader.read(_CHUNK):
                if answered:
                    self.round_trips += 1
                    answered = False
                there_writer.write(data)
                await there_writer.drain()
            there_writer.close()

        async def answer() -> None:
            nonlocal answered
            while data := await there_reader.read(_CHUNK):
                answered = True
                writer.write(data)
                await writer.drain()
            writer.close()

        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(ask(), answer())
        for each in (writer, there_writer):
            each.close()


@asynccontextmanager
async def counted(conninfo: str) -> AsyncIterator[tuple[str, Wire]]:
    """Open a door before a server on a socket; yield how to go through it, and its counts."""
    parts = conninfo_to_dict(conninfo)
    port = parts.get("port") or "5432"
    target = str(Path(str(parts["host"])) / f".s.PGSQL.{port}")
    wire = Wire()
    with TemporaryDirectory(prefix="wire") as folder:
        server = await asyncio.start_unix_server(
            lambda reader, writer: wire._join(target, reader, writer),  # noqa: SLF001 (its own)
            Path(folder) / f".s.PGSQL.{port}",
        )
        async with server:
            yield make_conninfo(conninfo, host=folder), wire
            server.close()


def writing_transactions(conninfo: str) -> int:
    """Return the number that the next transaction that writes will have.

    The difference of two is how many have written in between, if nobody else
    did: autovacuum, too, writes.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        ).fetchone()
    assert row is not None
    return int(row[0])
