"""`blinkpos import`: the history of the till before this one, as history and nothing else."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.program import Program
from tests.support.servers import PostgresServer

KEY = "blink_Zx8kQ0aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY3z"


def _hash(number: int) -> str:
    return f"{number:064x}"


def _entry(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    return {
        "baseAmount": 21,
        "tipAmount": 2,
        "tipPercent": 10,
        "tipRecipient": "elturco",
        "userApiKey": KEY,
        "userWalletId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "displayCurrency": "BTC",
        "memo": f"10 + 11 + 10% tip = 23 sats, {KEY}",
        "timestamp": 1_760_963_696_789 + number,
        **changes,
    }


def _all(program: Program) -> str:
    """Everything that the database and the log hold, as text."""
    url = program.settings["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = [
            connection.execute(
                sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name))
            ).fetchall()
            for (name,) in names.fetchall()
        ]
    return f"{found} {program.log.read_text()}"


def test_the_older_file(program: Program, control: ControlClient, database_url: str) -> None:
    file = program.folder / ".tip-store.json"
    entries = {_hash(number): _entry(number) for number in range(1, 6)}
    file.write_text(json.dumps(entries, indent=2))

    looked = program.run("import", str(file), TIMEZONE="Asia/Kathmandu")
    assert looked.code == 0, looked
    assert "  2025-10-20 18:19 23 sats" in looked.out
    assert "5 new payments of 115 sats" in looked.out
    assert "5 were unfinished in the origin. Nothing is forwarded" in looked.out
    assert f"23 sats, 2 sats of it a tip to elturco, pending, hash {_hash(1)}" in looked.out
    assert "this was a look" in looked.out
    assert ledger.rows(database_url, "SELECT * FROM imported_payments") == []

    done = program.run("import", str(file), "--yes", "--json")
    assert (done.code, done.names) == (0, ["unfinished"] * 5 + ["imported"])
    assert done.events[-1] == {
        "event": "imported",
        "rows": 5,
        "new": 5,
        "further": 0,
        "known": 0,
        "new_sats": 115,
        "new_events": 0,
        "known_events": 0,
        "bad": 0,
        "unfinished": 5,
        "may_be_paid": 0,
        "left_out": 10,
    }
    again = program.run("import", str(file), "--yes", "--json").events[-1]
    assert (again["new"], again["known"]) == (0, 5)
    assert "Nothing was new" in program.run("import", str(file), "--yes").out

    # A till and a reconciliation beside it see a sale, and nothing of the import.
    with program.charge("7") as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        assert running.ended().code == 0
    fixed = program.run("reconcile", "--fix")
    assert fixed.code == 0, fixed
    assert [control.balance(name) for name in ("cafe", "elturco")] == [7, 0]
    assert ledger.rows(database_url, "SELECT count(*) AS n FROM imported_payments") == [{"n": 5}]
    assert KEY not in _all(program)
    assert KEY not in looked.out + looked.err + done.out


def test_bad_rows_are_named_and_nothing_is_half_done(program: Program, database_url: str) -> None:
    ours = "ab" * 32
    with program.charge("7", "--timeout", "0.1") as running:
        running.ended()
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE payments DISABLE TRIGGER USER")
        connection.execute("UPDATE payments SET payment_hash = %s", (ours,))
    good = {
        "id": "1",
        "payment_hash": _hash(1),
        "total_amount": "23",
        "base_amount": "21",
        "tip_amount": "2",
        "status": "completed",
        "memo": "two\nlines; and a ₿",
        "metadata": json.dumps({"forwarding": {"apiKey": KEY, "via": "lnbc1"}}),
        "created_at": "2025-10-20 12:34:56.789+00",
    }
    rows = [
        good,
        {**good, "payment_hash": _hash(2), "total_amount": "23.5 sats"},  # line 4
        {**good, "payment_hash": _hash(3)},  # 6, for a memo has two lines
        {**good, "payment_hash": _hash(3)},  # 8
        {**good, "payment_hash": ours},  # 10
    ]
    file = program.folder / "payment_splits.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        table = csv.DictWriter(out, fieldnames=list(good), delimiter=";")
        table.writeheader()
        table.writerows(rows)
        out.write("1;2;3\n")  # 12
        out.write(f"1;{_hash(4)};1;1;0;failed;ok;;2025-10-21 00:00:00\n")
        out.write(f"1;{_hash(5)};9;9;0;expired;;;2025-10-21 00:00:00\n")

    for flag in ((), ("--yes",)):
        refused = program.run("import", str(file), *flag)
        assert refused.code == 1, refused
        for line in (
            "line 4: total_amount",
            "line 8: its payment_hash stands in line 6 already",
            "line 10: its payment_hash is this ledger's own payment",
            "line 12: it has 3 fields, the header 9",
            # The origin's timer expired paid sales too.
            "2 had failed or expired in the origin, and may have been paid all the same",
            f"1 sat, failed, hash {_hash(4)}: ok",
            f"9 sats, expired, hash {_hash(5)}",
        ):
            assert line in refused.out
        assert ledger.rows(database_url, "SELECT * FROM imported_payments") == []
    skipped = program.run("import", str(file), "--apply", "--skip-bad", "--json")
    assert (skipped.code, skipped.events[-1]["bad"], skipped.events[-1]["new"]) == (1, 4, 4)
    assert skipped.names == ["bad"] * 4 + ["may_be_paid"] * 2 + ["imported"]
    assert (skipped.events[-1]["unfinished"], skipped.events[-1]["may_be_paid"]) == (0, 2)
    kept = ledger.rows(database_url, "SELECT * FROM imported_payments ORDER BY payment_hash")
    assert [row["payment_hash"] for row in kept] == [_hash(1), _hash(3), _hash(4), _hash(5)]
    assert (kept[0]["memo"], kept[0]["extra"]) == (
        "two\nlines; and a ₿",
        {"id": "1", "metadata": {"forwarding": {"via": "lnbc1"}}},
    )

    broken = program.folder / "broken.json"
    text = json.dumps({_hash(7): _entry(7), _hash(8): _entry(8)}, indent=2)
    broken.write_text(text[:-30])
    ended = program.run("import", str(broken), "--yes", "--json")
    assert (ended.code, ended.events[0]["event"], ended.events[-1]["new"]) == (1, "bad", 1)
    assert len(ledger.rows(database_url, "SELECT * FROM imported_payments")) == 4

    # Two stores in one file: the second one is not lost in silence.
    broken.write_text(text + "\n" + json.dumps({_hash(9): _entry(9)}))
    ended = program.run("import", str(broken), "--yes", "--json")
    assert (ended.code, ended.events[0]["event"], ended.events[-1]["new"]) == (1, "bad", 2)
    assert "here the file should end" in ended.events[0]["sentence"]
    assert len(ledger.rows(database_url, "SELECT * FROM imported_payments")) == 4


def test_the_origins_own_database(
    program: Program, database_url: str, postgres: PostgresServer
) -> None:
    origin = postgres.fresh_database()
    with psycopg.connect(origin) as connection:
        connection.execute(
            "CREATE TABLE payment_splits (id bigserial PRIMARY KEY, payment_hash varchar(64) "
            "UNIQUE NOT NULL, user_api_key_encrypted text, user_wallet_id text, total_amount "
            "bigint, base_amount bigint, tip_amount bigint, tip_percent numeric(5,2), "
            "tip_recipient text, status text, metadata jsonb, created_at timestamp DEFAULT now(), "
            "colour text)"
        )
        connection.execute(
            "CREATE TABLE payment_events (id bigserial, payment_hash varchar(64), event_type text,"
            " event_data jsonb, created_at timestamptz DEFAULT now())"
        )
        connection.execute(
            "INSERT INTO payment_splits (payment_hash, user_api_key_encrypted, total_amount, "
            "base_amount, tip_amount, tip_percent, status, metadata) SELECT lpad(to_hex(n), 64, "
            "'0'), %s, 23, 21, 2, 7.5, CASE n %% 10 WHEN 0 THEN 'processing' ELSE 'completed' END,"
            " jsonb_build_object('k', %s::text, 'n', n) FROM generate_series(1, 5000) n",
            (KEY, KEY),
        )
        connection.execute(
            "INSERT INTO payment_events (payment_hash, event_type, event_data) SELECT "
            "payment_hash, 'created', metadata FROM payment_splits"
        )
    done = program.run("import", origin, "--yes", "--json")
    assert done.code == 0, done
    assert done.names == ["unfinished"] * 100 + ["imported"]
    assert done.events[-1]["new"] == done.events[-1]["new_events"] == 5000
    assert done.events[-1]["unfinished"] == 500
    assert KEY not in _all(program)

    # The origin went on with one of them; what is known of it follows, and never goes back.
    for status, before in (("completed", "processing"), ("pending", "completed")):
        with psycopg.connect(origin) as connection:
            connection.execute(
                "UPDATE payment_splits SET status = %s WHERE id = 10 AND status = %s",
                (status, before),
            )
        again = program.run("import", origin, "--yes", "--json").events[-1]
        assert (again["new"], again["new_events"]) == (0, 0)
        assert again["further"] == (1 if status == "completed" else 0)
        assert again["unfinished"] == 499
    kept = ledger.rows(database_url, "SELECT payment_hash, status FROM imported_payments")
    assert {"payment_hash": _hash(10), "status": "completed"} in kept


def test_what_it_cannot_read(program: Program, postgres: PostgresServer, tmp_path: Path) -> None:
    empty, other = tmp_path / "empty.csv", tmp_path / "other.csv"
    empty.write_text("\n")
    other.write_text("name,sats\nana,1\n")
    for source, sentence in (
        (str(tmp_path / "nowhere"), "can't be read"),
        (str(tmp_path), "can't be read"),
        (str(empty), "is empty"),
        (str(other), "must name the columns"),
        (postgres.fresh_database(), "no table payment_splits"),
    ):
        ended = program.run("import", source)
        assert ended.code == 2, ended
        assert sentence in ended.err
    assert program.run("import", "postgresql://x@127.0.0.1:1/none").code == 6
