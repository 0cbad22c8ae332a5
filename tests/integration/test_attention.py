"""What needs a person: chosen for, and carried out only by the three conditions in their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from blinkpos_desktop.domain.attention import AttentionItem, Choice, Remedy
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    PaymentCompleted,
    TransferChanged,
)
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import Role, Transfer, TransferEvent, TransferState
from blinkpos_desktop.services import attention, forwarder
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, aside, opened, running
from tests.integration.stores import store_at
from tests.support import ledger

pytestmark = pytest.mark.usefixtures("hasty")

SEND = "lnInvoicePaymentSend"
WHO = "ana"
KEEP, RETRY = Choice(remedy=Remedy.KEEP), Choice(remedy=Remedy.RETRY)
TO_ANA = Choice(remedy=Remedy.SEND, recipient="ana")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(attention, "AGAIN_SECONDS", 0.0)


def change(database_url: str, sql: str) -> None:
    import psycopg

    with psycopg.connect(database_url) as connection:
        connection.execute(sql.encode())


def long_ago(database_url: str) -> None:
    """The last request was eleven minutes ago."""
    change(
        database_url,
        "UPDATE transfers SET last_sent_at = last_sent_at - interval '11 minutes'",
    )


async def needs(till: Till, payment: Payment) -> Transfer:
    fact = await till.facts.wait_for(
        TransferChanged,
        lambda f: f.payment_id == payment.id and f.transfer.state is TransferState.ATTENTION,
    )
    return fact.transfer


async def refused(till: Till, control: ControlClient, *, sent: bool) -> tuple[Payment, Transfer]:
    """A tip that its recipient can't take: before his invoice is made, or when it is paid."""
    payment = await till.charge()
    if sent:
        await aside(control.lay_fault, "delay", match=SEND, seconds=0.3, times=2)
    else:
        await aside(control.change_account, "elturco", receive_disabled=True)
    await till.customer_pays(payment)
    if sent:
        await aside(control.wait_for_invoice, "elturco")
        await aside(control.change_account, "elturco", receive_disabled=True)
    transfer = await needs(till, payment)
    assert (transfer.invoice is not None) is sent
    return payment, transfer


async def claimed(store: PostgresStore, transfer: Transfer) -> Transfer:
    """Claim a transfer for another process, as soon as its own has let go."""
    while True:
        if held := await store.claim(transfer.id, seconds=25):
            return held


async def items(till: Till, count: int) -> tuple[AttentionItem, ...]:
    fact = await till.facts.wait_for(AttentionChanged, lambda f: len(f.items) == count)
    return fact.items


async def settled(till: Till, payment: Payment) -> Payment:
    fact = await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
    return fact.payment


def story(database_url: str, transfer: Transfer) -> list[tuple[str, str, str]]:
    found = ledger.rows(
        database_url,
        f"SELECT event, state_after, who FROM events WHERE transfer_id = {transfer.id} "  # noqa: S608
        "ORDER BY id",
    )
    return [(row["event"], row["state_after"], row["who"]) for row in found]


