"""Money is passed on exactly once, whatever Blink answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from blinkpos_desktop.domain import refusals
from blinkpos_desktop.domain.facts import PaymentCompleted, PaymentPaid, TransferChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.domain.transfer import Role, TransferState, Trouble
from blinkpos_desktop.services import forwarder
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import Till, aside, opened, running

pytestmark = pytest.mark.usefixtures("hasty")

SEND = "lnInvoicePaymentSend"


async def _sold(till: Till, **sale: Any) -> Payment:  # noqa: ANN401 (arguments of charge)
    payment = await till.charge(**sale)
    await till.customer_pays(payment)
    return payment


async def _completed(till: Till, payment: Payment) -> Payment:
    fact = await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
    return fact.payment


async def _waits(till: Till, payment: Payment, state: TransferState, role: Role) -> TransferChanged:
    return await till.facts.wait_for(
        TransferChanged,
        lambda f: (
            f.payment_id == payment.id and f.transfer.state is state and f.transfer.role is role
        ),
    )


def _moved_once(control: ControlClient, *, cafe: int = 21, elturco: int = 2) -> None:
    balances = control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"], balances["till"]["BTC"]) == (
        cafe,
        elturco,
        0,
    )
    left = [entry for entry in control.ledger() if _leaves_till(entry)]
    assert len(left) == 2
    control.verify()


def _leaves_till(entry: dict[str, Any]) -> bool:
    return any(p["holder"] == "till/BTC" and p["amount"] < 0 for p in entry["postings"])


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("lost_answer", {}),
        ("drop_before", {}),
        ("http_status", {"status": 500}),
        ("http_status", {"status": 429}),
        ("malformed", {"body": "truncated"}),
        ("malformed", {"body": "array"}),
        ("malformed", {"body": "types"}),
        ("null_payload", {"processed": True}),
        ("null_payload", {}),
        ("graphql_error", {"processed": True}),
        ("payload_error", {"code": "UNEXPECTED_CLIENT_ERROR", "processed": True}),
        ("payload_error", {"code": None}),
        (
            "payload_error",
            {
                "code": "UNEXPECTED_CLIENT_ERROR",
                "message": "An error occurred (code: ResourceAttemptsRedlockServiceError)",
            },
        ),
        ("send_status", {"status": "FAILURE", "processed": True}),
        ("send_status", {"status": "ALREADY_PAID"}),
    ],
)
async def test_a_payments_answer_that_proves_nothing_moves_the_money_once(
    make_settings: SettingsMaker, simulator: Simulator, kind: str, details: dict[str, Any]
) -> None:
    if kind == "send_status" and details["status"] == "ALREADY_PAID":
        # The first attempt's answer is lost, the second says ALREADY_PAID by itself.
        kind, details = "hang_after", {}
    await aside(simulator.control.lay_fault, kind, match=SEND, times=1, **details)
    async with running(make_settings(), simulator) as till:
        if kind == "hang_after":
            from blinkpos_desktop.services.blink import client

            assert client.PAY_SECONDS > 1
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(client, "PAY_SECONDS", 0.2)
                await _completed(till, await _sold(till))
        else:
            await _completed(till, await _sold(till))
    _moved_once(simulator.control)


async def test_a_failure_of_what_was_paid_long_ago_is_not_believed(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    """The second shape of the second answer, found after a crash."""
    await aside(simulator.control.settings, already_paid_seconds=-1)
    async with opened(make_settings(), simulator) as till:
        payment = await _prepared(till)
        for transfer in payment.transfers:
            claimed = await till.engine.store.claim(transfer.id, seconds=0)
            assert claimed is not None
            assert claimed.invoice is not None
            await till.blink.pay(payment.wallet_id, claimed.invoice.payment_request, "a crash")
    async with running(make_settings(), simulator) as till:
        await _completed(till, payment)
    _moved_once(simulator.control)


@pytest.mark.parametrize("arrives", [True, False])
async def test_pending_is_neither_paid_nor_failed(
    make_settings: SettingsMaker,
    simulator: Simulator,
    arrives: bool,  # noqa: FBT001 (a parameter)
) -> None:
    await aside(simulator.control.lay_fault, "send_status", match=SEND, status="PENDING")
    async with running(make_settings(), simulator) as till:
        payment = await _sold(till)
        flying = await till.facts.wait_for(
            TransferChanged, lambda f: f.transfer.state is TransferState.IN_FLIGHT
        )
        other = Role.TIP if flying.transfer.role is Role.MERCHANT else Role.MERCHANT
        await _waits(till, payment, TransferState.SETTLED, other)
        # The look-up is asked again and again, and nothing is sent meanwhile.
        seen = (await aside(till.control.requests)).get("Transactions", 0)
        await aside(till.control.wait_for_requests, "Transactions", seen + 3)
        assert (await aside(till.control.requests))[SEND] == 2
        [payment_hash] = await aside(till.control.in_flight)
        await aside(till.control.resolve, payment_hash, paid=arrives)
        await _completed(till, payment)
        made = await aside(till.control.invoices, owner=flying.transfer.recipient)
        assert len(made) == 1
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"], balances["till"]["BTC"]) == (
        21,
        2,
        0,
    )
    simulator.control.verify()


@pytest.mark.parametrize("trouble", ["INSUFFICIENT_BALANCE", "TRANSACTION_RESTRICTED"])
async def test_what_passes_is_shown_and_tried_again(
    make_settings: SettingsMaker, simulator: Simulator, trouble: str
) -> None:
    control = simulator.control
    await aside(control.lay_fault, "payload_error", match=SEND, code=trouble, message="No", times=4)
    async with running(make_settings(), simulator) as till:
        payment = await _sold(till)
        shown = await till.facts.wait_for(
            TransferChanged, lambda f: f.transfer.trouble is Trouble.RESTRICTED
        )
        assert shown.transfer.reason == refusals._OF_PAYMENT[trouble].reason
        assert not shown.transfer.is_finished
        await _completed(till, payment)
    _moved_once(control)


async def test_an_empty_collecting_wallet_waits_for_money(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    control = simulator.control
    async with running(make_settings(merchant=None), simulator) as till:
        payment = await till.charge()
        # Somebody takes everything out before it can be passed on.
        await aside(control.lay_fault, "delay", match="CreateRecipientInvoice", seconds=0.3)
        await till.customer_pays(payment)
        await aside(control.send, "till", "visitor", 23)
        waits = await till.facts.wait_for(TransferChanged, lambda f: bool(f.transfer.reason))
        assert "too little" in waits.transfer.reason
        await aside(control.fund, "till", 23)
        await _completed(till, payment)
    assert control.balances()["elturco"]["BTC"] == 2


@pytest.mark.parametrize("when", ["before the invoice", "before the payment"])
async def test_a_recipient_that_cannot_receive_needs_a_person_and_holds_up_nobody(
    make_settings: SettingsMaker, simulator: Simulator, when: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        if when == "before the invoice":
            await aside(control.change_account, "elturco", receive_disabled=True)
        else:
            # His invoice is made, and then his account is wound down.
            await aside(control.lay_fault, "delay", match=SEND, seconds=0.3, times=2)
        await till.customer_pays(payment)
        if when == "before the payment":
            await aside(control.wait_for_invoice, "elturco")
            await aside(control.change_account, "elturco", receive_disabled=True)
        needs = await _waits(till, payment, TransferState.ATTENTION, Role.TIP)
        assert needs.transfer.reason.startswith("elturco: ")
        assert "can no longer receive" in needs.transfer.reason
        await _waits(till, payment, TransferState.SETTLED, Role.MERCHANT)
        assert (await till.now(payment)).state is PaymentState.PAID
    balances = control.balances()
    assert (balances["cafe"]["BTC"], balances["till"]["BTC"]) == (21, 2)


async def test_a_bug_in_one_transfer_does_not_cut_off_the_other(
    make_settings: SettingsMaker,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from blinkpos_desktop.services.shop import Shop

    whole = Shop.wallet

    async def broken(self: Shop, username: str) -> Any:  # noqa: ANN401 (a wallet)
        if username == "elturco" and sold:
            raise ZeroDivisionError
        return await whole(self, username)

    sold: list[int] = []
    monkeypatch.setattr(Shop, "wallet", broken)
    await aside(simulator.control.lay_fault, "delay", match=SEND, seconds=0.3)
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        sold.append(payment.id)
        await till.customer_pays(payment)
        await _waits(till, payment, TransferState.SETTLED, Role.MERCHANT)
        assert (await till.part(payment, Role.TIP)).state is TransferState.PLANNED
        sold.clear()
        await _completed(till, payment)
    _moved_once(simulator.control)
    assert "ZeroDivisionError" in caplog.text


async def test_a_recipients_wrong_invoice_is_never_paid(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    for number, field in enumerate(("amount", "hash", "network", "expiry")):
        await aside(
            simulator.control.lay_fault,
            "wrong_invoice",
            match="lnInvoiceCreateOnBehalfOfRecipient",
            field=field,
            skip=0 if number else 1,
        )
    async with running(make_settings(), simulator) as till:
        await _completed(till, await _sold(till))
        assert (await aside(till.control.requests))[SEND] == 2
    _moved_once(simulator.control)


async def test_a_lost_answer_to_a_recipients_invoice_takes_a_new_number(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    await aside(
        simulator.control.lay_fault,
        "lost_answer",
        match="lnInvoiceCreateOnBehalfOfRecipient",
        times=2,
    )
    async with running(make_settings(), simulator) as till:
        await _completed(till, await _sold(till))
    _moved_once(simulator.control)
    with psycopg.connect(database_url) as connection:
        ids = connection.execute("SELECT external_id FROM recipient_invoices").fetchall()
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("merchant", "kept", "balances"),
    [(None, "No merchant is set", (0, 2, 21)), ("till", "collecting account itself", (0, 2, 21))],
)
async def test_what_is_kept_by_rule_stays_and_says_so(
    make_settings: SettingsMaker,
    simulator: Simulator,
    merchant: str | None,
    kept: str,
    balances: tuple[int, int, int],
) -> None:
    async with running(make_settings(merchant=merchant), simulator) as till:
        done = await _completed(till, await _sold(till))
        [base] = [each for each in done.transfers if each.role is Role.MERCHANT]
        assert base.state is TransferState.KEPT
        assert kept in base.reason
    now = simulator.control.balances()
    assert (now["cafe"]["BTC"], now["elturco"]["BTC"], now["till"]["BTC"]) == balances


async def test_a_sale_with_nothing_to_forward_is_complete_at_once(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with running(make_settings(merchant=None), simulator) as till:
        done = await _completed(till, await _sold(till, percent=0))
        assert done.state is PaymentState.COMPLETED
    assert simulator.control.balances()["till"]["BTC"] == 21


async def test_a_usd_recipient_is_paid_in_his_own_money(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    dana = parse_recipients(["dana"])
    async with running(make_settings(tip_recipients=dana), simulator) as till:
        done = await _completed(till, await _sold(till, sats=10_000, recipients=dana))
        assert done.tip_sats == 1000
    assert simulator.control.balances()["dana"]["USD"] > 0
    simulator.control.verify()


async def test_several_recipients_and_many_sales_add_up(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    staff = parse_recipients(["ana:60", "ben:40"])
    async with running(make_settings(tip_recipients=staff), simulator) as till:
        sales = await asyncio.gather(*(till.charge(1000, recipients=staff) for _ in range(6)))
        for payment in sales:
            await till.customer_pays(payment)
        for payment in sales:
            await _completed(till, payment)
    balances = simulator.control.balances()
    assert [balances[name]["BTC"] for name in ("cafe", "ana", "ben", "till")] == [
        6000,
        360,
        240,
        0,
    ]
    simulator.control.verify()


async def test_two_tills_forward_once_and_both_are_told(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with (
        running(make_settings(), simulator) as one,
        running(make_settings(till="counter 2"), simulator) as two,
    ):
        sales = [await each.charge() for each in (one, two, one, two)]
        for payment in sales:
            await one.customer_pays(payment)
        for payment in sales:
            await _completed(one, payment)
            await _completed(two, payment)
        for till in (one, two):
            paid = [f.payment.id for f in till.facts.told(PaymentPaid)]
            assert sorted(paid) == sorted(each.id for each in sales)
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"], balances["till"]["BTC"]) == (
        84,
        8,
        0,
    )
    assert len([entry for entry in simulator.control.ledger() if _leaves_till(entry)]) == 8
    simulator.control.verify()


async def test_another_accounts_payment_is_not_forwarded(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with opened(make_settings(), simulator) as till:
        payment = await _paid_and_left(till)
    await aside(simulator.control.open_account, "other", key="blink_sim_other", sats=1000)
    other = make_settings(api_key=Secret("blink_sim_other"))
    async with running(other, simulator) as till:
        await till.engine.forwarder.forward(payment.id)
        mine = await _sold(till)
        await _completed(till, mine)
        assert (await till.now(payment)).state is PaymentState.PAID
    balances = simulator.control.balances()
    assert (balances["till"]["BTC"], balances["other"]["BTC"]) == (23, 1000)
    # With the first key it goes on.
    async with running(make_settings(), simulator) as till:
        await _completed(till, payment)
    assert simulator.control.balances()["till"]["BTC"] == 0


async def _paid_and_left(till: Till) -> Payment:
    """A sale that was paid and recorded, by a process that then died."""
    payment = await till.charge()
    await till.customer_pays(payment)
    paid = await till.engine.store.move(payment.id, PaymentState.PAID, reason="", received_sats=23)
    assert paid is not None
    return paid


async def _prepared(till: Till) -> Payment:
    """The same, with every recipient's invoice stored."""
    payment = await _paid_and_left(till)
    store = till.engine.store
    for transfer in payment.transfers:
        claimed = await store.claim(transfer.id, seconds=0)
        assert claimed is not None
        invoice = await till.blink.create_recipient_invoice(
            till.engine.shop.account,
            await till.engine.shop.wallet(transfer.recipient),
            sats=transfer.sats,
            memo=transfer.memo,
            external_id=(await store.begin_transfer_attempt(transfer.id)).external_id,
        )
        assert await store.store_recipient_invoice(claimed, invoice)
    return await store.payment(payment.id)


