"""The sales that were on this screen when the program ended, as the counter keeps them."""

from __future__ import annotations

from dataclasses import replace

from blinkpos_desktop.domain.entry import Entry
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.ui.viewmodels.view import Offer

Offers = tuple[Offer, ...]


def offer_of(offers: Offers, payment_hash: str) -> Offer | None:
    """Return the offer of that hash, if there is one."""
    return next((each for each in offers if each.payment.payment_hash == payment_hash), None)


def with_offer(offers: Offers, payment: Payment) -> Offers:
    """Return them with one more, or with the news of one that is there."""
    return (*without(offers, payment.payment_hash), Offer(payment=payment))


def without(offers: Offers, payment_hash: str) -> Offers:
    """Return the others."""
    return tuple(each for each in offers if each.payment.payment_hash != payment_hash)


def opening(offers: Offers, payment_id: int, *, is_opening: bool) -> Offers:
    """Return them with one that is being opened, or is not any more."""
    return tuple(
        replace(each, is_opening=is_opening) if each.payment.id == payment_id else each
        for each in offers
    )


def entry_of(payment: Payment, entry: Entry) -> Entry:
    """Return what would have to be typed for the same sale; empty in another currency."""
    own, shop = payment.base.currency, entry.currency
    if (own.code, own.digits) != (shop.code, shop.digits):
        return Entry(currency=shop)
    return Entry(currency=shop, items=(payment.base.minor,))
