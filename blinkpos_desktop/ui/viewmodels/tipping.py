"""The counter's tip: presets, a round sum, a typed one, and who served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from blinkpos_desktop.domain.entry import Entry, Key, press
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.domain.sale import Recipient, Sale, sale_of, served_by
from blinkpos_desktop.domain.split import tip_of, tip_to_round
from blinkpos_desktop.ui.viewmodels.basket import HOME, Basket
from blinkpos_desktop.ui.viewmodels.percent import percent_of, press_percent
from blinkpos_desktop.ui.viewmodels.view import (
    CustomTip,
    Screen,
    Server,
    Sound,
    TipChoice,
)


class Tipping(Basket):
    """What the customer adds, and for whom."""

    def press(self, key: Key) -> None:
        """Press a key of the keypad, or of the custom tip's or a discount's."""
        view = self._view
        if view.screen is Screen.TIP and view.custom is not None:
            self.sound_wanted.emit(Sound.CLICK)
            self._set(custom=self._typed_tip(view.custom, key))
        else:
            super().press(key)

    def ok(self) -> None:
        """Ask for the tip or the invoice; while a sale is under way nothing happens."""
        view = self._view
        if view.screen is Screen.CART and (self._is_editing or self._is_guarded()):
            return
        if view.screen not in HOME | {Screen.CART} or not view.can_charge:
            return
        self.sound_wanted.emit(Sound.CLICK)
        recipients = self._recipients()
        if not recipients or not self._presets:
            self._charge(lambda: sale_of(self._view.basket))
            return
        base = view.basket.total
        rounding = tip_to_round(base.minor, base.currency.digits)
        several = recipients if len(recipients) > 1 else ()
        self._set(
            screen=Screen.TIP,
            tip_choices=tuple(self._choice(percent) for percent in self._presets),
            round_up=Money(minor=rounding, currency=base.currency),
            servers=tuple(Server(username=each.username) for each in several),
            custom=None,
            error="",
            told="",
        )

    def choose_tip(self, percent: Fraction) -> None:
        """Charge with a tip of ``percent``; 0 is no tip."""
        if self._view.screen is Screen.TIP and not self._is_guarded():
            self.sound_wanted.emit(Sound.CLICK)
            self._charge_with(percent=percent)

    def choose_round_up(self) -> None:
        """Charge the next whole sum."""
        rounding = self._view.round_up
        if rounding is not None and self._view.custom is None:
            self._choose_amount(rounding.minor)

    def toggle_server(self, username: str) -> None:
        """Let somebody have served, or not; while nobody is named the tip is everybody's."""
        if self._view.screen is Screen.TIP and not self._is_guarded():
            self.sound_wanted.emit(Sound.CLICK)
            servers = tuple(
                replace(each, is_chosen=not each.is_chosen) if each.username == username else each
                for each in self._view.servers
            )
            self._set(servers=servers)

    def open_custom(self) -> None:
        """Type a tip instead of choosing one."""
        if self._view.screen is Screen.TIP and self._view.custom is None and not self._is_guarded():
            self.sound_wanted.emit(Sound.CLICK)
            self._set(custom=CustomTip(text="", amount=None))
            self._entered_at = self._clock()

    def choose_tip_kind(self, *, is_percent: bool) -> None:
        """Type a percentage, or an amount."""
        custom = self._view.custom
        if custom is not None and custom.is_percent is not is_percent:
            self._set(custom=CustomTip(text="", amount=None, is_percent=is_percent))

    def choose_custom(self) -> None:
        """Charge with the typed tip, if it is one."""
        custom = self._view.custom
        if custom is None or custom.amount is None:
            return
        if custom.is_percent:
            self.choose_tip(percent_of(custom.text) or Fraction(0))
        elif custom.amount.minor:
            self._choose_amount(custom.amount.minor)
        else:
            self.choose_tip(Fraction(0))

    def _choose_amount(self, minor: int) -> None:
        if self._view.screen is Screen.TIP and not self._is_guarded():
            self.sound_wanted.emit(Sound.CLICK)
            self._charge_with(tip_minor=minor)

    def _recipients(self) -> tuple[Recipient, ...]:
        shop = self._readiness.shop
        return () if shop is None else shop.tip_recipients

    def _charge_with(
        self, *, percent: Fraction = Fraction(0), tip_minor: int | None = None
    ) -> None:
        chosen = frozenset(each.username for each in self._view.servers if each.is_chosen)
        recipients = served_by(self._recipients(), chosen)
        self._charge(
            lambda: sale_of(
                self._view.basket, percent=percent, tip_minor=tip_minor, recipients=recipients
            )
        )

    def _charge(self, make: Callable[[], Sale]) -> None:
        """Ask for a sale's invoice, if it can still be sold."""
        if self._readiness.shop is None or not self._view.can_charge:
            self._to_keypad(entry=self._view.entry)
        else:
            self._ask_for(make())

    def _ask_for(self, sale: Sale) -> None:
        """Wait for a sale's invoice."""
        self._failure = ""
        self._asked.ask(sale)
        self._set(screen=Screen.MAKING, sale=sale, custom=None, move=None, error="", told="")
        self.charge_wanted.emit(sale)

    def _choice(self, percent: Fraction) -> TipChoice:
        base = self._view.basket.total
        tip = Money(minor=tip_of(base.minor, percent), currency=base.currency)
        return TipChoice(percent=percent, amount=tip)

    def _typed_tip(self, custom: CustomTip, key: Key) -> CustomTip:
        base = self._view.basket.total
        if custom.is_percent:
            text = press_percent(custom.text, key)
            percent = percent_of(text)
            amount = None if percent is None else self._choice(percent).amount
        else:
            before = Entry(currency=base.currency, text=custom.text)
            typed = before if key is Key.PLUS else press(before, key)
            text = typed.text
            amount = Money(minor=typed.typed_minor, currency=base.currency) if text else None
        return replace(custom, text=text, amount=amount)
