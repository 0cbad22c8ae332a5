"""The books on a real PostgreSQL: what the database refuses, and what an audit finds."""

from __future__ import annotations

import psycopg
import pytest

from blinkpos_desktop.domain.audit import Audit, Rule
from blinkpos_desktop.domain.facts import PaymentCompleted, PaymentPaid
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, opened, running
from tests.support import ledger

pytestmark = pytest.mark.usefixtures("hasty")


def change(database_url: str, statement: str, *, by_force: bool = False) -> None:
    """Run a statement; ``by_force`` without any trigger, as if somebody had gone at the files."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        if by_force:
            connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())


async def _sell(till: Till, sats: int, paid_sats: int | None) -> int:
    payment = await till.charge(sats)
    await till.customer_pays(payment, amount_sats=paid_sats)
    await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
    return payment.id


async def test_the_books_of_a_day(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        assert (await till.engine.audit()).holds
        await _sell(till, 21, None)
        over = await _sell(till, 100, 150)
        await till.charge(1000)
        books = await till.engine.audit()
    assert (books.payments, books.received_sats, books.sent_sats) == (2, 23 + 150, 23 + 110)
    assert (books.kept_sats, books.owed_sats, books.surplus_sats, books.fees_sats) == (0, 0, 40, 0)
    assert books.holds
    assert [(each.payment_id, each.sats) for each in books.surpluses] == [(over, 40)]
    entries = ledger.rows(database_url, "SELECT * FROM ledger_entries")
    of_it = [each for each in entries if each["payment_id"] == over]
    assert sorted((each["account"], each["sats"]) for each in of_it) == [
        ("received", 150),
        ("sent", -100),
        ("sent", -10),
        ("surplus", -40),
    ]


async def test_what_is_not_forwarded_yet_is_owed(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator, only_own=True) as till:
        payment = await till.charge()
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
        books = await till.engine.audit()
    assert (books.received_sats, books.sent_sats, books.owed_sats) == (23, 0, 23)
    assert books.holds


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfers SET sats = sats + 1 WHERE role = 'tip'",
        "DELETE FROM transfers WHERE role = 'tip' AND NOT EXISTS (SELECT FROM events)",
        "UPDATE transfers SET role = 'merchant'",
        (
            "INSERT INTO transfers (payment_id, position, role, recipient, sats, memo, state) "
            "SELECT id, 9, 'tip', 'ana', 1, 'x', 'planned' FROM payments"
        ),
        "UPDATE payments SET tip_sats = tip_sats - 1",
        "UPDATE payments SET received_sats = received_sats - 1",
        "UPDATE payments SET received_sats = NULL",
    ],
)
async def test_the_database_refuses_what_does_not_balance(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str, statement: str
) -> None:
    async with running(make_settings(), simulator, only_own=True) as till:
        payment = await till.charge()
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
    if statement.startswith("DELETE"):
        change(database_url, "TRUNCATE events, recipient_invoices", by_force=True)
    with pytest.raises(psycopg.errors.CheckViolation):
        change(database_url, statement)


SPOILS = {
    Rule.PARTS: "UPDATE transfers SET sats = sats + 1 WHERE role = 'merchant'",
    Rule.TIPS: "UPDATE payments SET tip_sats = tip_sats - 1",
    Rule.SHORTFALL: "UPDATE payments SET received_sats = received_sats - 1",
    Rule.PAYMENT_STORY: "UPDATE payments SET state = 'paid', completed_at = NULL",
    Rule.TRANSFER_STORY: "UPDATE transfers SET state = 'kept', settled_at = NULL",
    Rule.GAP: "DELETE FROM events WHERE state_after = 'prepared'",
    Rule.NO_INVOICE: "DELETE FROM recipient_invoices",
    Rule.TWO_INVOICES: "DROP INDEX recipient_invoices_live; INSERT INTO recipient_invoices "
    "(external_id, transfer_id, sats, payment_hash, payment_request, expires_at) SELECT "
    "external_id || 'x', transfer_id, sats, reverse(payment_hash), payment_request, expires_at "
    "FROM recipient_invoices",
    Rule.UNFINISHED: "UPDATE transfers SET state = 'attention', settled_at = NULL",
    Rule.UNCOVERED: "UPDATE recipient_invoices SET sats = sats + 1",
    Rule.CARRIED: "UPDATE transfers SET carried_by = (SELECT min(id) FROM transfers) "
    "WHERE role = 'tip'",
    Rule.UNPAID: "UPDATE payments SET state = 'expired', paid_at = NULL, completed_at = NULL, "
    "received_sats = NULL",
    Rule.SUMS: "UPDATE tip_sums SET settled_sats = settled_sats - 1 WHERE grain = 'day'",
}


async def test_every_way_to_spoil_it_is_found(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentCompleted)
    assert set(SPOILS) == set(Rule) - {Rule.UNBALANCED}
    for rule, statement in SPOILS.items():
        spoilt = f"{database_url}_{rule}"
        name, template = spoilt.rsplit("/", 1)[1], database_url.rsplit("/", 1)[1]
        admin = database_url.rsplit("/", 1)[0] + "/postgres"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        change(spoilt, statement, by_force=True)
        assert rule in await _rules(make_settings, simulator, spoilt)


async def _rules(make_settings: SettingsMaker, simulator: Simulator, url: str) -> set[Rule]:
    async with opened(make_settings(database_url=Secret(url)), simulator) as till:
        books: Audit = await till.engine.audit()
    assert not books.holds
    return {finding.rule for finding in books.findings}