@pytest.mark.parametrize(
    "left_in",
    [
        "planned",
        "an attempt without its invoice",
        "prepared",
        "sending, not sent",
        "sending, sent",
        "unknown, not sent",
        "unknown, sent",
        "in flight, arrives",
        "in flight, comes back",
    ],
)
async def test_a_restart_takes_up_what_a_killed_till_left(
    make_settings: SettingsMaker, simulator: Simulator, left_in: str
) -> None:
    async with opened(make_settings(), simulator) as till:
        payment = await _left(till, left_in)
    if left_in.startswith("in flight"):
        for payment_hash in simulator.control.in_flight():
            await aside(simulator.control.resolve, payment_hash, paid=left_in.endswith("arrives"))
    async with running(make_settings(), simulator) as till:
        await _completed(till, payment)
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"], balances["till"]["BTC"]) == (
        21,
        2,
        0,
    )
    simulator.control.verify()


async def _left(till: Till, left_in: str) -> Payment:
    """Bring both transfers to a state and leave them, by the steps that the forwarder takes."""
    from blinkpos_desktop.domain.transfer import TransferEvent

    if left_in == "planned":
        return await _paid_and_left(till)
    store = till.engine.store
    if left_in == "an attempt without its invoice":
        payment = await _paid_and_left(till)
        for transfer in payment.transfers:
            assert await store.claim(transfer.id, seconds=0)
            await till.blink.create_recipient_invoice(
                till.engine.shop.account,
                await till.engine.shop.wallet(transfer.recipient),
                sats=transfer.sats,
                memo=transfer.memo,
                external_id=(await store.begin_transfer_attempt(transfer.id)).external_id,
            )
        return payment
    payment = await _prepared(till)
    if left_in == "prepared":
        return payment
    if left_in.startswith("in flight"):
        await aside(till.control.lay_fault, "send_status", match=SEND, status="PENDING", times=2)
    for transfer in payment.transfers:
        claimed = await store.claim(transfer.id, seconds=0)
        assert claimed is not None
        sending = await store.record(claimed, TransferEvent.SEND_STARTED)
        assert sending is not None
        assert sending.invoice is not None
        if not left_in.endswith("not sent"):
            await till.blink.pay(payment.wallet_id, sending.invoice.payment_request, transfer.memo)
        if left_in.startswith("unknown"):
            assert await store.record(sending, TransferEvent.SEND_LOST, error="gone")
        if left_in.startswith("in flight"):
            assert await store.record(sending, TransferEvent.SEND_PENDING)
    return await store.payment(payment.id)


