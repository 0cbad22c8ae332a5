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
from tests.support.ledger import rows

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


_SALE = """
WITH sale AS (
    INSERT INTO payments (id, state, network, account_id, wallet_id, till, currency,
        currency_digits, currency_symbol, items_minor, base_minor, tip_minor, tip_percent,
        total_sats, tip_sats, note, memo, payment_hash, payment_request, expires_at, was_closed,
        received_sats, paid_at)
    SELECT %(id)s, CASE WHEN at IS NULL THEN 'awaiting' ELSE 'paid' END, 'regtest', 'a', 'w', 't',
        'SATS', 0, '', '{21}', 21, 0, 0, 21, 0, '', '', lpad(%(id)s::text, 64, '0'), 'ln', now(),
        %(was_closed)s, CASE WHEN at IS NOT NULL THEN 30 END, at
    FROM (SELECT now() - make_interval(days => %(days)s::integer) AS at) paid
    RETURNING id
)
INSERT INTO transfers (payment_id, position, role, recipient, sats, memo, state)
SELECT id, 0, 'merchant', 'cafe', 21, 'm', 'planned' FROM sale
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


async def test_whoever_migrates_gives_way_to_a_till_in_the_middle_of_a_step(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = known()
    monkeypatch.setattr(migrations, "known", lambda: newest[:-1])
    await _migrate(database_url)
    with psycopg.connect(database_url) as connection:
        # Not by this program, which may write what the version before does not have.
        connection.execute(_SALE, {"id": 1, "was_closed": False, "days": None})
    monkeypatch.undo()
    async with await psycopg.AsyncConnection.connect(database_url) as till:
        await till.execute("UPDATE transfers SET tries = 1 WHERE payment_id = 1")
        migrating = asyncio.create_task(_migrate(database_url))
        waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '^LOCK'"
        while not rows(database_url, waiting):  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)
        # It holds the payments already and waits for the transfers: this would be a deadlock.
        await till.execute("UPDATE payments SET note = 'x' WHERE id = 1")
        await till.commit()
        assert await migrating == 1
    [row] = rows(database_url, "SELECT note FROM payments")
    assert row["note"] == "x"


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


async def test_what_was_paid_before_announcements_counts_as_seen_but_for_late_money_of_the_week(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = known()
    [new] = [each for each in everything if "announcements" in each.name]
    monkeypatch.setattr(migrations, "known", lambda: everything[: new.version - 1])
    await _migrate(database_url)
    with psycopg.connect(database_url) as connection:
        for number, was_closed, days in (
            (0, False, 1),
            (1, True, 1),
            (2, True, 8),
            (3, True, None),
        ):
            connection.execute(_SALE, {"id": number, "was_closed": was_closed, "days": days})
    monkeypatch.undo()
    assert await _migrate(database_url) == len(everything) - new.version + 1
    async with store_at(database_url) as store:
        assert [int(each.payment_hash, 16) for each in await store.unseen()] == [1]
        # No person was ever shown a surplus.
        assert [each.sats for each in await store.surpluses()] == [9, 9, 9]


def test_numbers_have_no_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("0001_a.sql", "0003_c.sql"):
        (folder / name).write_text("SELECT 1;")
    monkeypatch.setattr(resources, "sql", lambda: tmp_path)
    with pytest.raises(ValueError, match="numbered"):
        known()
