"""Blink's good answers, and what each may be read as: written anew, strictly, beside the client.

A value that the client returns is held against this reading of the very JSON
that was sent: where this finds no value, the client may not return one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from blinkpos_desktop.domain.blink import (
    Account,
    Direction,
    InvoiceStatus,
    RecipientWallet,
    Scope,
    SendAnswer,
    SendStatus,
    TransactionPage,
    TransactionStatus,
    WalletTransaction,
)
from blinkpos_desktop.domain.money import MAX_SATS, Currency, Price
from blinkpos_desktop.domain.payment import Invoice
from blinkpos_desktop.domain.transfer import RecipientInvoice
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.simulator.bolt11_text import Terms, write

HASH: Final = "ab" * 32
DATE: Final = 1_790_000_000
OWN: Final = Account(
    id="account-1",
    network="regtest",
    username="till",
    btc_wallet_id="wallet-btc",
    wallet_ids=frozenset({"wallet-btc", "wallet-usd"}),
    scopes=frozenset(Scope),
)
BTC: Final = RecipientWallet(username="elturco", wallet_id="wallet-1", is_usd=False)
USD: Final = RecipientWallet(username="dana", wallet_id="wallet-2", is_usd=True)
DOLLAR: Final = Currency(code="USD", digits=2, symbol="$", name="US Dollar")


def _request(seconds: int) -> str:
    return write(
        Terms(
            network="regtest",
            sats=23,
            payment_hash=HASH,
            payment_secret="cd" * 32,
            memo="21 + 2",
            date=DATE,
            expiry_seconds=seconds,
        )
    )


REQUESTS: Final = {seconds: _request(seconds) for seconds in (900, 86_400, 300)}


class Unreadable(Exception):  # noqa: N818 (a reading, not an error)
    """There is no value in it."""


def need(holds: object) -> None:
    if not holds:
        raise Unreadable


def text(value: object) -> str:
    need(type(value) is str and value and all("!" <= char <= "~" for char in value))
    return str(value)


def label(value: object) -> str:
    need(type(value) is str and all(char >= " " and not "\ud800" <= char <= "\udfff"
                                    for char in str(value)))  # fmt: skip
    return str(value)


def whole(value: Any) -> int:  # noqa: ANN401 (JSON)
    need(type(value) in {int, float} and value == value and abs(value) != float("inf"))  # noqa: PLR0124
    need(int(value) == value)
    return int(value)


def at(value: Any, *way: Any) -> Any:  # noqa: ANN401 (JSON)
    for key in way:
        need(isinstance(value, list if isinstance(key, int) else dict))
        need(key < len(value) if isinstance(key, int) else key in value)
        value = value[key]
    return value


def data(answer: object) -> Any:  # noqa: ANN401 (JSON)
    need(isinstance(answer, dict) and not answer.get("errors"))
    found = at(answer, "data")
    need(isinstance(found, dict))
    return found


def items(value: object) -> list[Any]:
    need(isinstance(value, list))
    return list(value)  # type: ignore[call-overload, no-any-return]


def _account(answer: object) -> Account:
    found = data(answer)
    own = at(found, "me", "defaultAccount")
    wallets = [
        (text(at(each, "id")), at(each, "walletCurrency")) for each in items(at(own, "wallets"))
    ]
    btc = [name for name, currency in wallets if currency == "BTC"]
    need(btc)
    username = at(found, "me").get("username")
    return Account(
        id=text(at(own, "id")),
        network=text(at(found, "globals", "network")),
        username=None if username is None else text(username),
        btc_wallet_id=btc[0],
        wallet_ids=frozenset(name for name, _ in wallets),
        scopes=frozenset(
            scope
            for each in items(at(found, "authorization", "scopes"))
            for scope in Scope
            if type(each) is str and each == scope
        ),
    )


def _currencies(answer: object) -> list[Currency]:
    found = []
    for each in items(at(data(answer), "currencyList")):
        digits = whole(at(each, "fractionDigits"))
        need(0 <= digits <= 8)
        found.append(
            Currency(
                code=text(at(each, "id")),
                digits=digits,
                symbol=label(at(each, "symbol")),
                name=label(at(each, "name")),
            )
        )
    return found


def _price(answer: object) -> Price:
    found = at(data(answer), "realtimePrice")
    need(at(found, "denominatorCurrencyDetails", "id") == "USD")
    base, offset = (whole(at(found, "btcSatPrice", name)) for name in ("base", "offset"))
    need(base > 0 and 0 <= offset <= 60)
    return Price(currency=DOLLAR, base=base, offset=offset, as_of=whole(at(found, "timestamp")))


def _recipient(answer: object) -> RecipientWallet:
    wallet = at(data(answer), "accountDefaultWallet")
    currency = at(wallet, "currency")
    need(currency in ("BTC", "USD"))
    return RecipientWallet(
        username="elturco", wallet_id=text(at(wallet, "id")), is_usd=currency == "USD"
    )


def _made(answer: object, field: str, seconds: int) -> None:
    payload = at(data(answer), field)
    need(isinstance(payload, dict) and not payload.get("errors"))
    need(at(payload, "invoice", "paymentHash") == HASH)
    need(at(payload, "invoice", "paymentRequest") == REQUESTS[seconds])


def _invoice(answer: object) -> Invoice:
    _made(answer, "lnInvoiceCreate", 900)
    return Invoice(payment_request=REQUESTS[900], payment_hash=HASH, sats=23, expires_at=DATE + 900)


def _recipients(field: str, seconds: int) -> Callable[[object], RecipientInvoice]:
    def read(answer: object) -> RecipientInvoice:
        _made(answer, field, seconds)
        return RecipientInvoice(
            external_id="bp-1",
            payment_request=REQUESTS[seconds],
            payment_hash=HASH,
            sats=23,
            expires_at=DATE + seconds,
        )

    return read


def _status(answer: object) -> InvoiceStatus:
    status = at(data(answer), "lnInvoicePaymentStatusByHash", "status")
    need(type(status) is str and status in set(InvoiceStatus))
    return InvoiceStatus(status)


def _transactions(answer: object) -> list[Any]:
    way = ("me", "defaultAccount", "walletById", "transactionsByPaymentHash")
    return items(at(data(answer), *way))


def _received(answer: object) -> int | None:
    total = 0
    for each in _transactions(answer):
        if at(each, "direction") == "RECEIVE" and at(each, "status") == "SUCCESS":
            if at(each, "settlementCurrency") != "BTC":
                continue
            amount = whole(at(each, "settlementAmount"))
            need(amount >= 0)
            total += amount
    return total if 0 < total <= MAX_SATS else None


def _sent(answer: object) -> TransactionStatus | None:
    states = set()
    for each in _transactions(answer):
        if at(each, "direction") == "SEND":
            status = at(each, "status")
            need(type(status) is str and status in set(TransactionStatus))
            states.add(TransactionStatus(status))
    return next((state for state in TransactionStatus if state in states), None)


def _cancelled(answer: object) -> bool:
    payload = at(data(answer), "lnInvoiceCancel")
    need(isinstance(payload, dict))
    return not payload.get("errors") and payload.get("success") is True


def _paid(answer: object) -> SendAnswer:
    payload = at(data(answer), "lnInvoicePaymentSend")
    need(isinstance(payload, dict))
    status, errors = payload.get("status"), payload.get("errors")
    if errors:
        # What is said to have failed and to have been paid at once is neither.
        need(not status or status in ("FAILURE", "PENDING"))
        status = status or "FAILURE"
    need(type(status) is str and status in set(SendStatus))
    return SendAnswer(status=SendStatus(status))


def _page(answer: object) -> TransactionPage:
    found = at(data(answer), "me", "defaultAccount", "walletById", "transactions")
    more = at(found, "pageInfo", "hasNextPage")
    need(more is True or more is False)
    return TransactionPage(
        transactions=tuple(_transaction(at(each, "node")) for each in items(at(found, "edges"))),
        after=text(at(found, "pageInfo", "endCursor")) if more else None,
    )


def _transaction(node: object) -> WalletTransaction:
    direction, status = at(node, "direction"), at(node, "status")
    need(type(direction) is str and direction in set(Direction))
    need(type(status) is str and status in set(TransactionStatus))
    via, external_id = at(node, "initiationVia"), at(node, "externalId")
    need(isinstance(via, dict))
    payment_hash, request = via.get("paymentHash"), via.get("paymentRequest")
    need(payment_hash is None or type(payment_hash) is str)
    need(request is None or type(request) is str)
    need(external_id is None or type(external_id) is str)
    sats = abs(whole(at(node, "settlementAmount")))
    need(sats <= MAX_SATS)
    return WalletTransaction(
        direction=Direction(direction),
        status=TransactionStatus(status),
        sats=sats,
        # Texts that are no hash and no id of Blink's name nothing.
        payment_hash=payment_hash if payment_hash == HASH else "",
        payment_request=request if request == "lnbcrt1" else "",
        external_id=external_id if external_id == "bp-1" else "",
        created_at=whole(at(node, "createdAt")),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A method of the client, a good answer, and how that is read."""

    call: Callable[[BlinkClient], Awaitable[object]]
    good: dict[str, Any]
    read: Callable[[object], object]
    same: Callable[[object, object], bool] = lambda one, other: one == other


