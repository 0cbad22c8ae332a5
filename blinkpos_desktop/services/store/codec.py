"""A payment under way and a price as JSON, for Redis. Nothing here decides where money goes."""

from __future__ import annotations

import json
from typing import Any, Final

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.money import Currency, Money, Price
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState

_FORMAT: Final = 1


def encode(payment: Payment) -> str:
    """Return the payment without its transfers: those are PostgreSQL's alone."""
    currency = payment.base.currency
    invoice = payment.invoice
    return json.dumps(
        {
            "format": _FORMAT,
            "id": payment.id,
            "state": payment.state,
            "network": payment.network,
            "account_id": payment.account_id,
            "wallet_id": payment.wallet_id,
            "till": payment.till,
            "currency": [currency.code, currency.digits, currency.symbol],
            "base_minor": payment.base.minor,
            "tip_minor": payment.tip.minor,
            "total_sats": payment.total_sats,
            "tip_sats": payment.tip_sats,
            "memo": payment.memo,
            "created_at": payment.created_at,
            "invoice": invoice
            and [invoice.payment_request, invoice.payment_hash, invoice.sats, invoice.expires_at],
        }
    )


def decode(text: str | bytes) -> Payment | None:
    """Return the payment, or ``None`` for anything that we did not write so."""
    try:
        value: Any = json.loads(text)
        if value["format"] != _FORMAT:
            return None
        code, digits, symbol = value["currency"]
        request, payment_hash, sats, expires_at = value["invoice"]
        currency = Currency(code=_text(code), digits=_whole(digits), symbol=_text(symbol))
        return Payment(
            id=_whole(value["id"]),
            state=PaymentState(value["state"]),
            network=_text(value["network"]),
            account_id=_text(value["account_id"]),
            wallet_id=_text(value["wallet_id"]),
            till=_text(value["till"]),
            base=Money(minor=_whole(value["base_minor"]), currency=currency),
            tip=Money(minor=_whole(value["tip_minor"]), currency=currency),
            total_sats=_whole(value["total_sats"]),
            tip_sats=_whole(value["tip_sats"]),
            memo=_text(value["memo"]),
            created_at=_whole(value["created_at"]),
            invoice=Invoice(
                payment_request=_text(request),
                payment_hash=_text(payment_hash),
                sats=_whole(sats),
                expires_at=_whole(expires_at),
            ),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, TillError):
        return None


def encode_price(price: Price) -> str:
    """Return a price."""
    return json.dumps(
        {
            "format": _FORMAT,
            "currency": price.currency.code,
            "digits": price.currency.digits,
            "base": price.base,
            "offset": price.offset,
            "as_of": price.as_of,
        }
    )


def decode_price(text: str | bytes, currency: Currency) -> Price | None:
    """Return the price of that currency, or ``None`` for anything that we did not write so."""
    try:
        value: Any = json.loads(text)
        told = (value["format"], value["currency"], value["digits"])
        if told != (_FORMAT, currency.code, currency.digits):
            return None
        return Price(
            currency=currency,
            base=_whole(value["base"]),
            offset=_whole(value["offset"]),
            as_of=_whole(value["as_of"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, TillError):
        return None


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