async def test_it_is_listed_with_its_reason_until_the_list_is_empty(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        payment, transfer = await refused(till, simulator.control, sent=False)
        [item] = await items(till, 1)
        assert (item.payment_id, item.payment_hash) == (payment.id, payment.payment_hash)
        assert item.transfer == transfer
        assert (item.choice, item.is_foreign, item.paid_retired) == (None, False, "")
        assert "can no longer receive" in item.transfer.reason
        seen = len(till.facts.facts)
        await till.engine.attention.choose(transfer.id, KEEP, WHO)
        await till.facts.wait_for(AttentionChanged, lambda f: f.items == (), after=seen)
        done = await settled(till, payment)
        [kept] = [each for each in done.transfers if each.role is Role.TIP]
        assert (kept.state, kept.reason) == (TransferState.KEPT, "Kept by choice of ana.")
    assert simulator.control.balances()["till"]["BTC"] == 2
    assert story(database_url, transfer)[-1] == ("keep_chosen", "kept", WHO)
    [choice] = ledger.rows(database_url, "SELECT * FROM choices")
    assert (choice["remedy"], choice["who"], choice["outcome"]) == ("keep", WHO, "done")


async def test_a_retry_pays_the_same_invoice(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        payment, transfer = await refused(till, control, sent=True)
        await aside(control.change_account, "elturco", receive_disabled=False)
        await till.engine.attention.choose(transfer.id, RETRY, WHO)
        await settled(till, payment)
        assert len(await aside(control.invoices, owner="elturco")) == 1
    assert control.balances()["elturco"]["BTC"] == 2
    assert ("retry_chosen", "unknown", WHO) in story(database_url, transfer)
    control.verify()


async def test_a_retry_without_an_invoice_makes_one(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        payment, transfer = await refused(till, control, sent=False)
        await aside(control.change_account, "elturco", receive_disabled=False)
        await till.engine.attention.choose(transfer.id, RETRY, WHO)
        await settled(till, payment)
    assert control.balances()["elturco"]["BTC"] == 2


async def test_without_an_invoice_it_goes_to_another_at_once(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        payment, transfer = await refused(till, control, sent=False)
        await till.engine.attention.choose(transfer.id, TO_ANA, WHO)
        done = await settled(till, payment)
        assert [each.recipient for each in done.transfers] == ["cafe", "ana"]
    assert control.balances()["ana"]["BTC"] == 2
    assert "invoice_retired" not in [name for name, _, _ in story(database_url, transfer)]


async def test_blink_is_not_asked_again_and_again_for_one_choice(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attention, "AGAIN_SECONDS", 30.0)
    control = simulator.control
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        choices = till.engine.attention
        await choices.choose(transfer.id, KEEP, WHO)
        before = await aside(control.requests)
        await aside(control.lay_fault, "graphql_error", match="InvoiceStatus", times=1)
        for _ in range(3):
            await choices.look()
        after = await aside(control.requests)
        assert after["InvoiceStatus"] == before.get("InvoiceStatus", 0) + 1
        monkeypatch.setattr(attention, "AGAIN_SECONDS", 0.0)
        await choices.look()
        assert (await till.part(payment, Role.TIP)).state is TransferState.KEPT


@pytest.mark.parametrize("choice", [KEEP, TO_ANA])
async def test_a_live_invoice_waits_for_blink_and_then_is_retired(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str, choice: Choice
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        payment, transfer = await refused(till, control, sent=True)
        await till.engine.attention.choose(transfer.id, choice, WHO)
        waits = await till.facts.wait_for(
            AttentionChanged, lambda f: any(each.choice for each in f.items)
        )
        assert (waits.items[0].choice, waits.items[0].choice_by) == (choice, WHO)
        # Ten minutes have not passed: nothing is asked, however often it is looked.
        asked = (await aside(control.requests)).get("Transactions", 0)
        for _ in range(3):
            await till.engine.attention.look()
        assert (await aside(control.requests)).get("Transactions", 0) == asked
        assert (await till.part(payment, Role.TIP)).state is TransferState.ATTENTION
        long_ago(database_url)
        done = await settled(till, payment)
        [tip] = [each for each in done.transfers if each.role is Role.TIP]
        if choice is KEEP:
            assert (tip.state, tip.invoice) == (TransferState.KEPT, None)
        else:
            assert (tip.state, tip.recipient) == (TransferState.SETTLED, "ana")
        await till.engine.attention.look()
    balances = control.balances()
    assert balances["elturco"]["BTC"] == 0
    assert balances["ana"]["BTC"] == (2 if choice is TO_ANA else 0)
    control.verify()
    invoices = ledger.rows(
        database_url,
        # An attempt that the payment overtook has no invoice.
        f"SELECT retired_at FROM recipient_invoices WHERE transfer_id = {transfer.id} "  # noqa: S608
        "AND payment_hash IS NOT NULL ORDER BY created_at",
    )
    assert [row["retired_at"] is not None for row in invoices] == (
        [True] if choice is KEEP else [True, False]
    )
    told = [name for name, _, who in story(database_url, transfer) if who]
    assert told == [f"chosen_{choice.remedy}", f"{choice.remedy}_chosen"]
    names = [name for name, _, _ in story(database_url, transfer)]
    assert names.index("invoice_retired") + 1 == names.index(f"{choice.remedy}_chosen")


async def test_what_was_paid_meanwhile_is_settled_whatever_was_chosen(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        payment, transfer = await refused(till, control, sent=True)
        await till.engine.attention.choose(transfer.id, TO_ANA, WHO)
        await aside(control.change_account, "elturco", receive_disabled=False)
        assert transfer.invoice is not None
        # A request that was still under way.
        await till.blink.pay(payment.wallet_id, transfer.invoice.payment_request, "late")
        long_ago(database_url)
        done = await settled(till, payment)
        [tip] = [each for each in done.transfers if each.role is Role.TIP]
        assert (tip.state, tip.recipient) == (TransferState.SETTLED, "elturco")
    balances = control.balances()
    assert (balances["elturco"]["BTC"], balances["ana"]["BTC"]) == (2, 0)
    [choice] = ledger.rows(database_url, "SELECT outcome FROM choices")
    assert choice["outcome"] == "paid meanwhile"
    assert story(database_url, transfer)[-1] == ("status_paid", "settled", "")


@asynccontextmanager
async def stuck(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> AsyncIterator[tuple[Till, Payment, Transfer]]:
    """A till that does nothing by itself, with a tip sent long ago and in need of a person."""
    async with running(make_settings(), simulator) as till:
        payment, transfer = await refused(till, simulator.control, sent=True)
    long_ago(database_url)
    change(database_url, "UPDATE transfers SET claimed_by = NULL, claimed_until = NULL")
    async with opened(make_settings(), simulator) as till:
        yield till, payment, transfer


@pytest.mark.parametrize("query", ["InvoiceStatus", "Transactions"])
async def test_a_query_that_failed_is_no_evidence(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str, query: str
) -> None:
    control = simulator.control
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        choices = till.engine.attention
        await choices.choose(transfer.id, KEEP, WHO)
        before = (await aside(control.requests)).get("Transactions", 0)
        await aside(control.lay_fault, "graphql_error", match=query, times=2)
        await choices.look()
        await choices.look()
        assert (await till.part(payment, Role.TIP)).state is TransferState.ATTENTION
        looked_up = (await aside(control.requests)).get("Transactions", 0) - before
        assert looked_up == (0 if query == "InvoiceStatus" else 2), "the order is kept"
        await choices.look()
        assert (await till.part(payment, Role.TIP)).state is TransferState.KEPT


async def test_the_choice_can_be_changed_while_it_waits(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        choices, store = till.engine.attention, till.engine.store
        await choices.choose(transfer.id, KEEP, WHO)
        [old] = await store.waiting_choices(till.engine.shop.account.id)
        await choices.choose(transfer.id, TO_ANA, "ben")
        assert await store.carry_out(old) is None, "another till was about to"
        assert await store.drop_choice(old, "x") is None
        assert (await till.part(payment, Role.TIP)).state is TransferState.ATTENTION
        await choices.choose(transfer.id, RETRY, "ben")
        assert (await till.part(payment, Role.TIP)).state is TransferState.UNKNOWN
        with pytest.raises(InputError, match="Nothing with this number"):
            await choices.choose(transfer.id, KEEP, WHO)
    outcomes = ledger.rows(database_url, "SELECT outcome FROM choices ORDER BY id")
    assert [row["outcome"] for row in outcomes] == ["replaced", "replaced", "done"]


async def test_the_database_itself_holds_the_ten_minutes_and_the_state(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    """Whatever a process believes it has proved."""
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        store, account_id = till.engine.store, till.engine.shop.account.id
        await till.engine.attention.choose(transfer.id, KEEP, WHO)
        [waiting] = await store.waiting_choices(account_id)
        change(database_url, "UPDATE transfers SET last_sent_at = now() - interval '599 seconds'")
        assert await store.carry_out(waiting) is None
        assert await store.waiting_choices(account_id), "the choice still waits"
        assert (await till.part(payment, Role.TIP)).invoice is not None
        long_ago(database_url)
        async with store_at(database_url, "counter 2") as other:
            both = await asyncio.gather(store.carry_out(waiting), other.carry_out(waiting))
        assert sorted(each is None for each in both) == [False, True]


async def test_nobody_sends_a_retired_invoice(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    """A till that slept still holds the transfer as it was, with the old invoice, and a claim."""
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        store, account_id = till.engine.store, till.engine.shop.account.id
        await till.engine.attention.choose(transfer.id, RETRY, WHO)
        asked = await store.claim(transfer.id, seconds=60)
        assert asked is not None
        old = await store.record(asked, TransferEvent.STATUS_UNPAID)
        assert old is not None
        assert old.state is TransferState.PREPARED
        await store.record(old, TransferEvent.GAVE_UP)
        await till.engine.attention.choose(transfer.id, TO_ANA, WHO)
        [waiting] = await store.waiting_choices(account_id)
        planned = await store.carry_out(waiting)
        assert planned is not None
        assert (planned.state, planned.recipient) == (TransferState.PLANNED, "ana")
        assert await store.record(old, TransferEvent.SEND_STARTED) is None
        # Even when the new recipient's invoice is there and the state is as it was.
        assert await store.claim(transfer.id, seconds=60)
        await till.engine.forwarder._make_invoice(payment, planned)
        assert (await till.part(payment, Role.TIP)).state is TransferState.PREPARED
        assert await store.record(old, TransferEvent.SEND_STARTED) is None
        with pytest.raises(Exception, match="never written over"):
            change(database_url, "UPDATE recipient_invoices SET retired_at = NULL")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody_here", "Blink knows nobody named nobody_here."),
        ("till", "collecting account itself"),
        ("_no", "username"),
    ],
)
async def test_the_other_recipient_is_looked_up_first(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str, name: str, words: str
) -> None:
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        choice = Choice(remedy=Remedy.SEND, recipient=name)
        with pytest.raises(InputError, match=words):
            await till.engine.attention.choose(transfer.id, choice, WHO)
        if name == "_no":
            return
        # Chosen while Blink was away: looked up when it is carried out, before anything else.
        await till.engine.store.choose(transfer.id, choice, WHO)
        await till.engine.attention.look()
        tip = await till.part(payment, Role.TIP)
        assert tip.state is TransferState.ATTENTION
        assert words in tip.reason
        assert tip.invoice is not None
        [item] = await till.engine.attention.list()
        assert item.choice is None


async def test_a_retired_invoice_that_is_paid_after_all_is_a_finding_until_seen(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        choices = till.engine.attention
        await choices.choose(transfer.id, KEEP, WHO)
        await choices.look()
        assert (await till.part(payment, Role.TIP)).state is TransferState.KEPT
        assert await choices.list() == []
        await choices.look()
        await aside(control.change_account, "elturco", receive_disabled=False)
        assert transfer.invoice is not None
        await till.blink.pay(payment.wallet_id, transfer.invoice.payment_request, "against all")
        choices._asked_at.clear()
        await choices.look()
        [item] = await choices.list()
        assert item.paid_retired == transfer.invoice.payment_hash
        assert item.remedies == {Remedy.SEEN}
        with pytest.raises(InputError, match="only to be seen"):
            await choices.choose(transfer.id, KEEP, WHO)
        await choices.choose(transfer.id, Choice(remedy=Remedy.SEEN), WHO)
        assert await choices.list() == []
    told = story(database_url, transfer)
    assert told[-2:] == [("retired_invoice_paid", "kept", ""), ("finding_seen", "kept", WHO)]


async def test_another_accounts_sale_is_listed_and_left_alone(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with stuck(make_settings, simulator, database_url) as (till, payment, transfer):
        with pytest.raises(Exception, match="never written over"):
            change(database_url, "UPDATE payments SET account_id = 'another'")
        # The other part of the sale may be open too.
        listed = await till.engine.store.attention("another")
        [item] = [each for each in listed if each.transfer.id == transfer.id]
        assert (item.is_foreign, item.remedies) == (True, frozenset())
        [known] = await till.engine.store.attention("")
        assert not known.is_foreign
        till.engine.shop._account = _named(till, "another")
        assert (await till.now(payment)).state is PaymentState.PAID
        with pytest.raises(InputError, match="another Blink account"):
            await till.engine.attention.choose(transfer.id, KEEP, WHO)


def _named(till: Till, account_id: str) -> Any:  # noqa: ANN401 (an account)
    from dataclasses import replace

    return replace(till.engine.shop.account, id=account_id)


LIMITED = "TRANSACTION_RESTRICTED"


@asynccontextmanager
async def limited(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Till, Payment, Transfer]]:
    """A till whose tip Blink restricts; by itself it is tried again in a quarter of an hour."""
    monkeypatch.setattr(forwarder, "RESTRICTED_SECONDS", 900.0)
    control = simulator.control
    async with running(make_settings(merchant=None), simulator) as till:
        payment = await till.charge()
        fault = "payload_error"
        await aside(control.lay_fault, fault, match=SEND, code=LIMITED, message="No", times=None)
        await till.customer_pays(payment)
        told = await till.facts.wait_for(
            AttentionChanged,
            lambda f: [each.transfer.state for each in f.items] == [TransferState.PREPARED],
        )
        await aside(control.clear_faults)
        yield till, payment, told.items[0].transfer


async def test_what_blink_restricts_is_listed_while_it_waits_and_a_person_may_hurry_it(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control = simulator.control
    async with limited(make_settings, simulator, monkeypatch) as (till, payment, transfer):
        assert "daily limit" in transfer.reason
        [item] = await till.engine.attention.list()
        assert item.remedies == {Remedy.RETRY, Remedy.SEND, Remedy.KEEP}
        # Its time has not come: whoever looks for what is unfinished leaves it alone.
        asked = (await aside(control.requests))["Pay"]
        await till.engine.forwarder.forward(payment.id)
        assert (await aside(control.requests))["Pay"] == asked
        seen = len(till.facts.facts)
        await till.engine.attention.choose(transfer.id, RETRY, WHO)
        await settled(till, payment)
        await till.facts.wait_for(AttentionChanged, lambda f: f.items == (), after=seen)
        assert (await aside(control.requests))["Pay"] == asked + 1
    assert ("retry_chosen", "unknown", WHO) in story(database_url, transfer)
    assert control.balances()["elturco"]["BTC"] == 2


@pytest.mark.parametrize("choice", [KEEP, TO_ANA])
async def test_what_blink_restricts_is_sent_no_more_once_a_person_has_chosen(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    choice: Choice,
) -> None:
    control = simulator.control
    async with limited(make_settings, simulator, monkeypatch) as (till, payment, transfer):
        asked = (await aside(control.requests))["Pay"]
        store = till.engine.store
        # Another till is just about to try it again: it holds the claim and the old state.
        async with store_at(database_url, "counter 2") as other:
            held = await claimed(other, transfer)
            await aside(change, database_url, "UPDATE transfers SET due_at = NULL")
            ready = replace(held, is_due=True)
            await till.engine.attention.choose(transfer.id, choice, WHO)
            assert await other.record(ready, TransferEvent.SEND_STARTED) is None
            await other.release(transfer.id)
        waiting = await till.part(payment, Role.TIP)
        assert (waiting.state, waiting.reason) == (TransferState.ATTENTION, transfer.reason)
        await till.engine.forwarder.forward(payment.id, at_once=True)
        assert (await aside(control.requests))["Pay"] == asked
        [item] = await store.attention("")
        assert item.choice == choice
        long_ago(database_url)
        done = await settled(till, payment)
        [tip] = [each for each in done.transfers if each.role is Role.TIP]
        assert tip.state is (TransferState.KEPT if choice is KEEP else TransferState.SETTLED)
    balances = control.balances()
    assert balances["elturco"]["BTC"] == 0
    assert balances["ana"]["BTC"] == (0 if choice is KEEP else 2)
    names = [name for name, _, _ in story(database_url, transfer)]
    assert names.index("set_aside") < names.index("invoice_retired")


async def test_what_is_being_tried_just_now_is_not_chosen_for(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        limited(make_settings, simulator, monkeypatch) as (till, payment, transfer),
        store_at(database_url, "counter 2") as other,
    ):
        held = await claimed(other, transfer)
        sending = await other.record(held, TransferEvent.SEND_STARTED)
        assert sending is not None
        # It stays on the list with its reason, and the badge does not flicker.
        [item] = await till.engine.attention.list()
        assert (item.transfer.state, item.transfer.reason) == (sending.state, transfer.reason)
        for choice in (KEEP, TO_ANA, RETRY):
            with pytest.raises(InputError, match="just now"):
                await till.engine.attention.choose(transfer.id, choice, WHO)
        assert (await till.part(payment, Role.TIP)).state is TransferState.SENDING
        assert ledger.rows(database_url, "SELECT * FROM choices") == []


async def test_chosen_for_another_while_his_wallet_is_looked_up_nobody_else_is_invoiced(
    make_settings: SettingsMaker,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A till that is slow looks the old recipient up, and then takes a number for the new one."""
    monkeypatch.setattr(forwarder, "RESTRICTED_SECONDS", 900.0)
    control, refused = simulator.control, "CreateRecipientInvoice"
    async with running(make_settings(merchant=None), simulator) as till:
        await aside(control.lay_fault, "payload_error", match=refused, code="INVALID_INPUT")
        await aside(control.lay_fault, "payload_error", match=refused, code="INVALID_INPUT")
        payment = await till.charge()
        await till.customer_pays(payment)
        [item] = await items(till, 1)
        # On a quick machine the second refusal would meet the new recipient.
        await aside(control.clear_faults)
        shop, waits = till.engine.shop, asyncio.Event()
        found, choices = shop.wallet, till.engine.attention

        async def slowly(username: str) -> Any:  # noqa: ANN401 (a wallet)
            wallet = await found(username)
            if username == "elturco" and not waits.is_set():
                waits.set()
                await choices.choose(item.transfer.id, TO_ANA, WHO)
                # On a slow machine the engine's own service is faster: carried out it is.
                for waiting in await till.engine.store.waiting_choices(shop.account.id):
                    await till.engine.store.carry_out(waiting)
            return wallet

        monkeypatch.setattr(shop, "wallet", slowly)
        await till.engine.forwarder.forward(payment.id, at_once=True)
        await settled(till, payment)
    assert control.invoices(owner="elturco") == []
    assert (control.balance("elturco"), control.balance("ana")) == (0, 2)
