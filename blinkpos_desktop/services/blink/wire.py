"""JSON becomes domain values here and nowhere else. A shape that is not Blink's is an error."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from blinkpos_desktop.domain.blink import (
    Account,
    Allowance,
    Direction,
    InvoiceStatus,
    PaidUpdate,
    PlainUpdate,
    RecipientWallet,
    Scope,
    SendAnswer,
    SendStatus,
    TransactionPage,
    TransactionStatus,
    WalletTransaction,
)
from blinkpos_desktop.domain.errors import InputError, OutcomeUnknownError, SettingsError
from blinkpos_desktop.domain.money import MAX_SATS, Currency, Price

SILENT: Final = "Blink does not answer as it should: try again."
_DAY: Final = 86_400
_HASH = re.compile(r"[0-9a-f]{64}")
_EXTERNAL_ID = re.compile(r"[a-z0-9_-]{1,100}")
_PRINTABLE = re.compile(r"[!-~]{1,4096}")
_ARRIVED = frozenset({SendStatus.SUCCESS, SendStatus.ALREADY_PAID})
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadError:
    """An error within a payload; ``code`` may be empty."""

    message: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeInvoice:
    """An invoice as Blink states it, unchecked."""

    payment_request: str
    payment_hash: str


def _read(what: str, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, InputError) as error:
        raise OutcomeUnknownError(SILENT, cause=f"{what}: {error!r}"[:300]) from error


def account(data: dict[str, Any]) -> Account:
    """Read the answer of ``account.graphql``."""

    def read() -> Account:
        me, own = data["me"], data["me"]["defaultAccount"]
        wallets = [(_id(each["id"]), each["walletCurrency"]) for each in _items(own["wallets"])]
        btc = [wallet_id for wallet_id, currency in wallets if currency == "BTC"]
        if not btc:
            raise SettingsError("The collecting account has no BTC wallet.")
        scopes = _items(data["authorization"]["scopes"])
        return Account(
            id=_id(own["id"]),
            network=_id(data["globals"]["network"]),
            username=None if me.get("username") is None else _id(me["username"]),
            btc_wallet_id=btc[0],
            wallet_ids=frozenset(wallet_id for wallet_id, _ in wallets),
            # One that a later Blink may have made is none that we ask for.
            scopes=frozenset(Scope(scope) for scope in scopes if scope in set(Scope)),
        )

    return _read("account", read)


def network(data: dict[str, Any]) -> str:
    """Read the answer of ``network.graphql``."""
    return _read("network", lambda: str(data["globals"]["network"]))


def allowance(data: dict[str, Any]) -> Allowance | None:
    """Read the answer of ``limits.graphql``: the narrowest limit that Blink states."""

    def read() -> Allowance | None:
        limits = data["me"]["defaultAccount"]["limits"]["internalSend"]
        found = [
            Allowance(
                remaining_cents=_whole(limit["remainingLimit"]),
                total_cents=_whole(limit["totalLimit"]),
                seconds=_whole(limit["interval"] or _DAY),
            )
            for limit in limits
            if limit["remainingLimit"] is not None
        ]
        return min(found, key=lambda each: each.remaining_cents, default=None)

    return _read("limits", read)


def currencies(data: dict[str, Any]) -> list[Currency]:
    """Read the answer of ``currencies.graphql``."""
    return _read(
        "currencies",
        lambda: [
            Currency(
                code=_id(each["id"]),
                digits=_whole(each["fractionDigits"]),
                symbol=_label(each["symbol"]),
                name=_label(each["name"]),
            )
            for each in _items(data["currencyList"])
        ],
    )


def price(data: dict[str, Any], currency: Currency) -> Price:
    """Read the answer of ``price.graphql``."""

    def read() -> Price:
        answer = data["realtimePrice"]
        if answer["denominatorCurrencyDetails"]["id"] != currency.code:
            raise ValueError("the price of another currency")
        return Price(
            currency=currency,
            base=_whole(answer["btcSatPrice"]["base"]),
            offset=_whole(answer["btcSatPrice"]["offset"]),
            as_of=_whole(answer["timestamp"]),
        )

    return _read("price", read)


def recipient(data: dict[str, Any], username: str) -> RecipientWallet:
    """Read the answer of ``recipient_….graphql``."""

    def read() -> RecipientWallet:
        wallet = data["accountDefaultWallet"]
        if wallet["currency"] not in {"BTC", "USD"}:
            raise ValueError("a wallet of another currency")
        return RecipientWallet(
            username=username, wallet_id=_id(wallet["id"]), is_usd=wallet["currency"] == "USD"
        )

    return _read("recipient", read)


def first_error(payload: dict[str, Any]) -> PayloadError | None:
    """Return a payload's first own error."""
    errors = payload.get("errors")
    if not errors:
        return None
    first = errors[0] if isinstance(errors, list) else errors
    if not isinstance(first, dict):
        return PayloadError(message=str(first)[:300], code="")
    return PayloadError(
        message=str(first.get("message") or "")[:300], code=str(first.get("code") or "")
    )