async def test_a_transfer_that_needs_a_person_is_left_to_him(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    from blinkpos_desktop.domain.transfer import TransferEvent

    async with opened(make_settings(), simulator) as till:
        payment = await _paid_and_left(till)
        tip = await till.part(payment, Role.TIP)
        claimed = await till.engine.store.claim(tip.id, seconds=0)
        assert claimed is not None
        assert await till.engine.store.record(claimed, TransferEvent.GAVE_UP, reason="Why.")
    async with running(make_settings(), simulator) as till:
        await _waits(till, payment, TransferState.SETTLED, Role.MERCHANT)
        left = await till.part(payment, Role.TIP)
        assert (left.state, left.reason) == (TransferState.ATTENTION, "Why.")
    assert simulator.control.balances()["till"]["BTC"] == 2


async def test_another_process_that_holds_the_claim_is_waited_for(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings()
    async with opened(settings, simulator) as holder:
        payment = await _paid_and_left(holder)
        for transfer in payment.transfers:
            assert await holder.engine.store.claim(transfer.id, seconds=25)
        async with running(replace(settings, till="counter 2"), simulator) as till:
            await aside(till.control.reset_requests)
            mine = await _sold(till)
            await _completed(till, mine)
            assert (await till.now(payment)).state is PaymentState.PAID
            for number, transfer in enumerate(payment.transfers):
                # Given back, or made before the database's clock was set back by hours.
                if number:
                    await holder.engine.store.release(transfer.id)
                else:
                    assert await holder.engine.store.claim(transfer.id, seconds=36_000)
            await _completed(till, payment)
    assert simulator.control.balances()["till"]["BTC"] == 0


async def test_a_part_that_blink_makes_no_invoice_for_waits_and_is_shown(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "RESTRICTED_SECONDS", 900.0)
    no = "CreateRecipientInvoice"
    await aside(
        simulator.control.lay_fault, "payload_error", match=no, code="INVALID_INPUT", times=None
    )
    async with running(make_settings(merchant=None), simulator) as till:
        payment = await _sold(till)
        waiting = await till.facts.wait_for(
            TransferChanged, lambda f: f.transfer.trouble is Trouble.RESTRICTED
        )
        assert waiting.transfer.state is TransferState.PLANNED
        assert "tried again" in waiting.transfer.reason
        assert (await till.part(payment, Role.TIP)).reason == waiting.transfer.reason
        [item] = await till.engine.attention.list()
        assert item.transfer == waiting.transfer


async def test_wrong_invoices_again_and_again_need_a_person(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    await aside(
        simulator.control.lay_fault,
        "wrong_invoice",
        match="CreateRecipientInvoice",
        field="amount",
        times=None,
    )
    async with running(make_settings(), simulator) as till:
        payment = await _sold(till, percent=0)
        stuck = await _waits(till, payment, TransferState.ATTENTION, Role.MERCHANT)
        assert "not what was asked" in stuck.transfer.reason
    assert simulator.control.balances()["till"]["BTC"] == 21
