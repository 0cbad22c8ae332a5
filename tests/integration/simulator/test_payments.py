"""Paying: once, whatever is asked, and both shapes of the second answer."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import bolt11
import pytest

from blinkpos_desktop.simulator.accounts import Currency
from blinkpos_desktop.simulator.client import ControlError
from tests.integration.simulator.asking import KEY, Asker, Json

VISITOR = {"key": "blink_sim_visitor", "username": "visitor"}


def failure(payload: Json) -> tuple[str, str]:
    """Code and message of a send that says FAILURE."""
    assert payload["status"] == "FAILURE"
    (error,) = payload["errors"]
    assert error["path"] == ["lnInvoicePaymentSend"]
    return error["code"], error["message"]


@pytest.fixture(autouse=True)
def _funded(blink: Asker) -> None:
    blink.control.fund("till", 10_000)


def test_the_golden_case(blink: Asker) -> None:
    sale = blink.create(23, memo="21 + 10% tip = 23 sats")
    blink.control.pay(sale["paymentRequest"])
    assert blink.status(sale["paymentHash"]) == "PAID"
    for username, sats in (("cafe", 21), ("elturco", 2)):
        invoice = blink.create_for(username, sats, memo="BlinkPOS", externalId=f"bp-{sats}")
        assert blink.pay(invoice["paymentRequest"])["status"] == "SUCCESS"
    balances = blink.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"]) == (21, 2)
    assert balances["till"]["BTC"] == 10_000
    assert blink.control.verify() == 5
    # The external id is on both sides, and so the sides can be matched.
    sent, came = (blink.control.transactions(name)[0] for name in ("till", "elturco"))
    assert (sent["external_id"], sent["amount"]) == ("bp-2", -2)
    assert (came["external_id"], came["amount"], came["memo"]) == ("bp-2", 2, None)
    assert (sent["memo"], sent["settled_inside"]) == ("BlinkPOS", True)


def test_the_recipient_sees_a_memo_from_50_sats_on(blink: Asker) -> None:
    for sats in (49, 50):
        blink.pay(blink.create_for("cafe", sats, memo="hello")["paymentRequest"])
    assert [t["memo"] for t in blink.control.transactions("cafe")] == ["hello", None]


def test_the_second_answer_has_two_shapes(blink: Asker) -> None:
    request = blink.create_for("cafe", 21)["paymentRequest"]
    assert blink.pay(request)["status"] == "SUCCESS"
    again = blink.pay(request)
    assert (again["status"], again["errors"]) == ("ALREADY_PAID", [])
    blink.control.advance(301)
    already = ("LIGHTNING_PAYMENT_ERROR", "Invoice is already paid")
    assert failure(blink.pay(request)) == already
    other = blink.create_for("cafe", 30)["paymentRequest"]
    blink.pay(other)
    assert failure(blink.pay(other, VISITOR["key"], VISITOR["username"])) == already
    assert blink.control.balance("cafe") == 51


def test_the_five_minutes_count_from_the_first_attempt(blink: Asker) -> None:
    request = blink.create_for("cafe", 20_000)["paymentRequest"]
    assert failure(blink.pay(request))[0] == "INSUFFICIENT_BALANCE"
    blink.control.advance(200)
    blink.control.fund("till", 30_000)
    assert blink.pay(request)["status"] == "SUCCESS"
    blink.control.advance(101)
    assert failure(blink.pay(request))[1] == "Invoice is already paid"


def test_a_send_in_flight_is_neither_paid_nor_failed(blink: Asker) -> None:
    invoice = blink.create_for("cafe", 21)
    blink.control.lay_fault("send_status", match="lnInvoicePaymentSend", status="PENDING")
    sent = blink.pay(invoice["paymentRequest"])
    assert (sent["status"], sent["transaction"]["status"]) == ("PENDING", "PENDING")
    assert blink.status(invoice["paymentHash"]) == "PENDING"
    expected = ("LIGHTNING_PAYMENT_ERROR", "There is a pending payment for this invoice")
    assert failure(blink.pay(invoice["paymentRequest"])) == expected
    assert blink.control.in_flight() == [invoice["paymentHash"]]
    assert (blink.control.balance("till"), blink.control.balance("cafe")) == (9979, 0)
    blink.control.resolve(invoice["paymentHash"], paid=True)
    assert blink.control.balance("cafe") == 21
    assert blink.status(invoice["paymentHash"]) == "PAID"
    assert blink.control.transactions("till")[0]["status"] == "SUCCESS"


def test_a_send_in_flight_may_come_back(blink: Asker) -> None:
    invoice = blink.create_for("cafe", 21)
    blink.control.lay_fault("send_status", status="PENDING")
    blink.pay(invoice["paymentRequest"])
    blink.control.resolve(invoice["paymentHash"], paid=False)
    assert blink.control.balance("till") == 10_000
    assert blink.control.transactions("till")[0]["status"] == "FAILURE"
    assert blink.pay(invoice["paymentRequest"])["status"] == "SUCCESS"
    assert blink.control.balance("cafe") == 21


def test_a_failure_may_be_a_lie(blink: Asker) -> None:
    invoice = blink.create_for("cafe", 21)
    blink.control.lay_fault("send_status", status="FAILURE")
    assert failure(blink.pay(invoice["paymentRequest"]))[0] == "LIGHTNING_PAYMENT_ERROR"
    assert blink.status(invoice["paymentHash"]) == "PAID"
    assert blink.control.balance("cafe") == 21


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_expiry_and_cancelling_bind_only_payers_from_outside(blink: Asker, end: str) -> None:
    with_memo, without = blink.create(30, memo="Coffee", expiresIn=1), blink.create(30, expiresIn=1)
    for invoice in (with_memo, without):
        if end == "cancelled":
            asked = {"walletId": blink.wallets["till"]["BTC"]}
            blink.mutate("lnInvoiceCancel", "success", paymentHash=invoice["paymentHash"], **asked)
    if end == "expired":
        blink.control.advance(61)
    assert {i["status"] for i in blink.control.invoices(owner="till")} == {end}
    with pytest.raises(ControlError, match="expired or cancelled"):
        blink.control.pay(with_memo["paymentRequest"])
    paid = blink.control.pay(with_memo["paymentRequest"], from_username="visitor")
    assert paid["status"] == "SUCCESS"
    assert blink.status(with_memo["paymentHash"]) == "PAID"
    with pytest.raises(ControlError) as refused:
        blink.control.pay(without["paymentRequest"], from_username="visitor")
    assert refused.value.code == "LIGHTNING_PAYMENT_ERROR"


def test_what_blink_refuses_to_send(blink: Asker) -> None:
    own = blink.create(5)["paymentRequest"]
    assert failure(blink.pay(own))[0] == "CANT_PAY_SELF"
    dear = blink.create_for("cafe", 10_001)["paymentRequest"]
    assert failure(blink.pay(dear))[0] == "INSUFFICIENT_BALANCE"
    assert failure(blink.pay("lnbcrt1nonsense"))[0] == "INVOICE_DECODE_ERROR"
    blink.control.settings(network="signet")
    foreign = blink.create_for("cafe", 5)["paymentRequest"]
    blink.control.settings(network="regtest")
    assert failure(blink.pay(foreign))[0] == "INVOICE_DECODE_ERROR"
    assert blink.control.balance("till") == 10_000


def test_the_daily_limit_passes(blink: Asker) -> None:
    blink.control.change_account("till", daily_limit_cents=5)
    requests = [blink.create_for("cafe", 40, memo="m")["paymentRequest"] for _ in range(2)]
    assert blink.pay(requests[0])["status"] == "SUCCESS"
    assert failure(blink.pay(requests[1]))[0] == "TRANSACTION_RESTRICTED"
    body = blink.ask(
        "{ me { defaultAccount { limits { internalSend { remainingLimit totalLimit } } } } }"
    )
    (limit,) = body["data"]["me"]["defaultAccount"]["limits"]["internalSend"]
    assert limit == {"remainingLimit": 1, "totalLimit": 5}
    blink.control.advance(86_401)
    assert blink.pay(requests[1])["status"] == "SUCCESS"


def test_an_outside_payer_may_pay_twice_as_much(blink: Asker) -> None:
    invoice = blink.create(100)
    for sats in (99, 201):
        with pytest.raises(ControlError, match="Incorrect payment amount"):
            blink.control.pay(invoice["paymentRequest"], amount_sats=sats)
    blink.control.pay(invoice["paymentRequest"], amount_sats=200)
    (came,) = blink.control.transactions("till")
    assert (came["amount"], came["settled_inside"]) == (200, False)
    with pytest.raises(ControlError, match="already paid"):
        blink.control.pay(invoice["paymentRequest"])


def test_two_answers_to_one_invoice_side_by_side_pay_once(blink: Asker) -> None:
    blink.control.settings(send_work_milliseconds=100)
    request = blink.create_for("cafe", 21)["paymentRequest"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: blink.pay(request), range(4)))
    statuses = sorted(answer["status"] for answer in answers)
    assert statuses.count("SUCCESS") == 1
    refused = {e["message"] for answer in answers for e in answer["errors"]}
    assert refused <= {"There is a pending payment for this invoice"}
    assert blink.control.balance("cafe") == 21


def test_the_wallets_lock_is_polled_and_given_up(blink: Asker) -> None:
    blink.control.settings(lock_poll_milliseconds=(5, 10), lock_attempts=3)
    assert blink.control.lock_wallet("till", lock_seconds=180)
    request = blink.create_for("cafe", 21)["paymentRequest"]
    code, message = failure(blink.pay(request))
    assert code == "UNEXPECTED_CLIENT_ERROR"
    assert message.endswith("(code: ResourceAttemptsRedlockServiceError)")
    assert blink.control.balance("cafe") == 0
    blink.control.advance(181)
    assert blink.pay(request)["status"] == "SUCCESS"


def test_a_send_waits_for_the_lock(blink: Asker) -> None:
    blink.control.settings(lock_poll_milliseconds=(5, 5), lock_attempts=2000)
    blink.control.lock_wallet("till", lock_seconds=180)
    request = blink.create_for("cafe", 21)["paymentRequest"]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(blink.pay, request)
        assert blink.control.wait_for_requests("lnInvoicePaymentSend")
        blink.control.free_wallet("till")
        assert answer.result()["status"] == "SUCCESS"


def test_a_plain_send_has_no_protection(blink: Asker) -> None:
    asked = {
        "walletId": blink.wallets["till"]["BTC"],
        "recipientWalletId": blink.wallets["cafe"]["BTC"],
        "amount": 7,
    }
    for _ in range(2):
        payload = blink.mutate("intraLedgerPaymentSend", "status errors { message }", **asked)
        assert payload == {"status": "SUCCESS", "errors": []}
    assert blink.control.balance("cafe") == 14


def test_an_audit_finds_both_sides_by_hash(blink: Asker) -> None:
    invoice = blink.create_for("cafe", 60, memo="m", externalId="bp-x")
    blink.pay(invoice["paymentRequest"])
    query = """query Audit($w: WalletId!, $h: PaymentHash!) { me { defaultAccount {
      walletById(walletId: $w) { transactionsByPaymentHash(paymentHash: $h) {
        direction status settlementAmount settlementCurrency settlementFee settlementDisplayAmount
        externalId memo createdAt
        initiationVia { __typename ... on InitiationViaLn { paymentHash } }
        settlementVia { __typename ... on SettlementViaIntraLedger { counterPartyUsername } } } }
      transactions(first: 5) { edges { cursor node { id } } pageInfo { hasNextPage } } } } }"""
    body = blink.ask(query, w=blink.wallets["till"]["BTC"], h=invoice["paymentHash"])
    account = body["data"]["me"]["defaultAccount"]
    (sent,) = account["walletById"]["transactionsByPaymentHash"]
    assert isinstance(sent.pop("createdAt"), int)
    assert sent == {
        "direction": "SEND",
        "status": "SUCCESS",
        "settlementAmount": -60,
        "settlementCurrency": "BTC",
        "settlementFee": 0,
        "settlementDisplayAmount": "-0.06",
        "externalId": "bp-x",
        "memo": "m",
        "initiationVia": {"__typename": "InitiationViaLn", "paymentHash": invoice["paymentHash"]},
        "settlementVia": {
            "__typename": "SettlementViaIntraLedger",
            "counterPartyUsername": "cafe",
        },
    }
    assert len(account["transactions"]["edges"]) == 1
    assert not account["transactions"]["pageInfo"]["hasNextPage"]


def test_transactions_come_in_pages(blink: Asker) -> None:
    for sats in (1, 2, 3):
        blink.pay(blink.create_for("cafe", sats)["paymentRequest"])
    query = """query P($after: String) { me { defaultAccount { transactions(first: 2, after: $after)
      { edges { cursor node { settlementAmount } } pageInfo { hasNextPage endCursor } } } } }"""
    pages = []
    after = None
    while True:
        page = blink.ask(query, after=after)["data"]["me"]["defaultAccount"]["transactions"]
        pages.append([edge["node"]["settlementAmount"] for edge in page["edges"]])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == [[-3, -2], [-1]]


def test_a_usd_wallet_pays_what_it_costs(blink: Asker) -> None:
    blink.control.fund("till", 100, "USD")
    request = blink.create_for("cafe", 15)["paymentRequest"]
    payload = blink.mutate(
        "lnInvoicePaymentSend",
        "status",
        KEY,
        walletId=blink.wallets["till"]["USD"],
        paymentRequest=request,
    )
    assert payload["status"] == "SUCCESS"
    assert blink.control.balance("till", "USD") == 98
    assert blink.sim.world.balance_of("cafe", Currency.BTC) == 15


def test_the_preimage_proves_the_payment(blink: Asker) -> None:
    invoice = blink.create()
    query = """query S($r: LnPaymentRequest!) { lnInvoicePaymentStatusByPaymentRequest(
      input: {paymentRequest: $r}) { status paymentHash paymentPreimage } }"""
    field = "lnInvoicePaymentStatusByPaymentRequest"
    before = blink.ask(query, None, r=invoice["paymentRequest"])["data"][field]
    assert (before["status"], before["paymentPreimage"]) == ("PENDING", None)
    blink.control.pay(invoice["paymentRequest"])
    after = blink.ask(query, None, r=invoice["paymentRequest"])["data"][field]

    assert sha256(bytes.fromhex(after["paymentPreimage"])).hexdigest() == invoice["paymentHash"]
    assert bolt11.decode(invoice["paymentRequest"]).payment_hash == after["paymentHash"]
