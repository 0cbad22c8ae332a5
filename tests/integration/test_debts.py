"""Less than a cent for a USD wallet stays owed, and goes with the recipient's next transfer."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.facts import PaymentCompleted, TransferChanged
from blinkpos_desktop.domain.money import Currency
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.domain.transfer import Role, Transfer, TransferEvent, TransferState, Trouble
from blinkpos_desktop.operations import reconcile
from blinkpos_desktop.services import attention, reconciling
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, aside, opened, running
from tests.integration.stores import claimed, paid, recipient_invoice, store_at
from tests.support import ledger

pytestmark = pytest.mark.usefixtures("hasty")

E, S = TransferEvent, TransferState
DANA = parse_recipients(["dana"])
"""She has a USD wallet only; a cent is 10 sats."""
USD = "CreateUsdRecipientInvoice"


async def tipped(till: Till, sats: int) -> Payment:
    """A sale with a tip of so many sats for dana, paid."""
    payment = await till.charge(sats * 10, recipients=DANA)
    await till.customer_pays(payment)
    return payment


async def owes(till: Till, payment: Payment) -> Transfer:
    told = await till.facts.wait_for(
        TransferChanged,
        lambda f: f.payment_id == payment.id and f.transfer.trouble is Trouble.OWED,
    )
    return told.transfer


async def settled(till: Till, payment: Payment) -> None:
    """The merchant's part of it has settled."""
    await till.facts.wait_for(
        TransferChanged, lambda f: f.payment_id == payment.id and f.transfer.state is S.SETTLED
    )


async def completed(till: Till, payment: Payment) -> None:
    await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)


def change(database_url: str, sql: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.encode())


def story(database_url: str, transfer: Transfer) -> list[str]:
    found = ledger.rows(
        database_url,
        f"SELECT event FROM events WHERE transfer_id = {transfer.id} ORDER BY id",  # noqa: S608
    )
    return [row["event"] for row in found]


