"""The counter: what is typed, asked for, shown and paid. No widget, no service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.entry import Entry
from blinkpos_desktop.domain.item import same_currency
from blinkpos_desktop.domain.parts import Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.pricing import PriceMove
from blinkpos_desktop.domain.transfer import Transfer
from blinkpos_desktop.ui.viewmodels.currencies import Currencies
from blinkpos_desktop.ui.viewmodels.offers import offer_of, without
from blinkpos_desktop.ui.viewmodels.older import WAIT_MS
from blinkpos_desktop.ui.viewmodels.view import Screen, Sound

if TYPE_CHECKING:
    from blinkpos_desktop.domain.facts import ShopReady
    from blinkpos_desktop.domain.sale import Sale


class Till(Currencies):
    """The user's acts, and what has happened.

    Green belongs to the payment whose QR is on this screen, by its hash; any
    other money becomes a notice beside the keypad.
    """

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 (Counter's own)
        self._ready: Payment | None = None
        """A new code, while it waits for the end of the one before."""
        super().__init__(**given)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._show_ready)

    # -- what the user does ---------------------------------------------------------------

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
        if view.screen in {Screen.TIP, Screen.PRICE}:
            self._to_keypad(entry=view.entry)
        elif view.screen is Screen.MAKING:
            self._asked.give_up()
            self._drop_ready()
            self._to_keypad(entry=view.entry)
        elif view.screen is Screen.INVOICE and view.payment is not None:
            self._give_up(view.payment)
            self._to_keypad()

    def change_amount(self) -> None:
        """Give the code on the screen up and type another amount, from what was typed."""
        view = self._view
        if view.screen is Screen.INVOICE and view.payment is not None and not self._is_guarded():
            self._give_up(view.payment)
            self._to_keypad(entry=view.entry)

    def agree_to_price(self) -> None:
        """Sell at the price that moved far: a person has seen both."""
        view = self._view
        if view.screen is not Screen.PRICE or self._is_guarded():
            return
        self.sound_wanted.emit(Sound.CLICK)
        if view.sale is not None and view.move is not None:
            self._ask_for(replace(view.sale, agreed=view.move.price))

    # -- what has happened ----------------------------------------------------------------

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        from blinkpos_desktop.domain.facts import (
            ChargeFailed,
            InvoiceReady,
            PaymentClosed,
            PaymentCompleted,
            PaymentPaid,
            PriceDoubted,
            ShopReady,
            TransferChanged,
        )

        match fact:
            case PartChanged():
                self._on_part(fact)
            case ShopReady():
                self._on_shop(fact)
            case PriceDoubted():
                self._on_doubt(fact.move, fact.sale)
            case InvoiceReady():
                self._on_invoice(fact.payment, fact.sale)
            case ChargeFailed():
                self._on_failure(fact.sentence, fact.sale)
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
        before, self._shop_currency = self._shop_currency, currency
        entry, cart, error = view.entry, view.cart, view.error
        if entry.currency.is_sats and same_currency(before, currency):
            # Somebody has switched to sats meanwhile, or they are the shop's.
            self._set()
            return
        if not same_currency(entry.currency, currency):
            if not view.basket.is_empty:
                error = self.tr("The currency has changed: type the amount again.")
            entry, cart = Entry(currency=currency), Cart(currency=currency)
        self._set(
            entry=replace(entry, currency=currency),
            cart=replace(cart, currency=currency),
            error=error,
        )

    def _on_doubt(self, move: PriceMove, sale: Sale | None) -> None:
        self._asked.failed(sale)
        if self._view.screen is Screen.MAKING and not self._asked.is_waiting:
            self.sound_wanted.emit(Sound.ERROR)
            self._set(screen=Screen.PRICE, move=move)

    def _on_invoice(self, payment: Payment, sale: Sale | None) -> None:
        if offer := offer_of(self._view.offers, payment.payment_hash):
            self._open(offer, payment)
            return
        if self._asked.answered(payment, sale) and self._view.screen is Screen.MAKING:
            self._ready = payment
            if self._older.is_open:
                # Two living codes at one counter: who has read the first may pay it.
                self._wait.start()
            else:
                self._show_ready()
            return
        self._give_up(payment, was_shown=False)
        self._leave_making()

    def _show_ready(self) -> None:
        payment, self._ready = self._ready, None
        self._wait.stop()
        if payment is not None:
            self._older.tell()
            self._set(screen=Screen.INVOICE, payment=payment, older=self._older.words)

    def _drop_ready(self) -> None:
        payment, self._ready = self._ready, None
        self._wait.stop()
        if payment is not None:
            self._give_up(payment, was_shown=False)

    def _on_older(self, payment: Payment) -> None:
        """A code that was here before is dead, or paid: nothing waits for it any longer."""
        self._older.ended(payment.id)
        if self._ready is not None and payment.id == self._ready.id:
            # It ended before anybody saw it.
            self._ready = None
            self._wait.stop()
            self._leave_making()
            return
        if not self._older.is_open:
            self._show_ready()
        if self._view.screen is Screen.INVOICE:
            self._set(older=self._older.words)

    def _on_failure(self, sentence: str, sale: Sale | None) -> None:
        self._asked.failed(sale)
        self._failure = sentence
        self._leave_making()

    def _leave_making(self) -> None:
        """Go back to the keypad when no answer can come any more."""
        if self._view.screen is not Screen.MAKING or self._asked.is_waiting:
            return
        sentence = self._failure or self.tr("No invoice came. Press OK to try again.")
        if self._readiness.sentence:
            # "Try again" beside an OK that is dead: the reason for that is what helps now.
            sentence = ""
        self._failure = ""
        self.sound_wanted.emit(Sound.ERROR)
        self._to_keypad(entry=self._view.entry, error=sentence)

    def _on_paid(self, payment: Payment) -> None:
        self._on_older(payment)
        if self._is_shown(payment) and self._view.screen is Screen.INVOICE:
            self._notices.green(payment)
            self.sound_wanted.emit(Sound.SUCCESS)
            self._set(screen=Screen.SUCCESS, payment=payment, older="")
            self.green_shown.emit(payment)
            return
        if offer_of(self._view.offers, payment.payment_hash) is not None:
            self._notices.left_open(payment)
        else:
            self._notices.paid(payment)
        self._set(offers=without(self._view.offers, payment.payment_hash))

    def _on_closed(self, payment: Payment) -> None:
        self._on_older(payment)
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
