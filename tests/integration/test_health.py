"""A till examined against the real parts: what is said of them, and that nothing is changed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from blinkpos_desktop.domain.facts import HealthExamined, PaymentPaid
from blinkpos_desktop.domain.health import Check, Mark, Verdict
from blinkpos_desktop.domain.measures import (
    BlinkMeasure,
    DatabaseState,
    History,
    LogMeasure,
)
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.pricing import ClockAheadError
from blinkpos_desktop.operations import doctor
from blinkpos_desktop.services import examining
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.examining import Probes, Remembered, examine
from blinkpos_desktop.services.rates import Rates
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.migrations import known
from blinkpos_desktop.services.store.probe import DatabaseProbe
from blinkpos_desktop.services.store.redis_probe import measure_redis
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import aside, opened, running
from tests.integration.stores import paid, store_at
from tests.support import sentinels
from tests.support.frozen import door
from tests.support.measures import a_well_till
from tests.support.sentinels import watched_redis
from tests.support.servers import redis_program

MIGRATIONS = len(known())


def change(url: str, statement: str, *values: object) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode(), values or None)


def tables(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT relname, n_tup_ins + n_tup_upd FROM pg_stat_user_tables ORDER BY 1"
        ).fetchall()


async def doctor_says(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, dict[str, Any]]]:
    code = await doctor.run(settings, as_json=True)
    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    return code, {each["check"]: each for each in told["checks"]}


async def test_a_database_through_its_life(database_url: str) -> None:
    probe = DatabaseProbe(database_url, None)
    empty = await probe.measure()
    assert (empty.state, empty.history, empty.applied) == (DatabaseState.UP, History.NONE, 0)
    assert tables(database_url) == []
    async with store_at(database_url) as store:
        payment = await paid(store)
        before = await asyncio.to_thread(tables, database_url)
        measured = await probe.measure()
        assert await asyncio.to_thread(tables, database_url) == before
    assert measured.history is History.CURRENT
    assert (measured.applied, measured.known) == (MIGRATIONS, MIGRATIONS)
    assert measured.major >= 15
    assert measured.version.startswith("PostgreSQL 1")
    assert measured.connections is not None
    assert measured.connections >= 2
    ledger = measured.ledger
    assert ledger is not None
    assert (ledger.unfinished, ledger.attention, ledger.last_backup) == (1, 0, None)
    assert ledger.oldest_unfinished is not None
    assert ledger.oldest_unfinished >= 0
    # What is owed until the next tip is no trouble; a hold is.
    change(database_url, "UPDATE transfers SET trouble = 'owed'")
    owed = await _ledger(probe)
    assert (owed.unfinished, owed.oldest_unfinished, owed.is_held) == (0, None, False)
    change(
        database_url,
        "WITH hold AS (INSERT INTO holds (cause, till, process) "
        "VALUES ('restored', 'bar', gen_random_uuid()) RETURNING id) "
        "UPDATE ledger SET hold_id = hold.id, held_accounts = '{account-1}' FROM hold",
    )
    held = await _ledger(probe)
    assert (held.is_held, held.attention) == (True, 1)
    # A person is needed; a backup is made.
    wait = "UPDATE transfers SET state = 'attention' WHERE payment_id = %s"
    change(database_url, wait, payment.id)
    assert (await _ledger(probe)).last_backup is None
    change(
        database_url,
        "INSERT INTO backups (made_at, till, place, bytes, encrypted, verified_in) "
        "VALUES (now() - interval '1 hour', 'bar', 'x', 1, false, 'built_in')",
    )
    backed_up = (await _ledger(probe)).last_backup
    assert backed_up is not None
    assert 3599 <= backed_up < 3700
    for statement, history in (
        ("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1", History.OTHER),
        ("INSERT INTO schema_migrations VALUES (999, 'x', 'y')", History.NEWER),
        ("DELETE FROM schema_migrations WHERE version = 1", History.NEWER),
        ("DELETE FROM schema_migrations WHERE version = 999", History.OLDER),
    ):
        change(database_url, statement)
        assert (await probe.measure()).history is history
    assert (await _ledger(probe)).attention == 3


async def test_what_blink_restricts_and_what_came_in_beyond_is_listed_too(
    database_url: str,
) -> None:
    probe = DatabaseProbe(database_url, None)
    async with store_at(database_url) as store:
        await paid(store)
    assert (await _ledger(probe)).attention == 0
    change(database_url, "UPDATE transfers SET trouble = 'restricted' WHERE role = 'tip'")
    assert (await _ledger(probe)).attention == 1
    change(database_url, "UPDATE payments SET received_sats = total_sats + 5")
    assert (await _ledger(probe)).attention == 2
    # Waiting for a person it is one thing, whatever Blink said of it; a surplus that was seen none.
    change(database_url, "UPDATE transfers SET state = 'attention' WHERE role = 'tip'")
    change(database_url, "UPDATE payments SET surplus_seen_sats = 5")
    assert (await _ledger(probe)).attention == 1
    # Money that no screen showed: late at once, any other once a screen has had its time.
    change(database_url, "UPDATE payments SET was_closed = true")
    assert (await _ledger(probe)).attention == 2
    change(database_url, "UPDATE payments SET was_closed = false")
    assert (await _ledger(probe)).attention == 1
    change(database_url, "UPDATE payments SET paid_at = paid_at - interval '1 hour'")
    assert (await _ledger(probe)).attention == 2
    change(database_url, "UPDATE payments SET seen_at = now()")
    assert (await _ledger(probe)).attention == 1


async def _ledger(probe: DatabaseProbe) -> Any:  # noqa: ANN401 (never None here)
    ledger = (await probe.measure()).ledger
    assert ledger is not None
    return ledger


async def test_tables_of_another_edition_are_no_bug(database_url: str) -> None:
    change(database_url, "CREATE TABLE schema_migrations (version int, checksum text)")
    change(database_url, "INSERT INTO schema_migrations VALUES (1, 'of another one')")
    measured = await DatabaseProbe(database_url, None).measure()
    assert (measured.history, measured.ledger) == (History.OTHER, None)


async def test_the_built_in_database_is_never_started(tmp_path: Path) -> None:
    embedded = EmbeddedPostgres(tmp_path / "data")
    probe = DatabaseProbe(embedded.conninfo, embedded)
    assert (await probe.measure()).state is DatabaseState.NOT_MADE
    assert not (tmp_path / "data").exists()
    (tmp_path / "data/postgresql/18").mkdir(parents=True)
    (tmp_path / "data/postgresql/18/PG_VERSION").write_text("18\n")
    assert (await probe.measure()).state is DatabaseState.ASLEEP
    # The till itself keeps it up: to it, the same is a failure.
    of_till = await DatabaseProbe(embedded.conninfo, embedded, is_till=True).measure()
    assert of_till.state is DatabaseState.AWAY
    assert of_till.sentence


async def test_a_database_that_can_not_be_had_says_why_and_no_secret(database_url: str) -> None:
    name = database_url.rpartition("/")[2]
    for url, words in (
        ("postgresql://me:S3CR3T@127.0.0.1:1/x", "refused"),
        (database_url.replace(name, "nowhere"), "nowhere"),
        ("postgresql://h/x?nonsense=S3CR3T", "can't be read"),
    ):
        measured = await DatabaseProbe(url, None).measure()
        assert measured.state is DatabaseState.AWAY
        assert words in measured.sentence, measured
        assert "S3CR3T" not in measured.sentence


async def test_a_silent_database_is_left(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blinkpos_desktop.services.store.probe.CONNECT_SECONDS", 1)
    monkeypatch.setattr("blinkpos_desktop.services.store.probe.ANSWER_SECONDS", 0.2)
    with door(database_url, frozen=True) as frozen:
        measured = await DatabaseProbe(frozen.url, None).measure()
        assert measured.state is DatabaseState.AWAY
        frozen.open.set()
        assert (await DatabaseProbe(frozen.url, None).measure()).state is DatabaseState.UP


async def test_redis_says_what_it_is(redis_url: str) -> None:
    measured = await measure_redis(redis_url)
    assert measured.health is Health.OK
    assert measured.version
    assert measured.memory > 0
    assert (measured.most_memory, measured.policy) == (0, "noeviction")
    away = await measure_redis("redis://127.0.0.1:1/0")
    assert (away.health, away.sentence) == (Health.AWAY, "")
    wrong = await measure_redis("redis://:S3CR3T@127.0.0.1/0?nonsense=1")
    assert wrong.health is Health.AWAY
    assert "'nonsense' is no option" in wrong.sentence
    assert "S3CR3T" not in wrong.sentence


async def test_redis_is_the_one_that_the_sentinels_name(tmp_path: Path) -> None:
    program = redis_program()
    if program is None:
        pytest.skip("there is no redis-server on this machine, and no wheel brings one")
    with watched_redis(program, tmp_path) as watched:
        primary, replica = watched.servers
        found = await measure_redis(watched.url)
        assert (found.health, found.sentinels, found.is_replica) == (Health.OK, 4, False)
        assert found.version
        at = f"redis://{sentinels.USER}:{sentinels.PASSWORD.replace('/', '%2F')}@127.0.0.1"
        at = at.replace("pass@word", "pass%40word")
        assert not (await measure_redis(f"{at}:{primary}/0")).is_replica
        assert (await measure_redis(f"{at}:{replica}/0")).is_replica
        # A user with what a till needs and no more, and one whom nobody knows.
        with watched.look(primary) as server:
            server.execute_command(
                *("ACL", "SETUSER", "narrow", "on", ">secret"),
                *("~blinkpos:*", "resetchannels", "-@all", "+@connection", "+get", "+set", "+del"),
            )
        narrow = await measure_redis(f"redis://narrow:secret@127.0.0.1:{primary}/0")
        assert (narrow.health, narrow.version) == (Health.OK, "")
        assert narrow.latency is not None
        refused = await measure_redis(f"redis://narrow:wrong@127.0.0.1:{primary}/0")
        assert refused.health is Health.AWAY
        assert "refuses the user or the password" in refused.sentence
        gone = await measure_redis(watched.url.replace("/shop/", "/other/"))
        assert gone.health is Health.AWAY


# The whole.


async def _never() -> Any:  # noqa: ANN401
    await asyncio.Event().wait()


async def _fails() -> Any:  # noqa: ANN401
    raise ZeroDivisionError


def probes(tmp_path: Path, **changes: Any) -> Probes:  # noqa: ANN401
    well = a_well_till()

    def gives(value: Any) -> Any:  # noqa: ANN401
        async def measure() -> Any:  # noqa: ANN401
            return value

        return measure

    whole = Probes(
        blink=gives(well.blink),
        updates=gives(well.updates),
        price=gives(well.price),
        database=gives(well.database),
        redis=gives(well.redis),
        pool=lambda: well.pool,
        files=tmp_path / "not" / "there" / "yet",
        log=lambda: LogMeasure(path="x", is_written=True),
    )
    return replace(whole, **changes)


async def test_what_hangs_or_fails_is_one_verdict_of_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(examining, "LIMIT_SECONDS", 0.3)
    verdicts = await examine(probes(tmp_path, database=_never, redis=_fails))
    marks = {each.check: each.mark for each in verdicts}
    assert [check for check, mark in marks.items() if mark is not Mark.OK] == [
        Check.DATABASE,
        Check.MIGRATIONS,
        Check.CONNECTIONS,
        Check.REDIS,
        Check.BACKUP,
        Check.UNFINISHED,
        Check.ATTENTION,
    ]
    assert "database did not answer in time" in caplog.text
    assert "redis could not be measured" in caplog.text


async def test_blink_is_not_asked_all_the_time() -> None:
    asked, now = [0], [100.0]
    there = a_well_till().blink
    assert there is not None

    async def measure() -> BlinkMeasure:
        asked[0] += 1
        assert there is not None
        return replace(there, is_there=asked[0] > 1)

    remembered = Remembered(measure, 30.0, lambda: now[0])
    # What went badly is asked anew.
    assert [(await remembered()).is_there for _ in range(4)] == [False, True, True, True]
    assert asked == [2]
    now[0] += 31
    await remembered()
    assert asked == [3]


async def test_the_doctor_finds_a_shop_well_and_changes_nothing(
    make_settings: SettingsMaker,
    simulator: Simulator,
    redis_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = make_settings(redis_url=Secret(redis_url))
    assert settings.database_url is not None
    code, checks = await doctor_says(settings, capsys)
    assert code == 0
    assert checks["migrations"]["finding"] == "migrations_none"
    assert {name for name, each in checks.items() if each["mark"] != "ok"} <= {
        "migrations",
        "backup",
        "log",
        "redis",  # an older one
    }
    assert checks["key"]["scopes"] == "READ, RECEIVE, WRITE"
    assert checks["allowance"]["left_cents"] == 100_000_000
    assert tables(settings.database_url.reveal()) == []
    # A clock that is off, a limit that is used up, a key that may not pay.
    control = simulator.control
    await aside(control.advance, 50)
    await aside(control.change_account, "till", daily_limit_cents=0)
    code, checks = await doctor_says(settings, capsys)
    assert code == 1
    assert checks["clock"]["finding"] == "clock_behind"
    assert 45 <= checks["clock"]["off_seconds"] <= 55
    assert checks["allowance"]["finding"] == "allowance_gone"
    code, checks = await doctor_says(replace(settings, api_key=None, database_url=None), capsys)
    assert code == 1
    assert {name: checks[name]["finding"] for name in ("key", "updates", "database", "blink")} == {
        "key": "key_missing",
        "updates": "not_known",
        "database": "database_not_made",
        "blink": "blink_there",
    }
    assert not settings.data_dir.exists()
    nowrite = replace(settings, api_key=Secret("blink_sim_nowrite"))
    _, checks = await doctor_says(nowrite, capsys)
    assert checks["key"]["finding"] == "key_lacks"
    _, checks = await doctor_says(replace(settings, api_key=Secret("blink_wrong")), capsys)
    assert (checks["key"]["finding"], checks["updates"]["finding"]) == (
        "key_refused",
        "updates_cut",
    )


async def test_the_price_is_compared_and_a_clock_far_ahead_is_named(
    make_settings: SettingsMaker, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_settings(currency="USD")
    assert settings.database_url is not None
    control = simulator.control
    _, checks = await doctor_says(settings, capsys)
    assert checks["price"]["finding"] == "price_fresh"
    async with opened(settings, simulator) as till:
        usd = await till.engine.shop.currency("USD")
        assert await till.engine.rates.price(usd)
        before = await asyncio.to_thread(tables, settings.database_url.reveal())
        # From one bitcoin at some ten thousands of dollars to one at a hundred.
        await aside(control.set_price, "USD", 10_000)
        _, checks = await doctor_says(settings, capsys)
        assert (checks["price"]["mark"], checks["price"]["finding"]) == ("warning", "price_moved")
        assert checks["price"]["bitcoin"] == "$100.00"
        assert await asyncio.to_thread(tables, settings.database_url.reveal()) == before
        # As if our own clock had been set ahead.
        await aside(control.advance, -780)
        with pytest.raises(ClockAheadError, match="clock seems wrong"):
            await Rates(
                BlinkClient(till.engine._transport),
                till.engine.feed,
                SystemClock(),
                skew=lambda: till.engine._transport.skew,
            ).price(usd)
    code, checks = await doctor_says(settings, capsys)
    assert (code, checks["price"]["finding"]) == (1, "price_clock_stops")
    await aside(control.set_price_offline, offline=True)
    _, checks = await doctor_says(settings, capsys)
    assert (checks["price"]["mark"], checks["price"]["finding"]) == ("failing", "price_none")
    _, checks = await doctor_says(replace(settings, currency="XYZ"), capsys)
    assert checks["price"]["finding"] == "price_no_currency"


async def test_a_running_till_tells_how_it_is_when_asked(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge(21)
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
        await till.engine.upkeep.examine()
        [fact] = till.facts.told(HealthExamined)
        by_check: dict[Check, Verdict] = {each.check: each for each in fact.verdicts}
        assert by_check[Check.UPDATES].finding == "updates_come"
        assert by_check[Check.CONNECTIONS].finding == "connections_of_till"
        assert by_check[Check.KEY].values["username"] == "till"
        assert by_check[Check.MIGRATIONS].mark is Mark.OK
        # Blink is not asked again a moment later, what is here is looked at.
        await aside(simulator.control.reset_requests)
        lost = PartChanged(part=Part.BLINK, health=Health.AWAY, sentence="Cut off.")
        till.engine.feed.publish(lost)
        await till.engine.upkeep.examine()
        [*_, fact] = till.facts.told(HealthExamined)
        [updates] = [each for each in fact.verdicts if each.check is Check.UPDATES]
        assert (updates.mark, updates.values["sentence"]) == (Mark.FAILING, "Cut off.")
        assert not {"Limits", "Account"} & set(await aside(simulator.control.requests))
