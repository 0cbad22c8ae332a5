"""The counter: what is typed, asked for, shown and paid. No widget, no service."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.entry import Entry, Key
from blinkpos_desktop.domain.facts import (
    ChargeFailed,
    InvoiceReady,
    Part,
    PartChanged,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    PriceChanged,
    ShopReady,
    TransferChanged,
)
from blinkpos_desktop.domain.item import same_currency
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import sale_of
from blinkpos_desktop.domain.split import tip_of
from blinkpos_desktop.domain.transfer import Transfer
from blinkpos_desktop.ui.viewmodels.basket import HOME, Basket
from blinkpos_desktop.ui.viewmodels.offers import offer_of, without
from blinkpos_desktop.ui.viewmodels.percent import percent_of, press_percent
from blinkpos_desktop.ui.viewmodels.view import (
    CustomTip,
    Screen,
    Sound,
    TipChoice,
)


class Till(Basket):
    """The user's acts, and what has happened.

    Green belongs to the payment whose QR is on this screen, by its hash; any
    other money becomes a notice beside the keypad.
    """

    # -- what the user does ---------------------------------------------------------------

    def press(self, key: Key) -> None:
        """Press a key of the keypad, or of the custom tip's or a discount's."""
        view = self._view
        if view.screen is Screen.TIP and view.custom is not None:
            self.sound_wanted.emit(Sound.CLICK)
            self._set(custom=self._custom(press_percent(view.custom.text, key)))
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
        shop = self._readiness.shop
        if shop is not None and shop.tip_recipients and self._presets:
            choices = tuple(self._choice(percent) for percent in self._presets)
            self._set(screen=Screen.TIP, tip_choices=choices, custom=None, error="", told="")
        else:
            self._charge(Fraction(0))

    def choose_tip(self, percent: Fraction) -> None:
        """Charge with a tip of ``percent``; 0 is no tip."""
        if self._view.screen is not Screen.TIP or self._is_guarded():
            return
        self.sound_wanted.emit(Sound.CLICK)
        self._charge(percent)

    def open_custom(self) -> None:
        """Type a percentage instead of choosing one."""
        if self._view.screen is Screen.TIP and self._view.custom is None and not self._is_guarded():
            self.sound_wanted.emit(Sound.CLICK)
            self._set(custom=self._custom(""))
            self._entered_at = self._clock()

    def choose_custom(self) -> None:
        """Charge with the typed percentage, if it is one."""
        custom = self._view.custom
        percent = percent_of(custom.text) if custom is not None else None
        if percent is not None:
            self.choose_tip(percent)

    def back(self) -> None:
        """Go one step back: from the typed percentage to the presets, else as :meth:`cancel`."""
        if self._view.screen is Screen.TIP and self._view.custom is not None:
            self._set(custom=None)
            self._entered_at = self._clock()
        elif not self._step_back():
            self.cancel()

    def cancel(self) -> None:
        """Give the sale up. What was typed stays, unless its QR was already on the screen."""
        view = self._view
        if self._is_guarded():
            return
        if view.screen is Screen.TIP:
            self._to_keypad(entry=view.entry)
        elif view.screen is Screen.MAKING:
            self._asked.give_up()
            self._to_keypad(entry=view.entry)
        elif view.screen is Screen.INVOICE and view.payment is not None:
            self._give_up(view.payment)
            self._to_keypad()

    # -- what has happened ----------------------------------------------------------------

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        match fact:
            case PartChanged():
                self._on_part(fact)
            case ShopReady():
                self._on_shop(fact)
            case PriceChanged():
                self._price = fact.price
                self._set()
            case InvoiceReady():
                self._on_invoice(fact.payment)
            case ChargeFailed():
                self._on_failure(fact.sentence)
            case PaymentPaid():
                self._on_paid(fact.payment)
            case PaymentClosed():
                self._on_closed(fact.payment)
            case PaymentCompleted():
                self._on_completed(fact.payment)
            case TransferChanged():
                self._on_transfer(fact.payment_hash, fact.transfer)
            case _:
                super().on_fact(fact)

    def _on_part(self, fact: PartChanged) -> None:
        if fact.part is Part.BLINK:
            self._readiness = replace(self._readiness, blink=fact)
        elif fact.part is Part.POSTGRESQL:
            self._readiness = replace(self._readiness, database=fact)
        self._set()

    def _on_shop(self, shop: ShopReady) -> None:
        self._readiness = replace(self._readiness, shop=shop)
        view, currency = self._view, shop.currency
        entry, cart, error = view.entry, view.cart, view.error
        if not same_currency(entry.currency, currency):
            if not view.basket.is_empty:
                error = self.tr("The currency has changed: type the amount again.")
            entry, cart = Entry(currency=currency), Cart(currency=currency)
        self._set(
            entry=replace(entry, currency=currency),
            cart=replace(cart, currency=currency),
            error=error,
        )

    def _on_invoice(self, payment: Payment) -> None:
        if offer := offer_of(self._view.offers, payment.payment_hash):
            self._open(offer, payment)
            return
        if self._asked.answered(payment) and self._view.screen is Screen.MAKING:
            self._set(screen=Screen.INVOICE, payment=payment)
            return
        self._give_up(payment)
        self._leave_making()

    def _on_failure(self, sentence: str) -> None:
        self._asked.failed()
        self._failure = sentence
        self._leave_making()

    def _leave_making(self) -> None:
        """Go back to the keypad when no answer can come any more."""
        if self._view.screen is not Screen.MAKING or self._asked.is_waiting:
            return
        sentence = self._failure or self.tr("No invoice came. Press OK to try again.")
        self._failure = ""
        self.sound_wanted.emit(Sound.ERROR)
        self._to_keypad(entry=self._view.entry, error=sentence)

    def _on_paid(self, payment: Payment) -> None:
        if self._is_shown(payment) and self._view.screen is Screen.INVOICE:
            self._notices.green(payment)
            self.sound_wanted.emit(Sound.SUCCESS)
            self._set(screen=Screen.SUCCESS, payment=payment)
            self.green_shown.emit(payment)
            return
        if offer_of(self._view.offers, payment.payment_hash) is not None:
            self._notices.left_open(payment)
        else:
            self._notices.paid(payment)
        self._set(offers=without(self._view.offers, payment.payment_hash))

    def _on_closed(self, payment: Payment) -> None:
        self._withdraw(payment)
        if not self._is_shown(payment) or self._view.screen is not Screen.INVOICE:
            return
        self._notices.give_up(payment.payment_hash)
        if payment.state is PaymentState.EXPIRED:
            sentence = self.tr("This code has expired. Press OK for a new one.")
        else:
            sentence = payment.reason or self.tr("This sale was cancelled. Press OK to try again.")
        self._to_keypad(entry=self._view.entry, error=sentence)

    def _on_completed(self, payment: Payment) -> None:
        if self._is_shown(payment):
            # Completed is paid: should that fact have been missed, the screen still goes green.
            self._on_paid(payment)
            self._set(payment=payment)

    def _on_transfer(self, payment_hash: str, transfer: Transfer) -> None:
        payment = self._view.payment
        if payment is None or not payment_hash or payment.payment_hash != payment_hash:
            return
        others = {known.id: known for known in payment.transfers}
        others[transfer.id] = transfer
        self._set(payment=replace(payment, transfers=tuple(others.values())))

    # -- the ways between the screens -----------------------------------------------------

    def _charge(self, percent: Fraction) -> None:
        entry, shop = self._view.entry, self._readiness.shop
        if shop is None or not self._view.can_charge:
            self._to_keypad(entry=entry)
            return
        sale = sale_of(self._view.basket, percent=percent, recipients=shop.tip_recipients)
        self._failure = ""
        self._asked.ask(sale)
        self._set(screen=Screen.MAKING, sale=sale, custom=None, error="", told="")
        self.charge_wanted.emit(sale)

    def _choice(self, percent: Fraction) -> TipChoice:
        base = self._view.basket.total
        tip = Money(minor=tip_of(base.minor, percent), currency=base.currency)
        return TipChoice(percent=percent, amount=tip)

    def _custom(self, text: str) -> CustomTip:
        percent = percent_of(text)
        return CustomTip(
            text=text, amount=None if percent is None else self._choice(percent).amount
        )
