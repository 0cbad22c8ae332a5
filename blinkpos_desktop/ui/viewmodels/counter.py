"""The counter's state: one snapshot after another, and the sales that stand on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from fractions import Fraction
from typing import Final

from PySide6.QtCore import QObject, Signal

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.entry import Entry
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.pricing import of_a_bitcoin
from blinkpos_desktop.ui.viewmodels.asked import Asked
from blinkpos_desktop.ui.viewmodels.notices import Notices
from blinkpos_desktop.ui.viewmodels.offers import (
    entry_of,
    offer_of,
    opening,
    with_offer,
    without,
)
from blinkpos_desktop.ui.viewmodels.older import OlderCodes
from blinkpos_desktop.ui.viewmodels.readiness import (
    Readiness,
    amount_problem,
    unseen,
    worth_sats,
)
from blinkpos_desktop.ui.viewmodels.view import (
    Check,
    Notice,
    Offer,
    PriceView,
    Screen,
    Sound,
    TillView,
)

GUARD_SECONDS: Final = 0.3
"""A new screen takes no choice for so long: the second half of a double tap was for the old one."""
MAX_PRESETS: Final = 4


class Counter(QObject):
    """What every sale of the counter needs: its snapshot, its code's check, what was left open.

    Signals:
        changed: a new TillView.
        charge_wanted: a Sale to make an invoice for.
        cancel_wanted: a payment's id whose invoice is to be cancelled.
        check_wanted: a payment's id that Blink is to be asked about at once.
        take_up_wanted: a payment's id whose QR is to be on the screen again.
        green_shown: a Payment that is shown in green.
        acknowledge_wanted: a payment's id that a person has seen.
        sound_wanted: a Sound to play.
    """

    changed = Signal(object)
    charge_wanted = Signal(object)
    cancel_wanted = Signal(object)
    check_wanted = Signal(object)
    take_up_wanted = Signal(object)
    green_shown = Signal(object)
    acknowledge_wanted = Signal(object)
    sound_wanted = Signal(object)

    def __init__(
        self,
        *,
        currency: Currency,
        presets: tuple[Fraction, ...] = (),
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        guard_seconds: float = GUARD_SECONDS,
    ) -> None:
        super().__init__(parent)
        self._presets = presets[:MAX_PRESETS]
        self.zone: tzinfo | None = None
        """Of the shop's clock; the machine's without one."""
        self._clock = clock
        self._wall = wall
        self._guard_seconds = guard_seconds
        self._entered_at = clock() - guard_seconds
        self._readiness = Readiness()
        self._shop_currency = currency
        self._price: Price | None = None
        self._price_since: float | None = None
        self._is_price_sure = False
        self._older = OlderCodes()
        self._asked = Asked()
        self._failure = ""
        self._notices = Notices()
        self._view = TillView(
            screen=Screen.KEYPAD, entry=Entry(currency=currency), cart=Cart(currency=currency)
        )
        self._set()

    @property
    def view(self) -> TillView:
        """The counter now."""
        return self._view

    def use_presets(self, presets: tuple[Fraction, ...]) -> None:
        """Offer other percentages from the next sale on."""
        self._presets = presets[:MAX_PRESETS]

    # -- the code on the screen, and those that were there when the program ended ---------------

    def check_now(self) -> None:
        """Have Blink asked for the code on the screen; one question at a time."""
        view = self._view
        if view.screen is not Screen.INVOICE or view.payment is None or view.check.is_asking:
            return
        self.sound_wanted.emit(Sound.CLICK)
        self._set(check=Check(is_asking=True))
        self.check_wanted.emit(view.payment.id)

    def take_up(self, offer: Offer) -> None:
        """Put a sale that was left open on the screen again; its InvoiceReady shows it."""
        if self._is_offered(offer) and not offer.is_opening:
            if self._is_begun():
                # That sale would take its place, and it would be lost.
                self._set(error=self.tr("Finish or clear what is typed first."))
                return
            self.sound_wanted.emit(Sound.CLICK)
            payment_id = offer.payment.id
            self._set(offers=opening(self._view.offers, payment_id, is_opening=True), error="")
            self.take_up_wanted.emit(payment_id)

    def cancel_offer(self, offer: Offer) -> None:
        """Give a sale up that was left open."""
        if self._is_offered(offer):
            self._set(offers=without(self._view.offers, offer.payment.payment_hash))
            self._give_up(offer.payment)

    def acknowledge(self, notice: Notice) -> None:
        """Have it written down that a person has seen it: it goes when it is, at every till."""
        if self._notices.acknowledge(notice):
            self._set(error="")
            self.acknowledge_wanted.emit(notice.payment_id)

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        from blinkpos_desktop.domain.facts import (
            AnnouncementsChanged,
            CheckFailed,
            InvoiceChecked,
            PaymentSeen,
            SaleLeftOpen,
            SeeingFailed,
            ShopChanging,
            SightChanged,
            TakeUpFailed,
            TillRestarting,
            UnassignedIncome,
        )

        match fact:
            case AnnouncementsChanged() | PaymentSeen() | UnassignedIncome():
                self._notices.take(fact)
                self._set()
            case SeeingFailed():
                self._notices.not_seen(fact.payment_id)
                self._set(error=fact.sentence)
            case SightChanged():
                self._readiness = replace(self._readiness, can_see=fact.can_see)
                self._set()
            case InvoiceChecked():
                self._on_checked(fact.payment_id, Check(answer=self.tr("Not paid yet.")))
            case CheckFailed():
                self._on_checked(fact.payment_id, Check(answer=fact.sentence, has_failed=True))
            case SaleLeftOpen():
                self._on_left_open(fact.payment)
            case TakeUpFailed():
                self._stop_opening(fact.payment_id, error=fact.sentence)
            case ShopChanging():
                self._readiness = replace(self._readiness, shop=None)
                self._set()
            case TillRestarting():
                # What is typed stays; what was told of the ledger is told anew.
                self._readiness, self._price = Readiness(), None
                self._notices.forget()
                self._set(offers=())

    def _on_checked(self, payment_id: int, check: Check) -> None:
        view = self._view
        if view.check.is_asking and view.payment is not None and view.payment.id == payment_id:
            self._set(check=check)

    def _on_left_open(self, payment: Payment) -> None:
        offers, payment_hash = self._view.offers, payment.payment_hash
        if payment.state is PaymentState.AWAITING and not self._notices.has_told(payment_hash):
            self._set(offers=with_offer(offers, payment))
        else:
            self._notices.left_open(payment)
            self._set(offers=without(offers, payment_hash))

    def _open(self, offer: Offer, payment: Payment) -> None:
        """Show the code of a sale that was left open, if that is still wanted."""
        offers = self._view.offers
        is_free = self._view.screen is Screen.KEYPAD and not self._is_begun()
        if not offer.is_opening or not is_free:
            # Something else was begun meanwhile: it can still be taken up after that.
            self._stop_opening(payment.id)
            return
        self._set(
            screen=Screen.INVOICE,
            payment=payment,
            entry=entry_of(payment, self._view.entry),
            cart=Cart(currency=self._view.entry.currency),
            error="",
            told="",
            offers=without(offers, payment.payment_hash),
            older="",
        )

    def _is_begun(self) -> bool:
        """Whether a sale is being typed, or was put together."""
        return self._view.basket != Cart(currency=self._view.entry.currency)

    def _stop_opening(self, payment_id: int, *, error: str = "") -> None:
        offers = opening(self._view.offers, payment_id, is_opening=False)
        self._set(offers=offers, error=error or self._view.error)

    def _withdraw(self, payment: Payment) -> None:
        """Offer a sale no more that has ended; whoever wanted it must be told."""
        offer = offer_of(self._view.offers, payment.payment_hash)
        if offer is not None:
            error = self.tr("That sale is closed: type its amount again.")
            self._set(
                offers=without(self._view.offers, payment.payment_hash),
                error=error if offer.is_opening else self._view.error,
            )

    # -- the ways between the screens -----------------------------------------------------

    def _give_up(self, payment: Payment, *, was_shown: bool = True) -> None:
        self._notices.give_up(payment.payment_hash)
        if was_shown:
            self._older.give_up(payment.id)
        self.cancel_wanted.emit(payment.id)

    def _to_keypad(self, *, entry: Entry | None = None, error: str = "") -> None:
        """Go to the keypad, with what is typed and the cart, or with nothing."""
        # A new sale is in the shop's currency, whatever the last one was in.
        currency = self._view.entry.currency if entry else self._shop_currency
        self._set(
            screen=Screen.KEYPAD,
            entry=entry or Entry(currency=currency),
            cart=self._view.cart if entry else Cart(currency=currency),
            error=error,
            told="",
            discounting=None,
            noting=None,
            tip_choices=(),
            servers=(),
            custom=None,
            move=None,
            sale=None,
            payment=None,
            older="",
        )

    def _is_shown(self, payment: Payment) -> bool:
        shown = self._view.payment
        return (
            shown is not None
            and bool(payment.payment_hash)
            and shown.payment_hash == payment.payment_hash
        )

    def _is_offered(self, offer: Offer) -> bool:
        return (
            self._view.screen is Screen.KEYPAD
            and offer in self._view.offers
            and not self._is_guarded()
        )

    def _price_view(self) -> PriceView | None:
        price = self._price
        if price is None or self._shop_currency.is_sats:
            return None
        return PriceView(bitcoin=of_a_bitcoin(price), since=self._price_since)

    def _other_currency(self, entry: Entry) -> str:
        if self._shop_currency.is_sats:
            return ""
        return self._shop_currency.code if entry.currency.is_sats else "sats"

    def _is_guarded(self) -> bool:
        return self._clock() - self._entered_at < self._guard_seconds

    def _set(self, **changes: object) -> None:
        """Make the next snapshot, with what follows from it, and tell it if it is another."""
        new = replace(self._view, **changes)  # type: ignore[arg-type]
        basket = new.basket
        blocked = self._readiness.sentence or amount_problem(basket, self._price)
        if blocked and not self._view.blocked and "error" not in changes:
            # What went wrong before says to try again, which nobody can now: this says why.
            new = replace(new, error="")
        new = replace(
            new,
            blocked=blocked,
            unseen="" if self._readiness.can_see else unseen(),
            can_charge=basket.is_chargeable and not blocked,
            worth_sats=worth_sats(basket, self._price),
            price=self._price_view(),
            other_currency=self._other_currency(new.entry),
            notices=self._notices.lines(new.payment),
        )
        if new == self._view:
            return
        if new.screen is not self._view.screen:
            new = replace(new, check=Check())
        if (new.screen, new.offers) != (self._view.screen, self._view.offers):
            self._entered_at = self._clock()
        self._view = new
        self.changed.emit(new)