def _alike(one: object, other: object) -> bool:
    """Codes and messages are for the log, and may be anything that was said."""
    return isinstance(one, SendAnswer) and isinstance(other, SendAnswer) and (
        one.status is other.status
    )  # fmt: skip


def _names(one: object, other: object) -> bool:
    """Any text may stand for a hash or an id, as long as it can be one."""
    if not isinstance(one, TransactionPage) or not isinstance(other, TransactionPage):
        return False
    strange = [
        each
        for each in one.transactions
        if each.payment_hash not in {"", HASH}
        or each.payment_request not in {"", "lnbcrt1"}
        or each.external_id not in {"", "bp-1"}
    ]
    fits = all(
        (len(each.payment_hash) in {0, 64})
        and all("!" <= c <= "~" for c in each.payment_hash + each.external_id)
        and all("!" <= c <= "~" for c in each.payment_request)
        for each in strange
    )
    return fits and (bool(strange) or one == other)


def _invoice_answer(field: str, seconds: int) -> dict[str, Any]:
    invoice = {"paymentRequest": REQUESTS[seconds], "paymentHash": HASH}
    return {"data": {field: {"errors": [], "invoice": invoice}}}


_OURS: Final = {
    "direction": "SEND",
    "status": "SUCCESS",
    "settlementAmount": -23,
    "settlementCurrency": "BTC",
}
_NODE: Final = {
    "direction": "RECEIVE",
    "status": "SUCCESS",
    "settlementAmount": 23,
    "externalId": "bp-1",
    "createdAt": DATE,
    "initiationVia": {"paymentHash": HASH, "paymentRequest": "lnbcrt1"},
}
_BEHALF: Final = "lnInvoiceCreateOnBehalfOfRecipient"
_USD_BEHALF: Final = "lnUsdInvoiceBtcDenominatedCreateOnBehalfOfRecipient"


