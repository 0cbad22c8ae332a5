"""A bolt11 invoice is decoded and held against what was asked, before anybody sees or pays it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import bolt11

from blinkpos_desktop.domain.errors import RefusedError
from blinkpos_desktop.services.blink import bits

bits.install()
CURRENCY_OF_NETWORK: Final[Mapping[str, str]] = {
    "mainnet": "bc",
    "testnet": "tb",
    "signet": "tbs",
    "regtest": "bcrt",
}
_LIFE_TOLERANCE: Final = 60
_DEFAULT_LIFE: Final = 3600
"""BOLT 11: an invoice that does not say lives an hour."""
_MAX_LENGTH: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What an invoice itself says. ``expires_at`` is in Unix seconds, ``life`` in seconds."""

    payment_hash: str
    sats: int
    expires_at: int
    life: int


def check(
    payment_request: object,
    *,
    payment_hash: object,
    sats: int,
    network: str,
    life: int | None,
) -> Decoded:
    """Decode an invoice and return what it says, if it is what was asked.

    ``life`` is how many seconds it was asked to live (within a minute), or
    ``None`` where Blink chooses.

    Raises:
        RefusedError: its amount, hash, network or length of life is another, or
            it can't be read.
    """
    if not isinstance(payment_request, str) or len(payment_request) > _MAX_LENGTH:
        raise _refused("no invoice")
    try:
        invoice = bolt11.decode(payment_request, strict=True)
    except Exception as error:
        raise _refused(f"unreadable: {error!r}") from error
    if invoice.amount_msat is None or int(invoice.amount_msat) != sats * 1000:
        raise _refused("another amount")
    if not re.fullmatch(r"[0-9a-f]{64}", invoice.payment_hash):
        raise _refused("no payment hash")
    if invoice.payment_hash != payment_hash:
        raise _refused("another payment hash")
    if invoice.currency != CURRENCY_OF_NETWORK.get(network):
        raise _refused(f"for another network than {network}")
    expiry = invoice.expiry or _DEFAULT_LIFE
    if life is not None and abs(expiry - life) > _LIFE_TOLERANCE:
        raise _refused(f"lives {expiry} s instead of {life} s")
    return Decoded(
        payment_hash=invoice.payment_hash,
        sats=sats,
        expires_at=invoice.date + expiry,
        life=expiry,
    )


def _refused(cause: str) -> RefusedError:
    return RefusedError("Blink's invoice is not what was asked: nothing was sold.", cause=cause)
