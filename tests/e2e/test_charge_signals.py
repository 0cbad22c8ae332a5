"""`blinkpos charge` ended by a signal or a time-out: what it says, its exit code, its 5 seconds."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from blinkpos_desktop.operations.interruption import LAST_EXIT_SECONDS
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.frozen import door
from tests.support.program import PATIENCE, Program, Running, until

LIMIT = 5.0
"""Seconds from a signal to the end: the product's own promise."""
GOLDEN = ("21", "--tip-percent", "10")


def statuses(control: ControlClient) -> list[str]:
    """What Blink says of the till's invoices."""
    return [invoice["status"] for invoice in control.invoices(owner="till")]


# Time-outs.


def test_a_time_out_expires_and_cancels_at_blink(
    program: Program, control: ControlClient, database_url: str
) -> None:
    ended = program.run("charge", *GOLDEN, "--timeout", "0.5", "--json")
    assert (ended.code, ended.names, ended.err) == (3, ["invoice", "expired"], "")
    assert ended.events[0]["payment_hash"] == ended.events[1]["payment_hash"]
    assert statuses(control) == ["cancelled"]
    assert ledger.states(database_url) == ["expired"]
    plain = program.run("charge", *GOLDEN, "--timeout", "0.5")
    assert plain.code == 3
    assert plain.out.endswith("\nThe invoice expired unpaid.\n")


@pytest.mark.parametrize("by_signal", [False, True])
def test_paid_while_it_is_cancelled_counts_as_paid(
    program: Program,
    control: ControlClient,
    database_url: str,
    by_signal: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    control.set_event_faults(suppress=1)
    control.lay_fault("delay", match="lnInvoiceCancel", seconds=1)
    timeout = () if by_signal else ("--timeout", "0.3")
    with program.charge(*GOLDEN, *timeout) as running:
        request = running.wait_for("invoice")["payment_request"]
        if by_signal:
            running.signal()
        assert control.wait_for_requests("lnInvoiceCancel", seconds=PATIENCE)
        control.pay(request)
        ended = running.ended()
    if not by_signal:
        # It goes on as any payment.
        assert (ended.code, ended.names[-1]) == (0, "completed")
        assert ledger.states(database_url) == ["completed"]
        assert control.balance("cafe") == 21
        return
    assert (ended.code, ended.names) == (5, ["invoice", "paid", "transfer", "transfer"])
    assert {event["status"] for event in ended.events[2:]} == {"pending"}
    assert ledger.states(database_url) == ["paid"]


def test_blinks_own_expiry_is_believed(
    program: Program, control: ControlClient, database_url: str
) -> None:
    with program.charge("21") as running:
        running.wait_for("invoice")
        control.advance(16 * 60)
        ended = running.ended()
    assert (ended.code, ended.names) == (3, ["invoice", "expired"])
    assert ledger.states(database_url) == ["expired"]


def test_a_silent_blink_at_the_time_out_leaves_the_sale_watched(
    program: Program, control: ControlClient, database_url: str
) -> None:
    for match in ("lnInvoiceCancel", "lnInvoicePaymentStatusByHash"):
        control.lay_fault("hang", match=match, times=None)
    ended = program.run("charge", "21", "--timeout", "0.1", "--json")
    assert (ended.code, ended.names) == (3, ["invoice", "expired"])
    # "Expired" only means "not seen paid" here: a till goes on asking.
    assert ledger.states(database_url) == ["cancelling"]


# Signals before the payment.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_what_waits(
    program: Program, control: ControlClient, database_url: str, number: int
) -> None:
    with program.charge(*GOLDEN) as running:
        running.wait_for("invoice")
        since = running.signal(number)
        running.signal(number)
        ended = running.ended_within(LIMIT, since)
    assert (ended.code, ended.names, ended.err) == (4, ["invoice", "cancelled"], "")
    assert ended.events[0]["payment_hash"] == ended.events[1]["payment_hash"]
    assert statuses(control) == ["cancelled"]
    assert ledger.states(database_url) == ["cancelled"]


