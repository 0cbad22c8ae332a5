"""One suite for Blink's model and for the real client on the simulator over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import pytest

from blinkpos_desktop.domain.blink import (
    Account,
    BlinkRefusedError,
    CannotReceiveError,
    Direction,
    IdTakenError,
    InvoiceStatus,
    RateLimitedError,
    SendStatus,
    TransactionStatus,
    UnknownRecipientError,
    WalletTransaction,
)
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.payment import Invoice
from blinkpos_desktop.domain.transfer import RecipientInvoice
from blinkpos_desktop.services.blink import client
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.transport import Transport
from blinkpos_desktop.services.ports import BlinkGateway, Statement
from blinkpos_desktop.simulator.client import ControlClient, ControlError
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import TILL_KEY
from tests.simulation import blink_books
from tests.simulation.blink_line import BlinkLine
from tests.simulation.blink_model import BlinkModel
from tests.simulation.calm import Calm, Immortal
from tests.simulation.faults import BlinkFaults
from tests.simulation.tills import account

_ID: Final = "bp-contract0000-1-"


class People(Protocol):
    """Whoever else uses Blink, and its time."""

    async def pay(self, request: str, *, sats: int | None = None, inside: bool = False) -> bool: ...
    async def advance(self, seconds: float) -> None: ...
    async def fund(self, username: str, sats: int) -> None: ...
    async def balance(self, username: str) -> int: ...
    async def wind_down(self, username: str) -> None: ...
    async def next_stays_in_flight(self) -> None: ...
    async def resolve(self, payment_hash: str, *, paid: bool) -> None: ...
    async def lock(self, seconds: float) -> None: ...
    async def limit(self, sats: int) -> None: ...


class ModelPeople:
    def __init__(self, calm: Calm, model: BlinkModel) -> None:
        self._calm, self._model = calm, model

    async def pay(self, request: str, *, sats: int | None = None, inside: bool = False) -> bool:
        payment_hash = self._model.read(request).payment_hash
        try:
            if inside:
                self._model.pay_from_inside(self._model.usernames["visitor"], payment_hash)
            else:
                self._model.pay_from_outside(payment_hash, sats)
        except TillError:
            return False
        return True

    async def advance(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def fund(self, username: str, sats: int) -> None:
        self._model.fund(self._model.usernames[username], sats)

    async def balance(self, username: str) -> int:
        return self._model.books.balances[self._model.usernames[username].id]

    async def wind_down(self, username: str) -> None:
        self._model.usernames[username].receive_disabled = True

    async def next_stays_in_flight(self) -> None:
        self._calm.chances.pending = 1.0

    async def resolve(self, payment_hash: str, *, paid: bool) -> None:
        self._calm.chances.pending = 0.0
        self._model.resolve(payment_hash, paid=paid)

    async def lock(self, seconds: float) -> None:
        self._model._locks["till/btc"] = self._calm.loop.time() + seconds

    async def limit(self, sats: int) -> None:
        self._model.daily_limit.most["till/btc"] = sats


class SimulatorPeople:
    def __init__(self, control: ControlClient) -> None:
        self._control = control

    async def pay(self, request: str, *, sats: int | None = None, inside: bool = False) -> bool:
        payer = "visitor" if inside else None
        try:
            self._control.pay(request, amount_sats=sats, from_username=payer)
        except ControlError:
            return False
        return True

    async def advance(self, seconds: float) -> None:
        self._control.advance(seconds)

    async def fund(self, username: str, sats: int) -> None:
        self._control.fund(username, sats)

    async def balance(self, username: str) -> int:
        return self._control.balance(username)

    async def wind_down(self, username: str) -> None:
        self._control.change_account(username, receive_disabled=True)

    async def next_stays_in_flight(self) -> None:
        self._control.lay_fault("send_status", match="lnInvoicePaymentSend", status="PENDING")

    async def resolve(self, payment_hash: str, *, paid: bool) -> None:
        self._control.resolve(payment_hash, paid=paid)

    async def lock(self, seconds: float) -> None:
        self._control.settings(lock_poll_milliseconds=(1, 2))
        self._control.lock_wallet("till", lock_seconds=seconds)

    async def limit(self, sats: int) -> None:
        self._control.set_price("USD", 100_000_000)  # a sat is a cent
        self._control.change_account("till", daily_limit_cents=sats)


class Gateway(BlinkGateway, Statement, Protocol):
    """All of Blink that the till uses."""


class Blink:
    """A gateway, its account, and the people around."""

    def __init__(self, gateway: Gateway, own: Account, people: People) -> None:
        self.gateway, self.own, self.people = gateway, own, people
        self._number = 0

    async def invoice(self, sats: int = 100, minutes: int = 15) -> Invoice:
        self._number += 1
        return await self.gateway.create_invoice(
            self.own, sats=sats, memo="A sale", minutes=minutes, external_id=f"{_ID}{self._number}"
        )

    async def recipients(self, username: str = "elturco", sats: int = 100) -> RecipientInvoice:
        self._number += 1
        wallet = await self.gateway.recipient(username)
        return await self.gateway.create_recipient_invoice(
            self.own, wallet, sats=sats, memo="A tip", external_id=f"{_ID}{self._number}"
        )

    async def pay(self, invoice: RecipientInvoice | Invoice) -> tuple[SendStatus, str]:
        answer = await self.gateway.pay(self.own.btc_wallet_id, invoice.payment_request, "A tip")
        return answer.status, answer.code

    async def status(self, invoice: RecipientInvoice | Invoice) -> InvoiceStatus:
        return await self.gateway.invoice_status(invoice.payment_hash)

    async def cancel(self, payment_hash: str) -> bool:
        return await self.gateway.cancel_invoice(self.own.btc_wallet_id, payment_hash)

    async def received(self, invoice: Invoice) -> int | None:
        return await self.gateway.received_sats(self.own.btc_wallet_id, invoice.payment_hash)

    async def sent(self, invoice: RecipientInvoice) -> TransactionStatus | None:
        return await self.gateway.sent_status(self.own.btc_wallet_id, invoice.payment_hash)


Body = Callable[[Blink], Awaitable[None]]
Run = Callable[[Body], None]


@pytest.fixture(params=["model", "simulator"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a body with a fresh Blink."""
    if request.param == "model":
        return _run_on_model
    simulator: Simulator = request.getfixturevalue("simulator")
    return lambda body: asyncio.run(_run_on_simulator(body, simulator))


