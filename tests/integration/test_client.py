"""Blink over HTTP: what each method gives, and what each failure becomes."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from blinkpos_desktop.domain.blink import (
    Account,
    BelowOneCentError,
    BlinkRefusedError,
    CannotReceiveError,
    IdTakenError,
    InvoiceStatus,
    RateLimitedError,
    Scope,
    SendStatus,
    TransactionStatus,
    UnknownRecipientError,
)
from blinkpos_desktop.domain.errors import (
    OutcomeUnknownError,
    RefusedError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.money import Currency
from blinkpos_desktop.domain.payment import Invoice
from blinkpos_desktop.services.blink import invoices, transport, wire
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.transport import Transport
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import TILL_KEY
from tests.integration.running import aside

USD = Currency(code="USD", digits=2, symbol="$")
Call = Callable[[BlinkClient, Account], Awaitable[object]]


@pytest.fixture
async def line(simulator: Simulator) -> AsyncIterator[Transport]:
    opened = Transport(simulator.api_url, TILL_KEY)
    yield opened
    await opened.close()


@pytest.fixture
def blink(line: Transport) -> BlinkClient:
    return BlinkClient(line)


@pytest.fixture
async def account(blink: BlinkClient) -> Account:
    return await blink.account()


async def _invoice(blink: BlinkClient, account: Account, number: int = 1) -> Invoice:
    return await blink.create_invoice(
        account, sats=23, memo="21 + 2", minutes=15, external_id=f"bp-test-{number}"
    )


async def test_who_we_are(blink: BlinkClient, simulator: Simulator) -> None:
    account = await blink.account()
    mine = simulator.control.accounts()["till"]
    assert account.id == mine["id"]
    assert account.network == await blink.network() == "regtest"
    assert account.username == "till"
    assert account.btc_wallet_id == mine["wallets"]["BTC"]
    assert account.wallet_ids == set(mine["wallets"].values())
    assert account.scopes == set(Scope)


async def test_currencies_and_prices(blink: BlinkClient, simulator: Simulator) -> None:
    listed = {each.code: each for each in await blink.currencies()}
    assert (listed["USD"].digits, listed["JPY"].digits) == (2, 0)
    price = await blink.price(listed["USD"])
    assert price.currency is listed["USD"]
    assert price.to_sats(100) > 0
    simulator.control.set_price_offline(offline=True)
    # It passes: the till sells in sats meanwhile.
    with pytest.raises(UnavailableError, match="no price for USD"):
        await blink.price(USD)
    with pytest.raises(UnavailableError):
        await blink.price(Currency(code="XXX", digits=2, symbol="?"))


async def test_recipients(blink: BlinkClient, simulator: Simulator) -> None:
    accounts = simulator.control.accounts()
    turco = await blink.recipient("elturco")
    assert (turco.wallet_id, turco.is_usd) == (accounts["elturco"]["wallets"]["BTC"], False)
    dana = await blink.recipient("dana")
    assert (dana.wallet_id, dana.is_usd) == (accounts["dana"]["wallets"]["USD"], True)
    with pytest.raises(UnknownRecipientError, match="Blink knows nobody named nobody_here"):
        await blink.recipient("nobody_here")


async def test_an_invoice_from_its_making_to_its_payment(
    blink: BlinkClient, account: Account, simulator: Simulator
) -> None:
    made = await _invoice(blink, account)
    [known] = simulator.control.invoices(owner="till")
    assert (made.payment_hash, made.sats) == (known["payment_hash"], 23)
    assert made.expires_at == known["expires_at"]
    assert known["external_id"] == "bp-test-1"
    assert await blink.invoice_status(made.payment_hash) is InvoiceStatus.PENDING
    assert await blink.received_sats(account.btc_wallet_id, made.payment_hash) is None
    simulator.control.pay(made.payment_request, amount_sats=30)
    assert await blink.invoice_status(made.payment_hash) is InvoiceStatus.PAID
    assert await blink.received_sats(account.btc_wallet_id, made.payment_hash) == 30
    # A refusal proves nothing, and is no error.
    assert not await blink.cancel_invoice(account.btc_wallet_id, made.payment_hash)
    other = await _invoice(blink, account, 2)
    assert await blink.cancel_invoice(account.btc_wallet_id, other.payment_hash)
    simulator.control.advance(16 * 60)
    assert await blink.invoice_status(other.payment_hash) is InvoiceStatus.EXPIRED


async def test_an_external_id_is_taken_once(blink: BlinkClient, account: Account) -> None:
    await _invoice(blink, account)
    with pytest.raises(IdTakenError) as refused:
        await _invoice(blink, account)
    assert refused.value.code == "INVALID_INPUT"
    turco = await blink.recipient("elturco")
    for expected in (None, IdTakenError):
        # Unique per receiving account: our own use of it says nothing of his.
        make = blink.create_recipient_invoice(
            account, turco, sats=2, memo="Tip", external_id="bp-test-1"
        )
        if expected is None:
            await make
        else:
            with pytest.raises(expected, match="number"):
                await make


async def test_paying_a_recipient(
    blink: BlinkClient, account: Account, simulator: Simulator
) -> None:
    simulator.control.fund("till", 100)
    made = await blink.create_recipient_invoice(
        account, await blink.recipient("elturco"), sats=2, memo="Tip", external_id="bp-test-1"
    )
    wallet = account.btc_wallet_id
    assert await blink.sent_status(wallet, made.payment_hash) is None
    assert (await blink.pay(wallet, made.payment_request, "Tip")).status is SendStatus.SUCCESS
    again = await blink.pay(wallet, made.payment_request, "Tip")
    assert again.status is SendStatus.ALREADY_PAID
    simulator.control.advance(600)
    later = await blink.pay(wallet, made.payment_request, "Tip")
    assert (later.status, later.code) == (SendStatus.FAILURE, "LIGHTNING_PAYMENT_ERROR")
    assert await blink.sent_status(wallet, made.payment_hash) is TransactionStatus.SUCCESS
    assert simulator.control.balance("elturco") == 2


async def test_a_usd_recipients_invoice(
    blink: BlinkClient, account: Account, simulator: Simulator
) -> None:
    dana = await blink.recipient("dana")
    simulator.control.fund("till", 1000)
    made = await blink.create_recipient_invoice(
        account, dana, sats=1000, memo="Tip", external_id="bp-test-1"
    )
    answer = await blink.pay(account.btc_wallet_id, made.payment_request, "Tip")
    assert answer.status is SendStatus.SUCCESS
    with pytest.raises(BelowOneCentError, match="too low"):
        await blink.create_recipient_invoice(
            account, dana, sats=1, memo="Tip", external_id="bp-test-2"
        )


async def test_a_recipient_that_is_being_wound_down(blink: BlinkClient, account: Account) -> None:
    closed = await blink.recipient("closed")
    with pytest.raises(CannotReceiveError, match="can no longer receive"):
        await blink.create_recipient_invoice(
            account, closed, sats=5, memo="Tip", external_id="bp-test-1"
        )


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("http_status", {"status": 400}, RefusedError),
        ("http_status", {"status": 401}, SettingsError),
        ("http_status", {"status": 403}, SettingsError),
        ("http_status", {"status": 429}, RateLimitedError),
        ("http_status", {"status": 302}, OutcomeUnknownError),
        ("http_status", {"status": 500}, OutcomeUnknownError),
        ("http_status", {"status": 503}, OutcomeUnknownError),
        ("drop_before", {}, OutcomeUnknownError),
        ("lost_answer", {}, OutcomeUnknownError),
        ("graphql_error", {"message": "Something went wrong"}, BlinkRefusedError),
        ("graphql_error", {"message": "Not authorized"}, SettingsError),
        ("payload_error", {"code": "INVALID_INPUT"}, BlinkRefusedError),
        ("payload_error", {"code": None}, BlinkRefusedError),
        ("payload_error", {"code": None, "message": "Not authorized"}, SettingsError),
        ("payload_error", {"code": "NOT_AUTHORIZED"}, SettingsError),
        ("payload_error", {"code": "TOO_MANY_REQUEST"}, RateLimitedError),
        ("payload_error", {"code": "TRANSACTION_RESTRICTED"}, BlinkRefusedError),
        ("payload_error", {"code": "RECEIVE_DISABLED"}, CannotReceiveError),
        ("null_payload", {}, OutcomeUnknownError),
        *(
            ("malformed", {"body": body}, OutcomeUnknownError)
            for body in ("garbage", "truncated", "array", "html", "empty", "deep")
        ),
        ("malformed", {"body": "types"}, TillError),
        *(
            ("wrong_invoice", {"field": field}, RefusedError)
            for field in ("amount", "hash", "network", "expiry")
        ),
    ],
)
async def test_each_failure_is_a_typed_error_with_a_plain_sentence(
    blink: BlinkClient,
    account: Account,
    simulator: Simulator,
    kind: str,
    details: dict[str, Any],
    expected: type[TillError],
) -> None:
    simulator.control.lay_fault(kind, match="lnInvoiceCreate", **details)
    with pytest.raises(expected) as caught:
        await _invoice(blink, account)
    sentence = caught.value.sentence.replace("BLINKPOS_API_KEY", "")
    assert re.fullmatch(r"[A-Z][^{}<>_\[\]]+[.]", sentence)
    # The next request is as good as any.
    _open(blink._transport)
    assert (await _invoice(blink, account, 2)).sats == 23


CALLS: dict[str, Call] = {
    "Account": lambda blink, _: blink.account(),
    "Currencies": lambda blink, _: blink.currencies(),
    "Price": lambda blink, _: blink.price(USD),
    "RecipientBtcWallet": lambda blink, _: blink.recipient("elturco"),
    "Network": lambda blink, _: blink.network(),
    "InvoiceStatus": lambda blink, _: blink.invoice_status("0" * 64),
    "Transactions": lambda blink, own: blink.received_sats(own.btc_wallet_id, "0" * 64),
    "CancelInvoice": lambda blink, own: blink.cancel_invoice(own.btc_wallet_id, "0" * 64),
    "Pay": lambda blink, own: blink.pay(own.btc_wallet_id, "lnbcrt1", "memo"),
}


@pytest.mark.parametrize("name", CALLS)
async def test_every_method_bears_every_malformed_answer(
    blink: BlinkClient, account: Account, simulator: Simulator, name: str
) -> None:
    for body in ("garbage", "truncated", "array", "html", "empty", "deep", "types"):
        simulator.control.lay_fault("malformed", match=name, body=body)
        try:
            await CALLS[name](blink, account)
        except TillError:
            continue
        assert (name, body) == ("CancelInvoice", "types"), "a refusal of the cancel is an answer"
    simulator.control.lay_fault("null_payload", match=name)
    with pytest.raises(OutcomeUnknownError):
        await CALLS[name](blink, account)


def _open(line: Transport) -> None:
    """The time that Blink wants us to wait is over."""
    line.gate._opens_at = float("-inf")
    line.gate._wake(0.0, anew=True)


@pytest.mark.parametrize("first", CALLS)
async def test_http_429_on_any_call_stops_all_kinds_of_calls(
    line: Transport, blink: BlinkClient, account: Account, simulator: Simulator, first: str
) -> None:
    control = simulator.control
    control.lay_fault("http_status", match=first, status=429, seconds=100)
    control.reset_requests()
    with pytest.raises(RateLimitedError):
        await CALLS[first](blink, account)
    assert 99 < line.gate.closed_seconds <= 100
    for name, call in CALLS.items():
        with pytest.raises(RateLimitedError, match="slow down") as refused:
            await call(blink, account)
        # It never left, so nothing is unknown about it.
        assert not isinstance(refused.value, OutcomeUnknownError), name
    with pytest.raises(RateLimitedError):
        await blink.until_open()
    assert control.requests()[first] == 1
    assert sum(count for name, count in control.requests().items() if name in CALLS) == 1
    _open(line)
    await blink.until_open()
    await blink.account()
    assert control.requests()["Account"] == (2 if first == "Account" else 1)


async def test_a_payment_does_not_leave_long_after_its_intent(
    account: Account, simulator: Simulator
) -> None:
    """The machine slept while it connected: by now its invoice may have been retired."""
    boot = iter([100.0, 111.0])
    line = Transport(simulator.api_url, TILL_KEY, boot=lambda: next(boot))
    with pytest.raises(UnavailableError) as dropped:
        await BlinkClient(line).pay(account.btc_wallet_id, "lnbcrt1", "memo")
    assert not isinstance(dropped.value, OutcomeUnknownError)
    assert "Pay" not in simulator.control.requests()
    await line.close()


async def test_a_blink_that_is_not_there_has_done_nothing(account: Account) -> None:
    nowhere = Transport("http://127.0.0.1:9/graphql", TILL_KEY)
    with pytest.raises(UnavailableError) as caught:
        await _invoice(BlinkClient(nowhere), account)
    assert not isinstance(caught.value, OutcomeUnknownError)
    await nowhere.close()


@pytest.mark.parametrize("kind", ["hang", "hang_after"])
async def test_a_silent_blink_may_have_done_it(
    line: Transport, simulator: Simulator, kind: str
) -> None:
    simulator.control.lay_fault(kind, match="Account")
    with pytest.raises(OutcomeUnknownError):
        await line.call("account", seconds=0.2)


async def test_an_answer_without_end_is_cut_off(
    line: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER", 100)
    with pytest.raises(OutcomeUnknownError, match="without end"):
        await line.call("account")


async def test_an_answer_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(transport, "_MARGIN", 0.1)

    async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while not writer.transport.is_closing():
                writer.write(b" ")
                await asyncio.sleep(0.02)
        finally:
            writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    slow = Transport(f"http://127.0.0.1:{port}/graphql", TILL_KEY)
    async with server, asyncio.timeout(20):
        with pytest.raises(OutcomeUnknownError):
            await slow.call("account", seconds=0.1)
        await slow.close()


async def test_no_cookie_is_kept() -> None:
    """One that can't be a header would spoil every request after it."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        cookies = "".join(f"Set-Cookie: {each}\r\n" for each in ("a=b", "c=\u00e9"))
        writer.write(f"HTTP/1.1 500 Odd\r\n{cookies}Content-Length: 0\r\n\r\n".encode("latin-1"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    line = Transport(f"http://127.0.0.1:{port}/graphql", TILL_KEY)
    async with server:
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError):
                await line.call("account")
        await line.close()
    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)