def _of_wallet(name: str, value: object) -> dict[str, Any]:
    return {"data": {"me": {"defaultAccount": {"walletById": {name: value}}}}}


CASES: Final[dict[str, Case]] = {
    "account": Case(
        lambda blink: blink.account(),
        {
            "data": {
                "globals": {"network": "regtest"},
                "authorization": {"scopes": ["READ", "RECEIVE", "WRITE"]},
                "me": {
                    "username": "till",
                    "defaultAccount": {
                        "id": "account-1",
                        "wallets": [
                            {"id": "wallet-btc", "walletCurrency": "BTC"},
                            {"id": "wallet-usd", "walletCurrency": "USD"},
                        ],
                    },
                },
            }
        },
        _account,
    ),
    "currencies": Case(
        lambda blink: blink.currencies(),
        {
            "data": {
                "currencyList": [
                    {"id": "USD", "symbol": "$", "name": "US Dollar", "fractionDigits": 2},
                    {"id": "JPY", "symbol": "¥", "name": "Yen", "fractionDigits": 0},
                ]
            }
        },
        _currencies,
    ),
    "price": Case(
        lambda blink: blink.price(DOLLAR),
        {
            "data": {
                "realtimePrice": {
                    "timestamp": DATE,
                    "btcSatPrice": {"base": 43_623_050_781, "offset": 12},
                    "denominatorCurrencyDetails": {"id": "USD"},
                }
            }
        },
        _price,
    ),
    "recipient": Case(
        lambda blink: blink.recipient("elturco"),
        {"data": {"accountDefaultWallet": {"id": "wallet-1", "currency": "BTC"}}},
        _recipient,
    ),
    "create_invoice": Case(
        lambda blink: blink.create_invoice(
            OWN, sats=23, memo="21 + 2", minutes=15, external_id="bp-1"
        ),
        _invoice_answer("lnInvoiceCreate", 900),
        _invoice,
    ),
    "create_recipient_invoice": Case(
        lambda blink: blink.create_recipient_invoice(
            OWN, BTC, sats=23, memo="a tip", external_id="bp-1"
        ),
        _invoice_answer(_BEHALF, 86_400),
        _recipients(_BEHALF, 86_400),
    ),
    "create_usd_recipient_invoice": Case(
        lambda blink: blink.create_recipient_invoice(
            OWN, USD, sats=23, memo="a tip", external_id="bp-1"
        ),
        _invoice_answer(_USD_BEHALF, 300),
        _recipients(_USD_BEHALF, 300),
    ),
    "invoice_status": Case(
        lambda blink: blink.invoice_status(HASH),
        {"data": {"lnInvoicePaymentStatusByHash": {"status": "PENDING"}}},
        _status,
    ),
    "received_sats": Case(
        lambda blink: blink.received_sats("wallet-btc", HASH),
        _of_wallet(
            "transactionsByPaymentHash",
            [{**_OURS, "direction": "RECEIVE", "settlementAmount": 23}, _OURS],
        ),
        _received,
    ),
    "sent_status": Case(
        lambda blink: blink.sent_status("wallet-btc", HASH),
        _of_wallet("transactionsByPaymentHash", [{**_OURS, "status": "FAILURE"}, _OURS]),
        _sent,
    ),
    "cancel_invoice": Case(
        lambda blink: blink.cancel_invoice("wallet-btc", HASH),
        {"data": {"lnInvoiceCancel": {"errors": [], "success": True}}},
        _cancelled,
    ),
    "pay": Case(
        lambda blink: blink.pay("wallet-btc", REQUESTS[900], "a tip"),
        {"data": {"lnInvoicePaymentSend": {"errors": [], "status": "SUCCESS"}}},
        _paid,
        _alike,
    ),
    "transaction_page": Case(
        lambda blink: blink.transaction_page("wallet-btc", None),
        _of_wallet(
            "transactions",
            {
                "edges": [
                    {"node": _NODE},
                    {"node": {**_NODE, "initiationVia": {}, "externalId": None}},
                ],
                "pageInfo": {"hasNextPage": True, "endCursor": "cursor-1"},
            },
        ),
        _page,
        _names,
    ),
}