def invoice(payload: dict[str, Any]) -> MadeInvoice:
    """Read the invoice of a create mutation."""
    return _read(
        "invoice",
        lambda: MadeInvoice(
            payment_request=_id(payload["invoice"]["paymentRequest"]),
            payment_hash=_id(payload["invoice"]["paymentHash"]),
        ),
    )


def invoice_status(data: dict[str, Any]) -> InvoiceStatus:
    """Read the answer of ``invoice_status.graphql``."""
    return _read("status", lambda: InvoiceStatus(data["lnInvoicePaymentStatusByHash"]["status"]))


def send_answer(data: dict[str, Any]) -> SendAnswer:
    """Read the answer of ``pay.graphql``; anything odd is an unknown outcome."""

    def read() -> SendAnswer:
        payload = data["lnInvoicePaymentSend"]
        error = first_error(payload)
        status = payload.get("status")
        if error and status in _ARRIVED:
            raise ValueError("an error and a success at once")
        return SendAnswer(
            # An error without a status says no more than a FAILURE does.
            status=SendStatus(status) if status or not error else SendStatus.FAILURE,
            code=error.code if error else "",
            message=error.message if error else "",
        )

    return _read("pay", read)


def transactions(data: dict[str, Any]) -> list[Any]:
    """Read the answer of ``transactions.graphql``."""

    def read() -> list[Any]:
        found = data["me"]["defaultAccount"]["walletById"]["transactionsByPaymentHash"]
        return [dict(each) for each in _items(found)]

    return _read("transactions", read)


def received(found: list[Any]) -> int | None:
    """Return the sats that came in by these transactions; ``None`` when none did."""

    def read() -> int | None:
        amounts = [
            _whole(each["settlementAmount"])
            for each in found
            if each["direction"] == "RECEIVE"
            and each["status"] == "SUCCESS"
            and each["settlementCurrency"] == "BTC"
        ]
        if any(amount < 0 for amount in amounts):
            raise ValueError("what came in is below zero")
        # A sum that can't be is no sum: the ledger then takes what was asked for.
        return sum(amounts) if 0 < sum(amounts) <= MAX_SATS else None

    return _read("received", read)


def sent(found: list[Any]) -> TransactionStatus | None:
    """Return how the sending transactions stand: a success or a pending one counts first."""

    def read() -> TransactionStatus | None:
        states = {
            TransactionStatus(each["status"]) for each in found if each["direction"] == "SEND"
        }
        for state in TransactionStatus:
            if state in states:
                return state
        return None

    return _read("sent", read)


def transaction_page(data: dict[str, Any]) -> TransactionPage:
    """Read the answer of ``wallet_transactions.graphql``."""

    def read() -> TransactionPage:
        found = data["me"]["defaultAccount"]["walletById"]["transactions"]
        page = found["pageInfo"]
        if not isinstance(page["hasNextPage"], bool):
            raise TypeError("not a page")
        return TransactionPage(
            transactions=tuple(_transaction(edge["node"]) for edge in _items(found["edges"])),
            after=_id(page["endCursor"]) if page["hasNextPage"] else None,
        )

    return _read("transactions", read)


