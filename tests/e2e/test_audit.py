"""`blinkpos audit` as a process: its exit codes and what it says."""

from __future__ import annotations

import psycopg

from blinkpos_desktop.simulator.client import ControlClient
from tests.support.program import Program


def test_a_shops_books(program: Program, control: ControlClient, database_url: str) -> None:
    with program.charge("21", "--tip-percent", "10") as running:
        control.pay(running.wait_for("invoice")["payment_request"], amount_sats=30)
        assert running.ended().code == 0
    # No key is needed for it.
    ended = program.run("audit", "--json", API_KEY="")
    assert (ended.code, ended.err) == (0, "")
    [told] = ended.events
    assert (told["event"], told["holds"], told["findings"]) == ("audit", True, [])
    assert (told["received_sats"], told["sent_sats"], told["surplus_sats"]) == (30, 23, 7)
    assert [each["sats"] for each in told["surpluses"]] == [7]

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SET session_replication_role = replica;"
            "UPDATE transfers SET sats = sats - 1 WHERE role = 'tip'"
        )
    ended = program.run("audit")
    assert ended.code == 1
    assert "its transfers do not sum to its total (total 23, transfers 22)." in ended.out
    assert "The books do not hold." in ended.out
    ended = program.run("audit", "--json")
    assert ended.code == 1
    rules = {each["rule"] for each in ended.events[0]["findings"]}
    assert rules == {"unbalanced", "parts", "tips", "uncovered", "sums"}

    # The tables are not what this program made: that is nobody's finding.
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP VIEW payment_balances")
    assert program.run("audit").code == 70


def test_without_a_database(program: Program) -> None:
    ended = program.run("audit", DATABASE_URL="postgresql://blinkpos@127.0.0.1:1/none")
    assert (ended.code, ended.out) == (6, "")
    assert "database" in ended.err
