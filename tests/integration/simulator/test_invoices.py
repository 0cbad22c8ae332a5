"""Creating, cancelling and expiring, as Blink does them."""

import bolt11
import pytest

from blinkpos_desktop.simulator.server import Simulator
from tests.integration.simulator.asking import Asker

HOUR = 3600


def test_an_invoice_is_real_and_signed(blink: Asker) -> None:
    invoice = blink.create(23, memo="21 + 10% tip = 23 sats ₿", expiresIn=15)
    text = bolt11.decode(invoice["paymentRequest"])
    assert invoice["paymentRequest"].startswith("lnbcrt")
    assert (text.currency, text.amount_msat) == ("bcrt", 23_000)
    assert text.payment_hash == invoice["paymentHash"]
    assert text.description == "21 + 10% tip = 23 sats ₿"
    assert (text.expiry, text.date) == (15 * 60, invoice["createdAt"])
    assert invoice["satoshis"] == 23
    assert text.signature is not None
    assert text.payee == text.signature.recover_public_key()


@pytest.mark.parametrize(
    ("network", "prefix"), [("mainnet", "lnbc"), ("signet", "lntbs"), ("testnet", "lntb")]
)
def test_the_network_shows_in_the_prefix(blink: Asker, network: str, prefix: str) -> None:
    blink.control.settings(network=network)
    assert blink.ask("{ globals { network } }", None)["data"]["globals"]["network"] == network
    request = blink.create(2100)["paymentRequest"]
    assert request.removeprefix(prefix)[0].isdigit()


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [(1, 60), (1440, 86_400), (1441, 4 * HOUR), (0, 4 * HOUR), (-5, 4 * HOUR), (None, 4 * HOUR)],
)
def test_a_life_out_of_range_silently_becomes_the_default(
    blink: Asker, minutes: int | None, seconds: int
) -> None:
    invoice = blink.create(expiresIn=minutes)
    assert bolt11.decode(invoice["paymentRequest"]).expiry == seconds


def test_anyone_makes_an_invoice_for_a_username_without_a_key(blink: Asker) -> None:
    body = blink.ask(
        '{ accountDefaultWallet(username: "ElTurco", walletCurrency: BTC) { id currency } }', None
    )
    assert body["data"]["accountDefaultWallet"]["id"] == blink.wallets["elturco"]["BTC"]
    invoice = blink.create_for("elturco", 2, memo="BlinkPOS Tip received: 2 sats")
    (shown,) = blink.control.invoices(owner="elturco", status="open")
    assert shown["payment_hash"] == invoice["paymentHash"]
    assert shown["on_behalf"]
    assert shown["sats"] == 2


def test_a_usernames_default_wallet_may_be_the_usd_one(blink: Asker) -> None:
    body = blink.ask('{ accountDefaultWallet(username: "dana") { id currency } }', None)
    assert body["data"]["accountDefaultWallet"]["currency"] == "USD"
    code, message = blink.refused(
        "lnInvoiceCreateOnBehalfOfRecipient",
        None,
        recipientWalletId=blink.wallets["dana"]["USD"],
        amount=100,
    )
    assert code == "INVALID_INPUT"
    assert "wallet" in message
    body = blink.ask('{ accountDefaultWallet(username: "dana", walletCurrency: BTC) { id } }', None)
    assert body["data"] is None
    assert "code" not in body["errors"][0]


@pytest.mark.parametrize("username", ["nobody", "1abc", "bc1qxy", "ab", "12345", "a-b", ""])
def test_an_unknown_username_is_an_error_above_the_payload(blink: Asker, username: str) -> None:
    body = blink.ask(
        "query Q($u: Username!) { accountDefaultWallet(username: $u) { id } }", None, u=username
    )
    assert body["data"] is None
    assert set(body["errors"][0]) == {"message", "locations", "path"}


def test_a_usd_wallets_invoice_has_its_price_fixed(blink: Asker) -> None:
    field = "lnUsdInvoiceBtcDenominatedCreateOnBehalfOfRecipient"
    dana = blink.wallets["dana"]["USD"]
    payload = blink.mutate(
        field,
        "errors { message } invoice { paymentRequest }",
        None,
        recipientWalletId=dana,
        amount=1000,
        expiresIn=15,
    )
    request = payload["invoice"]["paymentRequest"]
    assert bolt11.decode(request).expiry == 5 * 60
    blink.control.set_price("USD", 20_000_000)
    blink.control.fund("till", 5000)
    assert blink.pay(request)["status"] == "SUCCESS"
    assert blink.control.balances()["dana"] == {"USD": 100}
    assert blink.control.balance("till") == 4000
    code, message = blink.refused(field, None, recipientWalletId=dana, amount=4)
    assert code == "INVALID_INPUT"
    assert "too low" in message


def test_a_usd_invoice_of_our_own(blink: Asker) -> None:
    payload = blink.mutate(
        "lnUsdInvoiceCreate",
        "errors { message } invoice { paymentRequest satoshis }",
        walletId=blink.wallets["till"]["USD"],
        amount=25,
    )
    assert payload["invoice"]["satoshis"] == 250
    blink.control.pay(payload["invoice"]["paymentRequest"])
    assert blink.control.balance("till", "USD") == 25


@pytest.mark.parametrize("amount", [-1, 21.5, "ten", True, 2_100_000_000_000_001])
def test_a_bad_amount_carries_no_code(blink: Asker, amount: object) -> None:
    till = blink.wallets["till"]["BTC"]
    code, message = blink.refused("lnInvoiceCreate", walletId=till, amount=amount)
    assert code is None
    assert "SatAmount" in message


