"""Blink's scalars. Bad input becomes a value, which the resolver then refuses.

Blink's own scalars do so too: that is why bad input comes back as a payload
error without a code, and not as an error of GraphQL.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ariadne import ScalarType

from .accounts import USERNAME
from .invoices import MEMO_BYTES
from .refusals import Refusal, TopLevelRefusal

_MAX_SATS = 21_000_000 * 100_000_000
_HEX_32_BYTES = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BadValue:
    """An argument that its scalar refuses."""

    message: str


def check(*values: object) -> None:
    """Refuse a mutation's bad values: a payload error with `code: null`."""
    for value in values:
        if isinstance(value, BadValue):
            raise Refusal(None, value.message)


def check_query(*values: object) -> None:
    """Refuse a query's bad values: a GraphQL error."""
    for value in values:
        if isinstance(value, BadValue):
            raise TopLevelRefusal(value.message)


def _amount(name: str) -> Callable[[object], int | BadValue]:
    def parse(value: object) -> int | BadValue:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            return BadValue(f"Invalid value for {name}")
        if value > _MAX_SATS:
            return BadValue(f"{name} value exceeds maximum")
        return value

    return parse


def _minutes(value: object) -> int | BadValue:
    if isinstance(value, bool) or not isinstance(value, int):
        return BadValue("Invalid value for Minutes")
    return value


def _memo(value: object) -> str | BadValue:
    if not isinstance(value, str):
        return BadValue("Invalid type for Memo")
    if len(value.encode()) > MEMO_BYTES:
        return BadValue("Memo is too long")
    return value


def _payment_hash(value: object) -> str | BadValue:
    if not isinstance(value, str) or not _HEX_32_BYTES.fullmatch(value):
        return BadValue("Invalid value for PaymentHash")
    return value


def _username(value: object) -> str | BadValue:
    if not isinstance(value, str) or not USERNAME.match(value):
        return BadValue("Invalid value for Username")
    return value


def _text(name: str) -> Callable[[object], str | BadValue]:
    def parse(value: object) -> str | BadValue:
        return value if isinstance(value, str) else BadValue(f"Invalid type for {name}")

    return parse


def _untouched(value: object) -> object:
    return value


_PARSERS: dict[str, Callable[[object], object]] = {
    "CentAmount": _amount("CentAmount"),
    "SatAmount": _amount("SatAmount"),
    "Minutes": _minutes,
    "Memo": _memo,
    "PaymentHash": _payment_hash,
    "Username": _username,
    "LnPaymentRequest": _text("LnPaymentRequest"),
    "TxExternalId": _text("TxExternalId"),
    "WalletId": _text("WalletId"),
    "DisplayCurrency": _text("DisplayCurrency"),
    "Hex32Bytes": _payment_hash,
}

SCALARS = [
    # A Timestamp may leave as an object: one of Blink's oddities, see `faults`.
    ScalarType(name, serializer=_untouched, value_parser=parser)
    for name, parser in _PARSERS.items()
]