def test_a_signal_while_it_starts_cancels(
    program: Program, control: ControlClient, database_url: str
) -> None:
    with program.charge(*GOLDEN) as running:
        until(program.log.exists)
        since = running.signal()
        ended = running.ended_within(LIMIT, since)
    assert (ended.code, ended.events) == (4, [{"event": "cancelled"}])
    assert statuses(control) == []
    assert ledger.payments(database_url) == []


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("Account", "hang"), ("CreateInvoice", "hang"), ("CreateInvoice", "hang_after")],
)
def test_a_signal_while_blink_is_silent_cancels(
    program: Program, control: ControlClient, database_url: str, operation: str, kind: str
) -> None:
    control.lay_fault(kind, match=operation, times=None)
    with program.charge(*GOLDEN) as running:
        assert control.wait_for_requests(operation, seconds=PATIENCE)
        control.lay_fault("hang", times=None)
        control.mute_sockets(new=True)
        since = running.signal()
        ended = running.ended_within(LIMIT, since)
    assert (ended.code, ended.events, ended.err) == (4, [{"event": "cancelled"}], "")
    assert ledger.states(database_url) == ([] if operation == "Account" else ["cancelled"])
    assert ledger.strangers(database_url, control) == []


def test_a_signal_cancels_within_5_s_when_blink_falls_silent(
    program: Program, control: ControlClient, database_url: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with (
        program.charge(*GOLDEN) as first,
        program.charge(*GOLDEN, DATABASE_URL="", DATA_DIR=str(data)) as second,
    ):
        for running in (first, second):
            running.wait_for("invoice")
        control.lay_fault("hang", times=None)
        control.mute_sockets(new=True)
        signalled = [(running, running.signal()) for running in (first, second)]
        for running, since in signalled:
            ended = running.ended_within(LIMIT, since)
            assert (ended.code, ended.names) == (4, ["invoice", "cancelled"])
    # "Cancelled" only means "not seen paid" here: a till goes on asking.
    assert ledger.states(database_url) == ["cancelling"]
    assert not EmbeddedPostgres(data)._is_up()


def test_a_signal_cancels_within_5_s_when_the_database_does_not_answer(
    program: Program, database_url: str
) -> None:
    with (
        door(database_url, frozen=True) as shut,
        door(database_url) as later,
        program.charge(*GOLDEN, DATABASE_URL=shut.url) as starting,
        program.charge(*GOLDEN, DATABASE_URL=later.url) as waiting,
    ):
        assert shut.called.wait(PATIENCE)
        since = starting.signal()
        ended = starting.ended_within(LIMIT, since)
        assert (ended.code, ended.names) == (4, ["cancelled"])
        waiting.wait_for("invoice")
        later.open.clear()
        since = waiting.signal()
        ended = waiting.ended_within(LIMIT, since)
        assert (ended.code, ended.names) == (4, ["invoice", "cancelled"])


def test_a_signal_while_the_embedded_database_starts_leaves_none_behind(
    program: Program, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with program.charge(*GOLDEN, DATABASE_URL="", DATA_DIR=str(data)) as running:
        until((data / "postgresql" / "users.lock").exists)
        since = running.signal()
        ended = running.ended_within(LIMIT, since)
        took = time.monotonic() - since
    assert (ended.code, ended.events) == (4, [{"event": "cancelled"}])
    if took < LAST_EXIT_SECONDS:
        assert not EmbeddedPostgres(data)._is_up()
    # Where the machine was too slow for that, the next one finds it and takes it along.
    again = program.run(
        "charge", "21", "--timeout", "0.1", "--json", DATABASE_URL="", DATA_DIR=str(data)
    )
    assert again.code == 3
    assert not EmbeddedPostgres(data)._is_up()


def test_a_signal_while_it_ends_changes_nothing(program: Program, tmp_path: Path) -> None:
    where = {"DATABASE_URL": "", "DATA_DIR": str(tmp_path / "data")}
    with program.charge("21", "--timeout", "0.1", **where) as running:
        running.wait_for("expired")
        # The embedded database is being stopped.
        running.signal(signal.SIGTERM)
        running.signal(signal.SIGINT)
        assert running.ended().code == 3


def test_a_signal_while_a_time_out_waits_for_a_silent_blink(
    program: Program, control: ControlClient
) -> None:
    for match in ("lnInvoiceCancel", "lnInvoicePaymentStatusByHash"):
        control.lay_fault("hang", match=match, times=None)
    with program.charge("21", "--timeout", "0.1") as running:
        assert control.wait_for_requests("lnInvoiceCancel", seconds=PATIENCE)
        since = running.signal()
        ended = running.ended_within(LIMIT, since)
    assert (ended.code, ended.names) == (4, ["invoice", "cancelled"])


# Signals after the payment.


def paid_and_hanging(running: Running, control: ControlClient) -> None:
    control.lay_fault("hang", match="lnInvoicePaymentSend", times=None)
    control.pay(running.wait_for("invoice")["payment_request"])
    running.wait_for("paid")
    assert control.wait_for_requests("lnInvoicePaymentSend", seconds=PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_forwards_ends_with_5(
    program: Program, control: ControlClient, database_url: str, number: int
) -> None:
    with program.charge(*GOLDEN) as running:
        paid_and_hanging(running, control)
        since = running.signal(number)
        ended = running.ended_within(LIMIT, since)
    assert (ended.code, ended.names) == (5, ["invoice", "paid", "transfer", "transfer"])
    told = sorted((e["role"], e["sats"], e["status"]) for e in ended.events[2:])
    # One is under way and unknown, the other waits for its turn.
    assert [each[:2] for each in told] == [("merchant", 21), ("tip", 2)]
    assert sorted(each[2] for each in told) == ["pending", "unknown"]
    assert len({event["payment_hash"] for event in ended.events}) == 1
    assert ledger.states(database_url) == ["paid"]
    assert "goes on with it" in ended.err


def test_a_signal_while_the_ledger_hangs_tells_what_was_last_known(
    program: Program, control: ControlClient, database_url: str
) -> None:
    with (
        door(database_url) as way,
        program.charge(*GOLDEN, DATABASE_URL=way.url) as running,
    ):
        paid_and_hanging(running, control)
        way.open.clear()
        since = running.signal()
        ended = running.ended_within(LIMIT, since)
    assert (ended.code, ended.names) == (5, ["invoice", "paid", "transfer", "transfer"])


def test_the_one_that_leaves_first_does_not_take_the_embedded_database_along(
    program: Program, control: ControlClient, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    where = {"DATABASE_URL": "", "DATA_DIR": str(data)}
    with program.charge("10", **where) as first, program.charge("20", **where) as second:
        first.wait_for("invoice")
        request = second.wait_for("invoice")["payment_request"]
        first.signal()
        assert first.ended().code == 4
        control.pay(request)
        assert second.ended().code == 0
    assert not EmbeddedPostgres(data)._is_up()


@pytest.mark.long
def test_the_embedded_database_is_brought_back_for_a_sale_that_waits(
    program: Program, control: ControlClient, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with program.charge("21", DATABASE_URL="", DATA_DIR=str(data)) as running:
        request = running.wait_for("invoice")["payment_request"]
        pid = int((data / "postgresql" / "18" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        control.pay(request)
        ended = running.ended()
    assert (ended.code, ended.names[-1]) == (0, "completed")


@pytest.mark.long
def test_forwarding_is_waited_for_a_minute(
    program: Program, control: ControlClient, database_url: str
) -> None:
    control.lay_fault("hang", match="lnInvoicePaymentSend", times=None)
    with program.charge(*GOLDEN) as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        running.wait_for("paid")
        since = time.monotonic()
        code = running.process.wait(100)
        waited = time.monotonic() - since
        ended = running.ended()
    assert (code, ended.names) == (5, ["invoice", "paid", "transfer", "transfer"])
    assert waited > 55
    assert ledger.states(database_url) == ["paid"]
