"""A till's last sale: what became of it, and what it was made of."""

from __future__ import annotations

from dataclasses import dataclass

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.payment import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSale:
    """The last sale of a till whose code could be shown."""

    payment: Payment
    cart: Cart
