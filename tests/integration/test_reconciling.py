"""The ledger against the simulator's own books, on a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from blinkpos_desktop.domain.difference import Kind, Report
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import PaymentCompleted, PaymentPaid
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.domain.transfer import TransferState
from blinkpos_desktop.operations import reconcile
from blinkpos_desktop.services import forwarder, reconciling
from blinkpos_desktop.services.blink import client
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, aside, opened, running
from tests.support import ledger

pytestmark = pytest.mark.usefixtures("hasty", "at_once")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(reconcile, "LOOK_SECONDS", 0.02)


def change(database_url: str, statement: str, *, by_force: bool = False) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        if by_force:
            connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())
        if by_force:
            ledger.sum_anew(connection)


async def look(till: Till, **how: Any) -> Report:  # noqa: ANN401 (arguments of run)
    return await till.engine.reconciling.run(till.engine.shop.account, **how)


async def fix(till: Till) -> Report:
    return await look(till, forward=lambda: reconcile._forward(till.engine))


def kinds(report: Report) -> list[Kind]:
    return sorted(each.kind for each in report.remaining)


async def sold(till: Till, sats: int = 21) -> Payment:
    payment = await till.charge(sats)
    await till.customer_pays(payment)
    fact = await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
    return fact.payment


async def test_a_payment_while_no_till_ran(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with opened(make_settings(), simulator, only_own=True) as till:
        payment = await till.charge()
        quiet = await look(till)
        assert (quiet.asked, quiet.transactions, quiet.remaining) == (1, 0, ())
        await till.customer_pays(payment)
        report = await look(till)
        assert kinds(report) == [Kind.RECEIVED]
        assert (await till.now(payment)).state is PaymentState.AWAITING
        report = await fix(till)
        assert (report.remaining, kinds(report)) == ((), [])
        assert [each.kind for each in report.fixed] == [Kind.RECEIVED]
        assert (await till.now(payment)).state is PaymentState.COMPLETED
        assert (await till.engine.audit()).holds
    balances = simulator.control.balances()
    assert [balances[name]["BTC"] for name in ("till", "cafe", "elturco")] == [0, 21, 2]
    simulator.control.verify()


async def test_a_late_payment_of_a_sale_that_is_watched_no_more(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with opened(make_settings(), simulator, only_own=True) as till:
        payment = await till.charge()
        await till.engine.cancel(payment.id)
        await aside(
            change,
            database_url,
            "UPDATE payments SET created_at = now() - interval '40 days', "
            "expires_at = now() - interval '39 days'",
        )
        await aside(simulator.control.fund, "ana", 100)
        await till.customer_pays(payment, from_username="ana")
        # It is older than the window: Blink's list of transactions shows it all the same.
        day = 86_400
        since = int((await aside(simulator.control.advance, 0)) - day)
        report = await look(till, since=since)
        assert (kinds(report), report.asked) == ([Kind.RECEIVED], 0)
        assert (await fix(till)).remaining == ()
        assert (await till.now(payment)).was_closed


@pytest.mark.parametrize("state", ["prepared", "sending", "unknown", "in_flight", "attention"])
async def test_a_send_that_was_made_and_not_recorded(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str, state: str
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await sold(till)
    change(
        database_url,
        "UPDATE payments SET state = 'paid', completed_at = NULL;"
        "UPDATE transfers SET state = 'STATE', settled_at = NULL WHERE role = 'tip'".replace(
            "STATE", state
        ),
    )
    sent = simulator.control.requests()["lnInvoicePaymentSend"]
    async with opened(make_settings(), simulator, only_own=True) as till:
        report = await look(till)
        assert kinds(report) == [Kind.SENT]
        report = await fix(till)
        assert report.remaining == ()
        now = await till.now(payment)
        assert now.state is PaymentState.COMPLETED
        assert {each.state for each in now.transfers} == {TransferState.SETTLED}
    assert simulator.control.requests()["lnInvoicePaymentSend"] == sent


async def test_what_is_not_ours_is_counted(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        await sold(till)
        await aside(control.fund, "ana", 100)
        await aside(control.send, "ana", "till", 70)
        own_app = await aside(control.create_invoice, "till", 9)
        await aside(control.pay, own_app["payment_request"])
        await aside(control.send, "till", "ana", 30)
        report = await look(till)
    assert report.remaining == ()
    others = report.not_ours
    assert (others.count, others.received_sats, others.sent_sats) == (3, 79, 30)


async def test_a_row_that_was_lost_waits_for_a_person(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        await sold(till)
        await sold(till, 100)
    change(
        database_url,
        "CREATE TEMP TABLE lost AS SELECT min(id) AS id FROM payments;"
        "DELETE FROM events WHERE payment_id IN (SELECT id FROM lost);"
        "DELETE FROM recipient_invoices USING transfers t, lost "
        "WHERE transfer_id = t.id AND t.payment_id = lost.id;"
        "DELETE FROM transfers WHERE payment_id IN (SELECT id FROM lost);"
        "DELETE FROM payments WHERE id IN (SELECT id FROM lost)",
        by_force=True,
    )
    async with opened(make_settings(), simulator, only_own=True) as till:
        for _ in range(2):  # a later run still finds it
            report = await fix(till)
            assert kinds(report) == [Kind.NO_ROW] * 3
            assert sorted(each.sats for each in report.remaining) == [2, 21, 23]
        assert (await till.engine.audit()).holds


async def test_recorded_and_not_sent(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator, only_own=True) as till:
        payment = await till.charge()
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
        assert kinds(await look(till)) == [Kind.OWED, Kind.OWED]
        assert (await fix(till)).remaining == ()
    change(
        database_url,
        "UPDATE recipient_invoices SET payment_hash = reverse(payment_hash)",
        by_force=True,
    )
    async with opened(make_settings(), simulator, only_own=True) as till:
        assert kinds(await fix(till)) == [Kind.NOT_SENT] * 2 + [Kind.NO_ROW] * 2


@pytest.mark.parametrize("times", [1, 2])
async def test_an_invoice_is_unknown_to_blink_when_it_says_so_twice(
    make_settings: SettingsMaker, simulator: Simulator, times: int
) -> None:
    async with opened(make_settings(), simulator, only_own=True) as till:
        await till.charge()
        await aside(
            simulator.control.lay_fault, "graphql_error", match="InvoiceStatus", times=times
        )
        report = await look(till)
    assert (report.asked, kinds(report)) == (1, [Kind.NOT_KNOWN] * (times - 1))


async def test_a_sum_that_was_not_known_is_corrected_upwards(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await till.customer_pays(payment, amount_sats=40)
        await till.facts.wait_for(PaymentCompleted)
        # Beside the loop: the till may be holding the row's lock.
        sql = "UPDATE payments SET received_sats = 23"
        await aside(change, database_url, sql, by_force=True)
        report = await look(till)
        assert [(each.kind, each.sats) for each in report.remaining] == [(Kind.MORE_RECEIVED, 17)]
        assert (await fix(till)).remaining == ()
        books = await till.engine.audit()
    assert (books.received_sats, books.surplus_sats, books.holds) == (40, 17, True)


async def test_a_recipient_who_is_gone_says_why(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator, only_own=True) as till:
        payment = await till.charge(recipients=parse_recipients(["closed"]))
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
        report = await fix(till)
    [left] = report.remaining
    assert (left.kind, left.recipient, left.can_fix) == (Kind.OWED, "closed", False)
    assert "closed: This Blink account can no longer receive" in left.sentence


async def test_a_daily_limit_says_why_and_is_not_waited_for(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "RESTRICTED_SECONDS", 900.0)
    async with running(make_settings(), simulator, only_own=True) as till:
        payment = await till.charge(percent=0)
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
    simulator.control.change_account("till", daily_limit_cents=0)
    for tries in (1, 2):  # the reason of the first run doesn't end the second one early
        async with opened(make_settings(), simulator, only_own=True) as till:
            report = await fix(till)
        [left] = report.remaining
        assert (left.kind, left.can_fix) == (Kind.OWED, True)
        assert "daily limit" in left.sentence
        assert simulator.control.requests()["lnInvoicePaymentSend"] == tries


async def test_pages_are_walked_to_the_windows_start(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    async with running(make_settings(), simulator) as till:
        for _ in range(3):
            await sold(till)
        report = await look(till)
        assert (report.transactions, report.remaining) == (9, ())
        future = 3600 + int(await aside(simulator.control.advance, 0))
        assert (await look(till, since=future)).transactions == 0


async def test_the_next_window_begins_a_day_before_the_last_complete_run(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with opened(make_settings(), simulator, only_own=True) as till:
        await look(till)
        await aside(
            change,
            database_url,
            "UPDATE reconciliations SET started_at = started_at - interval '9 days', "
            "next_start = next_start - interval '9 days'",
        )
        # One that leaves a gap is no base for the next one, and neither is one that has failed.
        later = int(await aside(simulator.control.advance, 0)) - 3600
        await look(till, since=later)
        await aside(simulator.control.lay_fault, "http_status", match="*", status=500)
        with pytest.raises(UnavailableError):
            await look(till)
        await aside(simulator.control.clear_faults)
        report = await look(till)
    rows = ledger.rows(
        database_url,
        "SELECT extract(epoch FROM next_start)::bigint AS next, finished_at FROM reconciliations "
        "ORDER BY id",
    )
    assert [row["finished_at"] is None for row in rows] == [False, False, True, False]
    assert rows[1]["next"] is None
    assert report.since == rows[0]["next"]
    assert rows[3]["next"] - rows[0]["next"] >= 9 * 86_400


async def test_a_till_does_it_by_itself(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconciling, "START_SECONDS", 0.0)
    async with opened(make_settings(), simulator, only_own=True) as closed:
        payment = await closed.charge()
        await closed.engine.cancel(payment.id)
        await aside(simulator.control.fund, "ana", 100)
        await closed.customer_pays(payment, from_username="ana")
    change(
        database_url,
        "UPDATE payments SET created_at = now() - interval '40 days', "
        "expires_at = now() - interval '39 days'",
    )
    async with running(make_settings(), simulator) as till:
        assert "reconciling" in till.engine.supervisor.names
        fact = await till.facts.wait_for(PaymentCompleted)
    assert (fact.payment.id, fact.payment.was_closed) == (payment.id, True)