async def test_the_key_rides_along_only_where_it_is_needed(
    account: Account, simulator: Simulator
) -> None:
    """A wrong key is refused wherever it is sent, so what answers has not seen it."""
    wrong = Transport(simulator.api_url, "blink_wrong")
    blink = BlinkClient(wrong)
    await blink.currencies()
    await blink.price(USD)
    turco = await blink.recipient("elturco")
    made = await blink.create_recipient_invoice(
        account, turco, sats=2, memo="Tip", external_id="bp-test-1"
    )
    await blink.invoice_status(made.payment_hash)
    with pytest.raises(SettingsError, match="API key"):
        await blink.account()
    with pytest.raises(SettingsError, match="API key"):
        await blink.pay(account.btc_wallet_id, made.payment_request, "Tip")
    await wrong.close()


@pytest.mark.parametrize("key", ["blink_sim_nowrite", "blink_sim_noreceive", "blink_sim_readonly"])
async def test_a_key_without_a_scope_is_the_owners_to_mend(
    account: Account, simulator: Simulator, key: str
) -> None:
    line = Transport(simulator.api_url, key)
    blink = BlinkClient(line)
    assert (await blink.account()).scopes < set(Scope)
    if key == "blink_sim_nowrite":
        made = simulator.control.create_invoice("elturco", 5)
        # How Blink says it is not ours to choose: what counts is that nothing is taken for paid.
        try:
            answer = await blink.pay(account.btc_wallet_id, made["payment_request"], "Tip")
            assert answer.status is SendStatus.FAILURE
        except SettingsError:
            pass
    else:
        with pytest.raises(SettingsError, match="scopes"):
            await _invoice(blink, account)
    await line.close()


