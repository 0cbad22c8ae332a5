"""`blinkpos reconcile` as a process: its exit codes and what it says."""

from __future__ import annotations

import signal

from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.program import Program


def test_a_payment_while_nothing_ran(
    program: Program, control: ControlClient, database_url: str
) -> None:
    with program.charge("21", "--tip-percent", "10") as killed:
        request = killed.wait_for("invoice")["payment_request"]
        killed.signal(signal.SIGKILL)
        killed.ended()
    control.pay(request)
    control.fund("ana", 10)
    control.send("ana", "till", 10)

    ended = program.run("reconcile", "--json")
    assert (ended.code, ended.names) == (1, ["difference", "reconciled"])
    difference, summary = ended.events
    assert (difference["kind"], difference["sats"], difference["fixed"]) == (
        "received_not_recorded",
        23,
        False,
    )
    assert (summary["transactions"], summary["remaining"]) == (2, 1)
    assert summary["not_ours"] == {"count": 1, "received_sats": 10, "sent_sats": 0}
    assert ledger.states(database_url) == ["awaiting"]

    told = program.run("reconcile").out
    assert "2 transactions at Blink, 0 invoices asked about." in told
    assert "1 of them is not this ledger's: 10 sats in" in told
    assert told.endswith("1 difference remains.\n")

    ended = program.run("reconcile", "--fix", "--since", "7")
    assert ended.code == 0, ended
    assert "Recorded. Payment" in ended.out
    assert ended.out.endswith("The ledger and Blink agree.\n")
    assert ledger.states(database_url) == ["completed"]
    balances = control.balances()
    assert [balances[name]["BTC"] for name in ("till", "cafe", "elturco")] == [10, 21, 2]
    control.verify()
    assert program.run("reconcile", "--json").code == 0
    assert program.run("audit").code == 0


def test_what_keeps_it_from_running(program: Program, control: ControlClient) -> None:
    assert program.run("reconcile", "--since", "soon").code == 2
    late = program.run("reconcile", "--since", "3000-01-01")
    assert (late.code, late.out, "in the future" in late.err) == (2, "", True)
    assert program.run("reconcile", API_KEY="").code == 2
    control.lay_fault("http_status", match="*", status=500)
    ended = program.run("reconcile", "--json")
    assert (ended.code, ended.out) == (6, "")
    assert program.run("reconcile", DATABASE_URL="postgresql://x@127.0.0.1:1/none").code == 6