def _run_on_model(body: Body) -> None:
    calm = Calm()
    model = BlinkModel(loop=calm.loop, random=calm.random)
    for username in ("till", "cafe", "elturco", "ana", "visitor"):
        model.open(username)
    model.open("dana", is_usd=True)
    model.fund(model.usernames["visitor"], 10_000_000)
    faults = BlinkFaults(calm.chances, calm.random, calm.story)
    gateway = BlinkLine(model, faults, Immortal(), account())

    async def with_blink() -> None:
        await body(Blink(gateway, await gateway.account(), ModelPeople(calm, model)))
        model.books.verify()

    calm.loop.run(with_blink())


async def _run_on_simulator(body: Body, simulator: Simulator) -> None:
    transport = Transport(simulator.api_url, TILL_KEY)
    gateway = BlinkClient(transport)
    try:
        await body(Blink(gateway, await gateway.account(), SimulatorPeople(simulator.control)))
    finally:
        await transport.close()
    simulator.control.verify()


def test_a_customer_pays_once_and_what_came_in_is_told(run: Run) -> None:
    async def body(blink: Blink) -> None:
        invoice = await blink.invoice()
        assert await blink.status(invoice) is InvoiceStatus.PENDING
        assert await blink.received(invoice) is None
        assert not await blink.people.pay(invoice.payment_request, sats=201)
        assert not await blink.people.pay(invoice.payment_request, sats=99)
        assert await blink.people.pay(invoice.payment_request, sats=150)
        assert await blink.status(invoice) is InvoiceStatus.PAID
        assert await blink.received(invoice) == 150
        for inside in (False, True):
            assert not await blink.people.pay(invoice.payment_request, inside=inside)
        assert await blink.people.balance("till") == 150

    run(body)


def test_an_external_id_is_used_once(run: Run) -> None:
    async def body(blink: Blink) -> None:
        for _ in range(2):
            await blink.invoice()
        blink._number = 0
        with pytest.raises(IdTakenError) as refused:
            await blink.invoice()
        assert refused.value.code == "INVALID_INPUT"
        # Unique for each account that receives.
        blink._number = 0
        await blink.recipients()
        blink._number = 0
        with pytest.raises(IdTakenError):
            await blink.recipients()

    run(body)


