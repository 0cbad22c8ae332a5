"""`blinkpos backup` and `restore`: one proven file, and a ledger that comes back from it."""

from __future__ import annotations

import errno
import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from blinkpos_desktop.operations import archive, backup, restore
from blinkpos_desktop.services.store import migrations
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.client import ControlClient
from tests.conftest import SettingsMaker
from tests.support import ledger
from tests.support.program import Program, until
from tests.support.servers import PostgresServer

PASSPHRASE = "correct horse battery staple"


def _sell(program: Program, control: ControlClient, sats: int, **settings: str) -> str:
    with program.charge(str(sats), "--tip-percent", "10", **settings) as running:
        invoice = running.wait_for("invoice")
        control.pay(invoice["payment_request"])
        assert running.ended().code == 0
    return str(invoice["payment_hash"])


def _ledger_id(url: str) -> str:
    return str(ledger.rows(url, "SELECT id FROM ledger")[0]["id"])


def test_it_is_sealed_proven_and_comes_back_in_another_place(
    program: Program, control: ControlClient, database_url: str, postgres: PostgresServer
) -> None:
    payment_hash = _sell(program, control, 21)
    folder = program.folder / "usb stick"
    made = program.run("backup", "--to", str(folder), "--json", BACKUP_PASSPHRASE=PASSPHRASE)
    assert made.code == 0, made
    [event] = made.events
    file = Path(event["path"])
    assert (event["payments"], event["received_sats"], event["encrypted"]) == (1, 23, True)
    assert event["bytes"] == file.stat().st_size
    assert "Restoring it into a scratch database" in made.err
    [row] = ledger.rows(database_url, "SELECT place, bytes, encrypted FROM backups")
    assert row == {"place": str(file), "bytes": event["bytes"], "encrypted": True}
    assert payment_hash.encode() not in file.read_bytes()
    assert [path.name for path in folder.iterdir()] == [file.name]
    assert _databases(database_url, "blinkpos_scratch%") == []

    # Never over anything, and only whole.
    inside = {"DATABASE_URL": "", "BACKUP_PASSPHRASE": PASSPHRASE}
    over = program.run("restore", str(file), BACKUP_PASSPHRASE=PASSPHRASE)
    assert (over.code, ledger.states(database_url)) == (2, ["completed"])
    assert "already holds a ledger" in over.err
    damaged = folder / "damaged.backup"
    damaged.write_bytes(file.read_bytes()[:-1])
    assert program.run("restore", str(damaged), **inside).code == 2
    assert "no ledger here yet" in program.run("backup", **inside).err

    restored = program.run("restore", str(file), "--json", **inside)
    assert restored.code == 0, restored
    assert restored.events[0]["ledger"] == _ledger_id(database_url)
    assert program.run("audit", **inside).code == 0
    again = program.run("restore", str(file), **inside)
    assert (again.code, "already holds a ledger" in again.err) == (2, True)

    # And back to a server, in the clear this time.
    there = postgres.fresh_database()
    plain = program.run("backup", "--json", DATABASE_URL="")
    assert plain.code == 0, plain
    assert program.run("restore", plain.events[0]["path"], DATABASE_URL=there).code == 0
    assert _ledger_id(there) == _ledger_id(database_url)
    assert [row["payment_hash"] for row in ledger.payments(there)] == [payment_hash]