async def test_it_waits_without_a_badge_and_goes_with_the_next_tips_in_one_transfer(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        first = await tipped(till, 2)
        owed = await owes(till, first)
        assert (owed.state, owed.is_due, owed.recipient) == (S.PLANNED, False, "dana")
        assert "under one cent" in owed.reason
        assert await till.engine.attention.list() == []
        # 2 and 7 sats together are still under a cent: both wait again, each by itself.
        second = await tipped(till, 7)
        await owes(till, second)
        for payment in (first, second):
            await settled(till, payment)
            tip = await till.part(payment, Role.TIP)
            assert (tip.state, tip.trouble, tip.is_due) == (S.PLANNED, Trouble.OWED, False)
            assert (await till.now(payment)).state is PaymentState.PAID
        assert (await aside(control.requests))[USD] == 2
        books = await till.engine.audit()
        assert (books.owed_sats, books.holds) == (9, True)
        third = await tipped(till, 100)
        for payment in (third, first, second):
            await completed(till, payment)
        tips = [await till.part(payment, Role.TIP) for payment in (first, second, third)]
        assert {each.state for each in tips} == {S.SETTLED}
        books = await till.engine.audit()
        assert (books.sent_sats, books.owed_sats, books.holds) == (20 + 70 + 1000 + 109, 0, True)
    [invoice] = control.invoices(owner="dana")
    assert (invoice["sats"], invoice["status"]) == (109, "paid")
    memo = "BlinkPOS Tip received: 100 sats | owed before: BlinkPOS Tip received: 2 sats, "
    assert invoice["memo"].startswith(memo)
    assert (control.requests()["Pay"], control.balances()["dana"]["USD"]) == (4, 10)
    [sent] = [each for each in control.transactions("till") if each["other_username"] == "dana"]
    assert (sent["amount"], sent["memo"]) == (-109, invoice["memo"])
    assert control.balance("till") == 0
    control.verify()
    assert story(database_url, tips[0]) == [
        "planned",
        "invoice_refused",
        "joined",
        "carrier_gone",
        "joined",
        "carrier_settled",
    ]


async def test_what_is_surely_under_a_cent_is_not_even_asked_for(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(), simulator) as till:
        # The shop shows dollars, so the price is known anyhow.
        await till.engine.rates.refresh(Currency(code="USD", digits=2, symbol="$"))
        await owes(till, await tipped(till, 2))
        assert USD not in await aside(simulator.control.requests)
        # Together 9 sats, 0.9 cents: near enough for Blink to say.
        await owes(till, await tipped(till, 7))
        assert (await aside(simulator.control.requests))[USD] == 1


async def test_given_up_with_its_carrier_it_is_owed_again_and_goes_with_the_next_one(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attention, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(attention, "AGAIN_SECONDS", 0.0)
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        first = await tipped(till, 2)
        await owes(till, first)
        await aside(control.lay_fault, "delay", match="Pay", seconds=0.3, times=2)
        second = await tipped(till, 100)
        await aside(control.wait_for_invoice, "dana")
        await aside(control.change_account, "dana", receive_disabled=True)
        stuck = await till.facts.wait_for(
            TransferChanged, lambda f: f.transfer.state is S.ATTENTION
        )
        assert stuck.payment_id == second.id
        # An invoice that covers it lives: it stays with it until that one is retired.
        assert (await till.part(first, Role.TIP)).state is S.CARRIED
        keep = Choice(remedy=Remedy.KEEP)
        await till.engine.attention.choose(stuck.transfer.id, keep, "ana")
        sql = "UPDATE transfers SET last_sent_at = last_sent_at - interval '11 minutes'"
        await aside(change, database_url, sql)
        await completed(till, second)
        owed = await till.part(first, Role.TIP)
        assert (owed.state, owed.trouble) == (S.PLANNED, Trouble.OWED)
        assert (await till.part(second, Role.TIP)).state is S.KEPT
        await aside(control.change_account, "dana", receive_disabled=False)
        third = await tipped(till, 50)
        for payment in (third, first):
            await completed(till, payment)
        assert (await till.engine.audit()).holds
    asked = [(each["sats"], each["status"]) for each in control.invoices(owner="dana")]
    assert sorted(asked) == [(52, "paid"), (102, "open")]
    assert control.balance("till") == 100
    control.verify()


async def test_reconcile_does_not_wait_for_it(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(reconciling, "AGAIN_SECONDS", 0.05)
    async with running(make_settings(), simulator) as till:
        await owes(till, await tipped(till, 2))
    async with opened(make_settings(), simulator, only_own=True) as till:
        report = await till.engine.reconciling.run(
            till.engine.shop.account, forward=lambda: reconcile._forward(till.engine)
        )
    [left] = report.remaining
    assert "under one cent" in left.sentence


async def _owed(store: PostgresStore) -> Transfer:
    """A tip of a paid sale that is under a cent."""
    transfer = await claimed(store, (await paid(store)).transfers[1])
    await store.begin_transfer_attempt(transfer.id)
    owed = await store.record(
        transfer, E.INVOICE_REFUSED, reason="x", trouble=Trouble.OWED, wait_seconds=86_400
    )
    assert owed is not None
    await store.release(transfer.id)
    return owed


async def test_tills_at_once_take_a_debt_along_once(database_url: str) -> None:
    async with store_at(database_url) as one, store_at(database_url, "bar") as other:
        for _ in range(5):
            debt = await _owed(one)
            first = await claimed(one, (await paid(one)).transfers[1])
            second = await claimed(other, (await paid(other)).transfers[1])
            attempts = await asyncio.gather(
                one.begin_transfer_attempt(first.id), other.begin_transfer_attempt(second.id)
            )
            taken = [each.id for attempt in attempts for each in attempt.transfer.carries]
            assert taken == [debt.id]
            for store, attempt in zip((one, other), attempts, strict=True):
                stored = await store.store_recipient_invoice(
                    attempt.transfer, recipient_invoice(attempt)
                )
                assert stored is not None
                sending = await store.record(stored, E.SEND_STARTED)
                assert sending is not None
                assert await store.record(sending, E.SEND_SUCCEEDED)
            current = await one.payment(await _payment_of(database_url, debt))
            assert current.transfers[1].state is S.SETTLED


async def _payment_of(database_url: str, transfer: Transfer) -> int:
    sql = f"SELECT payment_id FROM transfers WHERE id = {transfer.id}"  # noqa: S608
    [row] = await aside(ledger.rows, database_url, sql)
    return int(row["payment_id"])


async def test_a_till_that_died_as_it_took_a_debt_along_loses_nothing(database_url: str) -> None:
    async with store_at(database_url) as dead, store_at(database_url, "bar") as other:
        debt = await _owed(dead)
        transfer = await claimed(dead, (await paid(dead)).transfers[1])
        lost = await dead.begin_transfer_attempt(transfer.id)
        assert [each.id for each in lost.transfer.carries] == [debt.id]
        # While it is carried nobody works on it by itself, and nobody else takes it along.
        assert await other.claim(debt.id, seconds=60) is None
        rival = await claimed(other, (await paid(other)).transfers[1])
        assert (await other.begin_transfer_attempt(rival.id)).transfer.carries == ()
        sql = "UPDATE transfers SET claimed_until = now() - interval '1 second'"
        await aside(change, database_url, sql)
        again = await claimed(other, transfer)
        more = await _owed(other)
        attempt = await other.begin_transfer_attempt(again.id)
        assert [each.id for each in attempt.transfer.carries] == [debt.id, more.id]
        # The first one's invoice comes late, and is for another sum: it is thrown away.
        late = recipient_invoice(lost)
        assert await other.store_recipient_invoice(attempt.transfer, late) is None
        await claimed(other, transfer)
        stored = await other.store_recipient_invoice(attempt.transfer, recipient_invoice(attempt))
        assert stored is not None
        assert stored.invoice is not None
        assert stored.invoice.sats == stored.invoice_sats == 6


async def test_a_sale_that_is_not_paid_takes_nothing_along(database_url: str) -> None:
    from tests.integration.stores import awaiting

    async with store_at(database_url) as store:
        await _owed(store)
        unpaid = await claimed(store, (await awaiting(store)).transfers[1])
        assert (await store.begin_transfer_attempt(unpaid.id)).transfer.carries == ()


@pytest.mark.parametrize(
    "sql",
    [
        # Another sum than the live invoice's.
        "UPDATE transfers SET state = 'planned', carried_by = NULL WHERE state = 'carried'",
        "UPDATE recipient_invoices SET sats = sats - 1 WHERE payment_hash IS NOT NULL",
        # Another recipient, and a chain.
        "UPDATE transfers SET recipient = 'ana' WHERE state = 'carried'",
        (
            "UPDATE transfers t SET state = 'carried', carried_by = (SELECT id FROM transfers "
            "WHERE state = 'carried') WHERE state = 'prepared'"
        ),
        # A state without its carrier, and the other way round.
        "UPDATE transfers SET carried_by = NULL WHERE state = 'carried'",
        "UPDATE transfers SET state = 'planned' WHERE state = 'carried'",
        "UPDATE transfers SET carried_by = id WHERE state = 'carried'",
    ],
)
async def test_the_database_itself_refuses_what_is_not_covered(database_url: str, sql: str) -> None:
    async with store_at(database_url) as store:
        await _owed(store)
        transfer = await claimed(store, (await paid(store)).transfers[1])
        attempt = await store.begin_transfer_attempt(transfer.id)
        assert await store.store_recipient_invoice(attempt.transfer, recipient_invoice(attempt))
    with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.RaiseException)):
        change(database_url, sql)
