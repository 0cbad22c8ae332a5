"""What happens before and above the payload: keys, scopes, HTTP's own answers."""

from uuid import UUID, uuid4

import pytest

from tests.integration.simulator.asking import Asker


@pytest.mark.parametrize(
    ("key", "scopes"),
    [
        ("blink_sim_till", ["READ", "RECEIVE", "WRITE"]),
        ("blink_sim_nowrite", ["READ", "RECEIVE"]),
        ("blink_sim_noreceive", ["READ", "WRITE"]),
        ("blink_sim_readonly", ["READ"]),
    ],
)
def test_a_key_tells_its_scopes(blink: Asker, key: str, scopes: list[str]) -> None:
    body = blink.ask("{ authorization { scopes } me { username } }", key)
    assert body["data"] == {"authorization": {"scopes": scopes}, "me": {"username": "till"}}


def test_a_wrong_key_is_refused_before_graphql(blink: Asker) -> None:
    answer = blink.post("{ globals { network } }", "blink_wrong")
    assert answer.status_code == 401
    assert "data" not in answer.json()


def test_without_a_key_or_its_scope_the_error_is_above_the_payload(blink: Asker) -> None:
    body = blink.ask("{ me { username } }", None)
    assert body["data"] == {"me": None}
    assert body["errors"][0]["message"] == "Not authorized"
    assert "extensions" not in body["errors"][0]
    till = blink.wallets["till"]["BTC"]
    create = f"""mutation {{ lnInvoiceCreate(input: {{walletId: "{till}", amount: 1}})
      {{ errors {{ message }} }} }}"""
    pay = f"""mutation {{ lnInvoicePaymentSend(input: {{walletId: "{till}", paymentRequest: "x"}})
      {{ errors {{ message }} }} }}"""
    refusals = [
        (create, "blink_sim_noreceive"),
        (create, "blink_sim_readonly"),
        (create, None),
        (pay, "blink_sim_nowrite"),
        (pay, "blink_sim_readonly"),
    ]
    for query, key in refusals:
        body = blink.ask(query, key)
        assert body["data"] is None
        assert body["errors"][0]["message"] == "Not authorized"
    assert blink.create(1, "blink_sim_nowrite")


def test_what_is_no_graphql_is_http_400(blink: Asker) -> None:
    url = blink.sim.api_url
    for content in (b"", b"{", b"[]", b'{"query": 1}', b'{"query": "{ me { x } }"}'):
        assert blink.http.post(url, content=content).status_code == 400
    assert blink.post("subscription { myUpdates { errors { message } } }").status_code == 400
    assert blink.post("{ globals { network }").status_code == 400
    assert blink.http.post(url, json={"query": "{ me { id } }", "variables": []}).is_error
    assert blink.http.get(url).status_code == 405


def test_one_request_holds_one_mutation(blink: Asker) -> None:
    till = blink.wallets["till"]["BTC"]
    one = f'lnInvoiceCreate(input: {{walletId: "{till}", amount: 1}}) {{ errors {{ message }} }}'
    answer = blink.post(f"mutation {{ a: {one} b: {one} }}")
    assert answer.status_code == 400
    assert "complexity" in answer.text
    assert blink.control.invoices() == []


def test_an_idempotency_key_locks_its_repeat_out(blink: Asker) -> None:
    till = blink.wallets["till"]["BTC"]
    mutation = f"""mutation {{ lnInvoiceCreate(input: {{walletId: "{till}", amount: 1}})
      {{ invoice {{ paymentHash }} }} }}"""
    key = {"X-Idempotency-Key": str(uuid4())}
    assert blink.post(mutation, headers=key).status_code == 200
    again = blink.post(mutation, headers=key)
    assert again.status_code == 409
    assert "data" not in again.json()
    assert len(blink.control.invoices()) == 1
    blink.control.advance(3601)
    assert blink.post(mutation, headers=key).status_code == 200
    for bad in ("x", str(UUID(int=1, version=1))):
        assert blink.post(mutation, headers={"X-Idempotency-Key": bad}).status_code == 400


def test_thirty_currencies_with_their_own_digits(blink: Asker) -> None:
    listed = blink.ask("{ currencyList { id symbol name flag fractionDigits } }", None)
    digits = {c["id"]: c["fractionDigits"] for c in listed["data"]["currencyList"]}
    assert len(digits) == 30
    assert all(c["symbol"] and c["name"] and c["flag"] for c in listed["data"]["currencyList"])
    assert {c for c, d in digits.items() if d == 0} == {"JPY", "KRW", "VND", "XOF", "XAF", "CLP"}
    assert {c for c, d in digits.items() if d == 3} == {"KWD", "BHD", "TND"}


def test_a_price_is_a_safe_integer_and_an_offset(blink: Asker) -> None:
    query = """query P($c: DisplayCurrency) { realtimePrice(currency: $c) { id timestamp
      btcSatPrice { base offset } denominatorCurrencyDetails { id fractionDigits } } }"""
    for currency, minor_per_btc in (("USD", 10_000_000), ("JPY", 14_760_000), ("LBP", None)):
        body = blink.ask(query, None, c=currency)
        if minor_per_btc is None:
            assert body["data"] is None
            continue
        price = body["data"]["realtimePrice"]["btcSatPrice"]
        assert price["base"] * 100_000_000 == minor_per_btc * 10 ** price["offset"]
    blink.control.set_price("IDR", 10**15)
    price = blink.ask(query, None, c="IDR")["data"]["realtimePrice"]["btcSatPrice"]
    assert price["base"] < 2**53
    assert price == {"base": 10**15, "offset": 8}
    blink.control.set_price("USD", 4_362_305_078)
    price = blink.ask(query, None)["data"]["realtimePrice"]["btcSatPrice"]
    assert price == {"base": 43_623_050_780_000, "offset": 12}


def test_the_price_service_may_be_offline(blink: Asker) -> None:
    blink.control.set_price_offline(offline=True)
    body = blink.ask("{ realtimePrice { btcSatPrice { base } } }", None)
    assert body["data"] is None
    code, _ = blink.refused("lnUsdInvoiceCreate", walletId=blink.wallets["till"]["USD"], amount=100)
    assert code == "PRICE_SERVICE_OFFLINE"


def test_requests_are_counted_by_operation_and_field(blink: Asker) -> None:
    blink.control.reset_requests()
    blink.ask("query Network { globals { network } }", None)
    blink.ask("{ globals { network } me { id } }")
    assert blink.control.requests() == {"Network": 1, "globals": 2, "me": 1}


def test_the_network_may_be_misstated(blink: Asker) -> None:
    blink.control.settings(stated_network="mainnet")
    assert blink.ask("{ globals { network } }", None)["data"]["globals"]["network"] == "mainnet"
    assert blink.create()["paymentRequest"].startswith("lnbcrt")


def test_an_unknown_hash_is_an_error_above_the_payload(blink: Asker) -> None:
    query = """query S($h: PaymentHash!) {
      lnInvoicePaymentStatusByHash(input: {paymentHash: $h}) { status } }"""
    for payment_hash in ("00" * 32, "short"):
        body = blink.ask(query, None, h=payment_hash)
        assert body["data"] is None
        assert body["errors"]