def _transaction(node: dict[str, Any]) -> WalletTransaction:
    sats = abs(_whole(node["settlementAmount"]))
    if sats > MAX_SATS:
        raise ValueError("more than all the bitcoin there is")
    return WalletTransaction(
        direction=Direction(node["direction"]),
        status=TransactionStatus(node["status"]),
        sats=sats,
        payment_hash=_name(node["initiationVia"].get("paymentHash"), _HASH),
        payment_request=_name(node["initiationVia"].get("paymentRequest"), _PRINTABLE),
        external_id=_name(node["externalId"], _EXTERNAL_ID),
        created_at=_whole(node["createdAt"]),
    )


def paid_update(payload: dict[str, Any]) -> PaidUpdate | None:
    """Return the payment that a ``myUpdates`` payload tells of; ``None`` for anything else.

    Tolerant: a field that is not needed may have any shape.
    """
    update = _update(payload)
    if update.get("__typename") != "LnUpdate":
        return None
    payment_hash = update.get("paymentHash")
    if update.get("status") != "PAID" or not isinstance(payment_hash, str):
        return None
    if not _HASH.fullmatch(payment_hash):
        return None
    transaction = update.get("transaction")
    return PaidUpdate(
        payment_hash=payment_hash,
        received_sats=_settled(transaction, "BTC"),
        received_cents=_settled(transaction, "USD"),
    )


def plain_update(payload: dict[str, Any]) -> PlainUpdate | None:
    """Return what a ``myUpdates`` payload says came in without an invoice; ``None`` for all else.

    Tolerant as ``paid_update``: what can't be told apart from another is nothing.
    """
    update = _update(payload)
    if update.get("__typename") not in {"IntraLedgerUpdate", "OnChainUpdate"}:
        return None
    transaction = update.get("transaction")
    if not isinstance(transaction, dict) or not isinstance(transaction.get("id"), str):
        return None
    # Our own sends are told as well, and what is on its way on-chain.
    if (transaction.get("direction"), transaction.get("status")) != ("RECEIVE", "SUCCESS"):
        return None
    return PlainUpdate(
        id=transaction["id"],
        received_sats=_settled(transaction, "BTC"),
        received_cents=_settled(transaction, "USD"),
    )


def update_error(payload: dict[str, Any]) -> str:
    """Return the ``myUpdates`` payload's own first error, or an empty text."""
    data = payload.get("data")
    updates = data.get("myUpdates") if isinstance(data, dict) else None
    error = first_error(updates) if isinstance(updates, dict) else None
    return f"{error.code} {error.message}".strip() or "refused" if error else ""


def _update(payload: dict[str, Any]) -> dict[str, Any]:
    update = (payload.get("data") or {}).get("myUpdates", {}).get("update")
    return update if isinstance(update, dict) else {}


def _settled(transaction: object, currency: str) -> int | None:
    if not isinstance(transaction, dict) or transaction.get("settlementCurrency") != currency:
        return None
    amount = transaction.get("settlementAmount")
    if isinstance(amount, bool) or not isinstance(amount, int):
        return None
    return amount if 0 < amount <= MAX_SATS else None


def _whole(value: object) -> int:
    # Blink's SignedAmount can come as 23.0: JSON knows no whole numbers.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def _items(value: object) -> list[Any]:
    """Return a list; anything else that Python can walk through is none, above all nothing."""
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _id(value: object) -> str:
    """Return a text that names something at Blink: it goes back into requests and the ledger."""
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
        raise TypeError("not an id")
    return value


def _label(value: object) -> str:
    """Return a text for the screen, without what no screen and no database can hold."""
    if not isinstance(value, str) or any(unicodedata.category(c) in {"Cc", "Cs"} for c in value):
        raise TypeError("not a text")
    return value


def _name(value: object, shape: re.Pattern[str]) -> str:
    """Return a name that a transaction may carry; an empty text for none of that shape."""
    if value is not None and not isinstance(value, str):
        raise TypeError("not a name")
    return value if value and shape.fullmatch(value) else ""