def test_a_lost_ledger_comes_back_held_and_nothing_is_sent_twice(
    program: Program, control: ControlClient, database_url: str, postgres: PostgresServer
) -> None:
    _sell(program, control, 21)
    # One that nobody has paid yet, and one that is paid and not passed on.
    with program.charge("30") as killed:
        open_sale = killed.wait_for("invoice")
        until(lambda: ledger.transfers(database_url)[-1][2:] == (30, "prepared"))
        killed.signal(signal.SIGKILL)
        killed.ended()
    control.lay_fault("http_status", match="Pay", status=500, times=None)
    with program.charge("40", "--tip-percent", "10") as killed:
        control.pay(killed.wait_for("invoice")["payment_request"])
        killed.wait_for("paid")
        killed.signal(signal.SIGKILL)
        killed.ended()
    control.clear_faults()
    first = program.run("backup", "--json").events[0]["path"]

    # Both go on after the backup, and the database is lost.
    control.pay(open_sale["payment_request"])
    assert program.run("reconcile", "--fix").code == 0
    assert _forwarded(control) == (21 + 30 + 40, 2 + 4)
    postgres.drop(database_url)
    back = postgres.fresh_database()
    at = {"DATABASE_URL": back}
    restored = program.run("restore", first, **at)
    assert restored.code == 0, restored
    assert "forwards nothing until" in restored.out
    assert ledger.states(back) == ["completed", "awaiting", "paid"]

    # It sells, and forwards nothing: neither what is new nor what was open.
    with program.charge("50", **at) as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        ended = running.ended()
    assert (ended.code, "This ledger comes from a backup, or" in ended.err) == (5, True)
    assert _forwarded(control) == (21 + 30 + 40, 2 + 4)
    newest = ledger.payments(back)[-1]
    assert (newest["total_sats"], newest["id"] > 1_000_000) == (50, True)

    fixed = program.run("reconcile", "--fix", "--json", **at)
    assert fixed.code == 0, fixed
    assert fixed.events[-1]["released"]
    marked = {each["kind"] for each in fixed.events[:-1] if each["fixed"]}
    assert {"received_not_recorded", "sent_not_recorded"} <= marked
    assert ledger.states(back) == ["completed"] * 4
    assert _forwarded(control) == (21 + 30 + 40 + 50, 2 + 4)
    assert program.run("audit", **at).code == 0
    control.verify()


def test_sales_that_were_lost_with_their_rows_are_for_a_person(
    program: Program, control: ControlClient, database_url: str, postgres: PostgresServer
) -> None:
    _sell(program, control, 21)
    made = program.run("backup", "--json").events[0]["path"]
    _sell(program, control, 60)
    postgres.drop(database_url)
    at = {"DATABASE_URL": postgres.fresh_database()}
    assert program.run("restore", made, **at).code == 0
    held = program.run("reconcile", "--fix", "--json", **at)
    assert (held.code, held.events[-1]["held"]) == (1, True)
    missing = [each for each in held.events[:-1] if each["kind"] == "row_missing"]
    assert sorted(each["sats"] for each in missing) == [6, 60, 66]
    with program.charge("70", **at) as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        assert running.ended().code == 5
    assert _forwarded(control) == (21 + 60, 2 + 6)
    assert program.run("attention", "release", **at).code == 0
    program.run("reconcile", "--fix", **at)
    assert ledger.states(at["DATABASE_URL"]) == ["completed"] * 2
    assert _forwarded(control) == (21 + 60 + 70, 2 + 6)
    assert program.run("audit", **at).code == 0
    control.verify()


def _forwarded(control: ControlClient) -> tuple[int, int]:
    return control.balance("cafe"), control.balance("elturco")


def _databases(url: str, like: str) -> list[str]:
    query = f"SELECT datname FROM pg_database WHERE datname LIKE '{like}'"  # noqa: S608 (a constant)
    return [row["datname"] for row in ledger.rows(url, query)]


def test_a_server_that_lets_us_make_no_database_is_said_so(
    program: Program, database_url: str
) -> None:
    program.run("audit")
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO reader")
        connection.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader")
    try:
        url = database_url.replace("blinkpos@", "reader@")
        made = program.run("backup", "--json", DATABASE_URL=url)
        assert made.code == 0, made
        assert "lets this program make no scratch database" in made.err
        assert made.events[0]["verified_in"] == "built_in"
        data = program.folder / ".local" / "share" / "blinkpos"
        assert sorted(path.name for path in data.iterdir()) == ["backups"]
    finally:
        with psycopg.connect(database_url) as connection:
            connection.execute("DROP OWNED BY reader")
            connection.execute("DROP ROLE reader")


def test_seven_daily_ones_are_kept_and_nobody_elses_is_touched(
    program: Program, database_url: str
) -> None:
    program.run("audit")
    folder = program.folder / "backups"
    folder.mkdir()
    mine = f"blinkpos-{_ledger_id(database_url)}"
    old = [f"{mine}-daily-2025010{day}T000000Z.backup" for day in range(1, 10)]
    others = ["notes.txt", f"{mine}-20250101T000000Z.backup", "blinkpos-x-daily-1.backup"]
    for name in (*old, *others):
        (folder / name).touch()
    made = program.run("backup", "--daily", "--json", BACKUP_DIR=str(folder))
    assert made.code == 0, made
    left = {path.name for path in folder.iterdir()}
    assert left == {*old[3:], *others, Path(made.events[0]["path"]).name}