@pytest.mark.parametrize("key", ["blink_späti", "blink_a\nX-Evil: 1", "blink a", "blink_\x00"])
async def test_a_key_that_can_be_no_header_is_refused_and_not_repeated(
    simulator: Simulator, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    caplog.set_level(logging.DEBUG)
    line = Transport(simulator.api_url, key)
    with pytest.raises(SettingsError) as caught:
        await BlinkClient(line).account()
    assert key not in str(caught.value)
    assert key not in caplog.text
    await line.close()


async def test_without_a_key_only_open_questions_are_asked(simulator: Simulator) -> None:
    line = Transport(simulator.api_url, None)
    assert await BlinkClient(line).currencies()
    with pytest.raises(SettingsError, match="No Blink API key"):
        await BlinkClient(line).account()
    await line.close()


async def test_the_key_stands_in_no_record_and_no_error(
    blink: BlinkClient,
    account: Account,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in ("lost_answer", "http_status", "malformed", "graphql_error"):
        await aside(simulator.control.lay_fault, kind, match="lnInvoiceCreate")
        with pytest.raises(TillError) as caught:
            await _invoice(blink, account)
        chain: BaseException | None = caught.value
        while chain is not None:
            assert TILL_KEY not in repr(chain)
            chain = chain.__cause__
    assert caplog.records
    assert TILL_KEY not in caplog.text


@pytest.mark.parametrize(
    "request_text", [None, 7, "", "lnbc1", "lnbcrt" + "1" * 5000, "x" * 100, "lnbcrt1ü"]
)
def test_what_is_no_invoice_is_refused(request_text: object) -> None:
    with pytest.raises(RefusedError, match="not what was asked"):
        invoices.check(request_text, payment_hash="0" * 64, sats=1, network="regtest", life=None)


async def test_an_invoice_for_a_network_that_blink_does_not_state(
    blink: BlinkClient, simulator: Simulator
) -> None:
    simulator.control.settings(stated_network="mainnet")
    account = await blink.account()
    with pytest.raises(RefusedError, match="another network"):
        await _invoice(blink, account)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [(30, "BTC", 30), (30.0, "BTC", 30), (0, "BTC", None), (10**30, "BTC", None), (5, "USD", None)],
)
def test_a_sum_that_cannot_be_is_no_sum(
    amount: object, currency: str, expected: int | None
) -> None:
    found = [
        {
            "direction": "RECEIVE",
            "status": "SUCCESS",
            "settlementAmount": amount,
            "settlementCurrency": currency,
        }
    ]
    assert wire.received(found) == expected


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("30", 30, 30),
        ("0", 0, 0),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("9" * 400, 1e8, 1e9),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2115 07:28:00 GMT", 1e8, 1e10),
        ("Wed, 21 Oct 2115 07:28:00", 1e8, 1e10),
    ],
)
def test_what_blink_asks_us_to_wait(text: str, least: float, most: float) -> None:
    assert least <= transport._retry_after(httpx.Headers({"Retry-After": text})) <= most
