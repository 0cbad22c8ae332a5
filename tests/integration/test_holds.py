"""A ledger of which Blink has seen more than it holds forwards nothing until that is settled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from blinkpos_desktop.domain.attention import THE_LEDGER, Choice, Remedy
from blinkpos_desktop.domain.difference import Kind, NotOurs, Report
from blinkpos_desktop.domain.errors import InputError, RefusedError, UnavailableError
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    PaymentCompleted,
    PaymentPaid,
    TransferChanged,
)
from blinkpos_desktop.domain.hold import NUMBER_STEP, HeldError, HoldCause
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.domain.transfer import Role, TransferEvent, TransferState, Trouble
from blinkpos_desktop.operations import reconcile
from blinkpos_desktop.services import attention, reconciling
from blinkpos_desktop.services.store.holds import free_account
from blinkpos_desktop.services.turns import CLAIM_SECONDS
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, opened, running
from tests.integration.stores import (
    another_account,
    claimed,
    paid,
    recipient_invoice,
    store_at,
)
from tests.support import ledger

pytestmark = pytest.mark.usefixtures("hasty", "at_once")

E, S = TransferEvent, TransferState
BOOKS = "WalletTransactions"
DANA = parse_recipients(["dana"])
"""Under 10 sats she can't be sent anything by itself."""


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(reconciling, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(reconciling, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(reconcile, "LOOK_SECONDS", 0.02)


def change(database_url: str, sql: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.encode())


def next_number(database_url: str) -> int:
    [row] = ledger.rows(database_url, "SELECT last_value, is_called FROM ledger_numbers")
    return int(row["last_value"]) + int(row["is_called"])


async def taken(till: Till, database_url: str, number: int, recipient: str = "") -> str:
    """A newer copy of the ledger has used this number, and nobody has paid by it."""
    [row] = await aside(ledger.rows, database_url, "SELECT id FROM ledger")
    external_id, account = f"bp-{row['id']}-{number}-1", till.engine.shop.account
    if recipient:
        wallet = await till.engine.shop.wallet(recipient)
        await till.blink.create_recipient_invoice(
            account, wallet, sats=5, memo="newer", external_id=external_id
        )
    else:
        await till.blink.create_invoice(
            account, sats=5, memo="newer", minutes=15, external_id=external_id
        )
    return external_id


async def fix(till: Till) -> Report:
    return await till.engine.reconciling.run(
        till.engine.shop.account, forward=lambda: reconcile._forward(till.engine)
    )


async def release(till: Till) -> None:
    await till.engine.attention.choose(THE_LEDGER, Choice(remedy=Remedy.RELEASE), "ana")


async def completed(till: Till, payment: Payment) -> None:
    await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)


async def test_a_customers_number_that_is_taken_holds_the_ledger_and_selling_goes_on(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        await aside(control.lay_fault, "http_status", match=BOOKS, status=500, times=None)
        before = next_number(database_url)
        external_id = await taken(till, database_url, before)
        with pytest.raises(RefusedError, match="Nothing was sold; the next sale takes a new"):
            await till.charge()
        told = await till.facts.wait_for(AttentionChanged, lambda f: f.hold is not None)
        assert told.hold is not None
        assert (told.hold.cause, told.hold.external_id) == (HoldCause.ID_TAKEN, external_id)
        assert "Nothing is forwarded." in told.hold.sentence
        assert ledger.states(database_url) == ["failed"]
        # The next sale's number is far beyond all that a newer copy can have used.
        payment = await till.charge()
        assert payment.id > before + NUMBER_STEP
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
        await till.engine.forwarder.forward(payment.id, at_once=True)
        now = await till.now(payment)
        assert (now.state, {each.state for each in now.transfers} & {S.SENDING, S.SETTLED}) == (
            PaymentState.PAID,
            set(),
        )
        assert "Pay" not in await aside(control.requests)
        with pytest.raises(InputError, match="being compared with Blink"):
            await release(till)
        # Compared with Blink, nothing differs: the hold is over, and it is forwarded.
        seen = len(till.facts.facts)
        await aside(control.clear_faults)
        await till.facts.wait_for(AttentionChanged, lambda f: f.hold is None, after=seen)
        await completed(till, payment)
        with pytest.raises(InputError, match="not held"):
            await release(till)
    [hold] = ledger.rows(database_url, "SELECT * FROM holds")
    assert hold["outcome"].startswith("comparison ")
    assert next_number(database_url) > before + 2 * NUMBER_STEP
    assert control.balances()["elturco"]["BTC"] == 2
    control.verify()


async def test_a_recipients_number_that_is_taken_holds_the_ledger_too(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as till:
        await aside(control.lay_fault, "http_status", match=BOOKS, status=500, times=None)
        # The tip's: the payment's number, the merchant's and then his.
        await taken(till, database_url, next_number(database_url) + 2, "elturco")
        payment = await till.charge()
        await till.facts.wait_for(AttentionChanged, lambda f: f.hold is not None)
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentPaid)
        await till.engine.forwarder.forward(payment.id, at_once=True)
        # What was prepared before it is not sent either.
        base = await till.part(payment, Role.MERCHANT)
        assert base.state is S.PREPARED
        assert "Pay" not in await aside(control.requests)
        await aside(control.clear_faults)
        await completed(till, payment)
    tips = control.invoices(owner="elturco")
    assert [each["status"] for each in tips] == ["open", "paid"]
    assert int(tips[1]["external_id"].rsplit("-", 1)[1]) > 1000, "past all old attempts"
    control.verify()


async def test_a_hold_that_cannot_be_written_yet_stops_its_process_all_the_same(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with opened(make_settings(), simulator) as till:
        await taken(till, database_url, next_number(database_url))
        await aside(change, database_url, "ALTER TABLE holds RENAME TO elsewhere")
        for _ in range(2):
            with pytest.raises(Exception, match="database"):
                await till.charge()
        assert (await aside(simulator.control.requests))["CreateInvoice"] == 2
        await aside(change, database_url, "ALTER TABLE elsewhere RENAME TO holds")
        await till.charge()
        assert await till.engine.attention.hold()


async def test_a_send_starts_before_a_hold_or_not_at_all(database_url: str) -> None:
    """Prepared sends of every till: the hold is looked at in the statement that starts one."""
    async with store_at(database_url) as one, store_at(database_url, "bar") as other:
        ready = []
        for store in (one, other):
            transfer = await claimed(store, (await paid(store)).transfers[0])
            attempt = await store.begin_transfer_attempt(transfer.id)
            made = recipient_invoice(attempt)
            ready.append(await store.store_recipient_invoice(attempt.transfer, made))
        first, second = ready
        assert first is not None
        assert second is not None
        connection = await psycopg.AsyncConnection.connect(database_url)
        async with connection, connection.cursor() as cursor:
            # A hold that is being placed, and is not committed yet.
            await cursor.execute("SELECT hold_id FROM ledger FOR UPDATE")
            sending = asyncio.ensure_future(one.record(first, E.SEND_STARTED))
            await _waits_for_a_lock(database_url)
            await cursor.execute(
                "INSERT INTO holds (cause, till, process) VALUES ('restored', 't', "
                "gen_random_uuid()) RETURNING id"
            )
            await cursor.execute(
                "UPDATE ledger SET hold_id = (SELECT max(id) FROM holds), "
                "held_accounts = ARRAY['account-1']"
            )
            await connection.commit()
            with pytest.raises(HeldError, match="Nothing is forwarded"):
                await sending
        with pytest.raises(HeldError):
            await other.record(second, E.SEND_STARTED)
        with pytest.raises(HeldError):
            await other.begin_transfer_attempt(
                (await claimed(other, (await paid(other)).transfers[0])).id
            )
        # What a person chooses waits too, and what is known otherwise is recorded all the same.
        given_up = await other.record(second, E.GAVE_UP)
        assert given_up is not None
        with pytest.raises(HeldError):
            await other.choose(second.id, Choice(remedy=Remedy.RETRY), "ana")


async def _waits_for_a_lock(database_url: str) -> None:
    sql = "SELECT 1 FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(20):
        while not await aside(ledger.rows, database_url, sql):  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.01)


async def test_a_comparison_that_began_before_the_hold_frees_nothing(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with opened(make_settings(), simulator) as till:
        await till.charge()
        books, account = till.engine.reconciling._books, till.engine.shop.account
        early = await books.begin(account.id, None)
        await till.engine.store.hold(HoldCause.ID_TAKEN, "x")
        later = await books.begin(account.id, None)
        await till.engine.store.hold(HoldCause.ID_TAKEN, "y")
        for run in (early, later):
            report = Report(
                since=0, asked=0, transactions=0, not_ours=NotOurs(), found=(), remaining=()
            )
            assert not await books.finish(run, report)
        # One that leaves a gap behind the last complete one's window proves nothing either.
        gap = await till.engine.reconciling.run(account, since=2_000_000_000)
        assert not gap.is_released
        assert (await till.engine.reconciling.run(account)).is_released


async def test_nothing_leaves_from_another_servers_timeline_before_it_is_compared(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with running(make_settings(), simulator) as till:
        payment = await till.charge()
        await aside(simulator.control.wait_for_invoice, "elturco")
        await aside(change, database_url, "UPDATE ledger SET timeline = '0000000F'")
        await till.customer_pays(payment)
        held = await till.facts.wait_for(AttentionChanged, lambda f: f.hold is not None)
        assert held.hold is not None
        assert held.hold.cause is HoldCause.RESTORED
        await till.facts.wait_for(PaymentCompleted)
    [now] = ledger.rows(database_url, "SELECT timeline <> '0000000F' AS lives_here FROM ledger")
    assert now["lives_here"]
    [hold] = ledger.rows(database_url, "SELECT outcome FROM holds")
    assert hold["outcome"]
    simulator.control.verify()


async def test_each_account_is_freed_by_its_own_comparison(database_url: str) -> None:
    async with store_at(database_url) as store:
        sales = [await paid(store), await paid(store, another_account())]
        await store.hold(HoldCause.RESTORED)
        async with store.connections.transaction() as transaction:
            row = await transaction.one("lock_ledger")
            assert await free_account(
                transaction, row["hold_id"], "account-1", highest=None, outcome="x"
            )
        assert await store.held("account-1") is None
        assert await store.held("account-2")
        assert await store.held("")
        free, held = [await claimed(store, each.transfers[0]) for each in sales]
        assert (await store.begin_transfer_attempt(free.id)).external_id
        with pytest.raises(HeldError):
            await store.begin_transfer_attempt(held.id)


@asynccontextmanager
async def restored(
    make_settings: SettingsMaker, simulator: Simulator, copy_url: str
) -> AsyncIterator[Till]:
    """A till on an older copy of the ledger, held as ``blinkpos restore`` leaves it."""
    settings = make_settings(database_url=Secret(copy_url))
    async with opened(settings, simulator, only_own=True) as till:
        await till.engine.store.hold(HoldCause.RESTORED)
        yield till


def copied(database_url: str) -> str:
    """A copy of the ledger as it stands."""
    server, name = database_url.rsplit("/", 1)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}".encode())
    return f"{database_url}_copy"


async def left(make_settings: SettingsMaker, simulator: Simulator, *, prepares: bool) -> Payment:
    """A sale that is paid, and of which nothing is passed on."""
    async with opened(make_settings(), simulator, prepares=prepares) as till:
        payment = await till.charge()
        if prepares:
            await aside(simulator.control.wait_for_invoice, "elturco")
        await till.customer_pays(payment)
        await till.engine.reconciling._record(payment.id, None)
        await till.engine.supervisor.stop()
        return await till.now(payment)


@pytest.mark.parametrize("state", ["planned", "prepared", "attention", "its id was refused"])
async def test_what_a_newer_copy_sent_is_marked_before_anything_is_forwarded(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str, state: str
) -> None:
    control = simulator.control
    payment = await left(make_settings, simulator, prepares=state == "prepared")
    if state == "attention":
        async with store_at(database_url) as store:
            for each in payment.transfers:
                await store.record(await claimed(store, each), E.GAVE_UP, reason="x")
                await store.release(each.id)
    copy_url = copied(database_url)
    if state == "attention":
        async with store_at(database_url) as store:
            for each in payment.transfers:
                await store.choose(each.id, Choice(remedy=Remedy.RETRY), "ben")
    async with running(make_settings(), simulator) as newer:
        await completed(newer, payment)
    sends = control.requests()["Pay"]
    async with restored(make_settings, simulator, copy_url) as till:
        if state == "its id was refused":
            # As if the first to notice had been the number itself.
            change(
                copy_url,
                "UPDATE ledger SET hold_id = NULL, held_accounts = '{}';"
                "UPDATE holds SET ended_at = now(), outcome = 'x'",
            )
            await till.engine.forwarder.forward(payment.id)
            hold = await till.engine.attention.hold()
            assert hold is not None
            assert hold.cause is HoldCause.ID_TAKEN
        seen = await till.engine.reconciling.run(till.engine.shop.account)
        assert {each.kind for each in seen.remaining} == {Kind.SENT}
        assert (seen.was_held, seen.is_released) == (True, False)
        report = await fix(till)
        assert (report.remaining, report.was_held, report.is_released) == ((), True, True)
        now = await till.now(payment)
        assert now.state is PaymentState.COMPLETED
        assert {each.state for each in now.transfers} == {S.SETTLED}
        assert (await till.engine.audit()).holds
        assert await till.engine.attention.hold() is None
    assert control.requests()["Pay"] == sends
    assert [control.balance(name) for name in ("till", "cafe", "elturco")] == [0, 21, 2]
    control.verify()


async def test_what_somebody_was_at_is_marked_soon_and_the_ledger_freed(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A claim in the way costs moments, not the five minutes that what differs for long waits."""
    monkeypatch.setattr(reconciling, "START_SECONDS", 0.0)
    monkeypatch.setattr(reconciling, "RETRY_SECONDS", 3600.0)
    payment = await left(make_settings, simulator, prepares=True)
    copy_url = copied(database_url)
    async with running(make_settings(), simulator) as newer:
        await completed(newer, payment)
    async with store_at(copy_url) as other:
        tip = payment.transfers[1]
        assert await other.claim(tip.id, seconds=CLAIM_SECONDS) is not None
        async with restored(make_settings, simulator, copy_url) as till:
            till.engine.supervisor.start(
                "daily", till.engine.reconciling.run_daily(lambda: till.engine.shop.account)
            )
            async with asyncio.timeout(LIMIT):
                while not await aside(ledger.rows, copy_url, _COMPARED):
                    pass
                assert await till.engine.attention.hold() is not None
                await other.release(tip.id)
                while await aside(ledger.rows, copy_url, _HELD):
                    pass
            assert {each.state for each in (await till.now(payment)).transfers} == {S.SETTLED}


_HELD = "SELECT id FROM holds WHERE ended_at IS NULL"
_COMPARED = "SELECT id FROM reconciliations WHERE finished_at IS NOT NULL"


async def test_what_was_retired_and_sent_anew_is_marked_only_by_the_three_conditions(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    payment = await left(make_settings, simulator, prepares=True)
    copy_url = copied(database_url)
    # The newer copy gave the prepared invoices up and took others.
    change(
        database_url,
        "UPDATE recipient_invoices SET retired_at = now();UPDATE transfers SET state = 'planned'",
    )
    async with running(make_settings(), simulator) as newer:
        await completed(newer, payment)
    just_now = "UPDATE transfers SET last_sent_at = now()"
    change(copy_url, just_now)
    async with restored(make_settings, simulator, copy_url) as till:
        for _ in range(2):
            report = await fix(till)
            assert {each.kind for each in report.remaining} == {Kind.SENT}
            assert not report.is_released
        with pytest.raises(InputError, match="reconcile --fix"):
            await release(till)
        change(copy_url, "UPDATE transfers SET last_sent_at = now() - interval '11 minutes'")
        assert (await fix(till)).is_released
        assert (await till.now(payment)).state is PaymentState.COMPLETED
        assert (await till.engine.audit()).holds
    found = ledger.rows(copy_url, "SELECT retired_at IS NULL AS lives FROM recipient_invoices")
    assert sorted(row["lives"] for row in found) == [False, False, True, True]
    assert simulator.control.balance("till") == 0


async def test_rows_that_are_missing_are_a_persons_to_judge(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with running(make_settings(), simulator) as newer:
        old = await newer.charge()
        await newer.customer_pays(old)
        await completed(newer, old)
        debt = await newer.charge(20, recipients=DANA)
        await newer.customer_pays(debt)
        await newer.facts.wait_for(TransferChanged, lambda f: f.transfer.trouble is Trouble.OWED)
    copy_url = copied(database_url)
    async with running(make_settings(), simulator) as newer:
        lost = await newer.charge(200, recipients=DANA)
        await newer.customer_pays(lost)
        await completed(newer, lost)
        await completed(newer, debt)
    async with restored(make_settings, simulator, copy_url) as till:
        unsold = next_number(copy_url)
        report = await fix(till)
        # Received once, and sent to the merchant and to her.
        assert [each.kind for each in report.differing] == [Kind.NO_ROW] * 3
        assert not report.is_released
        hold = await till.engine.attention.hold()
        assert hold is not None
        assert hold.can_release
        assert "no other copy of it is in use" in hold.sentence
        keep = Choice(remedy=Remedy.KEEP)
        change(copy_url, "UPDATE transfers SET state = 'attention' WHERE trouble = 'owed'")
        part = await till.part(debt, Role.TIP)
        with pytest.raises(InputError, match="Nothing is forwarded"):
            await till.engine.attention.choose(part.id, keep, "ana")
        change(copy_url, "UPDATE transfers SET state = 'planned' WHERE trouble = 'owed'")
        await release(till)
        assert await till.engine.attention.hold() is None
        # One of the lost sales took the debt along: it is not sent again by itself.
        doubted = await till.part(debt, Role.TIP)
        assert (doubted.state, doubted.trouble) == (S.ATTENTION, Trouble.NONE)
        assert "may have sent it along" in doubted.reason
        assert next_number(copy_url) == unsold + NUMBER_STEP
        assert (await fix(till)).was_held is False
    [row] = ledger.rows(copy_url, "SELECT outcome FROM holds")
    assert row["outcome"] == "released by ana"
    control.verify()


async def test_another_sum_under_a_transfers_number_is_handed_to_a_person(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    payment = await left(make_settings, simulator, prepares=False)
    async with restored(make_settings, simulator, database_url) as till:
        tip = next(each for each in payment.transfers if each.role is Role.TIP)
        await till.engine.shop.open()
        external_id = await taken(till, database_url, tip.id, "elturco")
        [invoice] = simulator.control.invoices(owner="elturco")
        assert invoice["external_id"] == external_id
        await aside(simulator.control.fund, "till", 5)
        await till.blink.pay(payment.wallet_id, invoice["payment_request"], "newer")
        report = await fix(till)
        assert [each.kind for each in report.differing] == [Kind.MAYBE_SENT]
        handed = await till.part(payment, Role.TIP)
        assert handed.state is S.ATTENTION
        assert "newer copy" in handed.reason
        await release(till)
        await fix(till)
        assert (await till.part(payment, Role.MERCHANT)).state is S.SETTLED
        assert (await till.part(payment, Role.TIP)).state is S.ATTENTION


async def test_while_blink_is_away_the_hold_stays(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    await left(make_settings, simulator, prepares=False)
    async with restored(make_settings, simulator, database_url) as till:
        await aside(simulator.control.lay_fault, "http_status", match=BOOKS, status=500)
        with pytest.raises(UnavailableError):
            await fix(till)
        assert await till.engine.attention.hold()
        assert (await fix(till)).is_released
