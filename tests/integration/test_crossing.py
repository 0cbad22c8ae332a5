"""A ledger crosses PostgreSQL's versions in a backup's file, the same to the last bit."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from blinkpos_desktop.domain.errors import InputError, SettingsError
from blinkpos_desktop.domain.inventory import Inventory, Table
from blinkpos_desktop.operations.archive import Head, reading, writing
from blinkpos_desktop.services.store import migrations
from blinkpos_desktop.services.store.loading import loading
from blinkpos_desktop.services.store.migrations import Migration, known
from blinkpos_desktop.services.store.whole import Nobody, snapshot
from tests.integration.stores import awaiting, paid, store_at
from tests.support.servers import PostgresServer, postgres_programs, postgres_server

ODDS = rb"""
CREATE TABLE odds (
    name    text PRIMARY KEY,
    next    text REFERENCES odds,
    bytes   bytea,
    amount  numeric,
    sats    bigint,
    share   float8,
    list    text[],
    grid    bigint[],
    fields  jsonb,
    at      timestamptz,
    day     date,
    span    interval,
    id      uuid,
    doubled bigint GENERATED ALWAYS AS (sats * 2) STORED,
    number  bigint GENERATED ALWAYS AS IDENTITY
);
CREATE FUNCTION refuse_odd() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no more odds';
END $$;
CREATE TRIGGER odds_stay BEFORE INSERT OR DELETE OR TRUNCATE ON odds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_odd();
"""
FILL = r"""
ALTER TABLE odds DISABLE TRIGGER USER;
INSERT INTO odds (name, next, bytes, amount, sats, share, list, grid, fields, at, day, span, id)
VALUES
    (E'tab\there\nline\r\nend \\. \\N', 'z', '\x00ff5c0a0d00', 123456789012345678901234567890.5,
     2100000000000000, 0.1, ARRAY['a,b', NULL, E'"\n'], '{{1,2},{3,4}}',
     '{"a": [1, 2.50, null], "é": "\\n₿"}', '2026-03-29 01:59:59.999999+01', '0044-03-15 BC',
     '1 year 2 mons -3 days 04:05:06.7', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'),
    ('\.', NULL, '', 'NaN', -1, '-Infinity', '{}', NULL, '[]', '-infinity', 'infinity', NULL, NULL),
    ('\N', '\.', NULL, 1e-20, 0, 'NaN', NULL, NULL, 'null', 'infinity', NULL, '0', NULL),
    ('', NULL, NULL, NULL, NULL, 3.0000000000000004, NULL, '{}', '""',
     '294276-12-31 23:59:59.999999+00', NULL, NULL, NULL),
    ('z', '', NULL, -0.00, NULL, 1e300, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
ALTER TABLE odds ENABLE TRIGGER USER;
"""

# A sale that is paid and half forwarded, in words that every version has understood.
SOLD = """
INSERT INTO payments (id, state, network, account_id, wallet_id, till, currency, currency_digits,
    currency_symbol, items_minor, base_minor, tip_minor, tip_percent, total_sats, tip_sats, note,
    memo, payment_hash, payment_request, expires_at, received_sats, paid_at)
VALUES (1, 'paid', 'regtest', 'account-1', 'wallet-1', 't', 'SATS', 0, '', '{{21}}', 21, 2, 10,
    23, 2, '', 'm', repeat('a', 64), 'lnbcrt1', now(), 23, now());
INSERT INTO transfers (id, payment_id, position, role, recipient, sats, memo, state, settled_at)
VALUES (2, 1, 0, 'merchant', 'cafe', 21, 'm', 'settled', now()),
    (3, 1, 1, 'tip', 'elturco', 2, 'm', 'prepared', NULL);
INSERT INTO recipient_invoices (external_id, transfer_id, payment_hash, payment_request,
    expires_at{0})
VALUES ('bp-x-2-1', 2, repeat('b', 64), 'lnbcrt2', now(){1}),
    ('bp-x-3-1', 3, repeat('c', 64), 'lnbcrt3', now(){2});
INSERT INTO events (payment_id, till, process, event, state_after)
VALUES (1, 't', gen_random_uuid(), 'paid', 'paid');
SELECT setval('ledger_numbers', 3);
"""


def _invoice_sats(url: str) -> tuple[str, str, str]:
    """What a recipient's invoice asks for became a column of its own at some time."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT FROM pg_attribute WHERE attrelid = 'recipient_invoices'::regclass "
            "AND attname = 'sats'"
        ).fetchone()
    return ("", "", "") if found is None else (", sats", ", 21", ", 2")


@pytest.fixture
def with_odds(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more migration, with a table of every kind of value that a later one might have."""
    all_ = known()
    odd = Migration(version=len(all_) + 1, name=f"{len(all_) + 1:04}_odds.sql", sql=ODDS)
    monkeypatch.setattr(migrations, "known", lambda: (*all_, odd))


def _silent(_table: str, _done: int, _total: int) -> None:
    pass


def _inventory(url: str) -> Inventory:
    with snapshot(url) as whole:
        return whole.pour(Nobody(), _silent)


def _write(url: str, path: Path, passphrase: str | None) -> Inventory:
    with snapshot(url) as whole:
        identity = whole.identity()
        head = Head(
            ledger=identity.id,
            network=identity.network,
            till="t",
            made_at=1,
            program="0",
            server="x",
            history=whole.history(),
        )
        with writing(path, passphrase, head) as archive:
            inventory = whole.pour(archive, _silent)
            archive.finish(inventory)
    return inventory


def _load(path: Path, passphrase: str | None, url: str) -> None:
    with reading(path, passphrase) as archive, loading(url) as target:
        target.prepare(archive.head.history)
        written = archive.pour(target, _silent)
        target.finish(written.sequences)
        assert written.differences(target.inventory(_silent)) == ()


def _shape(url: str) -> list[tuple[Any, ...]]:
    """Every key, index, trigger and default of a database, as the server tells them."""
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = public")
        return connection.execute(
            "SELECT 'key', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid), ''"
            " FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' "
            "UNION ALL SELECT 'index', tablename::text, indexname::text, indexdef, '' "
            " FROM pg_indexes WHERE schemaname = 'public' "
            "UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname::text, "
            " pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger WHERE NOT tgisinternal "
            "UNION ALL SELECT 'view', viewname::text, '', definition, '' FROM pg_views "
            " WHERE schemaname = 'public' "
            "UNION ALL SELECT 'function', proname::text, '', prosrc, '' FROM pg_proc "
            " WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2, 3, 4"
        ).fetchall()


def _create(server: str, name: str) -> str:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"


async def _fill(url: str) -> None:
    async with store_at(url, till="till \\ 1\n\t₿") as store:
        await paid(store)
        await awaiting(store)
        await store.bind_network("regtest")
    with psycopg.connect(url) as connection:
        connection.execute(FILL.encode())


@pytest.mark.usefixtures("with_odds")
@pytest.mark.parametrize(
    "versions", [(15, 18, 16, 15), pytest.param((16, 18, 16), marks=pytest.mark.long)]
)
def test_there_and_back_again(versions: Sequence[int], tmp_path: Path) -> None:
    if missing := [each for each in versions if postgres_programs(each) is None]:
        pytest.skip(f"PostgreSQL {missing[0]} is not installed here")
    with ExitStack() as stack:
        servers = {
            each: stack.enter_context(postgres_server(each, tmp_path / f"pg{each}"))
            for each in set(versions)
        }
        urls = [_create(servers[each], f"stop{n}") for n, each in enumerate(versions)]
        asyncio.run(_fill(urls[0]))
        first = _inventory(urls[0])
        assert (first.payments, first.received_sats) == (2, 23)
        assert first.tables["odds"].rows == 5
        for number, (here, there) in enumerate(itertools.pairwise(urls)):
            passphrase = "correct horse" if number % 2 else None
            path = tmp_path / f"{number}.backup"
            assert first.differences(_write(here, path, passphrase)) == ()
            _load(path, passphrase, there)
            assert first.differences(_inventory(there)) == ()
        assert _shape(urls[-1]) == _shape(urls[0])
        # The rules hold again.
        with psycopg.connect(urls[-1]) as connection:
            with pytest.raises(psycopg.errors.RaiseException, match="only ever added"):
                connection.execute("DELETE FROM events")
            connection.rollback()
            with pytest.raises(psycopg.errors.RaiseException, match="no more odds"):
                connection.execute("INSERT INTO odds (name) VALUES ('one more')")


async def test_a_backup_of_an_older_version_is_brought_up_to_date(
    database_url: str, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, restored = known(), ""
    for upto in range(1, len(now)):
        older, restored = postgres.fresh_database(), postgres.fresh_database()
        path = tmp_path / f"{upto}.backup"
        with monkeypatch.context() as then:
            then.setattr(migrations, "known", lambda upto=upto: now[:upto])
            async with await psycopg.AsyncConnection.connect(older) as connection:
                await migrations.migrate(connection)
        ledger = _ledger(older)
        with psycopg.connect(older) as connection:
            connection.execute(SOLD.format(*_invoice_sats(older)).encode())
        _write(older, path, None)
        with reading(path, None) as archive, loading(restored) as target:
            assert len(archive.head.history) == upto
            target.prepare(archive.head.history)
            target.finish(archive.pour(target, _silent).sequences)
            target.upgrade()
            target.hold("counter 1")
        assert _ledger(restored) == ledger
        async with store_at(restored) as store:
            [unfinished] = await store.unfinished("account-1")
            assert [each.sats for each in unfinished.transfers] == [21, 2]
            assert await store.held("account-1")
            assert (await awaiting(store)).id > 1_000_000
    async with store_at(database_url):
        assert _shape(restored) == _shape(database_url)


def _ledger(url: str) -> Any:  # noqa: ANN401 (a row)
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT id FROM ledger").fetchone()


async def test_the_program_knows_all_that_its_migrations_make(database_url: str) -> None:
    async with store_at(database_url):
        pass
    with psycopg.connect(database_url) as connection:
        relations = connection.execute(
            "SELECT relkind::text, relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v') "
            "AND relnamespace = 'public'::regnamespace AND NOT relispartition"
        ).fetchall()
        functions = connection.execute(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchall()
    tables = {name for kind, name in relations if kind != "v"}
    assert tables <= migrations.made("TABLE")
    assert {name for kind, name in relations if kind == "v"} <= migrations.made("VIEW")
    assert {name for (name,) in functions} <= migrations.made("FUNCTION")
    with snapshot(database_url) as whole:
        assert set(whole.pour(Nobody(), _silent).tables) == tables


async def test_what_is_not_empty_is_never_written_over(
    database_url: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    path = tmp_path / "a.backup"
    async with store_at(database_url) as store:
        await awaiting(store)
    _write(database_url, path, None)
    before = _inventory(database_url)
    with pytest.raises(SettingsError, match="already holds a ledger"):
        _load(path, None, database_url)
    assert before.differences(_inventory(database_url)) == ()

    # A till that was opened and never sold makes way, but not while it is open.
    opened = postgres.fresh_database()
    async with store_at(opened):
        with pytest.raises(SettingsError, match="using this database"):
            _load(path, None, opened)
    _load(path, None, opened)
    assert _ledger(opened) == _ledger(database_url)

    strangers = postgres.fresh_database()
    with psycopg.connect(strangers) as connection:
        connection.execute("CREATE TABLE payments (mine integer)")
    with pytest.raises(SettingsError, match="another program's payments"):
        _load(path, None, strangers)
    with psycopg.connect(strangers) as connection:
        connection.execute("SELECT mine FROM payments")


async def test_rows_that_do_not_fit_are_refused_whole(
    database_url: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    async with store_at(database_url) as store:
        await paid(store)
    path = tmp_path / "a.backup"
    _write(database_url, path, None)
    for table, row in (("transfers", b"no number\n"), ("elsewhere", b"1\n")):
        fresh = postgres.fresh_database()
        with pytest.raises(InputError):
            _load_one_row(path, fresh, table, row)
        assert _tables(fresh) == 0


def _load_one_row(path: Path, url: str, table: str, row: bytes) -> None:
    with reading(path, None) as archive, loading(url) as target:
        target.prepare(archive.head.history)
        target.begin(Table(name=table, columns=("id",)))
        target.row(row)
        target.end()


def _tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return len(found)