def test_zero_is_refused_by_the_rules(blink: Asker) -> None:
    till = blink.wallets["till"]["BTC"]
    assert blink.refused("lnInvoiceCreate", walletId=till, amount=0)[0] == "INVALID_INPUT"


def test_a_memo_has_at_most_639_bytes(blink: Asker) -> None:
    till = blink.wallets["till"]["BTC"]
    fits = "₿" * 213
    invoice = blink.create(memo=fits)
    assert bolt11.decode(invoice["paymentRequest"]).description == fits
    code, message = blink.refused("lnInvoiceCreate", walletId=till, amount=1, memo=fits + "x")
    assert (code, message) == (None, "Memo is too long")


def test_an_external_id_is_unique_per_receiving_account(blink: Asker) -> None:
    till = blink.wallets["till"]["BTC"]
    first = blink.create(externalId="bp-1-a")
    assert first["externalId"] == "bp-1-a"
    code, message = blink.refused("lnInvoiceCreate", walletId=till, amount=5, externalId="bp-1-a")
    assert code == "INVALID_INPUT"
    assert message == "External id bp-1-a already exists"
    blink.create_for("cafe", 21, externalId="bp-1-a")
    for bad in ("Upper", "a b", "x" * 101, ""):
        code, _ = blink.refused("lnInvoiceCreate", walletId=till, amount=5, externalId=bad)
        assert code == "INVALID_INPUT"
    query = """query Q($w: WalletId!) { me { defaultAccount { walletById(walletId: $w) {
        invoices(first: 1) { edges { node { externalId paymentHash } } } } } } }"""
    wallet = blink.ask(query, w=till)["data"]["me"]["defaultAccount"]["walletById"]
    node = wallet["invoices"]["edges"][0]["node"]
    assert node == {"externalId": "bp-1-a", "paymentHash": first["paymentHash"]}


def test_without_an_external_id_the_hash_is_it(blink: Asker) -> None:
    invoice = blink.create()
    assert invoice["externalId"] == invoice["paymentHash"]


def test_every_refused_cancelling_reads_the_same(blink: Asker) -> None:
    till = blink.wallets["till"]["BTC"]
    paid, expired, cancelled = (blink.create(expiresIn=1) for _ in range(3))
    blink.control.pay(paid["paymentRequest"])
    asked = {"walletId": till, "paymentHash": cancelled["paymentHash"]}
    payload = blink.mutate("lnInvoiceCancel", "errors { message } success", **asked)
    assert payload == {"errors": [], "success": True}
    assert blink.status(cancelled["paymentHash"]) == "PENDING"
    expected = ("INVALID_INPUT", "The invoice has already been processed")
    assert blink.refused("lnInvoiceCancel", **asked) == expected
    blink.control.advance(61)
    for invoice in (paid, expired, cancelled):
        asked["paymentHash"] = invoice["paymentHash"]
        assert blink.refused("lnInvoiceCancel", **asked) == expected
    assert [blink.status(i["paymentHash"]) for i in (paid, expired, cancelled)] == [
        "PAID",
        "EXPIRED",
        "EXPIRED",
    ]


def test_sixty_invoices_a_minute_then_blocked(blink: Asker) -> None:
    blink.control.settings(invoices_per_window=2)
    till, cafe = blink.wallets["till"]["BTC"], blink.wallets["cafe"]["BTC"]
    on_behalf = "lnInvoiceCreateOnBehalfOfRecipient"
    blink.create()
    blink.create()
    assert blink.refused("lnInvoiceCreate", walletId=till, amount=1)[0] == "TOO_MANY_REQUEST"
    # The kinds are apart, and on behalf it is the receiver who is counted, whoever asks.
    blink.create_for("cafe", 1)
    blink.create_for("cafe", 1)
    code, _ = blink.refused(on_behalf, None, recipientWalletId=cafe, amount=1)
    assert code == "TOO_MANY_REQUEST"
    code, _ = blink.refused(on_behalf, "blink_sim_visitor", recipientWalletId=cafe, amount=1)
    assert code == "TOO_MANY_REQUEST"
    blink.create_for("elturco", 1)
    blink.control.advance(299)
    assert blink.refused("lnInvoiceCreate", walletId=till, amount=1)[0] == "TOO_MANY_REQUEST"
    blink.control.advance(2)
    blink.create()


def test_the_default_limit_is_blinks(sim: Simulator) -> None:
    settings = sim.world.settings
    assert (settings.invoices_per_window, settings.window_seconds) == (60, 60)
    assert settings.block_seconds == 300


def test_an_account_that_is_wound_down_receives_nothing(blink: Asker) -> None:
    closed = blink.wallets["closed"]["BTC"]
    code, _ = blink.refused(
        "lnInvoiceCreateOnBehalfOfRecipient", None, recipientWalletId=closed, amount=1
    )
    assert code == "RECEIVE_DISABLED"
    invoice = blink.create_for("ana", 5)
    blink.control.change_account("ana", receive_disabled=True)
    blink.control.fund("till", 10)
    assert blink.pay(invoice["paymentRequest"])["errors"][0]["code"] == "RECEIVE_DISABLED"


def test_a_wallet_that_is_not_ours_carries_no_code(blink: Asker) -> None:
    code, message = blink.refused(
        "lnInvoiceCreate", walletId=blink.wallets["cafe"]["BTC"], amount=1
    )
    assert (code, message) == (None, "Invalid wallet")


def test_an_unknown_recipients_wallet_is_not_found(blink: Asker) -> None:
    code, _ = blink.refused(
        "lnInvoiceCreateOnBehalfOfRecipient", None, recipientWalletId="nowhere", amount=1
    )
    assert code == "NOT_FOUND"
