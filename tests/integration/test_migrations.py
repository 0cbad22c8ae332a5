"""Migrations are applied in order, once, by whoever comes first, or not at all."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from blinkpos_desktop import resources
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.services.store import migrations
from blinkpos_desktop.services.store.migrations import known, migrate
from tests.integration.stores import awaiting, store_at

_OPEN = """
import asyncio, sys
from uuid import uuid4
from blinkpos_desktop.services.store.postgres import PostgresStore

async def main():
    store = PostgresStore(sys.argv[1], process=uuid4(), till="t")
    await store.open()
    await store.close()

asyncio.run(main())
"""


def _versions(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT version FROM schema_migrations ORDER BY version")
        return [row[0] for row in found.fetchall()]


def _tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert row is not None
    return int(row[0])


async def _migrate(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await migrate(connection)


async def test_many_connections_at_once_apply_them_once(database_url: str) -> None:
    applied = await asyncio.gather(*(_migrate(database_url) for _ in range(6)))
    assert sorted(applied) == [0] * 5 + [len(known())]
    assert _versions(database_url) == [each.version for each in known()]


def test_two_processes_at_once_apply_them_once(database_url: str) -> None:
    command = [sys.executable, "-c", _OPEN, database_url]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert _versions(database_url) == [each.version for each in known()]


async def test_a_second_start_finds_what_the_first_left(database_url: str) -> None:
    async with store_at(database_url) as store:
        payment = await awaiting(store)
    async with store_at(database_url) as store:
        assert await store.payment(payment.id) == payment


async def test_a_newer_database_is_refused(database_url: str) -> None:
    await _migrate(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (999, 'later', 'x')"
        )
    with pytest.raises(SettingsError, match="newer than this program"):
        await _migrate(database_url)
    with pytest.raises(SettingsError, match="newer than this program"):
        async with store_at(database_url):
            pass


async def test_a_changed_file_is_refused(database_url: str) -> None:
    await _migrate(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
    with pytest.raises(SettingsError, match="another edition"):
        await _migrate(database_url)


async def test_a_failure_leaves_nothing_behind(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = known()
    bad = migrations.Migration(version=len(good) + 1, name="9_bad.sql", sql=b"SELECT 1/0;")
    monkeypatch.setattr(migrations, "known", lambda: (*good, bad))
    with pytest.raises(psycopg.errors.DivisionByZero):
        await _migrate(database_url)
    assert _tables(database_url) == 0
    monkeypatch.undo()
    assert await _migrate(database_url) == len(good)


async def test_a_till_that_may_make_no_tables_says_so(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    try:
        with pytest.raises(SettingsError, match="does not let this program"):
            async with store_at(database_url.replace("blinkpos@", "guest@")):
                pass
    finally:
        with psycopg.connect(database_url) as connection:
            connection.execute("DROP ROLE guest")


def test_numbers_have_no_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("0001_a.sql", "0003_c.sql"):
        (folder / name).write_text("SELECT 1;")
    monkeypatch.setattr(resources, "sql", lambda: tmp_path)
    with pytest.raises(ValueError, match="numbered"):
        known()