def test_a_refused_cancel_proves_nothing(run: Run) -> None:
    async def body(blink: Blink) -> None:
        cancelled, paid, expired = [await blink.invoice() for _ in range(3)]
        assert await blink.cancel(cancelled.payment_hash) is True
        assert await blink.cancel(cancelled.payment_hash) is False
        assert await blink.status(cancelled) is InvoiceStatus.PENDING
        await blink.people.pay(paid.payment_request)
        assert await blink.cancel(paid.payment_hash) is False
        await blink.people.advance(15 * 60 + 1)
        assert await blink.cancel(expired.payment_hash) is False
        assert await blink.cancel("ab" * 32) is False
        assert [await blink.status(each) for each in (cancelled, paid, expired)] == [
            InvoiceStatus.EXPIRED,
            InvoiceStatus.PAID,
            InvoiceStatus.EXPIRED,
        ]

    run(body)


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_expiry_and_cancelling_bind_only_payers_from_outside(run: Run, how: str) -> None:
    async def body(blink: Blink) -> None:
        invoice = await blink.invoice()
        if how == "cancelled":
            assert await blink.cancel(invoice.payment_hash)
        else:
            await blink.people.advance(15 * 60 + 1)
        assert not await blink.people.pay(invoice.payment_request)
        assert await blink.people.pay(invoice.payment_request, inside=True)
        assert await blink.status(invoice) is InvoiceStatus.PAID
        assert await blink.received(invoice) == 100

    run(body)


def test_an_unknown_invoices_status_is_refused(run: Run) -> None:
    async def body(blink: Blink) -> None:
        with pytest.raises(BlinkRefusedError):
            await blink.gateway.invoice_status("ab" * 32)

    run(body)


def test_paying_twice_moves_money_once_and_the_second_answer_has_two_shapes(run: Run) -> None:
    async def body(blink: Blink) -> None:
        await blink.people.fund("till", 1000)
        invoice = await blink.recipients()
        assert await blink.sent(invoice) is None
        assert await blink.pay(invoice) == (SendStatus.SUCCESS, "")
        assert (await blink.pay(invoice))[0] is SendStatus.ALREADY_PAID
        await blink.people.advance(301)
        late = await blink.pay(invoice)
        assert late == (SendStatus.FAILURE, "LIGHTNING_PAYMENT_ERROR")
        assert await blink.status(invoice) is InvoiceStatus.PAID
        assert await blink.sent(invoice) is TransactionStatus.SUCCESS
        assert await blink.people.balance("till") == 900
        assert await blink.people.balance("elturco") == 100

    run(body)


def test_what_another_paid_is_a_failure_and_nothing_of_ours(run: Run) -> None:
    async def body(blink: Blink) -> None:
        await blink.people.fund("till", 1000)
        invoice = await blink.recipients()
        assert await blink.people.pay(invoice.payment_request, inside=True)
        assert await blink.pay(invoice) == (SendStatus.FAILURE, "LIGHTNING_PAYMENT_ERROR")
        assert await blink.sent(invoice) is None

    run(body)


@pytest.mark.parametrize("paid", [True, False])
def test_pending_is_in_flight_until_it_arrives_or_comes_back(
    run: Run,
    paid: bool,  # noqa: FBT001 (a parameter)
) -> None:
    async def body(blink: Blink) -> None:
        await blink.people.fund("till", 100)
        invoice = await blink.recipients()
        await blink.people.next_stays_in_flight()
        assert (await blink.pay(invoice))[0] is SendStatus.PENDING
        assert await blink.sent(invoice) is TransactionStatus.PENDING
        assert await blink.status(invoice) is InvoiceStatus.PENDING
        assert await blink.people.balance("till") == 0
        assert await blink.pay(invoice) == (SendStatus.FAILURE, "LIGHTNING_PAYMENT_ERROR")
        await blink.people.resolve(invoice.payment_hash, paid=paid)
        if paid:
            assert await blink.sent(invoice) is TransactionStatus.SUCCESS
            assert await blink.status(invoice) is InvoiceStatus.PAID
        else:
            assert await blink.sent(invoice) is TransactionStatus.FAILURE
            assert await blink.people.balance("till") == 100
            assert (await blink.pay(invoice))[0] is SendStatus.SUCCESS
            assert await blink.sent(invoice) is TransactionStatus.SUCCESS
        assert await blink.people.balance("elturco") == 100

    run(body)


def test_an_old_recipients_invoice_is_not_dead(run: Run) -> None:
    async def body(blink: Blink) -> None:
        await blink.people.fund("till", 100)
        invoice = await blink.recipients()
        await blink.people.advance(24 * 3600 + 1)
        assert await blink.status(invoice) is InvoiceStatus.EXPIRED
        assert (await blink.pay(invoice))[0] is SendStatus.SUCCESS

    run(body)


def test_what_cannot_be_paid_moves_nothing(run: Run) -> None:
    async def body(blink: Blink) -> None:
        poor = await blink.recipients()
        assert await blink.pay(poor) == (SendStatus.FAILURE, "INSUFFICIENT_BALANCE")
        await blink.people.fund("till", 1000)
        assert await blink.pay(await blink.invoice()) == (SendStatus.FAILURE, "CANT_PAY_SELF")
        closing = await blink.recipients("ana")
        await blink.people.wind_down("ana")
        assert await blink.pay(closing) == (SendStatus.FAILURE, "RECEIVE_DISABLED")
        with pytest.raises(CannotReceiveError):
            await blink.recipients("ana")
        assert await blink.people.balance("till") == 1000

    run(body)


