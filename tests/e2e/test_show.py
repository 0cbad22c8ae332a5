"""`blinkpos show` as a process: a payment's story, whole, and nothing that could be paid."""

from __future__ import annotations

from blinkpos_desktop.simulator.client import ControlClient
from tests.support.ledger import rows
from tests.support.program import Program


def test_a_story_from_the_keypad_to_the_last_transfer(
    program: Program, control: ControlClient, database_url: str
) -> None:
    with program.charge("21", "--tip-percent", "10", TILL="terrace") as running:
        told = running.wait_for("invoice")
        control.pay(told["payment_request"])
        assert running.ended().code == 0
    hash_, shown = told["payment_hash"], told["payment_request"]

    # No key is needed for it.
    ended = program.run("show", hash_, "--json", API_KEY="")
    assert (ended.code, ended.err) == (0, "")
    [story] = ended.events
    assert (story["payment_hash"], story["state"]) == (hash_, "completed")
    assert (story["total_sats"], story["tip_sats"], story["received_sats"]) == (23, 2, 23)
    parts = [(each["recipient"], each["sats"], each["state"]) for each in story["transfers"]]
    assert parts == [("cafe", 21, "settled"), ("elturco", 2, "settled")]
    stored = rows(database_url, "SELECT external_id, payment_hash FROM recipient_invoices")
    told_of = [invoice for each in story["transfers"] for invoice in each["invoices"]]
    assert {each["external_id"]: each["payment_hash"] for each in told_of} == {
        each["external_id"]: each["payment_hash"] for each in stored
    }
    events = rows(database_url, "SELECT event, till FROM events ORDER BY id")
    assert [(each["event"], each["till"]) for each in story["events"]] == [
        (each["event"], "terrace") for each in events
    ]
    assert {"intended", "paid", "send_started", "completed"} <= {each["event"] for each in events}

    # Any number or hash of it leads to the same, and for a person it is lines.
    number = story["transfers"][1]["id"]
    assert program.run("show", str(number), "--json").events == [story]
    ended = program.run("show", told_of[0]["payment_hash"], TIMEZONE="Asia/Tokyo")
    assert ended.code == 0
    assert f"Payment {story['id']} of terrace: completed, received 23 sats" in ended.out
    assert f"Transfer {number}, tip: 2 sats to elturco, settled" in ended.out
    assert "payment: paid, awaiting → paid, by terrace: Blink says it is paid" in ended.out
    for request in (shown, *payable(database_url)):
        assert request not in ended.out

    ended = program.run("show", "999999")
    assert (ended.code, ended.out) == (2, "")
    assert "no payment or transfer 999999" in ended.err
    away = "postgresql://blinkpos@127.0.0.1:1/none"
    assert program.run("show", "1", DATABASE_URL=away).code == 6


def payable(database_url: str) -> list[str]:
    """Every recipient's invoice as it could be paid."""
    found = rows(database_url, "SELECT payment_request FROM recipient_invoices")
    return [each["payment_request"] for each in found]
