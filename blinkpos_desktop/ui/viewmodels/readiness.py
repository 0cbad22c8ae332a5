"""Why OK is dead: what the till still waits for, and what is wrong with the amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.money import MAX_SATS, Price
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.sale import quote, sale_of

if TYPE_CHECKING:
    from blinkpos_desktop.domain.facts import ShopReady


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What is known of the shop and of the parts that a sale cannot do without."""

    shop: ShopReady | None = None
    blink: PartChanged | None = None
    database: PartChanged | None = None
    can_see: bool = True
    """Whether payments can be seen, by the socket or by asking."""

    @property
    def sentence(self) -> str:
        """Say why nothing can be sold now; empty when everything is there."""
        # Once the shop is known, Blink's updates may be cut off: the till sells by asking.
        needed = (self.database, self.blink) if self.shop is None else (self.database,)
        for part in needed:
            if part is not None and part.health is Health.AWAY:
                return part.sentence or _away(part.part)
        problem = "" if self.shop is None else self.shop.problem
        if problem or not self.can_see:
            return problem or unseen()
        if self.shop is not None:
            return ""
        if self.database is None:
            # The very first start makes one, which takes some seconds.
            return QCoreApplication.translate("Readiness", "Preparing the database…")
        return QCoreApplication.translate("Readiness", "Connecting to Blink…")


def unseen() -> str:
    """Say that payments can't be seen, and what to do."""
    return QCoreApplication.translate(
        "Readiness", "I can't see payments now: check the internet connection."
    )


def amount_problem(cart: Cart, price: Price | None) -> str:
    """Say what is wrong with the amount to be paid; empty when nothing is, or there is none."""
    if cart.is_empty:
        return ""
    currency, total = cart.currency, cart.total.minor
    if currency.is_sats and total > MAX_SATS:
        return QCoreApplication.translate(
            "Readiness", "That is more than all the bitcoin there is."
        )
    if not total:
        return QCoreApplication.translate(
            "Readiness", "Nothing is left to pay: make the discount smaller."
        )
    if currency.is_sats or price is None or price.currency.code != currency.code:
        return ""
    try:
        quote(sale_of(cart), price)
    except InputError as problem:
        return problem.sentence
    return ""


def worth_sats(cart: Cart, price: Price | None) -> int | None:
    """Return what is to be paid in sats, while a price of its currency is known."""
    if cart.currency.is_sats or price is None or price.currency.code != cart.currency.code:
        return None
    return price.to_sats(cart.total.minor)


def _away(part: Part) -> str:
    if part is Part.BLINK:
        return QCoreApplication.translate("Readiness", "Blink cannot be reached. Trying again…")
    return QCoreApplication.translate("Readiness", "The database cannot be reached. Trying again…")