def test_what_may_be_sent_a_day_is_a_sum_that_passes_with_time(run: Run) -> None:
    async def body(blink: Blink) -> None:
        await blink.people.fund("till", 1000)
        await blink.people.limit(250)
        first, second, third = [await blink.recipients() for _ in range(3)]
        assert (await blink.pay(first))[0] is SendStatus.SUCCESS
        await blink.people.advance(3600)
        assert (await blink.pay(second))[0] is SendStatus.SUCCESS
        assert await blink.pay(third) == (SendStatus.FAILURE, "TRANSACTION_RESTRICTED")
        small = await blink.recipients(sats=50)
        assert (await blink.pay(small))[0] is SendStatus.SUCCESS
        # The first hundred are a day old, and of the others none is.
        await blink.people.advance(23 * 3600 + 60)
        assert (await blink.pay(third))[0] is SendStatus.SUCCESS
        assert await blink.people.balance("till") == 650

    run(body)


def test_our_wallets_transactions_are_told_page_by_page(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blink_books, "PAGE_SIZE", 5)
    monkeypatch.setattr(client, "PAGE_SIZE", 5)

    async def body(blink: Blink) -> None:
        await blink.people.fund("till", 1000)
        sent, received = [], []
        for sats in range(1, 8):
            sent.append(await blink.recipients(sats=sats))
            assert (await blink.pay(sent[-1]))[0] is SendStatus.SUCCESS
        await blink.people.advance(10)
        for _ in range(6):
            received.append(await blink.invoice(sats=7))
            assert await blink.people.pay(received[-1].payment_request, sats=9)
        found: list[WalletTransaction] = []
        pages = 0
        after: str | None = None
        while after is not None or not pages:
            page = await blink.gateway.transaction_page(blink.own.btc_wallet_id, after)
            found += page.transactions
            pages, after = pages + 1, page.after
        assert pages == 3
        made_at = [each.created_at for each in found]
        assert made_at == sorted(made_at, reverse=True)
        assert all(each.status is TransactionStatus.SUCCESS for each in found)
        # What others put into the wallet carries neither of the two names.
        ours = [each for each in reversed(found) if each.external_id or each.payment_hash]
        names = [(each.sats, each.payment_hash, each.external_id) for each in ours]
        assert names == [
            *((sats, each.payment_hash, f"{_ID}{sats}") for sats, each in enumerate(sent, 1)),
            *((9, each.payment_hash, f"{_ID}{number}") for number, each in enumerate(received, 8)),
        ]
        ways = [each.direction for each in ours]
        assert ways == [Direction.SEND] * len(sent) + [Direction.RECEIVE] * len(received)

    run(body)


def test_a_wallets_lock_is_polled_for_and_then_nothing_was_done(run: Run) -> None:
    async def body(blink: Blink) -> None:
        await blink.people.fund("till", 1000)
        invoice = await blink.recipients()
        await blink.people.lock(100.0)
        assert await blink.pay(invoice) == (SendStatus.FAILURE, "UNEXPECTED_CLIENT_ERROR")
        assert await blink.people.balance("till") == 1000
        await blink.people.advance(200.0)
        assert (await blink.pay(invoice))[0] is SendStatus.SUCCESS

    run(body)


def test_one_invoice_too_many_blocks_its_own_kind_for_five_minutes(run: Run) -> None:
    async def body(blink: Blink) -> None:
        for _ in range(60):
            await blink.invoice()
        with pytest.raises(RateLimitedError):
            await blink.invoice()
        await blink.recipients()
        await blink.people.advance(200)
        with pytest.raises(RateLimitedError):
            await blink.invoice()
        await blink.people.advance(101)
        await blink.invoice()

    run(body)


def test_a_usd_wallets_invoice_is_short_and_above_a_cent(run: Run) -> None:
    async def body(blink: Blink) -> None:
        assert (await blink.gateway.recipient("dana")).is_usd
        assert not (await blink.gateway.recipient("elturco")).is_usd
        with pytest.raises(UnknownRecipientError):
            await blink.gateway.recipient("nobody_at_all")
        with pytest.raises(BlinkRefusedError):
            await blink.recipients("dana", sats=5)
        await blink.people.fund("till", 1000)
        invoice = await blink.recipients("dana", sats=500)
        await blink.people.advance(5 * 60 + 1)
        assert await blink.status(invoice) is InvoiceStatus.EXPIRED
        assert (await blink.pay(invoice))[0] is SendStatus.SUCCESS
        assert await blink.people.balance("till") == 500

    run(body)