def test_one_that_is_cut_short_leaves_nothing_behind(program: Program, database_url: str) -> None:
    program.run("audit")
    folder = program.folder / "backups"
    with psycopg.connect(database_url) as connection:
        connection.execute("LOCK TABLE transfers IN ACCESS EXCLUSIVE MODE")
        with program.start("backup", BACKUP_DIR=str(folder)) as running:
            until(lambda: list(folder.glob("*.part")))
            running.signal(signal.SIGTERM)
            assert running.ended().code == 130
    assert list(folder.iterdir()) == []


def test_what_keeps_it_from_being_made(program: Program, database_url: str) -> None:
    program.run("audit")
    (program.folder / "file").touch()
    ended = program.run("backup", "--to", str(program.folder / "file" / "in it"))
    assert (ended.code, "can't be written" in ended.err) == (2, True)
    away = "postgresql://x@127.0.0.1:1/none"
    assert program.run("backup", DATABASE_URL=away).code == 6
    assert program.run("restore", "/nowhere", DATABASE_URL=away).code == 2
    assert program.run("backup", BACKUP_PASSPHRASE="short").code == 2
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (999, 'later', 'x')"
        )
    newer = program.run("backup")
    assert (newer.code, "newer than this program" in newer.err) == (2, True)


def test_another_backup_of_the_same_second_keeps_its_file(
    make_settings: SettingsMaker,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program.run("audit")
    settings = make_settings(backup_dir=tmp_path / "b")
    real = archive.writing

    def second(path: Path, passphrase: str | None, head: archive.Head) -> Any:  # noqa: ANN401 (the block)
        path.write_text("another's")
        return real(path, passphrase, head)

    monkeypatch.setattr(backup, "writing", second)
    assert backup.run(settings, backup.BackupRequest()) == 2
    assert "Another backup is being written" in capsys.readouterr().err
    [part] = (tmp_path / "b").iterdir()
    assert part.read_text() == "another's"


def test_a_stick_that_is_read_only_is_said_so(
    make_settings: SettingsMaker,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program.run("audit")
    settings = make_settings(backup_dir=tmp_path / "b")
    read_only = OSError(errno.EROFS, "Read-only file system")

    def refuse(*_: object, **_options: object) -> None:
        raise read_only

    # Such a disk refuses to remove even what is not there.
    with monkeypatch.context() as stick:
        stick.setattr(backup, "writing", refuse)
        stick.setattr(Path, "unlink", refuse)
        assert backup.run(settings, backup.BackupRequest()) == 2
    assert "can't be written" in capsys.readouterr().err


def test_one_that_does_not_come_back_the_same_is_no_backup(
    make_settings: SettingsMaker,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    database_url: str,
    postgres: PostgresServer,
) -> None:
    program.run("audit")
    settings = make_settings(backup_dir=tmp_path / "b", backup_passphrase=Secret(PASSPHRASE))
    real = archive.ArchiveWriter.row

    def careless(self: Any, row: bytes) -> None:  # noqa: ANN401 (the writer)
        real(self, row.replace(b"0001_ledger", b"0001_lodger"))

    with monkeypatch.context() as broken:
        broken.setattr(archive.ArchiveWriter, "row", careless)
        assert backup.run(settings, backup.BackupRequest(json=True)) == 1
    assert "is not the same, so it was removed" in capsys.readouterr().err
    assert list((tmp_path / "b").iterdir()) == []
    assert ledger.rows(database_url, "SELECT * FROM backups") == []
    assert backup.run(settings, backup.BackupRequest(json=True)) == 0
    assert json.loads(capsys.readouterr().out)["encrypted"]
    # A program that is older than the backup says so, and does not speak of the database.
    [file] = (tmp_path / "b").iterdir()
    empty = replace(settings, database_url=Secret(postgres.fresh_database()))
    known = migrations.known()[:-1]
    monkeypatch.setattr(migrations, "known", lambda: known)
    assert restore.run(empty, restore.RestoreRequest(file=file)) == 2
    assert "The backup is newer than this program" in capsys.readouterr().err
