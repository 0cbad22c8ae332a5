"""The keypad's currency: the shop's own, or sats at one tap."""

from __future__ import annotations

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.entry import MAX_DIGITS, Entry
from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.pricing import is_usable
from blinkpos_desktop.ui.viewmodels.basket import HOME
from blinkpos_desktop.ui.viewmodels.tipping import Tipping
from blinkpos_desktop.ui.viewmodels.view import Sound


class Currencies(Tipping):
    """Switches the keypad between two currencies, and knows the price between them."""

    def switch_currency(self) -> None:
        """Turn to sats, or back. What is typed keeps its worth, by a price that is good to sell at.

        Sats sell without a price: an old or a doubted one must not come in by this door.
        """
        view = self._view
        if view.screen not in HOME or not view.other_currency:
            return
        if not view.cart.is_empty or view.entry.items:
            self._refuse(self.tr("A sale is in one currency: clear the list first."))
            return
        self.sound_wanted.emit(Sound.CLICK)
        text = self._converted(view.entry)
        told = ""
        if view.entry.typed_minor and not text:
            told = self.tr("Type the amount again: there is no sure price now.")
        currency = self._shop_currency if view.entry.currency.is_sats else SATS
        self._set(
            entry=Entry(currency=currency, text=text),
            cart=Cart(currency=currency, note=view.cart.note),
            error="",
            told=told,
        )

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        from blinkpos_desktop.domain.facts import PriceChanged

        if isinstance(fact, PriceChanged):
            self._price, self._price_since = fact.price, fact.since
            self._is_price_sure = fact.is_sure
            self._set()
        else:
            super().on_fact(fact)

    def _converted(self, entry: Entry) -> str:
        """Return what is typed in the other currency; empty if that can't be said."""
        price, since = self._price, self._price_since
        if not entry.typed_minor or price is None or since is None or not self._is_price_sure:
            return ""
        if price.currency.code != self._shop_currency.code or not is_usable(self._wall() - since):
            return ""
        if entry.currency.is_sats:
            minor, currency = price.to_minor(entry.typed_minor), self._shop_currency
        else:
            minor, currency = price.to_sats(entry.typed_minor), SATS
        text = Money(minor=minor, currency=currency).decimal()
        return text if minor and len(text.replace(".", "")) <= MAX_DIGITS else ""
