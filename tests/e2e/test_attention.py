"""`blinkpos attention`: the list and the choices, by the real program."""

from __future__ import annotations

import getpass
import os

import pytest

from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.program import Program

LISTED = ("attention", "list", "--json")


@pytest.fixture
def stuck(program: Program, control: ControlClient) -> int:
    """A tip whose recipient can't receive; returns its transfer's number."""
    with program.charge("21", "--tip-percent", "10") as running:
        request = running.wait_for("invoice")["payment_request"]
        control.change_account("elturco", receive_disabled=True)
        control.pay(request)
        ended = running.ended()
    assert ended.code == 5, ended
    [item] = program.run(*LISTED).events
    number: int = item["id"]
    return number


def test_an_empty_list_is_no_trouble(program: Program) -> None:
    for line in ("attention", "attention list"):
        ended = program.run(*line.split())
        assert (ended.code, ended.out, ended.err) == (0, "Nothing needs attention.\n", "")
    ended = program.run("attention", "--json")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_what_waits_is_listed_and_kept(
    program: Program, control: ControlClient, database_url: str, stuck: int
) -> None:
    [item] = program.run(*LISTED).events
    assert {key: item[key] for key in ("id", "role", "recipient", "sats", "remedies")} == {
        "id": stuck,
        "role": "tip",
        "recipient": "elturco",
        "sats": 2,
        "remedies": ["keep", "retry", "send"],
    }
    assert "can no longer receive" in item["reason"]
    # Whoever ran the command was told that it was paid: nobody is told again.
    [payment] = ledger.payments(database_url)
    assert payment["seen_at"] is not None
    plain = program.run("attention")
    assert plain.code == 0
    assert plain.out.startswith(f"{stuck}: 2 sats to elturco, ")
    # It needs the database alone.
    ended = program.run("attention", "keep", str(stuck), API_KEY="")
    assert (ended.code, ended.err) == (0, "")
    assert program.run("attention").out == "Nothing needs attention.\n"
    assert ("tip", "elturco", 2, "kept") in ledger.transfers(database_url)
    [event] = ledger.rows(database_url, "SELECT who, at FROM events WHERE who <> ''")
    assert event["who"] == _user()
    assert event["at"] is not None
    assert control.balance("till") == 2


def _user() -> str:
    # The program's environment holds none of the variables that getuser() reads first.
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name or getpass.getuser()


def test_sending_to_another_waits_for_a_till(program: Program, stuck: int) -> None:
    ended = program.run("attention", "send", str(stuck), "ana")
    assert (ended.code, ended.err) == (0, "")
    assert "waiting for Blink" in ended.out
    [item] = program.run(*LISTED).events
    assert item["choice"] == {"remedy": "send", "recipient": "ana", "who": _user()}
    assert "Waiting for Blink: send to ana" in program.run("attention").out
    ended = program.run("attention", "retry", str(stuck))
    assert ended.code == 0
    assert program.run(*LISTED).events == []


def test_what_cannot_be_is_refused(program: Program, stuck: int) -> None:
    for line, words in (
        ("retry 424242", "Nothing with this number"),
        ("keep 424242", "Nothing with this number"),
        ("keep x", "must be a number"),
        ("keep", "ID"),
        (f"send {stuck}", "NAME"),
        (f"send {stuck} _no", "username"),
        (f"send {stuck} nobody_here", "Blink knows nobody named nobody_here."),
        (f"send {stuck} till", "till is the collecting account itself: keep it instead."),
        (f"seen {stuck}", "can't be chosen"),
        (f"burn {stuck}", "invalid choice"),
    ):
        ended = program.run("attention", *line.split())
        assert (ended.code, ended.out) == (2, ""), line
        assert words in ended.err, (line, ended.err)
    [item] = program.run(*LISTED).events
    assert "choice" not in item


def test_a_hold_is_told_first_and_a_person_can_end_it(
    program: Program, stuck: int, database_url: str
) -> None:
    assert program.run("attention", "release").err.endswith(
        "The ledger is not held: it forwards.\n"
    )
    hold = (
        "INSERT INTO holds (cause, till, process) VALUES ('restored', 't', gen_random_uuid());"
        "UPDATE ledger SET hold_id = 1, "
        "held_accounts = (SELECT array_agg(account_id) FROM payments)"
    )
    ledger.change(database_url, hold)
    [held, item] = program.run(*LISTED).events
    assert (held["hold"], held["can_release"]) == ("restored", False)
    assert item["id"] == stuck
    plain = program.run("attention")
    assert plain.out.startswith("Held. Nothing is forwarded. This ledger comes from a backup, or")
    refused = program.run("attention", "keep", str(stuck))
    assert (refused.code, refused.out) == (2, "")
    assert "Nothing is forwarded" in refused.err
    refused = program.run("attention", "release")
    assert (refused.code, refused.out) == (2, "")
    assert "being compared with Blink" in refused.err
    # Compared with Blink, nothing differs: by that it is over.
    compared = program.run("reconcile", "--json").events[-1]
    assert (compared["held"], compared["released"]) == (False, True)
    assert [each["id"] for each in program.run(*LISTED).events] == [stuck]


def test_without_the_database_it_says_so(program: Program) -> None:
    away = "postgresql://blinkpos@127.0.0.1:1/none"
    ended = program.run("attention", DATABASE_URL=away)
    assert (ended.code, ended.out) == (6, "")
    assert "database can't be reached" in ended.err
    assert program.run("attention", "keep", "1", DATABASE_URL=away).code == 6
