"""A sale comes to an invoice that may be shown, or to one plain sentence and nothing payable."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

import psycopg
import pytest

from blinkpos_desktop.domain.blink import BlinkRefusedError, RateLimitedError
from blinkpos_desktop.domain.errors import (
    OutcomeUnknownError,
    RefusedError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.facts import InvoiceReady
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.sale import Sale, parse_recipients
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import ELTURCO, aside, opened

CREATE = "lnInvoiceCreate"


def _states(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT state FROM payments ORDER BY id")]


async def test_what_is_shown_is_what_was_asked(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with opened(make_settings(), simulator) as till:
        payment = await till.charge()
        [made] = await aside(till.control.invoices)
        assert payment.invoice is not None
        assert (made["sats"], made["payment_hash"]) == (23, payment.payment_hash)
        assert made["expires_at"] - made["created_at"] == 15 * 60
        assert made["memo"] == payment.memo
        assert made["external_id"].startswith("bp-")
        assert made["external_id"].endswith(f"-{payment.id}-1")
        assert [fact.payment for fact in till.ready()] == [payment]
    assert _states(database_url) == ["awaiting"]


async def test_a_code_names_the_very_sale_that_asked_for_it(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    sale = Sale(currency=SATS, items=(21,))
    async with opened(make_settings(), simulator) as till:
        await till.engine.checkout.charge(sale)
        [ready] = till.ready()
    assert ready.sale is sale


async def test_a_lost_answer_takes_a_new_number_and_is_never_shown(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    await aside(simulator.control.lay_fault, "lost_answer", match=CREATE)
    async with opened(make_settings(), simulator) as till:
        payment = await till.charge()
        lost, shown = await aside(till.control.invoices)
        assert payment.payment_hash == shown["payment_hash"]
        assert lost["external_id"] != shown["external_id"]
        assert len(till.ready()) == 1


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("lost_answer", {"times": 2}, OutcomeUnknownError),
        ("http_status", {"status": 429}, RateLimitedError),
        ("http_status", {"status": 401}, SettingsError),
        ("payload_error", {"code": "TOO_MANY_REQUEST"}, RateLimitedError),
        ("payload_error", {"code": "TRANSACTION_RESTRICTED"}, BlinkRefusedError),
        ("graphql_error", {}, BlinkRefusedError),
        ("wrong_invoice", {"field": "amount"}, RefusedError),
        ("wrong_invoice", {"field": "network"}, RefusedError),
        ("wrong_invoice", {"field": "expiry"}, RefusedError),
        ("wrong_invoice", {"field": "hash"}, RefusedError),
    ],
)
async def test_no_invoice_leaves_nothing_that_could_be_paid(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    kind: str,
    details: dict[str, Any],
    expected: type[TillError],
) -> None:
    await aside(simulator.control.lay_fault, kind, match=CREATE, **details)
    async with opened(make_settings(), simulator) as till:
        with pytest.raises(expected):
            await till.charge()
        assert not till.facts.told(InvoiceReady)
        # Blink's block of five minutes is kept by the till; here it is over at once.
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE call_windows SET blocked_until = '-infinity'")
        assert (await till.charge()).state is PaymentState.AWAITING
    assert _states(database_url) == ["failed", "awaiting"]


async def test_a_sale_for_an_unknown_recipient_is_not_begun(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    nobody = parse_recipients(["nobody_here"])
    async with opened(make_settings(tip_recipients=nobody), simulator) as till:
        with pytest.raises(SettingsError, match="Blink knows nobody named nobody_here"):
            await till.charge(recipients=nobody)
    async with opened(make_settings(merchant="nobody_here"), simulator) as till:
        with pytest.raises(SettingsError, match="no merchant named nobody_here"):
            await till.charge()
    assert _states(database_url) == []


async def test_whoever_asked_and_left_leaves_nothing_behind(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    await aside(simulator.control.lay_fault, "hang", match=CREATE)
    async with opened(make_settings(), simulator) as till:
        asking = asyncio.create_task(till.charge())
        assert await aside(till.control.wait_for_requests, CREATE)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not till.ready()
    assert _states(database_url) == ["cancelled"]


async def test_cancelled_at_the_counter_while_the_invoice_is_made(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    await aside(simulator.control.lay_fault, "delay", match=CREATE, seconds=0.5)
    async with opened(make_settings(), simulator) as till:
        asking = asyncio.create_task(till.charge())
        assert await aside(till.control.wait_for_requests, CREATE)
        with psycopg.connect(database_url) as connection:
            row = connection.execute("SELECT id FROM payments").fetchone()
        assert row is not None
        closed = await till.engine.cancel(row[0])
        assert closed.state is PaymentState.CANCELLED
        with pytest.raises(TillError, match="cancelled"):
            await asking
        assert not till.ready()


async def test_a_ledger_that_is_away_when_the_invoice_comes_shows_nothing(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = PostgresStore.attach_invoice

    async def away(*_: object) -> None:
        raise UnavailableError("The database can't be reached.")

    async with opened(make_settings(), simulator) as till:
        monkeypatch.setattr(PostgresStore, "attach_invoice", away)
        with pytest.raises(UnavailableError):
            await till.charge()
        assert not till.ready()
        monkeypatch.setattr(PostgresStore, "attach_invoice", whole)
        await till.charge()
    assert _states(database_url) == ["failed", "awaiting"]


async def test_a_fiat_sale_needs_a_price_of_now(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with opened(make_settings(currency="EUR"), simulator) as till:
        euro = await till.engine.shop.currency("EUR")
        sale = Sale(currency=euro, items=(1250,), tip_percent=Fraction(10), recipients=ELTURCO)
        payment = await till.engine.checkout.charge(sale)
        assert (payment.base.minor, payment.tip.minor) == (1250, 125)
        assert sum(each.sats for each in payment.transfers) == payment.total_sats
        await aside(till.control.set_price_offline, offline=True)
        # The price of a moment ago is good enough; without any nothing is sold.
        await till.engine.checkout.charge(sale)
        till.engine.rates._prices.clear()
        with pytest.raises(UnavailableError, match="no price for EUR"):
            await till.engine.checkout.charge(sale)
        await till.charge()
    assert _states(database_url) == ["awaiting"] * 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"api_key": None}, "No Blink API key is set"),
        ({"api_key": Secret("blink_wrong")}, "does not accept the API key"),
        ({"api_key": Secret("blink_sim_nowrite")}, "lacks WRITE"),
        ({"api_key": Secret("blink_sim_noreceive")}, "lacks RECEIVE"),
    ],
)
async def test_a_key_that_cannot_sell_is_said_so(
    make_settings: SettingsMaker, simulator: Simulator, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        async with opened(make_settings(**changes), simulator):
            pass


async def test_another_networks_key_is_refused(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with opened(make_settings(), simulator):
        pass
    await aside(simulator.control.settings, stated_network="signet")
    with pytest.raises(SettingsError, match="belongs to regtest and the key to signet"):
        async with opened(make_settings(), simulator):
            pass
